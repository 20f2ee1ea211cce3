"""Statements that are built once and asked for every viewer.

To put a statement together takes more of the processor than to ask it. So what pages ask all the time is built
once, with `ANYBODY` in the viewer's place: what differs from one viewer to the next are its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Uuid, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import BindParameter

from academy.kernel import clock
from academy.kernel.db import Instant, keep
from academy.kernel.viewer import Viewer

Find = Callable[[Viewer], Any]
_FINDS: dict[str, Find] = {}


def of_viewer(name: str, find: Find, *, many: bool = False) -> BindParameter[UUID]:
    """Return the parameter for an id, or with `many` for a list of ids, that `find` tells of a viewer."""
    _FINDS[name] = find
    return bindparam(name, type_=Uuid(), expanding=many)


def now() -> BindParameter[datetime]:
    """Return the parameter for the time at which the statement is asked."""
    return bindparam(None, callable_=clock.now, type_=Instant(), unique=True)


class _Anybody:
    """Stands for the viewer while a statement is built."""

    person_id = of_viewer("viewer_id", lambda viewer: viewer.person_id)


ANYBODY = cast("Viewer", _Anybody())
"""Whoever will ask. Rules that take a viewer know it: `academy.people.policy.granting` answers with a parameter."""


class Prepared:
    """A statement for every viewer, built by `build(ANYBODY)` when it is first asked.

    Calling it with a viewer, and with the statement's other parameters by name, returns what `session.execute` and,
    for columns, `db.ask` take: `ask(session, *ROOMS(viewer))`. A build that puts an instant or an id into the
    statement, which would then be everybody's, is refused with `ValueError`: use `now()`, and parameters.
    """

    def __init__(self, build: Callable[[Viewer], Any]) -> None:
        """Build nothing yet: tables of other packages may still be unknown."""
        self._build = build
        self._made: tuple[Any, tuple[tuple[str, Find], ...]] | None = None

    def __call__(self, viewer: Viewer, **more: Any) -> tuple[Any, dict[str, Any]]:
        """Return the statement and its parameters for one viewer."""
        statement, finds = self._made or self._make()
        for name, find in finds:
            more[name] = find(viewer)
        return statement, more

    def _make(self) -> tuple[Any, tuple[tuple[str, Find], ...]]:
        statement = self._build(ANYBODY)
        binds = statement.compile(dialect=sqlite.dialect()).binds
        for name, bind in binds.items():
            fixed = bind.value if isinstance(bind.value, list | tuple) else [bind.value]
            if bind.callable is None and any(isinstance(value, datetime | date | UUID) for value in fixed):
                message = f"{name} is {bind.value!r} for everybody and for ever: make it a parameter"
                raise ValueError(message)
        self._made = (keep(statement), tuple((name, _FINDS[name]) for name in binds if name in _FINDS))
        return self._made
