"""Verbs on what a lead decides of matching: weighing, locking, excluding, and taking either back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people import queries as people_queries
from academy.people.models import Role
from academy.people.policy import Right
from mentoring.choices.events import (
    MatchingWeighed,
    PairAllowed,
    PairEvent,
    PairExcluded,
    PairLocked,
    PairUnlocked,
)
from mentoring.choices.models import Choice, MatchingSettings, PairChoice
from mentoring.choices.policy import DEFAULTS, WHOLE, ordered
from mentoring.pairs.models import PairKind
from mentoring.profiles.queries import hold_group

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer

MADE: Mapping[str, type[PairEvent]] = {Choice.LOCKED.value: PairLocked, Choice.EXCLUDED.value: PairExcluded}
UNDONE: Mapping[str, type[PairEvent]] = {Choice.LOCKED.value: PairUnlocked, Choice.EXCLUDED.value: PairAllowed}


def weigh(
    session: Session,
    *,
    viewer: Viewer,
    group_id: UUID,
    kind: str,
    weights: Mapping[str, int],
    floor: bool,
    version: int,
) -> bool:
    """Say how much each component counts, in parts of 100, and whether the worst-off person comes before the total.

    `version` is the one that was read, 0 for none. Says whether anything changed. Raises `Invalid` for weights that
    do not sum to 100, `Conflict` where somebody else changed them meanwhile.
    """
    people_queries.demand(session, viewer, Right.PROPOSE, group_id)
    if set(weights) != set(DEFAULTS[kind]) or min(weights.values()) < 0 or sum(weights.values()) != WHOLE:
        raise Invalid(f"The weights must sum to {WHOLE}; these sum to {sum(weights.values())}. Nothing was changed.")
    now = session.get(MatchingSettings, (group_id, kind))
    before = (dict(DEFAULTS[kind]), False) if now is None else (now.weights, now.floor)
    if (now.version if now else 0) != version:
        detail = "Somebody else has changed these settings meanwhile. They stand here as they are now."
        raise Conflict(detail)
    if before == (dict(weights), floor):
        return False
    said = {"weights": dict(weights), "floor": floor, "changed_by": viewer.person_id, "changed_at": clock.now()}
    if now is None:
        session.add(MatchingSettings(group_id=group_id, kind=kind, version=1, **said))
        session.flush()
    else:
        moved = update(MatchingSettings).where(
            MatchingSettings.group_id == group_id, MatchingSettings.kind == kind, MatchingSettings.version == version
        )
        if (
            session.execute(moved.values(version=version + 1, **said).returning(MatchingSettings.version)).one_or_none()
            is None
        ):
            detail = "Somebody else has changed these settings meanwhile. They stand here as they are now."
            raise Conflict(detail)
    emit(
        session,
        MatchingWeighed(actor_id=viewer.person_id, group_id=group_id, kind=kind, weights=dict(weights), floor=floor),
    )
    return True


def lock(session: Session, *, viewer: Viewer, group_id: UUID, kind: str, one_id: UUID, other_id: UUID) -> bool:
    """Keep two people together in every proposal from now on, where no rule bars it; says whether that is new.

    Of a mentor's pair `one_id` is the learner. Other locks of these people end: nobody has two buddies or two mentors.
    Raises `Refused` where the viewer is one of the two.
    """
    return _choose(session, viewer, group_id, kind, (one_id, other_id), Choice.LOCKED)


def exclude(session: Session, *, viewer: Viewer, group_id: UUID, kind: str, one_id: UUID, other_id: UUID) -> bool:
    """Never propose two people to each other here any more; says whether that is new."""
    return _choose(session, viewer, group_id, kind, (one_id, other_id), Choice.EXCLUDED)


def undo(session: Session, *, viewer: Viewer, group_id: UUID, kind: str, one_id: UUID, other_id: UUID) -> bool:
    """Take back what was decided about two people; says whether there was something."""
    people_queries.demand(session, viewer, Right.PROPOSE, group_id)
    one, other = ordered(kind, one_id, other_id)
    mine = (PairChoice.one_id == one) & (PairChoice.other_id == other)
    return bool(_take_back(session, viewer, group_id, kind, mine))


def _choose(
    session: Session, viewer: Viewer, group_id: UUID, kind: str, pair: tuple[UUID, UUID], choice: Choice
) -> bool:
    people_queries.demand(session, viewer, Right.PROPOSE, group_id)
    # Of two leads who choose at once, the second sees what the first has chosen.
    hold_group(session, group_id)
    one, other = ordered(kind, *pair)
    _demand_members(session, group_id, kind, one, other)
    if choice == Choice.LOCKED and viewer.person_id in pair:
        # What came of it would tell her what the other chose about her.
        detail = "You are one of these two: somebody else who runs this group can keep you together."
        raise Refused(detail)
    same = (PairChoice.one_id == one) & (PairChoice.other_id == other)
    if session.scalar(_of(group_id, kind).where(same, PairChoice.choice == choice)) is not None:
        return False
    rivals: ColumnElement[bool] = same
    if choice == Choice.LOCKED:
        theirs: ColumnElement[bool] = PairChoice.one_id == one
        if kind == PairKind.BUDDY:
            theirs = or_(PairChoice.one_id.in_(pair), PairChoice.other_id.in_(pair))
        rivals = or_(same, theirs & (PairChoice.choice == choice))
    _take_back(session, viewer, group_id, kind, rivals)
    session.add(
        PairChoice(
            id=new_id(),
            group_id=group_id,
            kind=kind,
            one_id=one,
            other_id=other,
            choice=choice.value,
            by_id=viewer.person_id,
            at=clock.now(),
        )
    )
    session.flush()
    made = MADE[choice]
    emit(session, made(actor_id=viewer.person_id, group_id=group_id, kind=kind, one_id=one, other_id=other))
    return True


def _of(group_id: UUID, kind: str) -> Select[UUID]:
    return select(PairChoice.id).where(PairChoice.group_id == group_id, PairChoice.kind == kind)


def _take_back(session: Session, viewer: Viewer, group_id: UUID, kind: str, which: ColumnElement[bool]) -> int:
    gone = session.execute(
        delete(PairChoice)
        .where(PairChoice.group_id == group_id, PairChoice.kind == kind, which)
        .returning(PairChoice.choice, PairChoice.one_id, PairChoice.other_id)
    ).all()
    for row in gone:
        undone = UNDONE[row.choice]
        emit(
            session,
            undone(actor_id=viewer.person_id, group_id=group_id, kind=kind, one_id=row.one_id, other_id=row.other_id),
        )
    return len(gone)


def _demand_members(session: Session, group_id: UUID, kind: str, one: UUID, other: UUID) -> None:
    roles = {(member.face.id, member.role) for member in people_queries.members_of(session, group_id)}
    second = Role.MENTOR if kind == PairKind.MENTORSHIP else Role.LEARNER
    if one == other:
        raise Invalid("Choose two different people. Nothing was changed.")
    if not {(one, Role.LEARNER.value), (other, second.value)} <= roles:
        detail = "Both must be in this group, as learners, or as a learner and a mentor. Nothing was changed."
        raise Invalid(detail)
