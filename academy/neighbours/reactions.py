"""Consequences of another skill graph: what is near is computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel.events import within
from academy.kernel.jobs import enqueue
from academy.neighbours.events import GraphChanged

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

AGAIN = "neighbours.again"


def compute(session: Session, _event: GraphChanged) -> None:
    """Promise the work; where it turns out to be done already, it costs two questions."""
    enqueue(session, AGAIN, {})


REACTIONS = [within(GraphChanged, compute)]
