"""Questions about tracks that are published: which there are, who is given them, and what is newer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Closed, Missing
from academy.kernel.paging import Part, Span, part
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind
from academy.people.policy import Right, groups_of, reaches, reaches_far
from academy.tracks.models import (
    Activity,
    Delivery,
    ModuleVersion,
    Track,
    TrackPart,
    TrackVersion,
)
from academy.tracks.queries.practised import Practised, skills_of


@dataclass(frozen=True)
class TrackLine:
    """A track's newest version, to choose from."""

    version_id: UUID
    group_id: UUID
    title: str
    summary: str
    weeks: int
    number: int
    id: UUID
    skills: tuple[Practised, ...] = ()


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery as lists show it."""

    id: UUID
    group_id: UUID
    title: str
    weeks: int
    starts_on: date
    zone: str


def tracks_in(session: Session, group_ids: Sequence[UUID]) -> list[TrackLine]:
    """Return the newest version of each track that these academies keep."""
    rows = session.execute(_newest().where(Track.group_id.in_(group_ids)).order_by(TrackVersion.title, Track.id))
    return [_track_line(row) for row in rows]


def _newest() -> Select[*tuple[Any, ...]]:
    later = aliased(TrackVersion)
    newer = select(later.id).where(later.track_id == Track.id, later.number > TrackVersion.number)
    return select(TrackVersion, Track.group_id).join(Track, Track.id == TrackVersion.track_id).where(~newer.exists())


def _track_line(row: Any) -> TrackLine:
    version, group_id = row
    return TrackLine(
        version.id, group_id, version.title, version.summary, version.weeks, version.number, version.track_id
    )


def _learning(viewer: Viewer) -> Select[UUID]:
    return groups_of(viewer, Right.LEARN, [GroupKind.COHORT], far=reaches_far(viewer))


def _known(viewer: Viewer) -> ColumnElement[bool]:
    """Select the tracks that the viewer's groups are given, and those that the viewer may create cohorts for."""
    given = (
        select(TrackVersion.track_id)
        .join(Delivery, Delivery.track_version_id == TrackVersion.id)
        .where(Delivery.group_id.in_(_learning(viewer)))
    )
    return or_(reaches(viewer, Right.CREATE_COHORT, Track.group_id), Track.id.in_(given))


def tracks_for(session: Session, viewer: Viewer, span: Span) -> Part[TrackLine]:
    """Return part of the tracks that the viewer may know of, each in its newest version with its skills.

    Two statements.
    """
    found = part(session, _newest().where(_known(viewer)), Track.id, span, _track_line)
    skills = skills_of(session, [line.version_id for line in found.items])
    return Part([replace(line, skills=skills[line.version_id]) for line in found.items], found.next)


def track_for(session: Session, viewer: Viewer, track_id: UUID) -> TrackLine:
    """Find a track that the viewer may know of, with its skills; raises `Missing`. Two statements."""
    row = session.execute(_newest().where(Track.id == track_id, _known(viewer))).one_or_none()
    if row is None:
        raise Missing
    line = _track_line(row)
    return replace(line, skills=skills_of(session, [line.version_id])[line.version_id])


def deliveries_for(session: Session, viewer: Viewer, span: Span) -> Part[DeliveryLine]:
    """Return part of what the viewer's groups are given. One statement."""
    query = (
        select(
            Delivery.id, Delivery.group_id, TrackVersion.title, TrackVersion.weeks, Delivery.starts_on, Delivery.zone
        )
        .join(TrackVersion, TrackVersion.id == Delivery.track_version_id)
        .where(Delivery.group_id.in_(_learning(viewer)))
    )
    return part(session, query, Delivery.id, span, lambda row: DeliveryLine(*row))


def activities_by_key(session: Session, track_version_id: UUID) -> dict[tuple[UUID, str], UUID]:
    """Return the activities of a version by (module, key), which stay the same over versions."""
    rows = session.execute(
        select(ModuleVersion.module_id, Activity.key, Activity.id)
        .join(ModuleVersion, ModuleVersion.id == Activity.module_version_id)
        .join(TrackPart, TrackPart.module_version_id == ModuleVersion.id)
        .where(TrackPart.track_version_id == track_version_id)
    )
    return {(row.module_id, row.key): row.id for row in rows}


@dataclass(frozen=True)
class Upgrade:
    """The version that a group walks and, if there is one, the newest version above it."""

    from_id: UUID
    number: int
    to_id: UUID | None
    to_number: int


def upgrade_of(session: Session, group_id: UUID) -> Upgrade | None:
    """Return which version a group walks and whether there is a newer one. One statement."""
    newest = aliased(TrackVersion)
    row = session.execute(
        select(TrackVersion.id, TrackVersion.number, newest.id.label("to_id"), newest.number.label("to_number"))
        .join(Delivery, Delivery.track_version_id == TrackVersion.id)
        .join(newest, newest.track_id == TrackVersion.track_id)
        .where(Delivery.group_id == group_id)
        .order_by(newest.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Upgrade(row.id, row.number, row.to_id if row.to_number > row.number else None, row.to_number)


def demand_open(session: Session, group_id: UUID) -> None:
    """Refuse to begin anything in a group that is closed; the caller has checked the right to."""
    if session.scalar(select(Group.closed_at).where(Group.id == group_id)) is not None:
        detail = "This cohort is closed: its people read and talk, and nothing new begins. Its lead can open it again."
        raise Closed(detail)
