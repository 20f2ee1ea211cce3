"""Jobs of skills: what was said long ago counts less."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from academy.kernel.jobs import JobKind
from academy.skills import actions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def age(session: Session, _payload: dict[str, Any], _value: Any) -> None:
    """Combine levels anew where a statement has grown old."""
    actions.grow_old(session)


JOBS = [JobKind("skills.age", apply=age, every=timedelta(days=1))]
