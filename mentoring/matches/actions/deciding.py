"""Verbs by which a lead steers a proposal: each is kept for every later one, and worked out again where it matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from mentoring.choices import actions as choices
from mentoring.choices.models import Choice
from mentoring.matches.actions import runs
from mentoring.matches.models import Run, RunState
from mentoring.matches.queries import history

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer


def weigh(
    session: Session,
    *,
    viewer: Viewer,
    group_id: UUID,
    kind: str,
    weights: Mapping[str, int],
    floor: bool,
    version: int,
) -> UUID:
    """Change how pairs are weighed, work the proposal out again and return the run's id; raises as `choices.weigh`."""
    changed = choices.weigh(
        session, viewer=viewer, group_id=group_id, kind=kind, weights=weights, floor=floor, version=version
    )
    return runs.ask_run(session, viewer=viewer, group_id=group_id, kind=kind, anew=changed)


def decide(
    session: Session, *, viewer: Viewer, group_id: UUID, kind: str, one_id: UUID, other_id: UUID, choice: str
) -> bool:
    """Lock or exclude two people, or leave it `open` again; says whether it is worked out again now.

    It is where an unpublished proposal, or one that is being worked out, does not have it so.
    """
    acts = {Choice.LOCKED.value: choices.lock, Choice.EXCLUDED.value: choices.exclude}
    act = acts.get(choice, choices.undo)
    changed = act(session, viewer=viewer, group_id=group_id, kind=kind, one_id=one_id, other_id=other_id)
    states = set(
        session.scalars(
            select(Run.state)
            .where(Run.group_id == group_id, Run.kind == kind, Run.state.in_([RunState.ASKED, RunState.PROPOSED]))
            .distinct()
        )
    )
    together = frozenset((one_id, other_id)) in history.last_pairs(session, group_id, kind)
    differs = (choice == Choice.LOCKED and not together) or (choice == Choice.EXCLUDED and together)
    again = changed and (RunState.ASKED in states or (RunState.PROPOSED in states and differs))
    if again:
        runs.ask_run(session, viewer=viewer, group_id=group_id, kind=kind, anew=True)
    return again


def swap(session: Session, *, viewer: Viewer, group_id: UUID, kind: str, pairs: list[tuple[UUID, UUID]]) -> UUID:
    """Lock the pairs that a swap makes, and work the proposal out again; return the run's id."""
    for one, other in pairs:
        choices.lock(session, viewer=viewer, group_id=group_id, kind=kind, one_id=one, other_id=other)
    return runs.ask_run(session, viewer=viewer, group_id=group_id, kind=kind, anew=True)
