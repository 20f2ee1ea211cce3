"""Consequences of another skill graph: what goes together is counted, and what is near computed, again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel.events import within
from academy.kernel.jobs import enqueue
from academy.neighbours.events import GraphChanged, TogetherChanged

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

AGAIN, COUNT = "neighbours.again", "neighbours.count"


def compute(session: Session, _event: GraphChanged) -> None:
    """Promise the work; where it turns out to be done already, it costs two questions."""
    enqueue(session, AGAIN, {})


def count(session: Session, _event: TogetherChanged) -> None:
    """Promise to count; where it comes to the same pairs as before, nothing follows."""
    enqueue(session, COUNT, {})


REACTIONS = [within(GraphChanged, compute), within(TogetherChanged, count)]
