"""The ledger as admins read it: newest first, by kind, person, group and time. Callers have checked who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union, union_all
from sqlalchemy.orm import Session

from academy.administration import policy
from academy.kernel import clock
from academy.kernel.ids import earlier, first_of
from academy.kernel.ledger import Entry, Subject
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind, Person
from academy.people.policy import groups_below
from academy.tracks.models import TrackVersion

PAGE = 50
LATELY = timedelta(days=7)
UNTOLD = frozenset({"PersonBlocked"})
"""What nobody is told of: an admin may be the one who was blocked."""
LOOKS = "AuditSeen"
"""Looks at the audit are told to whoever asks for them: among all else they would push down what is looked at."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for; what is None is not asked about. `since` counts, `until` no more."""

    kind: str = ""
    person_id: UUID | None = None
    group_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """One entry of the ledger."""

    id: UUID
    at: datetime
    kind: str
    actor_id: UUID | None
    facts: dict[str, Any]


def entries(session: Session, wanted: Wanted, *, before: UUID | None = None) -> tuple[list[Happened], bool]:
    """Return a page of the ledger and whether there is more. One statement."""
    found = _narrowed(wanted, before).order_by(Entry.id.desc()).limit(PAGE + 1)
    rows = session.execute(found).all()
    return [Happened(r.id, r.at, r.kind, r.actor_id, dict(r.facts)) for r in rows[:PAGE]], len(rows) > PAGE


def entries_led(
    session: Session, viewer: Viewer, wanted: Wanted, kinds: Collection[str], *, before: UUID | None = None
) -> tuple[list[Happened], bool]:
    """Return a page of the ledger about the groups that the viewer leads, pairs left out, of some kinds.

    `wanted.group_id` narrows it to a group among them; one that is not among them has no entries. One
    statement for a group; else two at most: years are looked through only where the last days do not fill the page.
    """
    within = policy.groups_led_by(viewer)
    if wanted.group_id is not None:
        within = within.where(Group.id.in_(groups_below([wanted.group_id])))
    about = select(Subject.entry_id).where(Subject.subject_id.in_(within))
    found = _narrowed(replace(wanted, person_id=None, group_id=None), before)
    found = found.where(Entry.kind.in_(sorted(kinds))).order_by(Entry.id.desc()).limit(PAGE + 1)
    lately = about.where(Subject.entry_id >= earlier(before or first_of(clock.now()), LATELY))
    rows = session.execute(found.where(Entry.id.in_(lately if wanted.group_id is None else about))).all()
    if len(rows) <= PAGE and wanted.group_id is None:
        rows = session.execute(found.where(Entry.id.in_(about))).all()
    return [Happened(r.id, r.at, r.kind, r.actor_id, dict(r.facts)) for r in rows[:PAGE]], len(rows) > PAGE


def _narrowed(wanted: Wanted, before: UUID | None) -> Select[Any]:
    query = select(Entry.id, Entry.at, Entry.kind, Entry.actor_id, Entry.facts)
    if wanted.person_id is None:
        query = _conditions(query, wanted, before)
        if wanted.group_id is not None:
            about = select(Subject.entry_id).where(Subject.subject_id.in_(groups_below([wanted.group_id])))
            query = query.where(Entry.id.in_(about))
        return query
    # Two walks down two indexes, each no longer than a page: what somebody did, and what was done about them.
    done = _conditions(select(Entry.id).where(Entry.actor_id == wanted.person_id), wanted, before)
    borne = select(Entry.id).join(Subject, Subject.entry_id == Entry.id).where(Subject.subject_id == wanted.person_id)
    arms = []
    for arm in (done, _conditions(borne, wanted, before)):
        if wanted.group_id is not None:
            about = select(Subject.entry_id).where(Subject.subject_id.in_(groups_below([wanted.group_id])))
            arm = arm.where(Entry.id.in_(about))
        arms.append(select(arm.order_by(Entry.id.desc()).limit(PAGE + 1).subquery().c.id))
    return query.where(Entry.id.in_(union(*arms)))


def _conditions(query: Select[Any], wanted: Wanted, before: UUID | None) -> Select[Any]:
    of_kind = Entry.kind == wanted.kind if wanted.kind else Entry.kind.not_in(UNTOLD | {LOOKS})
    query = query.where(of_kind)
    if wanted.kind in UNTOLD:
        query = query.where(Entry.id.is_(None))
    if wanted.since is not None:
        query = query.where(Entry.id >= first_of(wanted.since))
    if wanted.until is not None:
        query = query.where(Entry.id < first_of(wanted.until))
    if before is not None:
        query = query.where(Entry.id < before)
    return query


def names_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how people, groups and tracks are called now. One statement.

    A pair has no name here: who is in it is theirs to tell.
    """
    wanted = set(ids)
    rows = session.execute(
        union_all(
            select(Person.id, Person.name).where(Person.id.in_(wanted)),
            select(Group.id, Group.name).where(Group.id.in_(wanted), Group.kind != GroupKind.PAIR),
            select(TrackVersion.id, TrackVersion.title).where(TrackVersion.id.in_(wanted)),
        )
    )
    return {row.id: row.name for row in rows}


def ids_in(value: object) -> list[UUID]:
    """Return the ids among the values of one fact."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and len(one) == 36:
            try:
                found.append(UUID(one))
            except ValueError:
                continue
    return found


def groups_to_choose(session: Session, led_by: Viewer | None = None) -> list[tuple[UUID, str]]:
    """Return the groups by which the ledger can be narrowed, by name; at most 500. Perhaps those somebody leads."""
    query = (
        select(Group.id, Group.name)
        .where(Group.kind.in_([GroupKind.ORGANIZATION, GroupKind.ACADEMY, GroupKind.COHORT, GroupKind.BOARD]))
        .order_by(Group.kind.desc(), Group.name, Group.id)
        .limit(500)
    )
    if led_by is not None:
        query = query.where(Group.id.in_(policy.groups_led_by(led_by)))
    rows = session.execute(query)
    return [(row.id, row.name) for row in rows]
