"""Questions about people who work together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations, groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import ask
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, Membership, Person, Role
from academy.people.queries import Face
from mentoring.pairs.models import Pair, PairKind, Parting
from mentoring.pairs.policy import FEWEST, YEARS_TOLD, visible_groups


@dataclass(frozen=True)
class PairLine:
    """One of the viewer's pairs: who else is in it, as what the viewer is (`role`), and since when it rests, if so."""

    pair_id: UUID
    kind: str
    space_id: UUID
    cohort_group_id: UUID | None
    others: list[Face]
    role: str
    started_at: datetime
    group_id: UUID
    match_id: UUID | None
    paused_at: datetime | None


@dataclass(frozen=True)
class OwnPair:
    """One of the viewer's pairs, whether or not it has ended: what ending it concerns."""

    pair_id: UUID
    kind: str
    space_id: UUID
    ended_at: datetime | None
    paused_at: datetime | None
    others: list[Face]
    role: str

    @property
    def ended(self) -> bool:
        """Say whether it is over."""
        return self.ended_at is not None


@dataclass(frozen=True)
class Together:
    """Whom a set of people work with now, and whom they worked with before, each as a set of two ids."""

    now: frozenset[frozenset[UUID]]
    before: frozenset[frozenset[UUID]]


def pairs_of(session: Session, viewer: Viewer) -> list[PairLine]:
    """Return the viewer's pairs that go on, the oldest first. One statement."""
    return _lines(session, viewer)


def pairs_beside(session: Session, viewer: Viewer, group_id: UUID) -> list[PairLine]:
    """Return the viewer's pairs that belong beside a room: its own pair, or those begun in its cohort."""
    return _lines(session, viewer, group_id)


def _own(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    mine = aliased(Membership)
    theirs = aliased(Membership)
    return (
        select(
            Pair.id,
            Pair.kind,
            Pair.space_id,
            Pair.cohort_group_id,
            Pair.started_at,
            Pair.group_id,
            Pair.match_id,
            Pair.paused_at,
            mine.role,
            Person.id.label("other_id"),
            Person.name,
            Person.pronouns,
            Person.zone,
        )
        .join(mine, mine.group_id == Pair.group_id)
        .outerjoin(
            theirs,
            (theirs.group_id == Pair.group_id) & (theirs.person_id != viewer.person_id) & theirs.until_at.is_(None),
        )
        .outerjoin(Person, Person.id == theirs.person_id)
        .where(
            mine.person_id == viewer.person_id,
            mine.until_at.is_(None),
            Pair.ended_at.is_(None),
            Pair.group_id.in_(visible_groups(viewer)),
        )
        .order_by(Pair.started_at, Pair.id, Person.name, Person.id)
    )


def own_pair(session: Session, viewer: Viewer, pair_id: UUID) -> OwnPair:
    """Return one of the viewer's pairs, ended or not; anybody else's is `Missing`. One statement."""
    found = own_pairs(session, viewer, [pair_id])
    if pair_id not in found:
        raise Missing
    return found[pair_id]


def own_pairs(session: Session, viewer: Viewer, pair_ids: Sequence[UUID]) -> dict[UUID, OwnPair]:
    """Return those of the given pairs that the viewer is in, ended or not. One statement."""
    mine, theirs = aliased(Membership), aliased(Membership)
    found: dict[UUID, OwnPair] = {}
    for row in session.execute(
        select(
            Pair.id,
            Pair.kind,
            Pair.space_id,
            Pair.ended_at,
            Pair.paused_at,
            mine.role,
            Person.id.label("other_id"),
            Person.name,
            Person.pronouns,
            Person.zone,
        )
        .join(mine, (mine.group_id == Pair.group_id) & (mine.person_id == viewer.person_id) & mine.until_at.is_(None))
        .outerjoin(
            theirs,
            (theirs.group_id == Pair.group_id) & (theirs.person_id != viewer.person_id) & theirs.until_at.is_(None),
        )
        .outerjoin(Person, Person.id == theirs.person_id)
        .where(Pair.id.in_(set(pair_ids)))
        .order_by(Pair.id, Person.name, Person.id)
    ):
        line = found.setdefault(
            row.id, OwnPair(row.id, row.kind, row.space_id, row.ended_at, row.paused_at, [], row.role)
        )
        if row.other_id is not None:
            line.others.append(Face(row.other_id, row.name, row.pronouns, row.zone))
    return found


def here_in(session: Session, group_id: UUID) -> list[UUID]:
    """Return who is in a pair's group now and has an open account. One statement."""
    rows = session.scalars(
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.group_id == group_id, Membership.until_at.is_(None), Person.deactivated_at.is_(None))
        .order_by(Person.id)
        .distinct()
    )
    return list(rows)


def own_ended(session: Session, pair_id: UUID) -> bool:
    """Say whether a pair is over, for whoever has just left it."""
    return session.scalar(select(Pair.ended_at).where(Pair.id == pair_id)) is not None


def begun_in_open(session: Session, cohort_group_id: UUID) -> bool:
    """Say whether a cohort goes on: in one that is closed nobody is looked after any more."""
    found = session.scalar(select(Group.id).where(Group.id == cohort_group_id, Group.closed_at.is_(None)))
    return found is not None


_ALL = Prepared(_own)
_BESIDE = Prepared(
    lambda viewer: _own(viewer).where(
        or_(Pair.group_id == bindparam("group_id"), Pair.cohort_group_id == bindparam("group_id"))
    )
)


def _lines(session: Session, viewer: Viewer, group_id: UUID | None = None) -> list[PairLine]:
    asked = _ALL(viewer) if group_id is None else _BESIDE(viewer, group_id=group_id)
    lines: dict[UUID, PairLine] = {}
    for row in ask(session, *asked):
        line = lines.setdefault(
            row.id,
            PairLine(
                pair_id=row.id,
                kind=row.kind,
                space_id=row.space_id,
                cohort_group_id=row.cohort_group_id,
                others=[],
                role=row.role,
                started_at=row.started_at,
                group_id=row.group_id,
                match_id=row.match_id,
                paused_at=row.paused_at,
            ),
        )
        if row.other_id is not None:
            line.others.append(Face(row.other_id, row.name, row.pronouns, row.zone))
    return list(lines.values())


def together(session: Session, kind: str, person_ids: Iterable[UUID]) -> Together:
    """Return who of these people is, or was, paired with whom in pairs of one kind. One statement.

    Somebody who left a trio that goes on was with the others before.
    """
    whose = select(Membership.group_id).where(Membership.person_id.in_(set(person_ids)))
    rows = session.execute(
        select(Pair.id, Membership.person_id, and_(Pair.ended_at.is_(None), Membership.until_at.is_(None)))
        .join(Membership, Membership.group_id == Pair.group_id)
        .where(Pair.kind == kind, Pair.group_id.in_(whose))
    )
    return together_of((pair_id, person_id, goes_on) for pair_id, person_id, goes_on in rows)


def together_of(rows: Iterable[tuple[UUID, UUID, bool]]) -> Together:
    """Read who was in which pair, and whether they are in it still, as who is, or was, with whom."""
    members: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for pair_id, person_id, goes_on in rows:
        members[pair_id][person_id] = members[pair_id].get(person_id, False) or goes_on
    now: set[frozenset[UUID]] = set()
    before: set[frozenset[UUID]] = set()
    for people in members.values():
        for a, b in combinations(people, 2):
            (now if people[a] and people[b] else before).add(frozenset((a, b)))
    return Together(frozenset(now), frozenset(before - now))


def paired(session: Session, kind: str, role: str, person_ids: Iterable[UUID], *, resting: bool = False) -> set[UUID]:
    """Return who of these people is in a pair of one kind now, in a given role. One statement.

    A pair that rests does not count: a lead may find somebody else for whoever waits in it. `resting` asks for those.
    """
    rests = Pair.paused_at.is_not(None) if resting else Pair.paused_at.is_(None)
    rows = session.scalars(
        select(Membership.person_id)
        .join(Pair, Pair.group_id == Membership.group_id)
        .where(
            Pair.kind == kind,
            Pair.ended_at.is_(None),
            rests,
            Membership.role == role,
            Membership.until_at.is_(None),
            Membership.person_id.in_(set(person_ids)),
        )
    )
    return set(rows)


def mentorships_held(academy_group_id: Any, mentor_ids: Any, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select columns of mentors' memberships in the mentorships that they hold in an academy, a group for each mentor.

    A mentorship that rests keeps its place, so that it can go on.
    """
    return (
        select(*columns)
        .join(Pair, Pair.group_id == Membership.group_id)
        .join(Group, Group.id == Pair.group_id)
        .where(
            Group.parent_id == academy_group_id,
            Pair.kind == PairKind.MENTORSHIP,
            Pair.ended_at.is_(None),
            Membership.role == Role.MENTOR,
            Membership.until_at.is_(None),
            Membership.person_id.in_(mentor_ids),
        )
        .group_by(Membership.person_id)
    )


def mentees_of(session: Session, academy_group_id: UUID, mentor_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Count how many people each mentor mentors in an academy now; nobody is left out. One statement."""
    found = dict.fromkeys(mentor_ids, 0)
    columns = (Membership.person_id, func.count().label("mentees"))
    for row in session.execute(mentorships_held(academy_group_id, found, *columns)):
        found[row.person_id] = row.mentees
    return found


def pairs_by_id(session: Session, viewer: Viewer, pair_ids: Sequence[UUID]) -> dict[UUID, PairLine]:
    """Return those of the given pairs that the viewer is in, for notices."""
    wanted = set(pair_ids)
    return {line.pair_id: line for line in _lines(session, viewer) if line.pair_id in wanted}


def rooms_by_id(session: Session, viewer: Viewer, pair_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, bool]]:
    """Return the room of each of the given pairs that the viewer is in, and whether it has ended. One statement."""
    rows = session.execute(
        select(Pair.id, Pair.space_id, Pair.ended_at).where(
            Pair.id.in_(set(pair_ids)), Pair.group_id.in_(visible_groups(viewer))
        )
    )
    return {row.id: (row.space_id, row.ended_at is not None) for row in rows}


def endings_told(session: Session) -> list[tuple[tuple[date, date], list[str]]]:
    """Return why people ended pairs, told as why they declined is (`told`). The caller has checked who asks."""
    this_month, since = months()
    text = case((Parting.at >= since, Parting.reason), else_="")
    rows = session.execute(
        select(Parting.at, Parting.person_id, text.label("reason"), Parting.erased)
        .where(or_(Parting.reason != "", Parting.erased), Parting.at < this_month)
        .order_by(Parting.at, Parting.id)
    )
    return told(rows, this_month, since)


def months() -> tuple[datetime, datetime]:
    """Return when this month began, of which nothing is told yet, and since when reasons are told at all."""
    this_month = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return this_month, this_month.replace(year=this_month.year - YEARS_TOLD)


def told(rows: Iterable[Any], this_month: datetime, since: datetime) -> list[tuple[tuple[date, date], list[str]]]:
    """Gather reasons by runs of finished months, the latest first: (first and last month, reasons).

    `rows` are (when, who, reason, whether it was erased), the oldest first. A run goes on until `FEWEST` people have
    written in it, and is not told before: so no look at the page before and after somebody wrote shows what. Where
    something of a run was erased it counts on, emptied, so that no run begins or ends elsewhere, and the run is told
    no more: what is missing would tell whose it was. Reasons stand in the order of the alphabet.
    """
    found: list[tuple[tuple[date, date], list[str]]] = []
    wrote: set[UUID] = set()
    said: list[str] = []
    first, whole = this_month.date(), True
    for month, group in groupby(rows, key=lambda row: row[0].date().replace(day=1)):
        first = month if not said else first
        for row in group:
            _at, person_id, reason, erased = row
            wrote.add(person_id)
            said.append(reason)
            whole = whole and not erased
        if len(wrote) >= FEWEST:
            if whole and first >= since.date():
                found.append(((first, month), sorted(said, key=str.casefold)))
            wrote, said, whole = set(), [], True
    return found[::-1]
