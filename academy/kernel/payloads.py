"""What comes over sockets, forms and the API: made clean, and what is wrong with it as a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from academy.kernel.access import Invalid, RateLimited, Refusal


def clean(value: Any) -> Any:
    """Take out of what came as JSON the characters that no database keeps: NUL and lone surrogates.

    Raises `Invalid` for what is nested so deeply that it can be decoded but not walked through.
    """
    try:
        return _cleaned(value)
    except RecursionError:
        detail = "This is nested too deeply."
        raise Invalid(detail) from None


def invalid(error: ValidationError) -> Invalid:
    """Turn marshmallow's findings into a refusal with sentences per field."""
    found = error.messages if isinstance(error.messages, dict) else {"": error.messages}
    errors = {str(name): _sentences(texts) for name, texts in found.items()}
    return Invalid(summed(errors), errors=errors)


def summed(errors: Mapping[str, Sequence[str]]) -> str:
    """Say all that is wrong in one line, each sentence once; where several fields are, with their names."""
    fields: dict[str, list[str]] = {}
    for name, texts in errors.items():
        for text in texts:
            fields.setdefault(text, []).append(name)
    if len(errors) == 1:
        return " ".join(fields)
    return " ".join(f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in fields.items())


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value


def _sentences(found: object) -> list[str]:
    parts = list(found.values()) if isinstance(found, Mapping) else found  # of a list: sentences by place
    return [t for part in parts for t in _sentences(part)] if isinstance(parts, list) else [str(parts)]


def refused(refusal: Refusal) -> dict[str, Any]:
    """Return the ack that says so."""
    answer: dict[str, Any] = {"ok": False, "error": refusal.code, "retry": refusal.retry, "detail": refusal.detail}
    if refusal.retry_after is not None or isinstance(refusal, RateLimited):
        answer["retry_after"] = refusal.retry_after or 1
    return answer
