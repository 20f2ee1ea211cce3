"""Passkeys: made and used by a device of one's own, each answer once, in the browser that was asked, at our address."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.factors import actions
from academy.factors.engine import passkeys
from academy.factors.engine.passkeys import Known, Made, Party
from academy.factors.models import Challenge, Passkey, RecoveryCode
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.notices.models import Notice
from academy.people import actions as people_actions
from tests.academy.factors.conftest import first_step, hashed
from tests.factories import factors, people
from tests.factories.factors import Device

pytestmark = pytest.mark.usefixtures("named")
PARTY = Party("academy.example.org", factors.ORIGIN, "Fernhill")


def add(client: FlaskClient, device: Device, name: str = "My phone") -> object:
    asked = client.post("/me/security/passkeys/options").text
    return client.post("/me/security/passkeys", data={"name": name, "credential": device.make(asked)})


def enter(client: FlaskClient, device: Device, **more: str):
    asked = client.post("/sign-in/passkey/options").text
    return client.post("/sign-in/passkey", data={"credential": device.sign(asked), **more})


def signed_in(client: FlaskClient) -> bool:
    return client.get("/me").status_code == 200


@pytest.fixture
def mine(fresh_client: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return fresh_client(ana)


@pytest.fixture
def phone(mine: FlaskClient) -> Device:
    """Ana's phone, with her passkey on it."""
    device = Device()
    assert add(mine, device).status_code == 200
    return device


def test_a_passkey_is_added_named_and_listed_with_ten_recovery_codes(
    mine: FlaskClient, phone: Device, kernel: Kernel, ana: UUID
) -> None:
    page = mine.get("/me/security").text
    assert "My phone" in page
    assert "You have 10 codes left" in page
    with kernel.reading() as session:
        row = session.scalars(select(Passkey)).one()
        told = session.scalars(select(Notice.kind).where(Notice.person_id == ana)).all()
    assert (row.person_id, row.credential_id, row.transports) == (ana, phone.id, ["internal", "hybrid"])
    assert told == ["factor_passkey_added"]
    assert add(mine, Device(), "A blue key").status_code == 303  # with codes already, none are shown again


def test_a_passkey_signs_in_alone_and_leads_on(client: FlaskClient, phone: Device) -> None:
    asked = json.loads(client.post("/sign-in/passkey/options").text)
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == (PARTY.id, "required", [])
    answer = enter(client, phone, next="/me/skills")
    assert (answer.status_code, answer.location) == (303, "/me/skills")
    assert signed_in(client)


def test_an_answer_counts_once(client: FlaskClient, phone: Device) -> None:
    sent = {"credential": phone.sign(client.post("/sign-in/passkey/options").text)}
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    assert client.post("/sign-in/passkey", data=sent).location == "/"
    client.post("/sign-out")
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.update(kept)
    assert client.post("/sign-in/passkey", data=sent).location == "/sign-in"
    assert not signed_in(client)
    assert "was not accepted" in client.get("/sign-in").text


def test_an_answer_to_another_browsers_question_is_none(app: Flask, client: FlaskClient, phone: Device) -> None:
    other = app.test_client()
    asked = other.post("/sign-in/passkey/options").text
    client.post("/sign-in/passkey/options")
    client.post("/sign-in/passkey", data={"credential": phone.sign(asked)})
    assert not signed_in(client)


def test_an_answer_that_comes_late_is_none(client: FlaskClient, phone: Device, kernel: Kernel) -> None:
    asked = client.post("/sign-in/passkey/options").text
    with clock.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        client.post("/sign-in/passkey", data={"credential": phone.sign(asked)})
        assert not signed_in(client)
        client.post("/sign-in/passkey/options")
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Challenge)) == 1  # what was late is forgotten


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://academy.example.org.evil.example"},
        {"origin": "http://academy.example.org"},
        {"rp_id": "evil.example"},
        {"flags": 0x01},
        {"flags": 0x04},
        {"credential_id": b"unknown" * 4},
        {"handle": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_what_is_not_this_passkey_here_and_now_is_refused(
    client: FlaskClient, phone: Device, change: dict[str, object]
) -> None:
    for name, value in change.items():
        setattr(phone, name, value)
    assert enter(client, phone).location == "/sign-in"
    assert not signed_in(client)


def test_another_devices_signature_is_refused(client: FlaskClient, phone: Device) -> None:
    thief = Device(credential_id=phone.credential_id, handle=phone.handle, count=50)
    enter(client, thief)
    assert not signed_in(client)


def test_a_counter_that_does_not_grow_is_refused(app: Flask, client: FlaskClient, phone: Device) -> None:
    phone.count = 7
    enter(client, phone)
    assert signed_in(client)
    for count in (7, 6):
        phone.count = count - 1
        other = app.test_client()
        enter(other, phone)
        assert not signed_in(other)


def test_a_device_that_counts_nothing_may_sign_in_again(app: Flask, phone: Device) -> None:
    phone.counts = False
    for _time in range(2):
        client = app.test_client()
        enter(client, phone)
        assert signed_in(client)


def test_a_closed_account_and_a_removed_passkey_let_nobody_in(
    app: Flask, mine: FlaskClient, phone: Device, kernel: Kernel, ana: UUID
) -> None:
    with kernel.reading() as session:
        passkey = session.scalars(select(Passkey.id)).one()
    assert mine.post(f"/me/security/passkeys/{encode(passkey)}/remove").status_code == 303
    client = app.test_client()
    enter(client, phone)
    assert not signed_in(client)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    another = Device()
    add(mine, another)
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    enter(client, another)
    assert not signed_in(client)


def test_a_passkey_is_the_second_step_after_a_password(client: FlaskClient, phone: Device) -> None:
    assert first_step(client, next="/me/skills").location == "/sign-in/second"
    assert "Use your passkey" in client.get("/sign-in/second").text
    asked = client.post("/sign-in/second/options").text
    assert [one["id"] for one in json.loads(asked)["allowCredentials"]] == [phone.id]
    done = client.post("/sign-in/second", data={"credential": phone.sign(asked)})
    assert (done.status_code, done.location) == (303, "/me/skills")
    assert signed_in(client)


def test_anothers_passkey_is_no_second_step(
    client: FlaskClient, phone: Device, fresh_client: Callable[[UUID], FlaskClient], kernel: Kernel
) -> None:
    ben = people.person(kernel, "Ben", password_hash=hashed())
    bens = Device()
    add(fresh_client(ben), bens)
    first_step(client)
    asked = client.post("/sign-in/second/options").text
    assert client.post("/sign-in/second", data={"credential": bens.sign(asked)}).status_code == 422
    assert not signed_in(client)


def test_what_was_signed_for_one_purpose_serves_no_other(client: FlaskClient, phone: Device) -> None:
    first_step(client)
    asked = client.post("/sign-in/second/options").text
    assert client.post("/sign-in/passkey", data={"credential": phone.sign(asked)}).location == "/sign-in"
    assert not signed_in(client)


def test_a_passkey_is_a_proof_of_a_moment_ago(
    client_of: Callable[[UUID], FlaskClient], phone: Device, ana: UUID
) -> None:
    mine = client_of(ana)
    assert mine.post("/me/security/codes").location.startswith("/me/proof")
    asked = mine.post("/me/proof/options").text
    assert mine.post("/me/proof", data={"credential": phone.sign(asked)}).status_code == 303
    assert mine.post("/me/security/codes").status_code == 200


def test_without_a_proof_no_passkey_is_asked_for(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> None:
    mine = client_of(ana)
    assert json.loads(mine.post("/me/security/passkeys/options").text) == {"go": "/me/proof?next=/me/security"}


@pytest.mark.parametrize("change", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": 0x01}])
def test_a_passkey_for_elsewhere_or_without_its_owner_is_not_added(
    mine: FlaskClient, kernel: Kernel, change: dict[str, object]
) -> None:
    answer = add(mine, Device(**change), "Kept name")
    assert answer.status_code == 422
    assert "Kept name" in answer.text
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Passkey)) == 0


def test_one_passkey_is_added_once(mine: FlaskClient, phone: Device) -> None:
    asked = mine.post("/me/security/passkeys/options").text
    assert [one["id"] for one in json.loads(asked)["excludeCredentials"]] == [phone.id]
    sent = {"name": "Again", "credential": phone.make(asked)}
    assert mine.post("/me/security/passkeys", data=sent).status_code == 409


def test_without_scripts_the_page_says_what_passkeys_need(client: FlaskClient, mine: FlaskClient) -> None:
    answer = mine.post("/me/security/passkeys", data={"name": "My phone", "credential": ""})
    assert answer.status_code == 422
    assert "need scripts" in answer.text
    client.post("/sign-in/passkey", data={})
    assert "need scripts" in client.get("/sign-in").text


def test_passkeys_are_renamed_and_removed_by_their_owner_only(
    mine: FlaskClient, phone: Device, fresh_client: Callable[[UUID], FlaskClient], kernel: Kernel
) -> None:
    with kernel.reading() as session:
        passkey = encode(session.scalars(select(Passkey.id)).one())
    ben = fresh_client(people.person(kernel, "Ben", password_hash=hashed()))
    for verb in ("name", "remove"):
        assert ben.post(f"/me/security/passkeys/{passkey}/{verb}", data={"name": "Taken"}).status_code == 404
    assert mine.post(f"/me/security/passkeys/{passkey}/name", data={"name": " Old phone "}).status_code == 303
    assert "Old phone" in mine.get("/me/security").text
    assert mine.post(f"/me/security/passkeys/{passkey}/name", data={"name": ""}).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_one_signature_used_twice_at_once_is_used_once(
    kernel: Kernel, ana: UUID, race: Callable[..., list[object]]
) -> None:
    owner = people.viewer(kernel, ana)
    made = Made("abc", "def", 3, ())
    kernel.commit(lambda s: actions.add_passkey(s, viewer=owner, name="Key", made=made, code_hashes=["x"]))
    with kernel.reading() as session:
        passkey = session.scalars(select(Passkey.id)).one()
    used = race([lambda: kernel.commit(lambda s: actions.use_passkey(s, passkey_id=passkey, before=3, count=4))] * 6)
    assert sorted(used) == [False] * 5 + [True]
    asked = kernel.commit(lambda s: actions.ask(s, purpose="enter", person_id=None, challenge="c"))
    taken = race(
        [lambda: kernel.commit(lambda s: actions.take(s, challenge_id=asked, purpose="enter", person_id=None))] * 6
    )
    assert sorted(taken, key=str) == [None] * 5 + ["c"]


def test_on_an_address_without_a_name_there_are_no_passkeys_and_the_page_says_why(
    mine: FlaskClient, client: FlaskClient, kernel: Kernel
) -> None:
    object.__setattr__(kernel.settings, "base_url", "http://127.0.0.1:8000")
    assert "Passkeys need an address with a name" in mine.get("/me/security").text
    assert "Sign in with a passkey" not in client.get("/sign-in").text
    assert "said" in json.loads(client.post("/sign-in/passkey/options").text)


@pytest.mark.parametrize(
    ("base_url", "party"),
    [
        ("https://academy.example.org", ("academy.example.org", "https://academy.example.org")),
        ("https://academy.example.org:443/", ("academy.example.org", "https://academy.example.org")),
        ("https://Academy.Example.org:8443", ("academy.example.org", "https://academy.example.org:8443")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("http://academy.example.org", None),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.7", None),
        ("https://[::1]:8000", None),
    ],
)
def test_passkeys_are_for_a_name_reached_safely(base_url: str, party: tuple[str, str] | None) -> None:
    found = passkeys.party_of(base_url, "Fernhill")
    assert (found and (found.id, found.origin)) == party


KNOWN = Known(new_id(), new_id(), "AAAA", "AAAA", 0)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.binary(max_size=40).map(passkeys.bytes_to_base64url),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports")


@given(
    st.fixed_dictionaries(
        {"id": JSON, "rawId": JSON, "type": JSON, "response": st.fixed_dictionaries(dict.fromkeys(FIELDS, JSON))}
    )
)
def test_no_answer_however_odd_breaks_anything_or_is_taken(answer: dict[str, object]) -> None:
    read = passkeys.read(json.dumps(answer))
    if read is not None:
        assert passkeys.made(PARTY, "AAAA", read) is None
        assert passkeys.signed(PARTY, "AAAA", read, KNOWN) is None
        passkeys.handle_of(read)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"id":"a"}', '{"id":"a","response":1}', "9" * 30_000, "[" * 9000]
)
def test_what_is_no_answer_is_none(text: str) -> None:
    assert passkeys.read(text) is None
