"""A framework file: its rows read and checked against each other, and a framework as rows. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from academy.bridges.people_file.engine.sheets import Problem, Row, key_of, no_table, rows_of

RELATIONS = ("essential", "optional", "broader_skill", "broader_group")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "kind": ("type",),
    "key": ("id",),
    "label": ("name", "preferred label"),
    "essential": ("needs",),
    "optional": ("helped by",),
    "broader_skill": ("broader",),
    "broader_group": ("group",),
    "version": (),
    "licence": ("license",),
}
"""The columns, in the order in which they are written, each with what else it may be called."""

FRAMEWORK, GROUP = "framework", "group"
KINDS = ("skill", "knowledge", GROUP)
SUCH_AS = "kind,key,label,broader_group"
OURS = "esco"
"""The framework whose keys stand bare among those of all frameworks."""
MOST_KEY, MOST_LABEL = 60, 300
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class Node:
    """A skill, knowledge area or group, with the line on which its row begins."""

    line: int
    key: str
    label: str
    kind: str


@dataclass
class FrameworkSheet:
    """A framework file as it was read. `links` are (key, related key, relation)."""

    key: str = ""
    version: str = ""
    name: str = ""
    licence: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    links: set[tuple[str, str, str]] = field(default_factory=set)
    unknown: Sequence[str] = ()
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0

    @property
    def digest(self) -> str:
        """Name what the file says, in whatever order and way it is written."""
        nodes = sorted((node.key, node.label, node.kind) for node in self.nodes.values())
        said = json.dumps([self.version, nodes, sorted(self.links)])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def read(body: bytes) -> FrameworkSheet:
    """Read a framework file and everything that is wrong with it; raises `Invalid` where it is no table at all."""
    known = {key_of(word): name for name, others in COLUMNS.items() for word in (name, *others)}
    table = rows_of(body, known, SUCH_AS)
    missing = [name for name in ("kind", "key", "label") if name not in table.columns]
    if missing:
        raise no_table(f"The first line names no column {' or '.join(missing)}.", SUCH_AS)
    sheet = FrameworkSheet(unknown=table.unknown, problems=list(table.problems), rows=len(table.rows))
    heads = [row for row in table.rows if row.cells.get("kind", "").lower() == FRAMEWORK]
    others = [row for row in table.rows if row.cells.get("kind", "").lower() != FRAMEWORK]
    _head(sheet, heads)
    for row in others:
        _node(sheet, row)
    for row in others:
        sheet.problems += _links(sheet, row)
    sheet.problems.sort(key=lambda problem: (problem.line, problem.column))
    return sheet


def _head(sheet: FrameworkSheet, rows: Sequence[Row]) -> None:
    if len(rows) != 1:
        why = "One row has the kind framework and says key, label and version of the whole; "
        why += "this file has none." if not rows else f"this file has {len(rows)}."
        sheet.problems.append(Problem(rows[1].line if rows else 1, "kind", why))
        return
    [row] = rows
    cells = row.cells
    sheet.key, sheet.name = cells.get("key", ""), cells.get("label", "")
    sheet.version, sheet.licence = cells.get("version", ""), cells.get("licence", "")
    if not _KEY.fullmatch(sheet.key):
        sentence = "A framework's key is 1 to 40 small letters, digits and hyphens, such as house-skills."
        sheet.problems.append(Problem(row.line, "key", sentence))
    for column, text, most in (
        ("label", sheet.name, 120),
        ("version", sheet.version, 40),
        ("licence", sheet.licence, 400),
    ):
        if not text and column != "licence":
            sheet.problems.append(Problem(row.line, column, f"A framework needs a {column}."))
        sheet.problems += _one_line(row.line, column, text, most)


def _one_line(line: int, column: str, text: str, most: int) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(line, column, f"This has {len(text)} characters; at most {most} are kept.")
    elif not text.isprintable():
        yield Problem(line, column, "This stands on one line, without characters that can't be seen.")


def _node(sheet: FrameworkSheet, row: Row) -> None:
    cells = row.cells
    key, label, kind = cells.get("key", ""), cells.get("label", ""), cells.get("kind", "").lower()
    found = list(_one_line(row.line, "key", key, MOST_KEY)) + list(_one_line(row.line, "label", label, MOST_LABEL))
    if not key:
        found.append(Problem(row.line, "key", "A row needs a key, by which it is known from one file to the next."))
    elif ";" in key:
        found.append(Problem(row.line, "key", "A key has no semicolon: those part the keys of a list."))
    elif key in sheet.nodes:
        first = sheet.nodes[key].line
        found.append(Problem(row.line, "key", f"The key “{key}” is there already, on line {first}."))
    if not label:
        found.append(Problem(row.line, "label", "A row needs a label: what people read."))
    if kind not in KINDS:
        said = cells.get("kind", "")[:40]
        found.append(Problem(row.line, "kind", f"“{said}” is no kind: write skill, knowledge or group."))
    for column in ("version", "licence"):
        if cells.get(column):
            found.append(Problem(row.line, column, "Only the row of the framework itself says this."))
    sheet.problems += found
    if key and key not in sheet.nodes:
        sheet.nodes[key] = Node(row.line, key, label, kind)


def _links(sheet: FrameworkSheet, row: Row) -> Iterator[Problem]:
    key = row.cells.get("key", "")
    for relation in RELATIONS:
        for related in keys_in(row.cells.get(relation, "")):
            target = sheet.nodes.get(related)
            if related == key:
                yield Problem(row.line, relation, f"“{key[:60]}” is put beside itself.")
            elif target is None:
                yield Problem(row.line, relation, f"No row of this file has the key “{related[:60]}”.")
            elif (relation == "broader_group") != (target.kind == GROUP):
                what = "is no group, and broader_group leads to one" if target.kind != GROUP else "is a group, no skill"
                yield Problem(row.line, relation, f"“{related[:60]}” {what}.")
            else:
                sheet.links.add((key, related, relation))


def keys_in(cell: str) -> list[str]:
    """Split a cell of keys, `a; b`."""
    return [part for raw in cell.split(";") if (part := raw.strip())]


def prefix_of(framework: str) -> str:
    """Return what the keys of a framework begin with among those of all frameworks.

    >>> prefix_of("esco"), prefix_of("house")
    ('', 'house:')
    """
    return "" if framework == OURS else f"{framework}:"


def rows(
    head: Mapping[str, str], nodes: Iterable[tuple[str, str, str]], links: Iterable[tuple[str, str, str]]
) -> Iterator[dict[str, str]]:
    """Write a framework as rows: first itself, then each (key, label, kind) by key with what it is put beside."""
    yield {"kind": FRAMEWORK, **head}
    beside: dict[str, dict[str, list[str]]] = {}
    for key, related, relation in sorted(links):
        beside.setdefault(key, {}).setdefault(relation, []).append(related)
    for key, label, kind in sorted(nodes):
        lists = {relation: ";".join(found) for relation, found in beside.get(key, {}).items()}
        yield {"kind": kind, "key": key, "label": label, **lists}
