"""Pages of tracks: the way, one activity, and what is done there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.media import pages as media
from academy.media.engine import Cue, read_captions
from academy.media.queries import Recording
from academy.tracks import actions, policy
from academy.tracks.queries import walking
from academy.tracks.schemas import ReflectionIn
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("tracks", __name__)


@dataclass(frozen=True)
class ActivityKind:
    """A slot: what an upper package adds to activities of one kind, such as the workshop that belongs to it.

    `beside(session, viewer, task)` returns HTML that stands under the activity's text.
    """

    kind: str
    beside: Callable[[Session, Viewer, walking.Task], str]


@blueprint.get("/deliveries/<id:delivery_id>")
@guard("tracks:learn")
def show(delivery_id: UUID) -> ResponseReturnValue:
    """Show the way: modules and activities, and what the viewer has done."""
    with kernel().reading() as session:
        shell.load(session, viewer())
        plan = walking.way_for(session, viewer(), delivery_id)
    return render_template("academy/tracks/track.html", plan=plan, page="home")


@blueprint.get("/activities/<id:activity_id>")
@guard("tracks:learn")
def activity(activity_id: UUID) -> ResponseReturnValue:
    """Show one activity. An address from before a move to another version leads to the same activity in this one."""
    try:
        return _activity(activity_id)
    except Missing:
        with kernel().reading() as session:
            now = policy.now_at(session, viewer(), activity_id)
        return redirect(url_for("tracks.activity", activity_id=now, t=begin_at() or None))


def _activity(
    activity_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, list[str]] | None = None
) -> str:
    with kernel().reading() as session:
        task = walking.task_for(session, viewer(), activity_id)
        beside = [
            html
            for slot in kernel().slots(ActivityKind)
            if slot.kind == task.kind and (html := slot.beside(session, viewer(), task))
        ]
    return render_template(
        "academy/tracks/activity.html",
        task=task,
        beside=beside,
        cues=cues_of(task.captions),
        begin=begin_at(),
        text=(values or {}).get("body", task.reflection),
        errors=errors or {},
        page="home",
    )


def cues_of(captions: str) -> tuple[Cue, ...]:
    """Return captions as the text under a video."""
    return read_captions(captions) if captions else ()


def begin_at() -> int:
    """Return the second in which the address asks a video to begin, 0 for none."""
    wanted = request.args.get("t", "")
    return int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 7 else 0


@blueprint.get("/activities/<id:activity_id>/video")
@guard("tracks:learn")
def video(activity_id: UUID) -> ResponseReturnValue:
    """Give the video of an activity, whole or in ranges."""
    recording, _captions = _recording(activity_id)
    return media.video(recording)


def _recording(activity_id: UUID) -> tuple[Recording, str]:
    with kernel().reading() as session:
        task = walking.task_for(session, viewer(), activity_id)
    if task.recording is None:
        raise Missing
    return task.recording, task.captions


@blueprint.get("/activities/<id:activity_id>/captions.vtt")
@guard("tracks:learn")
def captions(activity_id: UUID) -> ResponseReturnValue:
    """Give the captions of an activity's video."""
    _film, text = _recording(activity_id)
    return media.captions(text)


@blueprint.post("/activities/<id:activity_id>/complete")
@guard("tracks:learn")
def complete(activity_id: UUID) -> ResponseReturnValue:
    """Mark an activity done and go on."""
    me = viewer()
    here = _here(activity_id)
    kernel().commit(lambda session: actions.complete(session, viewer=me, activity_id=here))
    with kernel().reading() as session:
        task = walking.task_for(session, me, here)
    if task.following is None:
        flash(_("That was the last step. Well walked."), "good")
        return forms.see_other(url_for("tracks.show", delivery_id=task.delivery_id))
    return forms.see_other(url_for("tracks.activity", activity_id=task.following))


@blueprint.post("/activities/<id:activity_id>/reflect")
@guard("tracks:learn")
def reflect(activity_id: UUID) -> ResponseReturnValue:
    """Keep what somebody wrote for themselves."""
    me = viewer()
    here = _here(activity_id)

    def done() -> ResponseReturnValue:
        body = forms.read(ReflectionIn)["body"]
        kernel().commit(lambda session: actions.reflect(session, viewer=me, activity_id=here, body=body))
        flash(_("Kept. Only you can read it, and you can change it whenever you like."), "good")
        return forms.see_other(url_for("tracks.activity", activity_id=here))

    return forms.answer(done, lambda values, errors: _activity(here, values, errors))


def _here(activity_id: UUID) -> UUID:
    """Return which activity a form is about: its page may be from before the cohort moved to another version."""
    with kernel().reading() as session:
        try:
            policy.delivery_with(session, viewer(), activity_id)
        except Missing:
            return policy.now_at(session, viewer(), activity_id)
    return activity_id
