"""Long lists in parts: the newest first, and a cursor that stays true while rows are added and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")

LIMIT = 50
MOST = 100


@dataclass(frozen=True)
class Span:
    """Which part of a list is asked for: at most `limit` rows, from the one after the row `after` on."""

    limit: int = LIMIT
    after: UUID | None = None


@dataclass(frozen=True)
class Part(Generic[T]):
    """Part of a list, and the id to go on after; None at the end."""

    items: Sequence[T]
    next: UUID | int | None


def part(
    session: Session,
    query: Select[*tuple[Any, ...]],
    key: ColumnElement[UUID] | InstrumentedAttribute[UUID],
    span: Span,
    read: Callable[[Row[*tuple[Any, ...]]], T],
    id_of: Callable[[T], UUID] = attrgetter("id"),
) -> Part[T]:
    """Return the rows of `query` that `span` asks for, by falling `key`, each read by `read`. One statement.

    Ids grow with time and never change, so whoever walks a list meets every row that was there at the first step
    exactly once, whatever is added meanwhile. `id_of` gives the key back from what was read.
    """
    if span.after is not None:
        query = query.where(key < span.after)
    rows = session.execute(query.order_by(None).order_by(key.desc()).limit(span.limit + 1)).all()
    items = [read(row) for row in rows[: span.limit]]
    return Part(items, id_of(items[-1]) if len(rows) > span.limit else None)


def page_of(
    found: Sequence[T], limit: int, after: UUID | None, id_of: Callable[[T], UUID] = attrgetter("id")
) -> Part[T]:
    """Return what follows `after` in a list that is read whole, in its own order; all from the start if it is gone."""
    begin = next((place for place, one in enumerate(found, 1) if after is not None and id_of(one) == after), 0)
    items = found[begin : begin + limit]
    return Part(items, id_of(items[-1]) if len(found) > begin + limit else None)


def part_of(found: Sequence[T], span: Span, id_of: Callable[[T], UUID] = attrgetter("id")) -> Part[T]:
    """Return the part of a list that is read whole which `span` asks for, as `part` does of rows."""
    rest = sorted((one for one in found if span.after is None or id_of(one) < span.after), key=id_of, reverse=True)
    items = rest[: span.limit]
    return Part(items, id_of(items[-1]) if len(rest) > span.limit else None)
