"""Questions about tracks: what a group is given, and how far one person is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Closed, Missing
from academy.kernel.db import ask
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.media.models import Media
from academy.media.queries import Recording, recording_of
from academy.people.models import Group
from academy.people.policy import Right, granting, groups_with
from academy.tracks.engine import week_of
from academy.tracks.models import (
    Activity,
    Completion,
    Delivery,
    ModuleVersion,
    Reflection,
    Track,
    TrackPart,
    TrackVersion,
)


@dataclass(frozen=True)
class Step:
    """An activity in somebody's plan."""

    id: UUID
    kind: str
    title: str
    summary: str
    minutes: int
    done: bool


@dataclass(frozen=True)
class Stage:
    """A module in somebody's plan."""

    title: str
    summary: str
    icon: str
    week: int
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """Count the completed activities."""
        return sum(step.done for step in self.steps)

    @property
    def complete(self) -> bool:
        """Say whether nothing is left to do."""
        return self.done == len(self.steps)


@dataclass(frozen=True)
class Week:
    """A module's week in a group's delivery: it begins on a day of the delivery's zone."""

    delivery_id: UUID
    group_name: str
    title: str
    week: int
    on: date


def weeks_for(session: Session, viewer: Viewer, since: date, until: date) -> list[Week]:
    """Return the weeks that begin within some days in deliveries to the viewer's own groups. One statement."""
    rows = session.execute(
        select(Delivery.id, Group.name, Delivery.starts_on, TrackPart.week, ModuleVersion.title, TrackPart.position)
        .join(Group, Group.id == Delivery.group_id)
        .join(TrackPart, TrackPart.track_version_id == Delivery.track_version_id)
        .join(ModuleVersion, ModuleVersion.id == TrackPart.module_version_id)
        .where(Delivery.group_id.in_(granting(viewer, Right.LEARN)))
        .order_by(Delivery.starts_on, Delivery.id, TrackPart.week, TrackPart.position)
    )
    found = [Week(r.id, r.name, r.title, r.week, r.starts_on + timedelta(days=7 * (r.week - 1))) for r in rows]
    return [week for week in found if since <= week.on < until]


@dataclass(frozen=True)
class Plan:
    """A delivery as one person sees it. `week` runs from 1 in the delivery's zone; 0 before it starts."""

    delivery_id: UUID
    group_id: UUID
    group_name: str
    title: str
    summary: str
    weeks: int
    week: int
    starts_on: date
    stages: tuple[Stage, ...]

    @property
    def next_step(self) -> tuple[Stage, Step] | None:
        """Return the first thing not yet done, in the order of the track."""
        return next(((stage, step) for stage in self.stages for step in stage.steps if not step.done), None)

    @property
    def current(self) -> int:
        """Return the position of the first module that is not complete; the last one when all are."""
        return next((i for i, stage in enumerate(self.stages) if not stage.complete), max(len(self.stages) - 1, 0))


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


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery as lists show it."""

    id: UUID
    group_id: UUID
    title: str
    weeks: int
    starts_on: date
    zone: str


@dataclass(frozen=True)
class Task:
    """One activity, open in front of one person; `captions` are those of its `recording`, in WebVTT."""

    id: UUID
    kind: str
    title: str
    summary: str
    minutes: int
    body_html: str
    module_title: str
    delivery_id: UUID
    group_id: UUID
    track_title: str
    done: bool
    reflection: str
    position: int
    count: int
    following: UUID | None
    recording: Recording | None = None
    captions: str = ""


def delivery_of(session: Session, group_id: UUID) -> UUID | None:
    """Return the delivery of a group."""
    return session.scalar(select(Delivery.id).where(Delivery.group_id == group_id))


_DELIVERED = Prepared(
    lambda viewer: (
        select(
            Delivery.group_id,
            Delivery.track_version_id,
            Delivery.starts_on,
            Delivery.zone,
            Group.name.label("group_name"),
            TrackVersion.title,
            TrackVersion.summary,
            TrackVersion.weeks,
        )
        .join(Group, Group.id == Delivery.group_id)
        .join(TrackVersion, TrackVersion.id == Delivery.track_version_id)
        .where(Delivery.id == bindparam("delivery_id"), Delivery.group_id.in_(groups_with(viewer, Right.LEARN)))
    )
)
_STEPS = Prepared(
    lambda viewer: (
        select(
            TrackPart.position,
            TrackPart.week,
            ModuleVersion.title.label("module"),
            ModuleVersion.summary.label("module_summary"),
            ModuleVersion.icon,
            Activity.id,
            Activity.kind,
            Activity.title,
            Activity.summary,
            Activity.minutes,
            Completion.at,
        )
        .join(ModuleVersion, ModuleVersion.id == TrackPart.module_version_id)
        .join(Activity, Activity.module_version_id == ModuleVersion.id)
        .outerjoin(Completion, and_(Completion.activity_id == Activity.id, Completion.person_id == viewer.person_id))
        .where(TrackPart.track_version_id == bindparam("version_id"))
        .order_by(TrackPart.position, Activity.position)
    )
)


def plan_for(session: Session, viewer: Viewer, delivery_id: UUID) -> Plan:
    """Return a delivery with the viewer's own completion; two statements. Nobody else's is in it."""
    head = ask(session, *_DELIVERED(viewer, delivery_id=delivery_id)).one_or_none()
    if head is None:
        raise Missing
    rows = ask(session, *_STEPS(viewer, version_id=head.track_version_id)).all()
    stages: dict[int, tuple[str, str, str, int, list[Step]]] = {}
    for r in rows:
        stage = stages.setdefault(r.position, (r.module, r.module_summary, r.icon, r.week, []))
        stage[4].append(Step(r.id, r.kind, r.title, r.summary, r.minutes, r.at is not None))
    return Plan(
        delivery_id=delivery_id,
        group_id=head.group_id,
        group_name=head.group_name,
        title=head.title,
        summary=head.summary,
        weeks=head.weeks,
        week=week_of(head.starts_on, head.zone, clock.now()),
        starts_on=head.starts_on,
        stages=tuple(Stage(t, s, i, w, tuple(steps)) for t, s, i, w, steps in stages.values()),
    )


def delivery_with(session: Session, viewer: Viewer, activity_id: UUID) -> Delivery:
    """Find the delivery through which the viewer may do an activity; raises `Missing`."""
    found = session.execute(
        select(Delivery)
        .join(TrackPart, TrackPart.track_version_id == Delivery.track_version_id)
        .join(Activity, Activity.module_version_id == TrackPart.module_version_id)
        .where(Activity.id == activity_id, Delivery.group_id.in_(groups_with(viewer, Right.LEARN)))
        .order_by(Delivery.group_id.in_(list(viewer.roles)).desc(), Delivery.starts_on.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise Missing
    return found


def task_for(session: Session, viewer: Viewer, activity_id: UUID) -> Task:
    """Return one activity with the viewer's own state in it, and which one follows. Three statements."""
    delivery = delivery_with(session, viewer, activity_id)
    activity, media, module_title, track_title, done_at, reflection = session.execute(
        select(Activity, Media, ModuleVersion.title, TrackVersion.title, Completion.at, Reflection.body)
        .outerjoin(Media, Media.id == Activity.media_id)
        .join(ModuleVersion, ModuleVersion.id == Activity.module_version_id)
        .join(TrackVersion, TrackVersion.id == delivery.track_version_id)
        .outerjoin(Completion, and_(Completion.activity_id == Activity.id, Completion.person_id == viewer.person_id))
        .outerjoin(Reflection, and_(Reflection.activity_id == Activity.id, Reflection.person_id == viewer.person_id))
        .where(Activity.id == activity_id)
    ).one()
    order = session.execute(
        select(Activity.id, Activity.module_version_id)
        .join(TrackPart, TrackPart.module_version_id == Activity.module_version_id)
        .where(TrackPart.track_version_id == delivery.track_version_id)
        .order_by(TrackPart.position, Activity.position)
    ).all()
    ids = [r.id for r in order]
    place = ids.index(activity_id)
    siblings = [r.id for r in order if r.module_version_id == activity.module_version_id]
    return Task(
        id=activity.id,
        kind=activity.kind,
        title=activity.title,
        summary=activity.summary,
        minutes=activity.minutes,
        body_html=activity.body_html,
        module_title=module_title,
        delivery_id=delivery.id,
        group_id=delivery.group_id,
        track_title=track_title,
        done=done_at is not None,
        reflection=reflection or "",
        position=siblings.index(activity_id) + 1,
        count=len(siblings),
        following=ids[place + 1] if place + 1 < len(ids) else None,
        recording=recording_of(media),
        captions=activity.captions,
    )


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


def _known(viewer: Viewer) -> ColumnElement[bool]:
    """Select the tracks that the viewer's groups are given, and those that the viewer may create cohorts for."""
    given = (
        select(TrackVersion.track_id)
        .join(Delivery, Delivery.track_version_id == TrackVersion.id)
        .where(Delivery.group_id.in_(groups_with(viewer, Right.LEARN)))
    )
    return or_(Track.id.in_(given), Track.group_id.in_(groups_with(viewer, Right.CREATE_COHORT)))


def tracks_for(session: Session, viewer: Viewer, span: Span) -> Part[TrackLine]:
    """Return part of the tracks that the viewer may know of, each in its newest version. One statement."""
    return part(session, _newest().where(_known(viewer)), Track.id, span, _track_line)


def track_for(session: Session, viewer: Viewer, track_id: UUID) -> TrackLine:
    """Find a track that the viewer may know of; raises `Missing`."""
    row = session.execute(_newest().where(Track.id == track_id, _known(viewer))).one_or_none()
    if row is None:
        raise Missing
    return _track_line(row)


def deliveries_for(session: Session, viewer: Viewer, span: Span) -> Part[DeliveryLine]:
    """Return part of what the viewer's groups are given. One statement."""
    query = (
        select(
            Delivery.id, Delivery.group_id, TrackVersion.title, TrackVersion.weeks, Delivery.starts_on, Delivery.zone
        )
        .join(TrackVersion, TrackVersion.id == Delivery.track_version_id)
        .where(Delivery.group_id.in_(groups_with(viewer, Right.LEARN)))
    )
    return part(session, query, Delivery.id, span, lambda row: DeliveryLine(*row))


def activity_of(session: Session, group_id: UUID, key: str) -> UUID | None:
    """Find an activity by its author's key in the version of a track that a group is given."""
    return session.scalar(
        select(Activity.id)
        .join(TrackPart, TrackPart.module_version_id == Activity.module_version_id)
        .join(Delivery, Delivery.track_version_id == TrackPart.track_version_id)
        .where(Delivery.group_id == group_id, Activity.key == key)
        .limit(1)
    )


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
