"""Pages of frameworks, for admins: which there are, taking one out as a file, bringing one in after a preview."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from academy.administration.queries.slots import AdminPage
from academy.bridges.framework_file import actions, engine
from academy.bridges.framework_file.engine import FrameworkSheet
from academy.bridges.framework_file.queries import planning, writing
from academy.bridges.people_file import actions as files
from academy.bridges.people_file.engine import sheets
from academy.bridges.people_file.models import FRAMEWORK
from academy.bridges.people_file.queries import waiting
from academy.kernel import offload
from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("framework_file", __name__)

MOST_ROWS = 5_000
"""Rows of one file on a page: they are one transaction, and nobody should wait for it. The command takes more."""
SHOWN = 50
"""Rows of each kind that a preview lists."""
HERE = "/admin/frameworks"
PAGE = AdminPage(
    "frameworks",
    lambda: _("Frameworks of skills"),
    lambda: _("Which skills people can choose from, as files."),
    HERE,
    "route",
    50,
)


@blueprint.get(HERE)
@guard("skills:keep")
def show() -> ResponseReturnValue:
    """List the frameworks, with a form for a file."""
    return _page({}, {})


def _page(_values: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        found = writing.frameworks_for(session, me)
        shell.load(session, me)
    return render_template(
        "academy/bridges/frameworks.html",
        page="admin",
        frameworks=found,
        columns=list(engine.COLUMNS),
        most=MOST_ROWS,
        errors=errors,
    )


@blueprint.get(f"{HERE}/<id:framework_id>/file")
@guard("skills:keep")
def export(framework_id: UUID) -> ResponseReturnValue:
    """Answer a framework as a file."""
    me = viewer()
    with kernel().reading() as session:
        key, rows = writing.rows_for(session, me, framework_id)
    text = "".join(sheets.write(list(engine.COLUMNS), rows))
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post(HERE)
@guard("skills:keep")
def send() -> ResponseReturnValue:
    """Keep a file and go on to what it would do."""
    return forms.answer(_send, _page)


def _send() -> ResponseReturnValue:
    me = viewer()
    with kernel().reading() as session:
        planning.organization_for(session, me)
    name, body = forms.sent_file(_("framework.csv"))
    _read(body)
    file_id = kernel().commit(lambda session: actions.keep(session, viewer=me, name=name, body=body))
    return forms.see_other(f"{HERE}/files/{encode(file_id)}")


def _read(body: bytes) -> FrameworkSheet:
    sheet = offload.run(engine.read, body)
    if sheet.rows > MOST_ROWS:
        sentence = _(
            "This file has %(rows)s rows; a page takes %(most)s. Ask who runs the server to use academy skills import.",
            rows=sheet.rows,
            most=MOST_ROWS,
        )
        raise Invalid(errors={"file": [sentence]})
    return sheet


@blueprint.get(f"{HERE}/files/<id:file_id>")
@guard("skills:keep")
def preview(file_id: UUID) -> ResponseReturnValue:
    """Show what a file would do, and everything that is wrong with it."""
    me = viewer()
    with kernel().reading() as session:
        file = waiting.kept_for(session, me, file_id, FRAMEWORK)
        plan = planning.plan_for(session, me, _read(file.body))
        name = file.name
        shell.load(session, me)
    return render_template(
        "academy/bridges/framework_preview.html",
        page="admin",
        file_id=file_id,
        name=name,
        plan=plan,
        shown=SHOWN,
    )


@blueprint.post(f"{HERE}/files/<id:file_id>/apply")
@guard("skills:keep")
def apply(file_id: UUID) -> ResponseReturnValue:
    """Do what a file says, and forget the file."""
    me = viewer()
    with kernel().reading() as session:
        body = waiting.kept_for(session, me, file_id, FRAMEWORK).body
    sheet = _read(body)

    def work(session: Session) -> planning.Plan:
        waiting.kept_for(session, me, file_id, FRAMEWORK)
        plan = actions.bring_in(session, viewer=me, sheet=sheet)
        files.forget(session, file_id=file_id)
        return plan

    plan = kernel().commit(work)
    said = [
        ngettext("%(num)s entry added.", "%(num)s entries added.", len(plan.added)),
        ngettext("%(num)s changed.", "%(num)s changed.", len(plan.changed)),
        ngettext("%(num)s removed.", "%(num)s removed.", len(plan.removed)),
    ]
    if plan.kept:
        said.append(ngettext("%(num)s in use was kept.", "%(num)s in use were kept.", len(plan.kept)))
    flash(" ".join(said), "good")
    return forms.see_other(HERE)


@blueprint.post(f"{HERE}/files/<id:file_id>/forget")
@guard("skills:keep")
def forget(file_id: UUID) -> ResponseReturnValue:
    """Forget a file without doing what it says."""
    me = viewer()

    def work(session: Session) -> None:
        waiting.kept_for(session, me, file_id, FRAMEWORK)
        files.forget(session, file_id=file_id)

    kernel().commit(work)
    flash(_("The file is forgotten. Nothing was changed."))
    return forms.see_other(HERE)
