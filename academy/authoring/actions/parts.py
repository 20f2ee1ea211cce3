"""Verbs on the modules and activities of a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from academy.authoring import engine
from academy.authoring.actions.drafts import CHANGED, insert_module, locked, touch
from academy.authoring.models import Draft, DraftActivity, DraftModule
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.media import actions as media
from academy.media.queries import Recording
from academy.tracks.engine import MOST_PARTS, VIDEO, ModulePart
from academy.tracks.models import Module


@dataclass(frozen=True, kw_only=True)
class ActivityText:
    """What an author writes of an activity."""

    kind: str
    title: str
    summary: str
    minutes: int
    body: str


def add_module(
    session: Session,
    *,
    viewer: Viewer,
    draft_id: UUID,
    title: str,
    summary: str,
    icon: str,
    week: int,
    activities: Sequence[ActivityText] = (),
) -> UUID:
    """Put a module at the end of a draft, with its first activities; returns its id."""
    draft = locked(session, viewer, draft_id)
    _week(draft, week)
    held = session.execute(select(DraftModule.key, DraftModule.position).where(DraftModule.draft_id == draft_id)).all()
    if len(held) >= MOST_PARTS or len(activities) > MOST_PARTS:
        detail = f"A track has at most {MOST_PARTS} modules, and a module as many activities."
        raise Invalid(detail)
    # The same key elsewhere in the academy would be the same module: a new one gets a key of its own.
    taken = {row.key for row in held} | set(
        session.scalars(select(Module.key).where(Module.group_id == draft.group_id))
    )
    position = max((row.position for row in held), default=0) + 1
    part = ModulePart(engine.key_of(title, taken), title, summary, icon, week, ())
    module_id = insert_module(session, draft, position, part)
    for number, text in enumerate(activities, 1):
        _insert_activity(session, module_id, number, text)
    touch(session, viewer, draft, module_id, "added")
    return module_id


def edit_module(
    session: Session,
    *,
    viewer: Viewer,
    module_id: UUID,
    version: int,
    title: str,
    summary: str,
    icon: str,
    week: int,
) -> None:
    """Change a module; raises `Conflict` when it is no longer at `version`."""
    draft, module = _module(session, viewer, module_id)
    if module.version != version:
        raise Conflict(CHANGED)
    _week(draft, week)
    module.title, module.summary, module.icon, module.week = title, summary, icon, week
    module.version += 1
    touch(session, viewer, draft, module_id, "edited")


def move_module(session: Session, *, viewer: Viewer, module_id: UUID, to: str) -> None:
    """Move a module one place up or down; at the end it stays."""
    draft, module = _module(session, viewer, module_id)
    rows = session.scalars(
        select(DraftModule).where(DraftModule.draft_id == draft.id).order_by(DraftModule.position, DraftModule.id)
    ).all()
    _swap(rows, module, to)
    touch(session, viewer, draft, module_id, "moved")


def remove_module(session: Session, *, viewer: Viewer, module_id: UUID, version: int) -> UUID:
    """Remove a module and its activities; returns the draft's id."""
    draft, module = _module(session, viewer, module_id)
    if module.version != version:
        raise Conflict(CHANGED)
    session.execute(delete(DraftActivity).where(DraftActivity.module_id == module_id))
    session.execute(delete(DraftModule).where(DraftModule.id == module_id))
    touch(session, viewer, draft, module_id, "removed")
    return draft.id


def add_activity(session: Session, *, viewer: Viewer, module_id: UUID, text: ActivityText) -> UUID:
    """Put an activity at the end of a module; returns its id."""
    draft, module = _module(session, viewer, module_id)
    last, count = session.execute(
        select(func.max(DraftActivity.position), func.count()).where(DraftActivity.module_id == module_id)
    ).one()
    if count >= MOST_PARTS:
        detail = f"A module has at most {MOST_PARTS} activities."
        raise Invalid(detail)
    activity_id = _insert_activity(session, module_id, (last or 0) + 1, text)
    module.version += 1
    touch(session, viewer, draft, activity_id, "added")
    return activity_id


def _insert_activity(session: Session, module_id: UUID, position: int, text: ActivityText) -> UUID:
    taken = set(session.scalars(select(DraftActivity.key).where(DraftActivity.module_id == module_id)))
    row = DraftActivity(
        id=new_id(),
        module_id=module_id,
        key=engine.key_of(text.title, taken),
        position=position,
        kind=text.kind,
        title=text.title,
        summary=text.summary,
        minutes=text.minutes,
        body_md=text.body,
    )
    session.add(row)
    session.flush()
    return row.id


def edit_activity(session: Session, *, viewer: Viewer, activity_id: UUID, version: int, text: ActivityText) -> None:
    """Change an activity; raises `Conflict` when it is no longer at `version`."""
    draft, _module_row, row = _activity(session, viewer, activity_id)
    if row.version != version:
        raise Conflict(CHANGED)
    row.kind, row.title, row.summary, row.minutes = text.kind, text.title, text.summary, text.minutes
    row.body_md = text.body
    row.version += 1
    touch(session, viewer, draft, activity_id, "edited")


def attach_video(
    session: Session,
    *,
    viewer: Viewer,
    activity_id: UUID,
    version: int,
    recording: Recording | None,
    captions: str | None,
) -> None:
    """Give a video activity its file, which is kept already, its captions, or both; None leaves what there is.

    The file is in the instance folder before this runs: nothing ever names a file that is not there. `captions`
    are tidy and have been read. Raises `Conflict` when the activity is no longer at `version`.
    """
    draft, _module_row, row = _activity(session, viewer, activity_id)
    if row.version != version:
        raise Conflict(CHANGED)
    if row.kind != VIDEO:
        detail = "This activity is not a video. Choose the kind Video first and save it."
        raise Invalid(detail)
    if recording is not None:
        row.media_id = media.keep(session, group_id=draft.group_id, recording=recording, actor_id=viewer.person_id)
    if captions is not None:
        row.captions = captions
    row.version += 1
    touch(session, viewer, draft, activity_id, "edited")


def move_activity(session: Session, *, viewer: Viewer, activity_id: UUID, to: str) -> None:
    """Move an activity one place up or down in its module; at the end it stays."""
    draft, _module_row, row = _activity(session, viewer, activity_id)
    rows = session.scalars(
        select(DraftActivity)
        .where(DraftActivity.module_id == row.module_id)
        .order_by(DraftActivity.position, DraftActivity.id)
    ).all()
    _swap(rows, row, to)
    touch(session, viewer, draft, activity_id, "moved")


def remove_activity(session: Session, *, viewer: Viewer, activity_id: UUID, version: int) -> UUID:
    """Remove an activity; returns its module's id."""
    draft, module, row = _activity(session, viewer, activity_id)
    if row.version != version:
        raise Conflict(CHANGED)
    session.execute(delete(DraftActivity).where(DraftActivity.id == activity_id))
    module.version += 1
    touch(session, viewer, draft, activity_id, "removed")
    return module.id


def _module(session: Session, viewer: Viewer, module_id: UUID) -> tuple[Draft, DraftModule]:
    draft_id = session.scalar(select(DraftModule.draft_id).where(DraftModule.id == module_id))
    if draft_id is None:
        raise Missing
    draft = locked(session, viewer, draft_id)
    module = session.get(DraftModule, module_id)
    if module is None:
        raise Missing
    return draft, module


def _activity(session: Session, viewer: Viewer, activity_id: UUID) -> tuple[Draft, DraftModule, DraftActivity]:
    module_id = session.scalar(select(DraftActivity.module_id).where(DraftActivity.id == activity_id))
    if module_id is None:
        raise Missing
    draft, module = _module(session, viewer, module_id)
    row = session.get(DraftActivity, activity_id)
    if row is None:
        raise Missing
    return draft, module, row


def _week(draft: Draft, week: int) -> None:
    if week > draft.weeks:
        detail = f"This track has {draft.weeks} weeks. Choose one of them, or give the track more weeks first."
        raise Invalid(detail, errors={"week": [detail]})


def _swap(rows: Sequence[Any], row: Any, to: str) -> None:
    """Exchange a row with its neighbour and number all of them anew."""
    ordered = list(rows)
    at = ordered.index(row)
    other = at + (1 if to == "down" else -1)
    if 0 <= other < len(ordered):
        ordered[at], ordered[other] = ordered[other], ordered[at]
    for position, part in enumerate(ordered, 1):
        part.position = position
