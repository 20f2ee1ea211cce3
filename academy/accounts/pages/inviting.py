"""Pages of bringing people into a group: invitations to addresses, and links that are handed round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts import policy
from academy.accounts.actions import invitations, joining
from academy.accounts.pages import doors, words
from academy.accounts.policy import JOIN_DAYS, JOINS_AS
from academy.accounts.queries import incoming
from academy.accounts.schemas import InvitationIn, JoinLinkIn
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people.engine import new_token
from academy.people.models import GroupKind, Role
from academy.people.policy import Path, kind_of
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("inviting", __name__)


def _here(group_id: UUID) -> str:
    return f"/groups/{encode(group_id)}/invitations"


POWERFUL = frozenset({Role.LEAD, Role.ADMIN})
"""Roles that ask whoever invites to have shown who they are a moment ago, as giving them does."""
TABS = (
    shell.GroupTab(
        "invitations",
        lambda: _("Invitations"),
        _here,
        70,
        policy.may_bring_in,
    ),
    shell.GroupTab(
        "links",
        lambda: _("Links to join"),
        lambda group_id: f"/groups/{encode(group_id)}/links",
        71,
        policy.may_bring_in,
    ),
)


@blueprint.get("/groups/<id:group_id>/invitations")
@guard("cohorts:enroll")
def invited(group_id: UUID) -> ResponseReturnValue:
    """List whom a group has invited, and show the form for one more."""
    return _invitations_page(group_id, {}, {})


@blueprint.post("/groups/<id:group_id>/invitations")
@guard("cohorts:enroll")
def invite(group_id: UUID) -> ResponseReturnValue:
    """Invite somebody. Whether their address has an account makes no difference to what is answered.

    Who invites a lead or an admin has shown a moment ago who they are, or is asked for that first.
    """
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            incoming.place_for(session, me, group_id)
        sent = forms.read(InvitationIn)
        if sent["role"] in POWERFUL and not fresh.proved():
            return fresh.ask(_here(group_id), [(name, sent[name]) for name in ("name", "email", "role")])
        doors.count_letter_of(me.person_id, sent["email"])
        kernel().commit(
            lambda session: invitations.invite(
                session, viewer=me, group_id=group_id, address=sent["email"], name=sent["name"], role=sent["role"]
            )
        )
        fresh.done()
        flash(_("The invitation is on its way to %(email)s.", email=sent["email"]), "good")
        return forms.see_other(_here(group_id))

    return forms.answer(done, lambda values, errors: _invitations_page(group_id, values, errors))


def _preselected() -> str:
    """Return the role that a link of ours names. No address makes anybody an admin by inattention."""
    role = forms.wanted_text("role")
    return "" if role == Role.ADMIN else role


def _invitations_page(group_id: UUID, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        group = incoming.place_for(session, me, group_id)
        lines = incoming.invitations_in(session, group_id)
        shell.load(session, me)
    names = words.role_names()
    roles = policy.roles_to_give(me, group.path)
    chosen = {} if values else fresh.chosen(_here(group_id))
    return render_template(
        "academy/accounts/invitations.html",
        group=group,
        group_id=group_id,
        place=words.place_for(me, group.path, group_id),
        waiting=[line for line in lines if not line.accepted_by],
        accepted=[line for line in lines if line.accepted_by],
        roles=roles,
        ask_first=not fresh.proved() and bool(POWERFUL & set(roles)),
        role_options=[(role, names[role]) for role in roles],
        role_names=names,
        values=values or chosen or {"role": _preselected()},
        go_on=bool(chosen),
        errors=errors,
        page=_entry(group.path),
    )


def _entry(path: Path) -> str:
    """Return the entry of the navigation that a group's pages belong to."""
    return "cohorts" if kind_of(path) == GroupKind.COHORT else "people"


@blueprint.post("/invitations/<id:invitation_id>/resend")
@guard("cohorts:enroll")
def resend(invitation_id: UUID) -> ResponseReturnValue:
    """Mail an invitation again, with a new link."""
    me = viewer()
    with kernel().reading() as session:
        found = incoming.invitation_for(session, me, invitation_id)
    doors.count_letter_of(me.person_id, found.address)
    kernel().commit(lambda session: invitations.resend(session, viewer=me, invitation_id=invitation_id))
    flash(_("The invitation is on its way again. The link in the letter before is worth nothing now."), "good")
    return forms.see_other(f"/groups/{encode(found.group_id)}/invitations")


@blueprint.post("/invitations/<id:invitation_id>/withdraw")
@guard("cohorts:enroll")
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    me = viewer()
    with kernel().reading() as session:
        found = incoming.invitation_for(session, me, invitation_id)
    kernel().commit(lambda session: invitations.withdraw(session, viewer=me, invitation_id=invitation_id))
    flash(_("The invitation is taken back, and its link is worth nothing."), "good")
    return forms.see_other(f"/groups/{encode(found.group_id)}/invitations")


@blueprint.get("/groups/<id:group_id>/links")
@guard("cohorts:enroll")
def links(group_id: UUID) -> ResponseReturnValue:
    """List the links by which people join a group, and show the form for one more."""
    return _links_page(group_id, {}, {})


@blueprint.post("/groups/<id:group_id>/links")
@guard("cohorts:enroll")
def make_link(group_id: UUID) -> ResponseReturnValue:
    """Make a link by which people join a group."""
    me = viewer()

    def done() -> ResponseReturnValue:
        with kernel().reading() as session:
            incoming.place_for(session, me, group_id)
        sent = forms.read(JoinLinkIn)
        token = new_token()
        kernel().commit(
            lambda session: joining.make_link(
                session, viewer=me, group_id=group_id, token=token, days=sent["days"], seats=sent["seats"]
            )
        )
        flash(_("The link is there. Hand it to those it is for."), "good")
        return forms.see_other(f"/groups/{encode(group_id)}/links")

    return forms.answer(done, lambda values, errors: _links_page(group_id, values, errors))


def _links_page(group_id: UUID, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        group = incoming.place_for(session, me, group_id)
        lines = incoming.links_in(session, group_id)
        shell.load(session, me)
    return render_template(
        "academy/accounts/links.html",
        group=group,
        group_id=group_id,
        place=words.place_for(me, group.path, group_id),
        lines=lines,
        address=kernel().settings.base_url + "/join/",
        joins_as=words.role_names()[JOINS_AS[kind_of(group.path)]],
        values=values or {"days": JOIN_DAYS},
        errors=errors,
        page=_entry(group.path),
    )


@blueprint.post("/links/<id:link_id>/end")
@guard("cohorts:enroll")
def end_link(link_id: UUID) -> ResponseReturnValue:
    """End a link for everybody who has it."""
    me = viewer()
    group_id = kernel().commit(lambda session: joining.end_join_link(session, viewer=me, join_link_id=link_id))
    flash(_("The link opens nothing any more. Who came by it stays."), "good")
    return forms.see_other(f"/groups/{encode(group_id)}/links")
