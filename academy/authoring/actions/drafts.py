"""Verbs on whole drafts: begin, bring, change the head, publish, throw away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from academy.authoring import engine, queries
from academy.authoring.events import DraftChanged, DraftClosed, DraftOpened
from academy.authoring.models import Draft, DraftActivity, DraftModule
from academy.authoring.policy import academies_to_write_in
from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.media import actions as media
from academy.people import queries as people
from academy.people.models import Group, GroupKind
from academy.people.policy import Right
from academy.tracks import actions as tracks
from academy.tracks.engine import ModulePart, Pack
from academy.tracks.models import Track, TrackVersion

CHANGED = "Somebody has changed this since you opened it. Look at it again, then go on; nothing was lost."


def begin_track(
    session: Session, *, viewer: Viewer, academy_group_id: UUID, title: str, summary: str, weeks: int
) -> UUID:
    """Begin a new track in an academy and return its draft's id."""
    _academy(session, viewer, academy_group_id)
    taken = set(session.scalars(select(Track.key).where(Track.group_id == academy_group_id)))
    taken |= set(session.scalars(select(Draft.key).where(Draft.group_id == academy_group_id)))
    key = engine.key_of(title, taken)
    return _open(session, viewer, academy_group_id, Pack(key, title, summary, weeks, ()))


def bring(session: Session, *, viewer: Viewer, academy_group_id: UUID, pack: Pack) -> UUID:
    """Make a draft of a pack and return its id; a pack whose track is there becomes its next version.

    A video that the academy does not have is missing in the draft then, as any other part may be.
    """
    _academy(session, viewer, academy_group_id)
    if session.scalar(select(Draft.id).where(Draft.group_id == academy_group_id, Draft.key == pack.key)):
        detail = (
            f"There is a draft of the track {pack.key} already. Publish it or throw it away first, "
            "then bring the file again. The file was not used."
        )
        raise Conflict(detail)
    return _open(session, viewer, academy_group_id, pack)


def begin_next(session: Session, *, viewer: Viewer, track_id: UUID) -> UUID:
    """Begin the next version of a track, or go on with the draft that there is; returns the draft's id."""
    track = session.scalar(select(Track).where(Track.id == track_id, Track.group_id.in_(academies_to_write_in(viewer))))
    if track is None:
        raise Missing
    held = session.scalar(select(Draft.id).where(Draft.group_id == track.group_id, Draft.key == track.key))
    if held is not None:
        return held
    newest = session.scalars(
        select(TrackVersion.id).where(TrackVersion.track_id == track_id).order_by(TrackVersion.number.desc()).limit(1)
    ).one()
    return _open(session, viewer, track.group_id, queries.pack_of(session, newest))


def _academy(session: Session, viewer: Viewer, group_id: UUID) -> None:
    if session.scalar(select(Group.kind).where(Group.id == group_id)) != GroupKind.ACADEMY:
        raise Missing
    people.demand(session, viewer, Right.AUTHOR, group_id)


def _open(session: Session, viewer: Viewer, group_id: UUID, pack: Pack) -> UUID:
    now = clock.now()
    draft = Draft(
        id=new_id(),
        group_id=group_id,
        key=pack.key,
        title=pack.title,
        summary=pack.summary,
        weeks=pack.weeks,
        skills="\n".join(pack.skills),
        created_at=now,
        changed_at=now,
    )
    session.add(draft)
    session.flush()
    for position, part in enumerate(pack.modules, 1):
        insert_module(session, draft, position, part)
    emit(session, DraftOpened(actor_id=viewer.person_id, draft_id=draft.id, group_id=group_id))
    return draft.id


def insert_module(session: Session, draft: Draft, position: int, part: ModulePart) -> UUID:
    """Write a module and its activities into a draft."""
    videos = media.hold(session, group_id=draft.group_id, digests={a.video for a in part.activities if a.video})
    module = DraftModule(
        id=new_id(),
        draft_id=draft.id,
        key=part.key,
        position=position,
        title=part.title,
        summary=part.summary,
        icon=part.icon,
        week=part.week,
    )
    session.add(module)
    session.flush()
    session.add_all(
        DraftActivity(
            id=new_id(),
            module_id=module.id,
            key=a.key,
            position=number,
            kind=a.kind,
            title=a.title,
            summary=a.summary,
            minutes=a.minutes,
            body_md=a.body,
            media_id=videos.get(a.video),
            captions=a.captions,
        )
        for number, a in enumerate(part.activities, 1)
    )
    session.flush()
    return module.id


def edit(
    session: Session,
    *,
    viewer: Viewer,
    draft_id: UUID,
    version: int,
    title: str,
    summary: str,
    weeks: int,
    skills: Sequence[str] = (),
) -> None:
    """Change the head of a draft; raises `Conflict` when the draft is no longer at `version`.

    `skills` are names or keys as they were written: one that names no skill keeps the draft from being published.
    """
    draft = locked(session, viewer, draft_id)
    if draft.version != version:
        raise Conflict(CHANGED)
    draft.title, draft.summary, draft.weeks, draft.skills = title, summary, weeks, "\n".join(skills)
    touch(session, viewer, draft, draft_id, "edited")


def publish(
    session: Session, *, viewer: Viewer, draft_id: UUID, version: int, bodies: Mapping[tuple[str, str], str]
) -> TrackVersion:
    """Publish a draft as the next version of its track; the draft is gone then.

    `bodies` holds the HTML by (module key, activity key), rendered from the draft at `version`: when somebody
    has changed it meanwhile, that is a `Conflict`. What it lacks is `Invalid`.
    """
    draft = locked(session, viewer, draft_id)
    if draft.version != version:
        raise Conflict(CHANGED)
    pack = queries.draft_for(session, viewer, draft_id).pack
    lacks = engine.missing(pack, queries.ids_of(session, pack.skills))
    if lacks:
        detail = "Something is still missing in this draft; the page lists it. Nothing was published."
        raise Invalid(detail)
    made = tracks.publish(session, group_id=draft.group_id, pack=pack, bodies=bodies, actor_id=viewer.person_id)
    _close(session, viewer, draft, made.id)
    return made


def discard(session: Session, *, viewer: Viewer, draft_id: UUID, version: int) -> None:
    """Throw a draft away; published versions stay."""
    draft = locked(session, viewer, draft_id)
    if draft.version != version:
        raise Conflict(CHANGED)
    _close(session, viewer, draft, None)


def _close(session: Session, viewer: Viewer, draft: Draft, track_version_id: UUID | None) -> None:
    parts = select(DraftModule.id).where(DraftModule.draft_id == draft.id)
    session.execute(delete(DraftActivity).where(DraftActivity.module_id.in_(parts)))
    session.execute(delete(DraftModule).where(DraftModule.draft_id == draft.id))
    session.execute(delete(Draft).where(Draft.id == draft.id))
    emit(
        session,
        DraftClosed(
            actor_id=viewer.person_id, draft_id=draft.id, group_id=draft.group_id, track_version_id=track_version_id
        ),
    )


def locked(session: Session, viewer: Viewer, draft_id: UUID) -> Draft:
    """Find a draft that the viewer may write on; its row is locked, so that its writers wait for each other."""
    draft = session.scalar(
        select(Draft)
        .where(Draft.id == draft_id, Draft.group_id.in_(academies_to_write_in(viewer)))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if draft is None:
        raise Missing
    return draft


def touch(session: Session, viewer: Viewer, draft: Draft, part_id: UUID, what: str) -> None:
    """Count a change of a draft, and say that it happened."""
    session.flush()
    session.execute(update(Draft).where(Draft.id == draft.id).values(version=Draft.version + 1, changed_at=clock.now()))
    emit(session, DraftChanged(actor_id=viewer.person_id, draft_id=draft.id, part_id=part_id, what=what))
