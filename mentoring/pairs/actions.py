"""Verbs on people who work together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Closed, Invalid
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people import actions as people_actions
from academy.people.models import Membership, Person, Role
from academy.people.queries import faces
from forums.spaces import actions as spaces
from mentoring.pairs import queries
from mentoring.pairs.events import PairOpened, PairParted, PairPaused, PairResumed, PartnerLeft
from mentoring.pairs.models import Pair, PairKind, Parting
from mentoring.pairs.policy import GROUP_KIND, LONGEST_REASON

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer

LEFT = "somebody who left"
LONGEST_NAME = 36
"""Characters of each name in a room's title: three of them fit a group's name."""


def open_pair(
    session: Session,
    *,
    kind: str,
    people: Mapping[UUID, Role],
    academy_group_id: UUID,
    cohort_group_id: UUID | None,
    match_id: UUID | None = None,
    actor_id: UUID | None = None,
) -> Pair:
    """Bring two or three people together: a group under the academy, a room of their own.

    `people` maps each person to their role in the pair: mentor or learner, for buddies learner each. The
    caller has checked that they may be together. What rests of a learner's pairs of this kind ends with it. Raises
    `Invalid` for fewer than two people.
    """
    if len(people) < 2:
        detail = "It takes two people to work together."
        raise Invalid(detail)
    for person_id in (one for one, role in people.items() if role == Role.LEARNER):
        resting = (Pair.kind == kind, Pair.paused_at.is_not(None), Membership.role == Role.LEARNER)
        for earlier in _going_on(session, person_id, *resting):
            leave(session, pair=earlier, person_id=person_id)
    title = title_of([face.name for face in faces(session, list(people)).values()])
    group = people_actions.open_group(session, kind=GROUP_KIND, name=title, parent_id=academy_group_id)
    for person_id, role in people.items():
        people_actions.join(session, group_id=group.id, person_id=person_id, role=role, actor_id=actor_id)
    space = spaces.open_space(session, group_id=group.id, kind="pair", title=title)
    pair = Pair(
        id=new_id(),
        group_id=group.id,
        cohort_group_id=cohort_group_id,
        kind=PairKind(kind).value,
        match_id=match_id,
        space_id=space.id,
        started_at=clock.now(),
    )
    session.add(pair)
    session.flush()
    emit(
        session,
        PairOpened(
            actor_id=actor_id,
            pair_id=pair.id,
            kind=pair.kind,
            group_id=group.id,
            match_id=match_id,
            person_ids=tuple(people),
        ),
    )
    return pair


def end(session: Session, *, viewer: Viewer, pair_id: UUID, reason: str) -> bool:
    """End one of the viewer's pairs: its room is read on, and both are free. Of three, the two others go on.

    The reason is for admins, in sum, never for the others or a lead. Says whether the pair as a whole ended. Raises
    `Missing` for a pair that is not the viewer's, `Closed` for one that has ended.
    """
    # Held until the transaction ends: of two who go at once, the second one sees that the first has gone.
    session.execute(select(Pair.id).where(Pair.id == pair_id).with_for_update(key_share=True)).all()
    if queries.own_pair(session, viewer, pair_id).ended:
        detail = "This pair has ended already. Its room stays, to read."
        raise Closed(detail)
    leave(session, pair=session.get_one(Pair, pair_id, populate_existing=True), person_id=viewer.person_id)
    session.add(
        Parting(
            id=new_id(),
            pair_id=pair_id,
            person_id=viewer.person_id,
            at=clock.now(),
            reason=reason.strip()[:LONGEST_REASON],
            erased=False,
        )
    )
    session.flush()
    return queries.own_ended(session, pair_id)


def leave_of_cohort(session: Session, *, person_id: UUID, role: str, cohort_group_id: UUID) -> None:
    """End what somebody who left a cohort was in there in this role, as if they had ended it."""
    for pair in _going_on(session, person_id, Pair.cohort_group_id == cohort_group_id, Membership.role == role):
        leave(session, pair=pair, person_id=person_id)


def rest_or_go_on(session: Session, *, person_id: UUID) -> None:
    """Let the pairs of somebody whose account was closed rest, and go on once it is open again."""
    for pair in _going_on(session, person_id):
        _rest_or_go_on(session, pair)


def _going_on(session: Session, person_id: UUID, *where: ColumnElement[bool]) -> Sequence[Pair]:
    """Return the pairs that somebody is in and that have not ended, held until the transaction ends."""
    mine = (
        select(Pair)
        .join(Membership, Membership.group_id == Pair.group_id)
        .where(Pair.ended_at.is_(None), Membership.person_id == person_id, Membership.until_at.is_(None), *where)
        .order_by(Pair.id)
        .with_for_update(key_share=True, of=Pair)
        .execution_options(populate_existing=True)
    )
    return session.scalars(mine).all()


def _rest_or_go_on(session: Session, pair: Pair) -> None:
    """Let a pair that has not ended rest where fewer than two of it are here, and go on where two are."""
    here = queries.here_in(session, pair.group_id)
    if (pair.paused_at is not None) is (len(here) < 2):
        return
    pair.paused_at = clock.now() if len(here) < 2 else None
    session.flush()
    fact = PairResumed if pair.paused_at is None else PairPaused
    emit(session, fact(actor_id=None, pair_id=pair.id, kind=pair.kind, person_ids=tuple(here)))


def leave(session: Session, *, pair: Pair, person_id: UUID) -> None:
    """Let somebody go from a pair that goes on: it ends, or of three the two others go on."""
    members = session.execute(
        select(Membership.person_id, Membership.role, Person.name)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.group_id == pair.group_id, Membership.until_at.is_(None))
        .order_by(Membership.id)
    ).all()
    staying = {row.person_id: row.name for row in members if row.person_id != person_id}
    ended = len(staying) < 2
    if ended:
        # Who is in it stays in it, so that both can read what they wrote.
        pair.ended_at, pair.paused_at = clock.now(), None
        spaces.lock(session, space_id=pair.space_id)
    else:
        for row in members:
            if row.person_id == person_id:
                people_actions.leave(session, group_id=pair.group_id, person_id=person_id, role=row.role, actor_id=None)
        title = title_of(list(staying.values()))
        people_actions.rename_group(session, group_id=pair.group_id, name=title)
        spaces.retitle(session, space_id=pair.space_id, title=title)
    session.flush()
    _say_parted(session, pair, left=person_id, staying=tuple(staying), ended=ended)
    if not ended:
        _rest_or_go_on(session, pair)


def part(session: Session, *, person_id: UUID) -> None:
    """End the pairs of somebody who leaves for good: a trio goes on, and what was named after them is no more.

    Their membership ends with all their others; those who stay may read their room on.
    """
    mine = select(Membership.group_id).where(Membership.person_id == person_id)
    for pair in session.scalars(select(Pair).where(Pair.group_id.in_(mine)).order_by(Pair.id)).all():
        members = session.execute(
            select(Membership.person_id, Person.name)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.group_id == pair.group_id, Membership.person_id != person_id)
            .where(Membership.until_at.is_(None))
            .order_by(Membership.id)
        ).all()
        here = list(dict.fromkeys(row.person_id for row in members))
        goes_on = pair.ended_at is None
        if goes_on and len(here) < 2:
            pair.ended_at, pair.paused_at = clock.now(), None
            spaces.lock(session, space_id=pair.space_id)
        title = title_of([*dict.fromkeys(row.name for row in members), LEFT]) if here else LEFT
        people_actions.rename_group(session, group_id=pair.group_id, name=title)
        spaces.retitle(session, space_id=pair.space_id, title=title)
        session.flush()
        if goes_on:
            ended = pair.ended_at is not None
            emit(
                session,
                PartnerLeft(actor_id=None, pair_id=pair.id, left_id=person_id, person_ids=tuple(here), ended=ended),
            )
            _say_parted(session, pair, left=person_id, staying=(), ended=ended)


def title_of(names: Sequence[str]) -> str:
    """Name a room after the people in it, by their first names in alphabetical order.

    >>> title_of(["Ben Okafor", "Ana Silva"])
    'Ana and Ben'
    >>> title_of(["Ben", "Ana", "Chidi"])
    'Ana, Ben and Chidi'
    """
    first = sorted(
        (name if name == LEFT else (name.split() or ["?"])[0][:LONGEST_NAME] for name in names),
        key=lambda name: (name == LEFT, name.casefold()),
    )
    return f"{', '.join(first[:-1])} and {first[-1]}"


def _say_parted(session: Session, pair: Pair, *, left: UUID, staying: tuple[UUID, ...], ended: bool) -> None:
    emit(
        session,
        PairParted(
            actor_id=None,
            pair_id=pair.id,
            kind=pair.kind,
            cohort_group_id=pair.cohort_group_id,
            match_id=pair.match_id,
            ended=ended,
            left=(left,),
            person_ids=staying,
        ),
    )
