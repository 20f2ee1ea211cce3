"""Pages of coming in: by a group's link, by an invitation, and by the letter that proves a new address.

Opening a link changes nothing: machines open links too. Pressing the button does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.actions import joining
from academy.accounts.actions.joining import NewAccount
from academy.accounts.engine import SHORTEST
from academy.accounts.models import LinkKind
from academy.accounts.pages import doors, words
from academy.accounts.queries import incoming
from academy.accounts.queries.incoming import Entrance
from academy.accounts.schemas import AccountIn, AddressIn, strong
from academy.kernel import offload
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.people import queries as people
from academy.people.engine import hash_password, zone_options
from academy.people.pages import entering
from academy.web import forms, shell
from academy.web.guards import public
from academy.web.signed_in import viewer_or_none

blueprint = Blueprint("joining", __name__)
doors.keep_addresses_secret(blueprint)

PATHS = {LinkKind.INVITATION: "/invited/", LinkKind.SIGN_UP: "/welcome/"}


def _over() -> ResponseReturnValue:
    return doors.over((_("Back to home"), "/") if viewer_or_none() else (_("Sign in"), "/sign-in"))


@blueprint.get("/join/<token>")
@public
def join(token: str) -> ResponseReturnValue:
    """Show where a group's link leads."""
    try:
        return _join_page(token, {}, {})
    except Missing:
        return _over()


@blueprint.post("/join/<token>")
@public
def send_join(token: str) -> ResponseReturnValue:
    """Join with the account one has; who is not signed in gets a letter that proves their address first."""
    me = viewer_or_none()

    def done() -> ResponseReturnValue:
        with doors.token(), kernel().reading() as session:
            door = incoming.door_of(session, token)
        if me is None:
            sent = forms.read(AddressIn)
            doors.count_letter(sent["email"])
            kernel().commit(lambda session: joining.ask_to_join(session, token=token, address=sent["email"]))
            return forms.see_other("/mail-sent")
        rules = words.rules()
        kernel().commit(lambda session: joining.join_by_link(session, viewer=me, token=token, rules=rules))
        return forms.see_other(_inside(door, me.person_id))

    try:
        return forms.answer(done, lambda values, errors: _join_page(token, values, errors))
    except Missing:
        return _over()


def _join_page(token: str, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer_or_none()
    with doors.token(), kernel().reading() as session:
        door = incoming.door_of(session, token)
        shell.load(session, me)
    return render_template(
        "academy/accounts/join.html",
        door=door,
        token=token,
        here=me is not None and door.role in me.roles.get(door.group_id, ()),
        place=words.place_of(door.kind, door.group_id, "/"),
        values=values,
        errors=errors,
        page="",
    )


def _inside(door: Entrance, person_id: UUID) -> str:
    """Say what came of it, and return where to go on: a group with rules of its own may have kept a place in line."""
    with kernel().reading() as session:
        inside = door.role in people.roles_of(session, person_id).get(door.group_id, ())
    if inside:
        flash(_("You are in %(group)s now.", group=door.group))
    else:
        flash(_("Every seat in %(group)s is taken for now. You have a place on its waitlist.", group=door.group))
    return words.place_of(door.kind, door.group_id, "/")


@blueprint.get("/invited/<token>")
@public
def invited(token: str) -> ResponseReturnValue:
    """Show an invitation."""
    return _show(LinkKind.INVITATION, token)


@blueprint.post("/invited/<token>")
@public
def send_invited(token: str) -> ResponseReturnValue:
    """Accept an invitation, with the account one has or a new one."""
    return _accept(LinkKind.INVITATION, token)


@blueprint.get("/welcome/<token>")
@public
def welcome(token: str) -> ResponseReturnValue:
    """Show the form of a new account, to somebody whose address this link has proved."""
    return _show(LinkKind.SIGN_UP, token)


@blueprint.post("/welcome/<token>")
@public
def send_welcome(token: str) -> ResponseReturnValue:
    """Make the account and join the group of the link that it began with."""
    return _accept(LinkKind.SIGN_UP, token)


def _show(kind: LinkKind, token: str) -> ResponseReturnValue:
    try:
        return _enter_page(kind, token, {}, {})
    except Missing:
        return _over()


def _accept(kind: LinkKind, token: str) -> ResponseReturnValue:
    me = viewer_or_none()

    def done() -> ResponseReturnValue:
        with doors.token(), kernel().reading() as session:
            door = incoming.entrance_of(session, kind, token)
        account = None
        if me is None and door.owner_id is None:
            sent = forms.read(AccountIn)
            strong(sent["password"], own=(sent["name"], door.address))
            hashed = offload.run(hash_password, sent["password"])
            account = NewAccount(name=sent["name"].strip(), zone=sent["zone"], password_hash=hashed)
        rules = words.rules()
        person_id = kernel().commit(
            lambda session: joining.accept(session, kind=kind, token=token, viewer=me, account=account, rules=rules)
        )
        if me is not None:
            return forms.see_other(_inside(door, person_id))
        # An account made just now, by whoever proved its address: nothing more could be asked of them.
        answer = entering.enter(person_id, words.place_of(door.kind, door.group_id, "/"))
        _inside(door, person_id)  # said in the cookie of the new sign-in: the one before is gone
        return answer

    try:
        return forms.answer(done, lambda values, errors: _enter_page(kind, token, values, errors))
    except Missing:
        return _over()


def _enter_page(kind: LinkKind, token: str, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer_or_none()
    with doors.token(), kernel().reading() as session:
        door = incoming.entrance_of(session, kind, token)
        shell.load(session, me)
    return render_template(
        "academy/accounts/enter.html",
        door=door,
        action=PATHS[kind] + token,
        role=words.role_names().get(door.role, ""),
        theirs=door.owner_id is not None and (me is None or me.person_id != door.owner_id),
        values=values or {"name": door.name, "zone": door.zone},
        zones=zone_options() if me is None and door.owner_id is None else [],
        shortest=SHORTEST,
        errors=errors,
        page="",
    )
