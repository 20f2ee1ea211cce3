"""What the link of an invitation does, for whom and how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Invitation, MailedLink
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions
from academy.people.models import Role
from tests.academy.accounts.conftest import ACCOUNT, HASH, Outbox, Street, enter, link_in, mailed, roles, send
from tests.academy.accounts.test_reset import over
from tests.factories import people


def test_an_invitation_makes_an_account_with_its_role_and_is_forgotten(
    app: Flask, client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    invitation_id = send(kernel, street)
    letter = outbox.take()["ina@example.org"]
    assert letter["Subject"] == "Lead invites you to North Academy"
    assert "Hello Ina," in letter.get_content()
    assert "because Lead wrote down this address" in letter.get_content()
    path = link_in(letter)
    page = client.get(path).text
    assert 'value="Ina"' in page
    assert '<option value="Europe/Berlin" selected>' in page
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["note"] = "a token that somebody else knows", "planted"
    answer = client.post(path, data=ACCOUNT)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Ina New" in client.get("/me").text
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "a token that somebody else knows"
        assert "note" not in cookie
    assert roles(kernel, "ina@example.org") == {street.academy: frozenset({"member"})}
    assert enter(app.test_client(), "ina@example.org", ACCOUNT["password"]).status_code == 303
    assert over(app.test_client().post(path, data=ACCOUNT))
    with kernel.reading() as session:
        row = session.get_one(Invitation, invitation_id)
        assert (row.address, row.address_key, row.name) == ("", "", "")
        assert row.accepted_by_id is not None


def test_mistakes_are_said_kept_and_use_nothing_up(client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox):
    send(kernel, street)
    path = mailed(outbox)
    for wrong in (
        {"password": "short"},
        {"password": "ina@example.org"},
        {"zone": "Mars/Olympus"},
        {"name": " "},
        {"name": "a\nb"},
    ):
        answer = client.post(path, data={**ACCOUNT, "name": "Ina Kept", **wrong})
        assert answer.status_code == 422, wrong
        assert "name" in wrong or 'value="Ina Kept"' in answer.text
        assert ACCOUNT["password"] not in answer.text
    assert client.post(path, data={}).status_code == 422
    assert client.post(path, data=ACCOUNT).status_code == 303


def test_who_has_an_account_joins_with_it_and_only_signed_in(
    app: Flask, client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    people.person(kernel, "Ina Silva", email="Ina@Example.org", password_hash=HASH)
    people.person(kernel, "Ben", email="ben@example.org", password_hash=HASH)
    send(kernel, street)
    path = mailed(outbox)
    assert f"/sign-in?next={path}" in client.get(path).text
    assert 'name="password"' not in client.get(path).text
    assert client.post(path, data=ACCOUNT).status_code == 403
    ben = app.test_client()
    enter(ben, "ben@example.org")
    assert "Sign out, then open the link again." in ben.get(path).text
    assert ben.post(path).status_code == 403
    enter(client, "ina@example.org")
    assert client.post(path).location == "/"
    assert roles(kernel, "ina@example.org") == {street.academy: frozenset({"member"})}
    assert roles(kernel, "ben@example.org") == {}


def test_who_is_signed_in_may_take_it_up_with_the_account_they_have(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    send(kernel, street)
    path = mailed(outbox)
    other = client_of(people.person(kernel, "Ina at work", email="ina.work@example.org"))
    assert "Join as Ina at work" in other.get(path).text
    assert other.post(path).location == "/"
    assert roles(kernel, "ina.work@example.org") == {street.academy: frozenset({"member"})}


def test_an_invitation_to_a_closed_account_leads_nowhere(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    gone = people.person(kernel, "Gone", email="ina@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    send(kernel, street)
    path = mailed(outbox)
    assert over(client.get(path))
    assert over(client.post(path, data=ACCOUNT))


def test_sent_again_supersedes_taken_back_ends_and_two_weeks_do_too(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    invitation_id = send(kernel, street)
    first = mailed(outbox)
    lead = client_of(street.who["lead"])
    assert lead.post(f"/invitations/{encode(invitation_id)}/resend").status_code == 303
    second = mailed(outbox)
    assert over(client.get(first))
    assert over(client.post(first, data=ACCOUNT))
    with clock.travel(clock.now() + timedelta(days=14, seconds=1)):
        assert over(client.post(second, data=ACCOUNT))
    assert client.get(second).status_code == 200
    assert lead.post(f"/invitations/{encode(invitation_id)}/withdraw").status_code == 303
    assert over(client.get(second))
    assert over(client.post(second, data=ACCOUNT))
    assert lead.post(f"/invitations/{encode(invitation_id)}/resend").status_code == 409
    with kernel.reading() as session:
        assert session.get_one(Invitation, invitation_id).address == ""
        assert (
            set(
                session.scalars(
                    select(MailedLink.address).where(MailedLink.used_at.is_(None), MailedLink.ended_at.is_(None))
                )
            )
            == set()
        )


def test_an_invitation_is_worth_what_its_sender_is_worth_when_it_is_taken_up(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    invitation_id = send(kernel, street)
    path = mailed(outbox)
    lead = street.who["lead"]
    kernel.commit(lambda s: actions.leave(s, group_id=street.academy, person_id=lead, role=Role.LEAD, actor_id=None))
    assert over(client.get(path))
    assert client.post(path, data=ACCOUNT).status_code == 404
    assert roles(kernel, "ina@example.org") == {}
    assert client_of(street.who["admin"]).post(f"/invitations/{encode(invitation_id)}/resend").status_code == 303
    assert client.post(mailed(outbox), data=ACCOUNT).status_code == 303


def test_a_lead_invited_by_an_admin_leads_and_every_admin_learns_who_came(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    send(kernel, street, "admin", "academy", Role.LEAD)
    assert client.post(mailed(outbox), data=ACCOUNT).status_code == 303
    assert roles(kernel, "ina@example.org") == {street.academy: frozenset({"lead"})}
    assert "Ina New was appointed to lead North Academy" in client_of(street.who["admin"]).get("/notices").text
    assert "was appointed" not in client_of(street.who["lead"]).get("/notices").text


def test_nobody_makes_themselves_a_lead_by_an_invitation(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    admin = client_of(street.who["admin"])
    send(kernel, street, "admin", "academy", Role.LEAD)  # to a second mailbox of theirs
    answer = admin.post(mailed(outbox))
    assert answer.status_code == 409
    assert "appoint yourself" in answer.text
    send(kernel, street, "admin", "academy", Role.LEAD, address="admin@example.org")  # and to their own
    assert over(admin.post(mailed(outbox, "admin@example.org")))
    assert Role.LEAD not in roles(kernel, "admin@example.org").get(street.academy, frozenset())


def test_a_lead_invited_by_an_admin_who_is_one_no_more_does_not_lead(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    people.member(kernel, street.organization, people.person(kernel, "Second"), Role.ADMIN)
    send(kernel, street, "admin", "academy", Role.LEAD)
    path, gone = mailed(outbox), street.who["admin"]
    kernel.commit(
        lambda s: actions.leave(s, group_id=street.organization, person_id=gone, role=Role.ADMIN, actor_id=None)
    )
    assert client.post(path, data=ACCOUNT).status_code == 404
    assert roles(kernel, "ina@example.org") == {}


def test_an_invitation_that_nobody_takes_up_is_forgotten_in_the_end(kernel: Kernel, street: Street, outbox: Outbox):
    invitation_id = send(kernel, street)
    outbox.take()
    with clock.travel(clock.now() + timedelta(days=75)):
        outbox.take()
    with kernel.reading() as session:
        assert session.get_one(Invitation, invitation_id).address == ""
        assert session.scalars(select(MailedLink)).all() == []
