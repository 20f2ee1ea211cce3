"""Pages of the organization: where admins begin, its settings, its academies, and who holds which role."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.policy import GroupPlace
from academy.administration import actions, policy
from academy.administration.pages import words
from academy.administration.queries import house, people
from academy.administration.queries.slots import AdminPage
from academy.administration.schemas import NameIn, RoleIn, SettingsIn
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.kernel.viewer import Viewer
from academy.people import queries as people_queries
from academy.people.engine import zone_options
from academy.people.models import GroupKind
from academy.people.policy import Path, kind_of
from academy.privacy.pages import before_showing
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.shell import NavEntry
from academy.web.signed_in import viewer

blueprint = Blueprint("administration", __name__)

NEW_ROLE = "/admin/roles/new"
OFFERED = 20
"""How many people are offered roles at a time."""
NAV = NavEntry("admin", lambda: _("Administration"), "/admin", "settings", 80, shown=policy.may_administer)


def _place(me: Viewer, path: Path, group_id: UUID) -> str:
    if not policy.may_settle(me, path):
        return ""
    pages = {GroupKind.ORGANIZATION: "/admin/people", GroupKind.ACADEMY: f"/admin/academies/{encode(group_id)}"}
    return pages.get(GroupKind(kind_of(path)), "")


PLACE = GroupPlace(_place)


@blueprint.get("/admin")
@guard("people:settle")
def index() -> ResponseReturnValue:
    """Show what there is to look after, with the one thing that is next."""
    me = viewer()
    if not policy.may_administer(me):
        raise Missing
    with kernel().reading() as session:
        begun = house.beginnings_for(session, me)
        broken = house.set_aside_count(session) if begun else 0
        shell.load(session, me)
    pages = sorted(kernel().slots(AdminPage), key=lambda page: page.order) if begun else []
    return render_template("academy/administration/index.html", begun=begun, broken=broken, pages=pages, page="admin")


@blueprint.get("/admin/settings")
@guard("people:settle")
def settings() -> ResponseReturnValue:
    """Show what is settled for everybody as a form."""
    return _settings_page({}, {})


@blueprint.post("/admin/settings")
@guard("people:settle")
def change_settings() -> ResponseReturnValue:
    """Change what is settled for everybody."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            house.organization_for(session, me)
        sent = forms.read(SettingsIn)
        kernel().commit(lambda session: actions.settle(session, viewer=me, **sent))
        flash(_("The settings are saved."))
        return forms.see_other("/admin/settings")

    return forms.answer(done, _settings_page)


def _settings_page(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        found = house.organization_for(session, me)
        shell.load(session, me)
    return render_template(
        "academy/administration/settings.html",
        shown=values or {"name": found.name, "zone": found.zone, "contact": found.contact},
        zones=zone_options(),
        errors=errors,
        labels={"name": _("Name"), "zone": _("Time zone"), "contact": _("Address for help")},
        page="admin",
    )


@blueprint.get("/admin/academies")
@guard("people:settle")
def academies() -> ResponseReturnValue:
    """List the academies, with who leads them, and a form for a new one."""
    return _academies_page({}, {})


@blueprint.post("/admin/academies")
@guard("people:settle")
def open_academy() -> ResponseReturnValue:
    """Open an academy."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            house.organization_for(session, me)
        sent = forms.read(NameIn)
        made = kernel().commit(lambda session: actions.open_academy(session, viewer=me, name=sent["name"]))
        flash(_("The academy is open. Now appoint somebody to lead it."))
        return forms.see_other(f"/admin/academies/{encode(made)}")

    return forms.answer(done, _academies_page)


def _academies_page(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    if not policy.may_administer(me):
        raise Missing
    with kernel().reading() as session:
        found = house.academies_for(session, me)
        whole = house.beginnings_for(session, me) is not None
        shell.load(session, me)
    return render_template(
        "academy/administration/academies.html",
        academies=found,
        whole=whole,
        values=values,
        errors=errors,
        labels={"name": _("Name")},
        page="admin",
    )


@blueprint.get("/admin/academies/<id:academy_id>")
@guard("people:settle")
def academy(academy_id: UUID) -> ResponseReturnValue:
    """Show an academy: its name and who holds which role in it."""
    return _academy_page(academy_id, {}, {})


@blueprint.post("/admin/academies/<id:academy_id>/rename")
@guard("people:settle")
def rename_academy(academy_id: UUID) -> ResponseReturnValue:
    """Call an academy something else."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            house.academy_for(session, me, academy_id)
        sent = forms.read(NameIn)
        kernel().commit(
            lambda session: actions.rename_academy(session, viewer=me, academy_id=academy_id, name=sent["name"])
        )
        flash(_("The new name is saved."))
        return forms.see_other(f"/admin/academies/{encode(academy_id)}")

    return forms.answer(done, lambda values, errors: _academy_page(academy_id, values, errors))


def _academy_page(academy_id: UUID, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        found = house.academy_for(session, me, academy_id)
        holders = house.roles_in(session, academy_id)
        shell.load(session, me)
    return render_template(
        "academy/administration/academy.html",
        academy=found,
        holders=holders,
        values=values,
        errors=errors,
        labels={"name": _("Name")},
        roles=words.role_names(),
        page="admin",
    )


@blueprint.get("/admin/roles")
@guard("people:settle")
def roles() -> ResponseReturnValue:
    """Show who holds which role in which group, a page at a time; `after` goes on with the next one."""
    me = viewer()
    after = decode(request.args["after"]) if request.args.get("after") else None
    if not policy.may_administer(me):
        raise Missing
    with kernel().reading() as session:
        found = house.holders_for(session, me, after=after)
        shell.load(session, me)
    return render_template(
        "academy/administration/roles.html",
        groups=[(key, list(held)) for key, held in groupby(found.items, key=lambda h: (h.group_id, h.group, h.kind))],
        given_here=policy.ROLES_IN,
        more=found.next,
        roles=words.role_names(),
        kinds=words.kind_names(),
        page="admin",
    )


@blueprint.get("/admin/roles/new")
@guard("people:settle")
def new_role() -> ResponseReturnValue:
    """Show the form that gives somebody a role in a group: first whom, found by name, then as what."""
    return _role_page({}, {})


@blueprint.post("/admin/roles")
@guard("people:settle")
def give_role() -> ResponseReturnValue:
    """Give somebody a role. Who gives it has shown a moment ago who they are, or is asked for that first."""
    me = viewer()
    sent = forms.read(RoleIn)
    _demand_settler(sent["group"])
    if not fresh.proved():
        place = urlencode({"group": encode(sent["group"]), "q": request.form.get("q", "")})
        return fresh.ask(f"{NEW_ROLE}?{place}", [("person", encode(sent["person"])), ("role", sent["role"])])
    new = kernel().commit(
        lambda session: actions.give_role(
            session, viewer=me, group_id=sent["group"], person_id=sent["person"], role=sent["role"]
        )
    )
    fresh.done()
    flash(
        _("The role is given. They are told, and so are the other admins.")
        if new
        else _("They have this role already.")
    )
    return forms.see_other(forms.next_url("/admin/roles"))


@blueprint.post("/admin/roles/end")
@guard("people:settle")
def end_role() -> ResponseReturnValue:
    """End somebody's role."""
    me = viewer()
    sent = forms.read(RoleIn)
    kernel().commit(
        lambda session: actions.end_role(
            session, viewer=me, group_id=sent["group"], person_id=sent["person"], role=sent["role"]
        )
    )
    flash(_("The role has ended. What they wrote stays."))
    return forms.see_other(forms.next_url("/admin/roles"))


def _demand_settler(group_id: UUID) -> None:
    with kernel().reading() as session:
        if not policy.may_settle(viewer(), people_queries.path_of(session, group_id)):
            raise Missing


def _role_page(_values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    group_id, wanted = forms.wanted_id("group"), forms.wanted_text("q")
    with kernel().reading() as session:
        path = people_queries.path_of(session, group_id) if group_id else []
        if group_id is None or not policy.may_settle(me, path):
            raise Missing
        kind = kind_of(path)
        if kind not in policy.ROLES_IN:
            raise Missing
        place = next((name for found, name, _kind in house.places_for(session, me) if found == group_id), "")
        lines, more = people.people_by_name(session, wanted=wanted, most=OFFERED) if wanted else ([], False)
        shell.load(session, me)
    before_showing(me, "address", [line.face.id for line in lines])
    offered = {line.face.id: policy.roles_to_give(me, path, line.face.id) for line in lines if not line.closed}
    chosen = fresh.chosen(f"{NEW_ROLE}?{urlencode({'group': encode(group_id), 'q': request.args.get('q', '')})}")
    names, explained = words.role_names(), words.role_lines()
    return render_template(
        "academy/administration/role.html",
        group_id=group_id,
        place=place,
        back=f"/admin/academies/{encode(group_id)}" if kind == GroupKind.ACADEMY else "/admin/roles",
        q=wanted,
        lines=lines,
        more=more,
        chosen=(chosen.get("person", ""), chosen.get("role", "")),
        offered={found: [(role, names[role]) for role in given] for found, given in offered.items()},
        explained=[(names[role], explained[role]) for role in policy.ROLES_IN[kind] if role in explained],
        errors=errors,
        page="admin",
    )
