"""Jobs of people files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from academy.bridges.people_file import actions
from academy.bridges.people_file.reactions import FORGET
from academy.kernel.jobs import JobKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def forget(session: Session, _payload: dict[str, Any], _value: Any) -> None:
    """Remove every file whose hour is over."""
    actions.forget(session)


JOBS = [JobKind(FORGET, apply=forget)]
