"""The document for people: what there is to ask, group by group, drawn by the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from academy.web.api.descriptions import TOKEN


@dataclass(frozen=True)
class Field:
    """One thing that is sent: its name, what it is, and whether it must be there."""

    name: str
    kind: str
    required: bool
    note: str


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    more: str
    scope: str
    query: tuple[Field, ...]
    headers: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[str, ...]


def outline(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations of the document by their tags, in its order."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                found[operation["tags"][0]].append(_operation(document, path, method, operation))
    return dict(found)


def _operation(document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    security = {name: scopes for way in told["security"] for name, scopes in way.items()}
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        more=told.get("description", ""),
        scope=" ".join(security.get(TOKEN, ())),
        query=tuple(_parameters(told, "query")),
        headers=tuple(_parameters(told, "header")),
        body=tuple(_fields(document, body)),
        answers=tuple(status for status in told["responses"] if status != "default"),
    )


def _parameters(told: Mapping[str, Any], where: str) -> Iterator[Field]:
    for one in told.get("parameters", ()):
        if one["in"] == where:
            yield Field(one["name"], _kind(one["schema"]), bool(one.get("required")), one.get("description", ""))


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Field]:
    name = schema.get("$ref", "").rpartition("/")[2]
    shape = document["components"]["schemas"].get(name, {})
    for field, one in shape.get("properties", {}).items():
        yield Field(field, _kind(one), field in shape.get("required", ()), one.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in a word what a value is: "integer 1-5", "string", "list of Stretch"."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kinds = schema.get("type", "string")
    kind = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "minimum" in schema and "maximum" in schema:
        return f"{kind} {schema['minimum']}-{schema['maximum']}"
    return kind
