"""Invitations: who may give what, to whom, and what their link does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from academy.accounts.actions import invitations
from academy.accounts.models import Invitation, MailedLink
from academy.kernel import clock
from academy.kernel.access import Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.people import actions, queries
from academy.people.models import GroupKind, Person, Role
from tests.academy.accounts.conftest import HASH, Outbox, enter, link_in
from tests.academy.accounts.test_reset import over, statements
from tests.conftest import proved
from tests.databases import built_once
from tests.factories import people

ACCOUNT = {"name": "Ina New", "password": "tea with three sugars", "zone": "Europe/Berlin"}


@dataclass
class Street:
    organization: UUID
    academy: UUID
    cohort: UUID
    pair: UUID
    who: dict[str, UUID]


@pytest.fixture
def street(kernel: Kernel) -> Street:
    return built_once(kernel, _street)


def _street(kernel: Kernel) -> Street:
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", organization)
    # No rule of cohorts is asked here: this one is a group alone.
    cohort = people.group(kernel, GroupKind.COHORT, "Cohort Kestrel", academy)
    pair = people.group(kernel, GroupKind.PAIR, "A pair", academy)
    who = {}
    for name, group, role in (
        ("admin", organization, Role.ADMIN),
        ("lead", academy, Role.LEAD),
        ("facilitator", cohort, Role.FACILITATOR),
        ("mentor", cohort, Role.MENTOR),
        ("learner", cohort, Role.LEARNER),
    ):
        who[name] = people.person(kernel, name.title(), email=f"{name}@example.org", zone="Europe/Berlin")
        people.member(kernel, group, who[name], role)
    who["outsider"] = people.person(kernel, "Outsider")
    return Street(organization, academy, cohort, pair, who)


def send(
    kernel: Kernel, street: Street, by: str = "lead", group: str = "academy", role: str = Role.MEMBER, **more: str
) -> UUID:
    viewer = people.viewer(kernel, street.who[by])
    about = {"address": "ina@example.org", "name": "Ina", **more}
    return kernel.commit(
        lambda s: invitations.invite(s, viewer=viewer, group_id=getattr(street, group), role=role, **about)
    ).id


def mailed(outbox: Outbox, address: str = "ina@example.org") -> str:
    return link_in(outbox.take()[address])


def roles(kernel: Kernel, address: str) -> dict[UUID, frozenset[str]]:
    with kernel.reading() as session:
        person = session.scalar(select(Person.id).where(Person.email_key == address))
        return queries.roles_of(session, person) if person else {}


# Written by hand: who may invite whom as what. "-" is refused, "." is hidden or not offered here.
GIVEN = """
                            admin lead facilitator mentor learner outsider
organization member         ok    .    .           .      .       .
organization analyst        ok    .    .           .      .       .
organization admin          ok    .    .           .      .       .
academy      member         ok    ok   .           .      .       .
academy      lead           ok    ok   .           .      .       .
academy      admin          ok    -    .           .      .       .
cohort       learner        ok    ok   ok          -      -       .
cohort       mentor         ok    ok   ok          -      -       .
cohort       facilitator    -     ok   ok          -      -       .
pair         learner        .     .    .           .      .       .
"""


def cells() -> list[tuple[str, str, str, str]]:
    head, *rows = GIVEN.strip("\n").splitlines()
    return [
        (group, role, who, cell)
        for group, role, *found in (row.split() for row in rows)
        for who, cell in zip(head.split(), found, strict=True)
    ]


@pytest.mark.parametrize(("group", "role", "who", "cell"), cells(), ids="-".join)
def test_nobody_gives_a_right_that_they_lack(
    kernel: Kernel, street: Street, group: str, role: str, who: str, cell: str
):
    try:
        send(kernel, street, who, group, role)
        met = "ok"
    except Refused:
        met = "-"
    except Missing:
        met = "."
    assert met == cell


@pytest.mark.parametrize(
    ("group", "role"),
    [("cohort", "lead"), ("cohort", "admin"), ("academy", "learner"), ("academy", ""), ("organization", "owner")],
)
def test_a_role_that_nobody_is_invited_in_there_is_no_role(kernel: Kernel, street: Street, group: str, role: str):
    with pytest.raises(Invalid):
        send(kernel, street, "lead" if group != "organization" else "admin", group, role)


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


def test_known_and_unknown_addresses_are_invited_alike_in_words_and_work(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    people.person(kernel, "Ina", email="known@example.org")
    gone = people.person(kernel, "Gone", email="closed@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    lead = client_of(street.who["lead"])
    met = []
    for address in ("known@example.org", "unknown@example.org", "closed@example.org"):
        with statements(kernel) as asked:
            answer = lead.post(
                f"/groups/{encode(street.academy)}/invitations",
                data={"name": "Ina", "email": address, "role": "member"},
            )
        page = lead.get(f"/groups/{encode(street.academy)}/invitations").text
        met.append((answer.status_code, answer.location, asked, page.count("Send again"), address in page))
    assert [m[:3] for m in met] == [met[0][:3]] * 3
    assert [m[3:] for m in met] == [(1, True), (2, True), (3, True)]


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


def test_the_same_address_again_is_the_same_invitation_with_the_words_of_now(
    kernel: Kernel, street: Street, outbox: Outbox
):
    assert send(kernel, street) == send(kernel, street, address="INA@example.org", name="Ina Two")
    assert "Hello Ina Two," in outbox.take_all()["ina@example.org"][-1].get_content()


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


def test_what_a_stranger_may_not_know_of_is_hidden_and_what_one_may_not_do_refused(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    plain = send(kernel, street, "lead", "cohort", Role.LEARNER)
    high = send(kernel, street, "lead", "academy", Role.LEAD, address="high@example.org")
    for who, invitation, status in (
        ("learner", plain, 403),
        ("outsider", plain, 404),
        ("facilitator", high, 404),
        ("mentor", high, 404),
        ("outsider", new_id(), 404),
    ):
        client = client_of(street.who[who])
        for verb in ("resend", "withdraw"):
            assert client.post(f"/invitations/{encode(invitation)}/{verb}").status_code == status, (who, verb)


def test_a_lead_invited_by_an_admin_leads_and_every_admin_learns_who_came(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    send(kernel, street, "admin", "academy", Role.LEAD)
    assert client.post(mailed(outbox), data=ACCOUNT).status_code == 303
    assert roles(kernel, "ina@example.org") == {street.academy: frozenset({"lead"})}
    assert "Ina New was appointed to lead North Academy" in client_of(street.who["admin"]).get("/notices").text
    assert "was appointed" not in client_of(street.who["lead"]).get("/notices").text


def test_an_open_screen_invites_nobody_to_lead_and_keeps_what_was_written(
    client_of: Callable[[UUID], FlaskClient], street: Street, outbox: Outbox
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    wish = {"name": "Ina Kept", "email": "ina@example.org", "role": "lead"}
    asked = admin.post(here, data=wish)
    assert (asked.status_code, asked.location) == (303, f"/me/proof?next={here}")
    assert outbox.take() == {}
    page = proved(admin).get(here).text
    assert "What you wrote is here." in page
    assert 'value="Ina Kept"' in page
    assert 'value="ina@example.org"' in page
    assert '<option value="lead" selected>' in page
    assert "What you wrote is here." not in admin.get(f"/groups/{encode(street.cohort)}/invitations").text
    assert admin.post(here, data=wish).location == here
    assert set(outbox.take()) == {"ina@example.org"}
    assert "What you wrote is here." not in admin.get(here).text


def test_somebody_is_invited_to_learn_without_a_proof(
    client_of: Callable[[UUID], FlaskClient], street: Street, outbox: Outbox
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    wish = {"name": "Ina Kept", "email": "ina@example.org", "role": "member"}
    assert admin.post(here, data=wish).location == here
    assert set(outbox.take()) == {"ina@example.org"}


def test_a_strangers_address_writes_no_invitation_and_makes_nobody_an_admin(
    client_of: Callable[[UUID], FlaskClient], street: Street
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    page = admin.get(f"{here}?role=admin&name=Eve&email=eve@example.org").text
    assert "What you wrote is here." not in page
    assert "Eve" not in page
    assert "eve@example.org" not in page
    assert "selected" not in page
    assert '<option value="lead" selected>' in admin.get(f"{here}?role=lead").text


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


def test_pages_of_administration_lead_to_invitations_and_links_and_those_lead_back(
    client_of: Callable[[UUID], FlaskClient], street: Street
):
    admin, lead = client_of(street.who["admin"]), client_of(street.who["lead"])
    for group, place in (
        (street.organization, "/admin/people"),
        (street.academy, f"/admin/academies/{encode(street.academy)}"),
    ):
        page = admin.get(place).text
        for kind in ("invitations", "links"):
            address = f"/groups/{encode(group)}/{kind}"
            assert f'href="{address}"' in page
            assert f'href="{place}"' in admin.get(address).text
    assert '<option value="lead" selected>' in admin.get(f"/groups/{encode(street.academy)}/invitations?role=lead").text
    here = f"/groups/{encode(street.academy)}/invitations"
    assert f'href="{here}"' in lead.get("/people").text
    assert "/admin/" not in lead.get(here).text
    assert "/invitations" not in client_of(street.who["learner"]).get("/people").text


def test_names_and_addresses_inject_no_header(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    lead = client_of(street.who["lead"])

    def ask(**more: str) -> TestResponse:
        sent = {"name": "Ina", "email": "ina@example.org", "role": "member", **more}
        return lead.post(f"/groups/{encode(street.academy)}/invitations", data=sent)

    for bad in (
        "ina@example.org\r\nBcc: eve@example.org",
        "ina@example.org\nSubject: x",
        "ina@exa mple.org",
        "a@b@c.org",
    ):
        assert ask(email=bad).status_code == 422
    assert ask(name="Ina\r\nBcc: eve@example.org").status_code == 422
    # A name that came in another way (by file, by hand) passes no such form.
    send(kernel, street, address="ivo@example.org", name='Ivo", <eve@example.org>, "x\r\nBcc: eve@example.org')
    [letter] = outbox.take().values()
    assert [a.addr_spec for a in letter["To"].addresses] == ["ivo@example.org"]
    assert letter["Bcc"] is None


def test_a_person_who_invites_without_end_has_to_wait(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    lead = client_of(street.who["lead"])
    url = f"/groups/{encode(street.academy)}/invitations"
    codes = [
        lead.post(url, data={"name": "Ina", "email": "ina@example.org", "role": "member"}).status_code for _ in range(6)
    ]
    assert codes == [303] * 5 + [429]


def test_an_invitation_that_nobody_takes_up_is_forgotten_in_the_end(kernel: Kernel, street: Street, outbox: Outbox):
    invitation_id = send(kernel, street)
    outbox.take()
    with clock.travel(clock.now() + timedelta(days=75)):
        outbox.take()
    with kernel.reading() as session:
        assert session.get_one(Invitation, invitation_id).address == ""
        assert session.scalars(select(MailedLink)).all() == []
