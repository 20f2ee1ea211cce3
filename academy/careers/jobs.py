"""Jobs of careers: an academy that was set up before occupations shipped gets them when it starts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from academy.careers import actions
from academy.kernel.jobs import JobKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def load(session: Session, _payload: dict[str, Any], _value: Any) -> None:
    """Load the built-in occupations where ESCO is and they are not."""
    actions.complete(session)


JOBS = [JobKind("careers.load", apply=load, every=timedelta(days=1))]
