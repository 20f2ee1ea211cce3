"""Verbs on tracks: publish, deliver, complete, reflect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.media import actions as media
from academy.media.models import Media
from academy.neighbours import actions as neighbours
from academy.people.models import Group, Membership
from academy.people.policy import Right
from academy.people.queries import demand
from academy.skills import queries as skills
from academy.tracks.engine import ModulePart, Pack
from academy.tracks.events import ActivityCompleted, ReflectionKept, TrackDelivered, TrackPublished, TrackUpgraded
from academy.tracks.models import (
    Activity,
    Completion,
    Delivery,
    Module,
    ModuleVersion,
    Reflection,
    Track,
    TrackPart,
    TrackSkill,
    TrackVersion,
)
from academy.tracks.policy import delivery_with
from academy.tracks.queries.published import activities_by_key

LONGEST_REFLECTION = 8000


def publish(
    session: Session,
    *,
    group_id: UUID,
    pack: Pack,
    bodies: Mapping[tuple[str, str], str],
    actor_id: UUID | None = None,
) -> TrackVersion:
    """Publish a pack as the next version of its track; a module that did not change keeps its version.

    `bodies` holds the rendered HTML by (module key, activity key): rendering is done before. The academy must have
    the videos that the pack names, and each of its skills must be offered by a framework: `Invalid` otherwise.
    """
    wanted = {activity.video for module in pack.modules for activity in module.activities if activity.video}
    videos = media.hold(session, group_id=group_id, digests=wanted)
    if len(videos) < len(wanted):
        detail = "A video of this track is not in this academy. Upload it in a draft first. Nothing was published."
        raise Invalid(detail)
    practised = _skills(session, pack)
    track = session.scalar(select(Track).where(Track.group_id == group_id, Track.key == pack.key))
    if track is None:
        track = Track(id=new_id(), group_id=group_id, key=pack.key, created_at=clock.now())
        session.add(track)
        session.flush()
    number = (session.scalar(select(func.max(TrackVersion.number)).where(TrackVersion.track_id == track.id)) or 0) + 1
    version = TrackVersion(
        id=new_id(),
        track_id=track.id,
        number=number,
        title=pack.title,
        summary=pack.summary,
        weeks=pack.weeks,
        published_at=clock.now(),
    )
    session.add(version)
    session.flush()
    session.add_all(
        TrackSkill(track_version_id=version.id, skill_id=skill_id, position=position)
        for position, skill_id in enumerate(practised, 1)
    )
    for position, part in enumerate(pack.modules, 1):
        module_version_id = _module(session, group_id, part, bodies, videos)
        session.add(
            TrackPart(
                track_version_id=version.id, position=position, module_version_id=module_version_id, week=part.week
            )
        )
    session.flush()
    emit(session, TrackPublished(actor_id=actor_id, group_id=group_id, track_version_id=version.id))
    if practised != _practised_before(session, version):
        neighbours.count(session)
    return version


def _skills(session: Session, pack: Pack) -> list[UUID]:
    """Find the skills that a pack names, in its order."""
    named = skills.named(session, pack.skills)
    unknown = [name for name in pack.skills if name not in named]
    if unknown:
        detail = f"No skill is called “{unknown[0]}” here. Nothing was published."
        raise Invalid(detail)
    found = [named[name].id for name in pack.skills]
    if len(set(found)) < len(found):
        detail = "Two of this track's skills are the same one, by its name and by its key. Nothing was published."
        raise Invalid(detail)
    return found


def _practised_before(session: Session, version: TrackVersion) -> list[UUID]:
    """Return the skills of the version before this one, in their order."""
    before = aliased(TrackVersion)
    return list(
        session.scalars(
            select(TrackSkill.skill_id)
            .join(before, before.id == TrackSkill.track_version_id)
            .where(before.track_id == version.track_id, before.number == version.number - 1)
            .order_by(TrackSkill.position)
        )
    )


def _module(
    session: Session,
    group_id: UUID,
    part: ModulePart,
    bodies: Mapping[tuple[str, str], str],
    videos: Mapping[str, UUID],
) -> UUID:
    module = session.scalar(select(Module).where(Module.group_id == group_id, Module.key == part.key))
    if module is None:
        module = Module(id=new_id(), group_id=group_id, key=part.key, created_at=clock.now())
        session.add(module)
        session.flush()
    latest = session.scalar(
        select(ModuleVersion).where(ModuleVersion.module_id == module.id).order_by(ModuleVersion.number.desc()).limit(1)
    )
    if latest is not None and _same(session, latest, part):
        return latest.id
    version = ModuleVersion(
        id=new_id(),
        module_id=module.id,
        number=latest.number + 1 if latest else 1,
        title=part.title,
        summary=part.summary,
        icon=part.icon,
        published_at=clock.now(),
    )
    session.add(version)
    session.flush()
    session.add_all(
        Activity(
            id=new_id(),
            module_version_id=version.id,
            key=activity.key,
            position=position,
            kind=activity.kind,
            title=activity.title,
            summary=activity.summary,
            minutes=activity.minutes,
            body_md=activity.body,
            body_html=bodies[part.key, activity.key],
            media_id=videos.get(activity.video),
            captions=activity.captions,
        )
        for position, activity in enumerate(part.activities, 1)
    )
    session.flush()
    return version.id


def _same(session: Session, version: ModuleVersion, part: ModulePart) -> bool:
    if (version.title, version.summary, version.icon) != (part.title, part.summary, part.icon):
        return False
    rows = session.execute(
        select(Activity.key, Activity.kind, Activity.title, Activity.summary, Activity.minutes, Activity.body_md)
        .add_columns(func.coalesce(Media.digest, ""), Activity.captions)
        .outerjoin(Media, Media.id == Activity.media_id)
        .where(Activity.module_version_id == version.id)
        .order_by(Activity.position)
    )
    stored = [tuple(row) for row in rows]
    return stored == [
        (a.key, a.kind, a.title, a.summary, a.minutes, a.body, a.video, a.captions) for a in part.activities
    ]


def deliver(
    session: Session,
    *,
    group_id: UUID,
    track_version_id: UUID,
    starts_on: date,
    zone: str,
    actor_id: UUID | None = None,
) -> Delivery:
    """Give a group a version of a track from a date on; it stays with that version."""
    if session.get(TrackVersion, track_version_id) is None:
        raise Missing
    if session.scalar(select(Delivery.id).where(Delivery.group_id == group_id)):
        detail = "This cohort has its track already."
        raise Conflict(detail)
    delivery = Delivery(
        id=new_id(), group_id=group_id, track_version_id=track_version_id, starts_on=starts_on, zone=zone
    )
    session.add(delivery)
    session.flush()
    emit(session, TrackDelivered(actor_id=actor_id, group_id=group_id, track_version_id=track_version_id))
    return delivery


def redate(session: Session, *, group_id: UUID, starts_on: date, zone: str) -> None:
    """Let a group begin on another day, by another zone's calendar. The caller has checked the right to."""
    session.execute(update(Delivery).where(Delivery.group_id == group_id).values(starts_on=starts_on, zone=zone))


def set_closed(session: Session, *, group_id: UUID, closed: bool) -> None:
    """Let nothing new begin in a group that walks a track, or let things begin again; its people stay.

    The caller has checked the right to.
    """
    session.execute(update(Group).where(Group.id == group_id).values(closed_at=clock.now() if closed else None))


def upgrade(session: Session, *, viewer: Viewer, group_id: UUID, from_id: UUID, to_id: UUID) -> None:
    """Move a group from one version of its track to a newer one.

    What people completed and wrote stays with them where an activity of the same module and key is in the new
    version. Raises `Conflict` when the group is no longer at `from_id`.
    """
    demand(session, viewer, Right.CREATE_COHORT, group_id)
    numbers = {
        row.id: (row.track_id, row.number)
        for row in session.execute(
            select(TrackVersion.id, TrackVersion.track_id, TrackVersion.number).where(
                TrackVersion.id.in_([from_id, to_id])
            )
        )
    }
    if len(numbers) < len({from_id, to_id}) or numbers[from_id][0] != numbers[to_id][0]:
        raise Missing
    moved_row = session.execute(
        update(Delivery)
        .where(Delivery.group_id == group_id, Delivery.track_version_id == from_id)
        .values(track_version_id=to_id)
        .returning(Delivery.id)
    ).one_or_none()
    if moved_row is None or numbers[to_id][1] <= numbers[from_id][1]:
        detail = "This cohort is at another version by now. Open its page again; nothing was changed."
        raise Conflict(detail)
    before, after = activities_by_key(session, from_id), activities_by_key(session, to_id)
    moved = {old: after[place] for place, old in before.items() if place in after and after[place] != old}
    if moved:
        _carry(session, group_id, moved)
    emit(
        session,
        TrackUpgraded(actor_id=viewer.person_id, group_id=group_id, track_version_id=to_id, moved=tuple(moved.items())),
    )


def _carry(session: Session, group_id: UUID, moved: Mapping[UUID, UUID]) -> None:
    """Give everybody who was ever in the group their completions and reflections at the new activities too."""
    people = select(Membership.person_id).where(Membership.group_id == group_id)
    carried: list[tuple[type[Completion | Reflection], list[Any]]] = [(Completion, []), (Reflection, [Reflection.body])]
    for table, more in carried:
        to = case(dict(moved), value=table.activity_id)
        there = aliased(table)
        held = select(there.person_id).where(there.person_id == table.person_id, there.activity_id == to).exists()
        found = select(table.person_id, to, table.at, *more).where(
            table.activity_id.in_(list(moved)), table.person_id.in_(people), ~held
        )
        names = ["person_id", "activity_id", "at", *(column.key for column in more)]
        session.execute(insert(table).from_select(names, found))


def complete(session: Session, *, viewer: Viewer, activity_id: UUID) -> None:
    """Mark an activity done by the viewer; done twice is done once."""
    delivery_with(session, viewer, activity_id)
    if session.get(Completion, (viewer.person_id, activity_id)) is None:
        session.add(Completion(person_id=viewer.person_id, activity_id=activity_id, at=clock.now()))
        emit(session, ActivityCompleted(actor_id=viewer.person_id, activity_id=activity_id))


def reflect(session: Session, *, viewer: Viewer, activity_id: UUID, body: str) -> None:
    """Keep what the viewer writes for themselves, and count the activity as done."""
    delivery_with(session, viewer, activity_id)
    text = body.strip()
    if not text:
        detail = "Write a sentence or two first. Nobody but you will read it."
        raise Invalid(detail, errors={"body": [detail]})
    if len(text) > LONGEST_REFLECTION:
        detail = f"This is longer than {LONGEST_REFLECTION} characters. It is kept here; shorten it and save it again."
        raise Invalid(detail, errors={"body": [detail]})
    activity = session.get_one(Activity, activity_id)
    if activity.kind != "reflection":
        raise Missing
    session.merge(Reflection(person_id=viewer.person_id, activity_id=activity_id, body=text, at=clock.now()))
    emit(session, ReflectionKept(actor_id=viewer.person_id, activity_id=activity_id))
    complete(session, viewer=viewer, activity_id=activity_id)
