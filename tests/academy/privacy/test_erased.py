"""What stays shut after somebody was erased, and where an admin finds the way to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.actions import addresses, links
from academy.accounts.models import LinkKind
from academy.kernel import clock, mail
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.engine import new_token, token_hash
from academy.people.models import GroupKind, Person, Role
from academy.privacy import actions
from academy.privacy.queries import PersonData
from tests.factories import people

Client = Callable[[UUID], FlaskClient]


def erase(kernel: Kernel, person_id: UUID) -> None:
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=person_id, actor_id=person_id))
    with clock.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert kernel.commit(lambda s: actions.erase(s, person_id=person_id, parts=kernel.slots(PersonData)))


@pytest.fixture
def admin(kernel: Kernel, client_of: Client) -> FlaskClient:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    return client_of(people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN))


def test_an_erased_account_is_not_opened_again(kernel: Kernel, admin: FlaskClient) -> None:
    ana = people.person(kernel, "Ana", email="ana@example.org")
    here = f"/admin/people/{encode(ana)}"
    assert admin.post(f"{here}/close").status_code == 303
    assert f"{here}/reopen" in admin.get(here).text
    erase(kernel, ana)
    page = admin.get(here).text
    assert "was erased" in page
    for address in ("/reopen", "/close", "/erase"):
        assert f"{encode(ana)}{address}" not in page
    refused = admin.post(f"{here}/reopen")
    assert (refused.status_code, "was erased" in refused.text) == (409, True)
    with kernel.reading() as session:
        assert session.scalars(select(Person.deactivated_at).where(Person.id == ana)).one() is not None


def test_the_page_of_a_person_leads_to_erasing_and_says_when_it_is_due(kernel: Kernel, admin: FlaskClient) -> None:
    ana = people.person(kernel, "Ana")
    here, there = f"/admin/people/{encode(ana)}", f"/people/{encode(ana)}/erase"
    page = admin.get(here).text
    assert f'href="{there}"' in page
    assert "Erase their data" in page
    assert admin.get(there).status_code == 200
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=ana, actor_id=ana))
    page = admin.get(here).text
    assert "will be erased on" in page
    assert "Take the erasure back" in page
    own = encode(people.person(kernel, "Nobody's own"))
    assert f"/people/{own}/erase" not in page


def test_the_mail_log_forgets_every_address_that_was_theirs(kernel: Kernel) -> None:
    ana, ben = (
        people.person(kernel, "Ana", email="Ana@Example.org"),
        people.person(kernel, "Ben", email="b@example.org"),
    )
    token = new_token()
    kernel.commit(
        lambda s: links.open_link(
            s, kind=LinkKind.ADDRESS, hashed=token_hash(token), person_id=ana, address="ana.new@example.org"
        )
    )
    kernel.commit(lambda s: addresses.prove_address(s, token=token, person_id=ana))
    kernel.runner.run_due()  # the old address is told, with the way back
    for number, address in enumerate(("ana@example.org", "ANA.new@example.org", "b@example.org")):
        sent = mail.Letter(to_name="", to_address=address, subject="Hello", text="Hello", about=f"letter {number}")
        kernel.commit(lambda s, sent=sent: mail.note(s, sent, ana))

    def known() -> set[str]:
        digests = {mail.digest_of(a): a for a in ("ana@example.org", "ana.new@example.org", "b@example.org")}
        with kernel.reading() as session:
            return {digests[digest] for digest in session.scalars(select(mail.SentMail.digest))}

    assert known() == {"ana@example.org", "ana.new@example.org", "b@example.org"}
    erase(kernel, ana)
    assert known() == {"b@example.org"}
    with kernel.reading() as session:
        assert session.scalars(select(Person.email).where(Person.id == ben)).one() == "b@example.org"
