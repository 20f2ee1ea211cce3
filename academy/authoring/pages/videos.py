"""The video of a draft's activity: bringing it and its captions, and looking at them before they are published."""

from __future__ import annotations

from typing import IO
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.authoring import policy, queries
from academy.authoring.actions import parts
from academy.authoring.pages.parts import activity_page, found_activity, values_of
from academy.authoring.schemas import VersionIn
from academy.kernel import offload
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.app import kernel
from academy.media import actions as files
from academy.media import pages as media
from academy.media.engine import HEAD, LONGEST_CAPTIONS, read_captions, tidy, type_of
from academy.media.queries import Recording
from academy.web import forms
from academy.web.guards import guard, takes_files
from academy.web.signed_in import viewer

blueprint = Blueprint("draft_videos", __name__)


@blueprint.get("/draft-activities/<id:activity_id>/video")
@guard("tracks:author")
def video(activity_id: UUID) -> ResponseReturnValue:
    """Give the video of a draft's activity, whole or in ranges."""
    with kernel().reading() as session:
        _draft, _module, found = queries.activity_for(session, viewer(), activity_id)
    if found.recording is None:
        raise Missing
    return media.video(found.recording)


@blueprint.get("/draft-activities/<id:activity_id>/captions.vtt")
@guard("tracks:author")
def captions(activity_id: UUID) -> ResponseReturnValue:
    """Give the captions of a draft's activity."""
    with kernel().reading() as session:
        _draft, _module, found = queries.activity_for(session, viewer(), activity_id)
    return media.captions(found.captions)


@blueprint.post("/draft-activities/<id:activity_id>/video")
@guard("tracks:author")
@takes_files(policy.writes)
def change(activity_id: UUID) -> ResponseReturnValue:
    """Take a video, its captions, or both."""
    me = viewer()
    before = found_activity(activity_id)

    def done() -> ResponseReturnValue:
        version = forms.read(VersionIn)["version"]
        recording, text = _sent()
        kernel().commit(
            lambda session: parts.attach_video(
                session, viewer=me, activity_id=activity_id, version=version, recording=recording, captions=text
            )
        )
        flash(_("Kept in the draft. Look at it once as learners will see it."), "good")
        return forms.see_other(url_for("draft_parts.activity", activity_id=activity_id, _anchor="video"))

    try:
        return forms.answer(done, lambda _values, errors: activity_page(*before, values_of(before[2]), errors))
    except Conflict:
        now = found_activity(activity_id)
        detail = _(
            "Somebody has changed this activity meanwhile. This is how it is now; what you chose was not kept. "
            "Choose the files again if they still belong here."
        )
        return activity_page(*now, values_of(now[2]), {"_": [detail]}), 409


def _sent() -> tuple[Recording | None, str | None]:
    """Read what was chosen; what is wrong with either file is said at once, and then nothing is kept."""
    film, text = (_chosen(name) for name in ("video", "captions"))
    if film is None and text is None:
        raise Invalid(errors={"video": [_("Choose a file first.")]})
    errors: dict[str, list[str]] = {}
    kind = words = None
    try:
        kind = _kind(film) if film else None
    except Invalid as refusal:
        errors["video"] = [refusal.detail]
    try:
        words = _words(text) if text else None
    except Invalid as refusal:
        errors["captions"] = [refusal.detail]
    if errors:
        raise Invalid(errors=errors)
    return (_kept(film, kind) if film and kind else None), words


def _chosen(name: str) -> IO[bytes] | None:
    sent = request.files.get(name)
    return sent.stream if sent is not None and sent.filename else None


def _kind(film: IO[bytes]) -> str:
    most = kernel().settings.media_mb
    found = type_of(film.read(HEAD))
    if found is None:
        raise Invalid(_("This file is no video that browsers play everywhere. Bring it as MP4 or WebM."))
    if film.seek(0, 2) > most << 20:
        raise Invalid(_("This video is larger than %(n)s MB. Save it smaller, then bring it again.", n=most))
    film.seek(0)
    return found


def _words(text: IO[bytes]) -> str:
    try:
        words = tidy(text.read(4 * LONGEST_CAPTIONS + 4).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Invalid(
            _("These captions are not text in UTF-8. Save them as WebVTT, a file that ends in .vtt.")
        ) from error
    offload.run(read_captions, words)
    return words


def _kept(film: IO[bytes], kind: str) -> Recording:
    digest, me = offload.run(kernel().files.keep, film), viewer()
    kernel().commit(lambda session: files.take(session, digest=digest, actor_id=me.person_id))
    return Recording(digest, kind, film.tell())
