"""Questions about drafts and about the tracks that somebody writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from academy.authoring.models import Draft, DraftActivity, DraftModule
from academy.authoring.policy import academies_to_write_in
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.media.models import Media
from academy.media.queries import Recording, recording_of
from academy.people.models import Group
from academy.skills import queries as skills
from academy.tracks.engine import VIDEO, ActivityPart, ModulePart, Pack, skills_in
from academy.tracks.models import (
    Activity,
    Delivery,
    ModuleVersion,
    Track,
    TrackPart,
    TrackVersion,
)
from academy.tracks.models import Module as PublishedModule
from academy.tracks.queries.practised import Practised, skills_of, written


@dataclass(frozen=True)
class TrackLine:
    """A track as its authors' list shows it: its newest version, or only a draft (then `number` is 0)."""

    track_id: UUID | None
    draft_id: UUID | None
    title: str
    summary: str
    number: int
    groups: int
    academy: str


@dataclass(frozen=True)
class VersionLine:
    """A published version and the groups that walk it."""

    id: UUID
    number: int
    title: str
    weeks: int
    published_at: datetime
    groups: tuple[str, ...]
    skills: tuple[Practised, ...]


@dataclass(frozen=True)
class TrackDetail:
    """A track with its versions, the newest first."""

    id: UUID
    title: str
    summary: str
    academy: str
    draft_id: UUID | None
    versions: tuple[VersionLine, ...]


@dataclass(frozen=True)
class ActivityLine:
    """An activity of a draft. `captions` (WebVTT) are those of its `recording`."""

    id: UUID
    module_id: UUID
    key: str
    position: int
    kind: str
    title: str
    summary: str
    minutes: int
    body: str
    version: int
    recording: Recording | None
    captions: str

    @property
    def part(self) -> ActivityPart:
        """Return the activity as it would be published; what only a video has counts for a video only."""
        video, captions = (self.recording, self.captions) if self.kind == VIDEO else (None, "")
        return ActivityPart(
            self.key,
            self.kind,
            self.title,
            self.summary,
            self.minutes,
            self.body,
            video.digest if video else "",
            captions,
        )


@dataclass(frozen=True)
class ModuleLine:
    """A module of a draft."""

    id: UUID
    key: str
    position: int
    title: str
    summary: str
    icon: str
    week: int
    version: int
    activities: tuple[ActivityLine, ...]


@dataclass(frozen=True)
class DraftDetail:
    """A whole draft. `track_id` is the track that it is the next version of, if there is one."""

    id: UUID
    group_id: UUID
    academy: str
    key: str
    title: str
    summary: str
    weeks: int
    version: int
    changed_at: datetime
    track_id: UUID | None
    modules: tuple[ModuleLine, ...]
    skills: tuple[str, ...] = ()

    @property
    def pack(self) -> Pack:
        """Return the draft as it would be published; parts may still be empty."""
        return Pack(
            key=self.key,
            title=self.title,
            summary=self.summary,
            weeks=self.weeks,
            modules=tuple(
                ModulePart(
                    key=m.key,
                    title=m.title,
                    summary=m.summary,
                    icon=m.icon,
                    week=m.week,
                    activities=tuple(a.part for a in m.activities),
                )
                for m in self.modules
            ),
            skills=self.skills,
        )


def academies_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the academies in which the viewer writes tracks, by name."""
    rows = session.execute(
        select(Group.id, Group.name).where(Group.id.in_(academies_to_write_in(viewer))).order_by(Group.name)
    )
    return [(row.id, row.name) for row in rows]


def tracks_for(session: Session, viewer: Viewer) -> list[TrackLine]:
    """Return the tracks and drafts that the viewer may write on, by title. Two statements."""
    homes = academies_to_write_in(viewer)
    newest = (
        select(TrackVersion.track_id, func.max(TrackVersion.number).label("number"))
        .group_by(TrackVersion.track_id)
        .subquery()
    )
    groups = (
        select(func.count())
        .select_from(Delivery)
        .join(TrackVersion, TrackVersion.id == Delivery.track_version_id)
        .where(TrackVersion.track_id == Track.id)
        .correlate(Track)
        .scalar_subquery()
    )
    published = session.execute(
        select(Track.id, Track.group_id, Track.key, TrackVersion.title, TrackVersion.summary, TrackVersion.number)
        .add_columns(groups.label("groups"), Group.name.label("academy"))
        .join(newest, newest.c.track_id == Track.id)
        .join(TrackVersion, (TrackVersion.track_id == Track.id) & (TrackVersion.number == newest.c.number))
        .join(Group, Group.id == Track.group_id)
        .where(Track.group_id.in_(homes))
    ).all()
    drafts = {
        (row.group_id, row.key): row
        for row in session.execute(
            select(Draft.id, Draft.group_id, Draft.key, Draft.title, Draft.summary, Group.name)
            .join(Group, Group.id == Draft.group_id)
            .where(Draft.group_id.in_(homes))
        )
    }
    lines = []
    for row in published:
        draft = drafts.pop((row.group_id, row.key), None)
        lines.append(TrackLine(row.id, draft and draft.id, row.title, row.summary, row.number, row.groups, row.academy))
    lines += [TrackLine(None, d.id, d.title, d.summary, 0, 0, d.name) for d in drafts.values()]
    return sorted(lines, key=lambda line: (line.title.casefold(), line.number))


def track_for(session: Session, viewer: Viewer, track_id: UUID) -> TrackDetail:
    """Return a track that the viewer may write on, with who walks which version. Five statements."""
    track = session.execute(
        select(Track.id, Track.group_id, Track.key, Group.name)
        .join(Group, Group.id == Track.group_id)
        .where(Track.id == track_id, Track.group_id.in_(academies_to_write_in(viewer)))
    ).one_or_none()
    if track is None:
        raise Missing
    versions = session.scalars(
        select(TrackVersion).where(TrackVersion.track_id == track_id).order_by(TrackVersion.number.desc())
    ).all()
    walking: dict[UUID, list[str]] = defaultdict(list)
    for row in session.execute(
        select(Delivery.track_version_id, Group.name)
        .join(Group, Group.id == Delivery.group_id)
        .where(Delivery.track_version_id.in_([v.id for v in versions]))
        .order_by(Group.name)
    ):
        walking[row.track_version_id].append(row.name)
    practised = skills_of(session, [v.id for v in versions])
    lines = [
        VersionLine(v.id, v.number, v.title, v.weeks, v.published_at, tuple(walking[v.id]), practised[v.id])
        for v in versions
    ]
    return TrackDetail(
        id=track.id,
        title=versions[0].title if versions else track.key,
        summary=versions[0].summary if versions else "",
        academy=track.name,
        draft_id=session.scalar(select(Draft.id).where(Draft.group_id == track.group_id, Draft.key == track.key)),
        versions=tuple(lines),
    )


def version_for(session: Session, viewer: Viewer, track_version_id: UUID) -> Pack:
    """Return a published version as a pack, to those who write in its academy. At most five statements."""
    found = session.scalar(
        select(TrackVersion.id)
        .join(Track, Track.id == TrackVersion.track_id)
        .where(TrackVersion.id == track_version_id, Track.group_id.in_(academies_to_write_in(viewer)))
    )
    if found is None:
        raise Missing
    return pack_of(session, track_version_id)


def pack_of(session: Session, track_version_id: UUID) -> Pack:
    """Return a published version as the pack that it was published from. At most four statements."""
    head = session.execute(
        select(Track.key, TrackVersion.title, TrackVersion.summary, TrackVersion.weeks)
        .join(Track, Track.id == TrackVersion.track_id)
        .where(TrackVersion.id == track_version_id)
    ).one()
    modules: dict[int, tuple[Any, list[ActivityPart]]] = {}
    for part, module, key, activity, digest in session.execute(
        select(TrackPart, ModuleVersion, PublishedModule.key, Activity, Media.digest)
        .join(ModuleVersion, ModuleVersion.id == TrackPart.module_version_id)
        .join(PublishedModule, PublishedModule.id == ModuleVersion.module_id)
        .outerjoin(Activity, Activity.module_version_id == ModuleVersion.id)
        .outerjoin(Media, Media.id == Activity.media_id)
        .where(TrackPart.track_version_id == track_version_id)
        .order_by(TrackPart.position, Activity.position)
    ):
        entry = modules.setdefault(part.position, ((part.week, module, key), []))
        if activity is not None:
            entry[1].append(
                ActivityPart(
                    activity.key,
                    activity.kind,
                    activity.title,
                    activity.summary,
                    activity.minutes,
                    activity.body_md,
                    digest or "",
                    activity.captions,
                )
            )
    return Pack(
        key=head.key,
        title=head.title,
        summary=head.summary,
        weeks=head.weeks,
        modules=tuple(
            ModulePart(key, module.title, module.summary, module.icon, week, tuple(activities))
            for (week, module, key), activities in modules.values()
        ),
        skills=written(session, track_version_id),
    )


def ids_of(session: Session, names: Collection[str]) -> dict[str, UUID]:
    """Return the skills that names or keys stand for; what stands for none is left out. At most one statement."""
    return {name: found.id for name, found in skills.named(session, names).items()}


def draft_for(session: Session, viewer: Viewer, draft_id: UUID) -> DraftDetail:
    """Return a whole draft that the viewer may write on. Three statements."""
    head = session.execute(
        select(Draft, Group.name, Track.id)
        .join(Group, Group.id == Draft.group_id)
        .outerjoin(Track, (Track.group_id == Draft.group_id) & (Track.key == Draft.key))
        .where(Draft.id == draft_id, Draft.group_id.in_(academies_to_write_in(viewer)))
    ).one_or_none()
    if head is None:
        raise Missing
    draft, academy, track_id = head
    activities: dict[UUID, list[ActivityLine]] = defaultdict(list)
    for a, media in session.execute(
        select(DraftActivity, Media)
        .join(DraftModule, DraftModule.id == DraftActivity.module_id)
        .outerjoin(Media, Media.id == DraftActivity.media_id)
        .where(DraftModule.draft_id == draft_id)
        .order_by(DraftActivity.position, DraftActivity.id)
    ):
        activities[a.module_id].append(_activity(a, media))
    modules = session.scalars(
        select(DraftModule).where(DraftModule.draft_id == draft_id).order_by(DraftModule.position, DraftModule.id)
    )
    return DraftDetail(
        id=draft.id,
        group_id=draft.group_id,
        academy=academy,
        key=draft.key,
        title=draft.title,
        summary=draft.summary,
        weeks=draft.weeks,
        version=draft.version,
        changed_at=draft.changed_at,
        track_id=track_id,
        modules=tuple(
            ModuleLine(m.id, m.key, m.position, m.title, m.summary, m.icon, m.week, m.version, tuple(activities[m.id]))
            for m in modules
        ),
        skills=skills_in(draft.skills.split("\n")),
    )


def _activity(row: DraftActivity, media: Media | None) -> ActivityLine:
    return ActivityLine(
        id=row.id,
        module_id=row.module_id,
        key=row.key,
        position=row.position,
        kind=row.kind,
        title=row.title,
        summary=row.summary,
        minutes=row.minutes,
        body=row.body_md,
        version=row.version,
        recording=recording_of(media),
        captions=row.captions,
    )


def module_for(session: Session, viewer: Viewer, module_id: UUID) -> tuple[DraftDetail, ModuleLine]:
    """Find a module of a draft that the viewer may write on, with the draft around it."""
    draft_id = session.scalar(select(DraftModule.draft_id).where(DraftModule.id == module_id))
    if draft_id is None:
        raise Missing
    draft = draft_for(session, viewer, draft_id)
    module = next((m for m in draft.modules if m.id == module_id), None)
    if module is None:  # another author removed it between the two questions
        raise Missing
    return draft, module


def activity_for(session: Session, viewer: Viewer, activity_id: UUID) -> tuple[DraftDetail, ModuleLine, ActivityLine]:
    """Find an activity of a draft that the viewer may write on, with what is around it."""
    module_id = session.scalar(select(DraftActivity.module_id).where(DraftActivity.id == activity_id))
    if module_id is None:
        raise Missing
    draft, module = module_for(session, viewer, module_id)
    activity = next((a for a in module.activities if a.id == activity_id), None)
    if activity is None:
        raise Missing
    return draft, module, activity
