"""Pages of the tracks that somebody writes: the list, a new one, one with its versions, and pack files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.authoring import policy, queries
from academy.authoring.actions import drafts
from academy.authoring.schemas import DraftIn
from academy.kernel import offload
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.tracks.engine import Pack, read_pack, write_pack
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.shell import NavEntry
from academy.web.signed_in import viewer

blueprint = Blueprint("authoring", __name__)

NAV = NavEntry("tracks", lambda: _("Tracks"), "/tracks", "book", 62, shown=policy.writes)


@blueprint.get("/tracks")
@guard("tracks:author")
def index() -> ResponseReturnValue:
    """List the tracks and drafts that the viewer may write on."""
    me = viewer()
    if not policy.writes(me):
        raise Missing
    with kernel().reading() as session:
        lines = queries.tracks_for(session, me)
        shell.load(session, me)
    return render_template(
        "academy/authoring/index.html",
        lines=lines,
        several=len({line.academy for line in lines}) > 1,
        page="tracks",
    )


@blueprint.get("/tracks/new")
@guard("tracks:author")
def new() -> ResponseReturnValue:
    """Show the form for a new track, and the one for a pack file."""
    return _form({}, {})


def _form(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        academies = queries.academies_for(session, me)
        shell.load(session, me)
    if not academies:
        raise Missing
    return render_template(
        "academy/authoring/new.html",
        academy_options=[(encode(group_id), name) for group_id, name in academies],
        values=values,
        errors=errors,
        page="tracks",
    )


def _academy(wanted: UUID | None) -> UUID:
    """Return the academy that was chosen; where there is only one, nobody is asked."""
    with kernel().reading() as session:
        ids = [group_id for group_id, _name in queries.academies_for(session, viewer())]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is None or wanted not in ids:
        raise Missing
    return wanted


@blueprint.post("/tracks")
@guard("tracks:author")
def create() -> ResponseReturnValue:
    """Begin a new track."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(DraftIn)
        academy = _academy(sent["academy"])
        draft_id = kernel().commit(
            lambda session: drafts.begin_track(
                session,
                viewer=me,
                academy_group_id=academy,
                title=sent["title"],
                summary=sent["summary"],
                weeks=sent["weeks"],
            )
        )
        flash(_("The draft is there. Nobody but its authors sees it. Now add a first module."), "good")
        return forms.see_other(url_for("drafts.show", draft_id=draft_id))

    return forms.answer(done, _form)


@blueprint.post("/tracks/upload")
@guard("tracks:author")
def upload() -> ResponseReturnValue:
    """Make a draft of a pack file."""
    me = viewer()
    academy = _academy(decode(request.form["academy"]) if request.form.get("academy") else None)

    def done() -> ResponseReturnValue:
        pack = _pack()
        try:
            draft_id = kernel().commit(
                lambda session: drafts.bring(session, viewer=me, academy_group_id=academy, pack=pack)
            )
        except Conflict as conflict:
            raise Invalid(conflict.detail, errors={"pack": [conflict.detail]}) from conflict
        flash(_("The file was read and is a draft now. Look at it, then publish it."), "good")
        return forms.see_other(url_for("drafts.show", draft_id=draft_id))

    return forms.answer(done, _form)


def _pack() -> Pack:
    sent = request.files.get("pack")
    if sent is None or not sent.filename:
        detail = _("Choose a file first.")
        raise Invalid(detail, errors={"pack": [detail]})
    try:
        text = sent.stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = _("This file is not text in UTF-8. A track pack is; see the page about writing a track.")
        raise Invalid(detail, errors={"pack": [detail]}) from error
    try:
        pack: Pack = offload.run(read_pack, text.replace("\r\n", "\n"))
    except Invalid as refusal:
        raise Invalid(refusal.detail, errors={"pack": [refusal.detail]}) from refusal
    return pack


@blueprint.get("/tracks/<id:track_id>")
@guard("tracks:author")
def show(track_id: UUID) -> ResponseReturnValue:
    """Show a track with its versions and who walks them."""
    me = viewer()
    with kernel().reading() as session:
        track = queries.track_for(session, me, track_id)
        shell.load(session, me)
    return render_template("academy/authoring/track.html", track=track, page="tracks")


@blueprint.post("/tracks/<id:track_id>/draft")
@guard("tracks:author")
def begin_next(track_id: UUID) -> ResponseReturnValue:
    """Begin the next version of a track, or go on with the draft that there is."""
    me = viewer()
    draft_id = kernel().commit(lambda session: drafts.begin_next(session, viewer=me, track_id=track_id))
    return forms.see_other(url_for("drafts.show", draft_id=draft_id))


@blueprint.get("/track-versions/<id:version_id>/pack")
@guard("tracks:author")
def download(version_id: UUID) -> ResponseReturnValue:
    """Give a published version as a pack file."""
    with kernel().reading() as session:
        pack = queries.version_for(session, viewer(), version_id)
    return file_of(pack)


def file_of(pack: Pack) -> Response:
    """Answer with a pack as a file to keep."""
    answer = Response(write_pack(pack), content_type="application/toml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{pack.key}.toml"'
    return answer
