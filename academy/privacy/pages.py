"""Pages of personal data: what is stored about the viewer and who saw it, taking it along, having it erased."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people.pages import present
from academy.privacy import actions, queries
from academy.privacy.queries import PersonData
from academy.privacy.schemas import ConfirmIn
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer

blueprint = Blueprint("privacy", __name__)

REMEMBERED = 10_000
"""Views that this process knows to be written down today, so that a page opened again asks nothing."""


def before_showing(viewer: Viewer, what: str, person_ids: Collection[UUID]) -> None:
    """Write down that personal data of others is about to be shown, before it is; once a day for each of them.

    Called by pages and the API wherever more is shown of a person than what everybody in their groups sees of
    them. When it can't be written, it raises, and nothing is shown.
    """
    if "to_be_shown" in g:
        g.to_be_shown.append((viewer, what, list(person_ids)))
        return
    others = set(person_ids) - {viewer.person_id}
    known: dict[tuple[Any, ...], None] = kernel().kept.setdefault("shown", {})
    today = clock.now().date()
    new = {one for one in others if (viewer.person_id, what, one, today) not in known}
    if not new:
        return
    kernel().commit(lambda session: actions.disclose(session, viewer_id=viewer.person_id, what=what, person_ids=new))
    known.update(dict.fromkeys((viewer.person_id, what, one, today) for one in new))
    while len(known) > REMEMBERED:
        del known[next(iter(known))]


@contextmanager
def shown_after() -> Iterator[None]:
    """Write down at the end of this what is to be shown; for parts of a page that are made while it is read.

    Around `kernel.reading()`, so that whoever writes holds no other connection meanwhile.
    """
    g.to_be_shown = []
    try:
        yield
        found = g.to_be_shown
    finally:
        del g.to_be_shown
    for viewer_, what, person_ids in found:
        before_showing(viewer_, what, person_ids)


def _kinds() -> dict[str, str]:
    """Name what may be shown of a person beyond what everybody in their groups sees."""
    return {
        "page": _("Your page: your words, skills and languages"),
        "matching": _("Why you fit others: skills, goals, hours and languages"),
        "offer": _("Why you were proposed to them: skills, goals, hours and languages"),
        "file": _("A file of everybody: address, profile, skills and goals"),
        "admin": _("Your record, as an admin"),
        "address": _("Your address, among those of others, as an admin"),
        "skills": _("What you can help with, beside a skill"),
        "levels": _("Your skills, to say at which level they see them"),
        "gap": _("Your goals, your target role and how far you are"),
    }


@blueprint.get("/me/data")
@guard("account:data")
def show() -> ResponseReturnValue:
    """Show what is stored about the viewer, why, and who saw it."""
    me = viewer()
    parts = kernel().slots(PersonData)
    with kernel().reading() as session:
        counts = queries.counts_for(session, me, parts)
        seen = queries.seen_for(session, me)
        files = queries.files_for(session, me)
        erasure = queries.erasure_of(session, me.person_id)
        shell.load(session, me)
    return render_template(
        "academy/privacy/mine.html",
        page="me",
        parts=[(part.title(), part.why(), count) for part, count in zip(parts, counts, strict=True)],
        seen=seen,
        kinds=_kinds(),
        files=files,
        erasure=erasure,
        days=actions.GRACE.days,
    )


def _prove(*, always: bool) -> None:
    """Make sure that it is they who ask: by their password, or where that is enough by a sign-in of a moment ago.

    Whoever signs in without a password shows who they are by signing in.
    """
    me = viewer()
    with kernel().reading() as session:
        kept = queries.password_of(session, me.person_id)
    if fresh.proved() and (kept is None or not always):
        return
    if not present.fits(me.person_id, kept, forms.read(ConfirmIn)["password"]):
        sentence = _("This is not your password. Nothing was changed.")
        if kept is None:
            sentence = _("Sign out, sign in again and come back within ten minutes: that shows that it is you.")
        raise Invalid(errors={"password": [sentence]})


@blueprint.post("/me/data/file")
@guard("account:data")
def ask() -> ResponseReturnValue:
    """Ask for a file of everything; a job puts it together."""
    me = viewer()
    kernel().commit(lambda session: actions.ask_for_data(session, viewer=me))
    flash(_("Your file is being put together. It is here in a moment: open this page again."))
    return forms.see_other("/me/data")


@blueprint.get("/me/data/file/<id:file_id>")
@guard("account:data")
def file(file_id: UUID) -> ResponseReturnValue:
    """Let the viewer show who they are and take their file."""
    return _file_page(file_id, {}, {})


def _file_page(file_id: UUID, _values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        queries.body_for(session, me, file_id)
        shell.load(session, me)
    return render_template(
        "academy/privacy/file.html", page="me", file_id=file_id, proved=fresh.proved(), errors=errors
    )


@blueprint.post("/me/data/file/<id:file_id>")
@guard("account:data")
def download(file_id: UUID) -> ResponseReturnValue:
    """Hand the viewer their own file."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            queries.body_for(session, me, file_id)  # what is not there is not asked a password for
        _prove(always=False)
        body = kernel().commit(lambda session: actions.take_data(session, viewer=me, file_id=file_id))
        answer = Response(body, mimetype="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{clock.now():%Y-%m-%d}.zip"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return forms.answer(done, partial(_file_page, file_id))


@blueprint.get("/me/data/erase")
@guard("account:data")
def erasing() -> ResponseReturnValue:
    """Say what erasing means, and let the viewer confirm it."""
    return _own_page({}, {})


def _own_page(_values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        erasure = queries.erasure_of(session, me.person_id)
        shell.load(session, me)
    return render_template(
        "academy/privacy/erase.html", page="me", face=None, erasure=erasure, days=actions.GRACE.days, errors=errors
    )


@blueprint.post("/me/data/erase")
@guard("account:data")
def ask_erasure() -> ResponseReturnValue:
    """Have the viewer's own data erased after a time to think."""
    me = viewer()

    def done() -> ResponseReturnValue:
        _prove(always=True)
        _ask(me.person_id)
        flash(_("Your data will be erased in seven days. Until then you can take that back here."))
        return forms.see_other("/me/data")

    return forms.answer(done, _own_page)


def _ask(person_id: UUID) -> None:
    me = viewer()
    kernel().commit(lambda session: actions.ask_erasure(session, person_id=person_id, actor_id=me.person_id))


@blueprint.post("/me/data/keep")
@guard("account:data")
def keep() -> ResponseReturnValue:
    """Take the erasure of the viewer's own data back."""
    me = viewer()
    kernel().commit(lambda s: actions.take_erasure_back(s, person_id=me.person_id, actor_id=me.person_id))
    flash(_("Nothing will be erased. Everything stays as it is."))
    return forms.see_other("/me/data")


@blueprint.get("/people/<id:person_id>/erase")
@guard("people:settle")
def of_another(person_id: UUID) -> ResponseReturnValue:
    """Show an admin what erasing somebody's data means, and let them confirm it."""
    return _their_page(person_id, {}, {})


def _their_page(person_id: UUID, _values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        face = queries.administered(session, me, person_id)
        erasure = queries.erasure_of(session, person_id)
        shell.load(session, me)
    return render_template(
        "academy/privacy/erase.html", page="people", face=face, erasure=erasure, days=actions.GRACE.days, errors=errors
    )


@blueprint.post("/people/<id:person_id>/erase")
@guard("people:settle")
def erase_another(person_id: UUID) -> ResponseReturnValue:
    """Have the data of somebody who left erased after a time to think; confirmed with the admin's own password."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            queries.administered(session, me, person_id)
        _prove(always=True)
        _ask(person_id)
        flash(_("Their data will be erased in seven days. They are told by mail, and you can take it back here."))
        return forms.see_other(f"/people/{encode(person_id)}/erase")

    return forms.answer(done, partial(_their_page, person_id))


@blueprint.post("/people/<id:person_id>/keep")
@guard("people:settle")
def keep_another(person_id: UUID) -> ResponseReturnValue:
    """Take the erasure of somebody's data back."""
    me = viewer()
    with kernel().reading() as session:
        queries.administered(session, me, person_id)
    kernel().commit(lambda s: actions.take_erasure_back(s, person_id=person_id, actor_id=me.person_id))
    flash(_("Nothing will be erased. Everything stays as it is."))
    return forms.see_other(f"/people/{encode(person_id)}/erase")
