"""Questions about the runs of a group: what was worked out, when, how good it was, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Group, Person
from academy.people.policy import Right
from academy.people.queries import Face
from mentoring.matches.models import Match, MatchPerson, MatchState, Run, RunState

SHOWN = 20
"""Runs that are listed."""


@dataclass(frozen=True)
class PastRun:
    """One run as the history lists it; `settings` say how good its answer was."""

    id: UUID
    state: str
    settings: Mapping[str, Any]
    asked_at: datetime
    published_at: datetime | None
    asked_by: str


@dataclass(frozen=True)
class History:
    """The runs of a group for one kind, the latest first."""

    group_name: str
    runs: list[PastRun]


@dataclass(frozen=True)
class Changes:
    """What differs between a run and the one before it, each pair (or three) as the people in it."""

    new: list[list[Face]]
    gone: list[list[Face]]
    kept: list[list[Face]]


def history_for(session: Session, viewer: Viewer, group_id: UUID, kind: str) -> History:
    """Return the runs of a group for somebody who may propose there. Two statements."""
    people.demand(session, viewer, Right.PROPOSE, group_id)
    rows = session.execute(
        select(Group.name, Run.id, Run.state, Run.settings, Run.asked_at, Run.published_at, Person.name.label("by"))
        .outerjoin(Run, (Run.group_id == Group.id) & (Run.kind == kind))
        .outerjoin(Person, Person.id == Run.asked_by)
        .where(Group.id == group_id)
        .order_by(Run.asked_at.desc(), Run.id.desc())
        .limit(SHOWN * 3)
    ).all()
    runs = [PastRun(*row[1:]) for row in rows if row.id is not None]
    # What was replaced before it was worked out says nothing to anybody.
    told = [run for run in runs if run.state != RunState.REPLACED or "placed" in run.settings]
    return History(rows[0].name, told[:SHOWN])


def changes_between(session: Session, run_id: UUID, before_id: UUID) -> Changes:
    """Return which pairs a run proposed that the one before did not, and the other way round. One statement.

    The caller has checked that the viewer may see both. Of mentors the first candidates are compared.
    """
    faces: dict[UUID, Face] = {}
    found: dict[UUID, dict[UUID, set[UUID]]] = {run_id: {}, before_id: {}}
    for row in session.execute(
        select(Match.run_id, Match.id, Person.id.label("person_id"), Person.name, Person.pronouns, Person.zone)
        .join(MatchPerson, MatchPerson.match_id == Match.id)
        .join(Person, Person.id == MatchPerson.person_id)
        .where(Match.run_id.in_(found), Match.rank == 0)
        .order_by(MatchPerson.role, Person.name, Person.id)
    ):
        faces.setdefault(row.person_id, Face(row.person_id, row.name, row.pronouns, row.zone))
        found[row.run_id].setdefault(row.id, set()).add(row.person_id)
    now, before = ({frozenset(members) for members in found[run].values()} for run in (run_id, before_id))
    place = {person: at for at, person in enumerate(faces)}

    def told(groups: Collection[frozenset[UUID]]) -> list[list[Face]]:
        made = [[faces[person] for person in sorted(group, key=place.__getitem__)] for group in groups]
        return sorted(made, key=lambda group: [(face.name, face.id) for face in group])

    return Changes(told(now - before), told(before - now), told(now & before))


def last_pairs(session: Session, group_id: UUID, kind: str) -> set[frozenset[UUID]]:
    """Return each two people whom the last proposal of a group brought together. One statement."""
    made = exists().where(Match.run_id == Run.id)
    last = (
        select(Run.id)
        .where(
            Run.group_id == group_id,
            Run.kind == kind,
            Run.state.in_([RunState.PROPOSED, RunState.PUBLISHED]),
            made,
        )
        .order_by(Run.asked_at.desc(), Run.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    members: dict[UUID, list[UUID]] = {}
    for row in session.execute(
        select(Match.id, MatchPerson.person_id)
        .join(MatchPerson, MatchPerson.match_id == Match.id)
        .where(Match.run_id == last, Match.rank == 0, Match.state != MatchState.DROPPED)
    ):
        members.setdefault(row.id, []).append(row.person_id)
    return pairs_in(list(members.values()))


def pairs_in(groups: Sequence[Sequence[UUID]]) -> set[frozenset[UUID]]:
    """Return each two people of groups of two or three."""
    return {frozenset((one, other)) for group in groups for one in group for other in group if one != other}
