"""Pages of people for admins: finding them, and what is kept of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from academy.administration import actions, policy
from academy.administration.pages import words
from academy.administration.queries import house, people
from academy.administration.queries.slots import PersonPart
from academy.administration.schemas import ManagerIn
from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people import queries as people_queries
from academy.privacy import queries as privacy
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("administration_people", __name__)


def _page_of(person_id: UUID) -> str:
    return f"/admin/people/{encode(person_id)}"


@blueprint.get("/admin/people")
@guard("people:settle")
def everybody() -> ResponseReturnValue:
    """List people by name, or those whose name or address holds what is looked for."""
    me = viewer()
    wanted, after = forms.wanted_text("q"), forms.wanted_id("after")
    with kernel().reading() as session:
        top = house.organization_for(session, me)
        lines, more = people.people_by_name(session, wanted=wanted, after=after)
        shell.load(session, me)
    before_showing(me, "address", [line.face.id for line in lines])
    return render_template(
        "academy/administration/people.html",
        top=top.id,
        lines=lines,
        more=more,
        q=wanted,
        further=after is not None,
        page="admin",
    )


@blueprint.get("/admin/people/<id:person_id>")
@guard("people:settle")
def person(person_id: UUID) -> ResponseReturnValue:
    """Show what is kept of somebody. That it was looked at is written down first."""
    return _person_page(person_id, {}, {})


def _person_page(person_id: UUID, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    kernel().commit(lambda session: actions.look_at_person(session, viewer=me, person_id=person_id))
    before_showing(me, "admin", [person_id])
    with kernel().reading() as session:
        found = people.record_of(session, person_id)
        parts = [
            Markup(html)  # noqa: S704 - templates of ours, escaped where they were rendered
            for slot in sorted(kernel().slots(PersonPart), key=lambda part: part.order)
            if (html := slot.render(session, me, person_id))
        ]
        erased, erasure = privacy.standing(session, person_id)
        shell.load(session, me)
    return render_template(
        "academy/administration/person.html",
        erased=erased,
        erasure=erasure,
        person=found,
        own=person_id == me.person_id,
        roles=words.role_names(),
        kinds=words.kind_names(),
        given_here=policy.ROLES_IN,
        parts=parts,
        values=values,
        errors=errors,
        labels={"manager": _("Manager's address")},
        page="admin",
    )


@blueprint.post("/admin/people/<id:person_id>/manager")
@guard("people:settle")
def set_manager(person_id: UUID) -> ResponseReturnValue:
    """Say who somebody reports to."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            house.organization_for(session, me)
            address = forms.read(ManagerIn)["manager"].strip()
            account = people_queries.account_of(session, address) if address else None
        if address and account is None:
            detail = _("Nobody here has this address. What you wrote is kept.")
            raise Invalid(detail, errors={"manager": [detail]})
        manager_id = account[0] if account else None
        kernel().commit(
            lambda session: actions.set_manager(session, viewer=me, person_id=person_id, manager_id=manager_id)
        )
        flash(_("Who they report to is saved.") if manager_id else _("They report to nobody now."))
        return forms.see_other(_page_of(person_id))

    return forms.answer(done, lambda values, errors: _person_page(person_id, values, errors))


@blueprint.post("/admin/people/<id:person_id>/close")
@guard("people:settle")
def close(person_id: UUID) -> ResponseReturnValue:
    """Close somebody's account."""
    me = viewer()
    kernel().commit(lambda session: actions.close_account(session, viewer=me, person_id=person_id))
    flash(_("The account is closed, and every sign-in of it has ended. What they wrote stays."))
    return forms.see_other(_page_of(person_id))


@blueprint.post("/admin/people/<id:person_id>/reopen")
@guard("people:settle")
def reopen(person_id: UUID) -> ResponseReturnValue:
    """Let somebody sign in again."""
    me = viewer()
    kernel().commit(lambda session: actions.reopen_account(session, viewer=me, person_id=person_id))
    flash(_("The account is open again. Their roles are as they were."))
    return forms.see_other(_page_of(person_id))


@blueprint.post("/admin/people/<id:person_id>/sign-out")
@guard("people:settle")
def sign_out(person_id: UUID) -> ResponseReturnValue:
    """End all sign-ins of somebody."""
    me = viewer()
    ended = kernel().commit(lambda session: actions.sign_out(session, viewer=me, person_id=person_id))
    flash(ngettext("%(num)s sign-in has ended.", "%(num)s sign-ins have ended.", ended))
    return forms.see_other(_page_of(person_id))
