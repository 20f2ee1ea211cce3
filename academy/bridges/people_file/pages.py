"""Pages of people files, for admins: send one, see what it would do, confirm it; take everybody's data out."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from academy.bridges.people_file import actions
from academy.bridges.people_file.engine import sheets
from academy.bridges.people_file.engine.sheets import Sheet
from academy.bridges.people_file.queries import planning, waiting, writing
from academy.bridges.people_file.queries.slots import Column, Plan
from academy.kernel import clock, offload
from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.privacy.pages import before_showing
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("people_file", __name__)

MOST_ROWS = 1_000
"""Rows of one file on a page: they are one transaction, and nobody should wait for it. The command takes more."""
SHOWN = 100
"""People and problems that a preview lists."""


@blueprint.get("/people/file")
@guard("people:settle")
def show() -> ResponseReturnValue:
    """Show how to send a people file and how to take one out."""
    return _page({}, {})


def _page(_values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        planning.organization_for(session, me)
        shell.load(session, me)
    return render_template(
        "academy/bridges/file.html",
        page="people",
        columns=writing.columns(kernel().slots(Column)),
        most=MOST_ROWS,
        errors=errors,
    )


@blueprint.post("/people/file")
@guard("people:settle")
def send() -> ResponseReturnValue:
    """Keep a file and go on to what it would do."""
    return forms.answer(_send, _page)


def _send() -> ResponseReturnValue:
    me = viewer()
    with kernel().reading() as session:
        planning.organization_for(session, me)
    name, body = forms.sent_file(_("people.csv"))
    _read(body)
    file_id = kernel().commit(lambda session: actions.keep(session, viewer=me, name=name, body=body))
    return forms.see_other(f"/people/file/{encode(file_id)}")


def _read(body: bytes) -> Sheet:
    more = kernel().slots(Column)
    sheet = offload.run(sheets.read, body, {column.name: column.also for column in more})
    if len(sheet.rows) > MOST_ROWS:
        raise Invalid(
            errors={
                "file": [
                    _(
                        "This file has %(rows)s rows; a page takes %(most)s at a time. "
                        "Send it in parts, or ask who runs the server to use academy people import.",
                        rows=len(sheet.rows),
                        most=MOST_ROWS,
                    )
                ]
            }
        )
    return sheet


@blueprint.get("/people/file/<id:file_id>")
@guard("people:settle")
def preview(file_id: UUID) -> ResponseReturnValue:
    """Show what a file would do, and everything that is wrong with it."""
    me = viewer()
    with kernel().reading() as session:
        file = waiting.kept_for(session, me, file_id)
        plan = planning.plan_for(session, me, _read(file.body), kernel().slots(Column))
        name = file.name
        shell.load(session, me)
    before_showing(me, "file", [person.person_id for person in plan.people if not person.new])
    return render_template(
        "academy/bridges/preview.html",
        page="people",
        file_id=file_id,
        name=name,
        plan=plan,
        shown=SHOWN,
        ask_first=plan.appoints and not fresh.proved(),
        fields=_fields(),
    )


def _fields() -> dict[str, str]:
    """Name the columns for people."""
    return {
        "email": _("Address"),
        "name": _("Name"),
        "external_id": _("External id"),
        "zone": _("Time zone"),
        "locale": _("Language of pages"),
        "pronouns": _("Pronouns"),
        "languages": _("Languages"),
        "manager": _("Manager"),
        "skills": _("Skills"),
        "goals": _("Goals"),
        "role": _("Role"),
        "cohort": _("Cohort"),
    }


@blueprint.post("/people/file/<id:file_id>/apply")
@guard("people:settle")
def apply(file_id: UUID) -> ResponseReturnValue:
    """Do what a file says, and forget it. Who gives roles by it has just shown who they are, or is asked first."""
    me, skip, invite = viewer(), request.form.get("skip") == "1", request.form.get("invite") == "1"
    more = kernel().slots(Column)
    with kernel().reading() as session:
        body = waiting.kept_for(session, me, file_id).body
    sheet = _read(body)

    def work(session: Session) -> Plan:
        waiting.kept_for(session, me, file_id)
        plan = actions.bring_in(
            session,
            viewer=me,
            sheet=sheet,
            more=more,
            body=body,
            skip_bad_rows=skip,
            invite=invite,
            proved=fresh.proved(),
        )
        actions.forget(session, file_id=file_id)
        return plan

    try:
        plan = kernel().commit(work)
    except actions.ProofWanted:
        return fresh.ask(f"/people/file/{encode(file_id)}")
    said = [
        ngettext("%(num)s person added.", "%(num)s people added.", plan.added),
        ngettext("%(num)s person changed.", "%(num)s people changed.", plan.changed),
    ]
    if invite and plan.added:
        said.append(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", plan.added))
    if plan.problems:
        said.append(ngettext("%(num)s row left out.", "%(num)s rows left out.", plan.bad_rows))
    flash(" ".join(said), "good")
    return forms.see_other("/people/file")


@blueprint.post("/people/file/<id:file_id>/forget")
@guard("people:settle")
def forget(file_id: UUID) -> ResponseReturnValue:
    """Forget a file without doing what it says."""
    me = viewer()

    def work(session: Session) -> None:
        waiting.kept_for(session, me, file_id)
        actions.forget(session, file_id=file_id)

    kernel().commit(work)
    flash(_("The file is forgotten. Nothing was changed."))
    return forms.see_other("/people/file")


@blueprint.post("/people/file/export")
@guard("people:settle")
def export() -> ResponseReturnValue:
    """Answer everybody's data as a file; that it was taken out is written down first."""
    me, more = viewer(), kernel().slots(Column)
    ids = kernel().commit(lambda session: actions.take_out(session, viewer=me))
    with kernel().reading() as session:
        text = "".join(sheets.write(writing.columns(more), writing.rows_for(session, me, ids, more)))
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="people-{clock.now():%Y-%m-%d}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
