"""Questions about a track as somebody walks it: what a group is given, and how far one person is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import ask
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.media.models import Media
from academy.media.queries import Recording, recording_of
from academy.people.models import Group
from academy.people.policy import Right, granting, reaches
from academy.tracks.engine import week_of
from academy.tracks.models import (
    Activity,
    Completion,
    Delivery,
    ModuleVersion,
    Reflection,
    TrackPart,
    TrackVersion,
)
from academy.tracks.policy import delivery_with
from academy.tracks.queries.practised import Practised, skills_of_delivery


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
    """A module's week in a group's delivery: it begins on a day of the delivery's zone.

    `position` is the module's in its track, as several may share a week.
    """

    delivery_id: UUID
    group_name: str
    title: str
    week: int
    position: int
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
    found = [
        Week(r.id, r.name, r.title, r.week, r.position, r.starts_on + timedelta(days=7 * (r.week - 1))) for r in rows
    ]
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
    skills: tuple[Practised, ...] = ()

    @property
    def next_step(self) -> tuple[Stage, Step] | None:
        """Return the first thing not yet done, in the order of the track."""
        return next(((stage, step) for stage in self.stages for step in stage.steps if not step.done), None)

    @property
    def current(self) -> int:
        """Return the position of the first module that is not complete; the last one when all are."""
        return next((i for i, stage in enumerate(self.stages) if not stage.complete), max(len(self.stages) - 1, 0))


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
        .where(Delivery.id == bindparam("delivery_id"), reaches(viewer, Right.LEARN, Delivery.group_id))
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
    """Return a delivery with the viewer's own completion and nobody else's, without its skills. Two statements."""
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


def way_for(session: Session, viewer: Viewer, delivery_id: UUID) -> Plan:
    """Return a delivery as `plan_for` does, with the skills that its track practises. Three statements."""
    return replace(plan_for(session, viewer, delivery_id), skills=skills_of_delivery(session, delivery_id))


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


def activity_of(session: Session, group_id: UUID, key: str) -> UUID | None:
    """Find an activity by its author's key in the version of a track that a group is given."""
    return session.scalar(
        select(Activity.id)
        .join(TrackPart, TrackPart.module_version_id == Activity.module_version_id)
        .join(Delivery, Delivery.track_version_id == TrackPart.track_version_id)
        .where(Delivery.group_id == group_id, Activity.key == key)
        .limit(1)
    )
