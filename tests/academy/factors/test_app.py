"""An authenticator app: set up with a picture, counted once confirmed, asked for at sign-in, each code once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.factors import actions
from academy.factors.cli import reseal_all
from academy.factors.engine import codes
from academy.factors.models import AppFactor, RecoveryCode
from academy.kernel import clock
from academy.kernel.access import Conflict, Refused
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.kernel.vault import Vault
from academy.notices.models import Notice
from tests.academy.factors.conftest import PASSWORD, first_step
from tests.factories import factors, people

SECRET = re.compile(r"<code tabindex=\"0\">([A-Z2-7 ]+)</code>")
CODE = re.compile(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}")


def secret_on(page: str) -> str:
    found = SECRET.search(page)
    assert found is not None
    return found[1].replace(" ", "")


def kinds(kernel: Kernel, person_id: UUID) -> list[str]:
    with kernel.reading() as session:
        return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


def test_an_app_is_set_up_confirmed_and_shows_ten_codes_once(
    fresh_client: Callable[[UUID], FlaskClient], ana: UUID, kernel: Kernel
) -> None:
    mine = fresh_client(ana)
    assert mine.post("/me/security/app").location == "/me/security/app"
    page = mine.get("/me/security/app")
    assert page.headers["Cache-Control"] == "no-store"
    secret = secret_on(page.text)
    assert f"secret={secret}" in page.text
    assert "<svg" in page.text
    wrong = mine.post("/me/security/app/confirm", data={"code": "000000"})
    assert wrong.status_code == 422
    assert secret_on(wrong.text) == secret
    shown = mine.post("/me/security/app/confirm", data={"code": factors.shown(secret)})
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    assert len(set(CODE.findall(shown.text))) == 10
    security = mine.get("/me/security").text
    assert "You have 10 codes left" in security
    assert CODE.search(security) is None
    assert mine.get("/me/security/app").location == "/me/security"
    assert kinds(kernel, ana) == ["factor_app_added"]
    assert "An authenticator app was set up for your account" in mine.get("/notices").text


def test_the_database_keeps_neither_the_secret_nor_a_code_in_the_clear(kernel: Kernel, ana: UUID) -> None:
    secret, written = factors.app(kernel, ana)
    with kernel.reading() as session:
        sealed = session.scalars(select(AppFactor.sealed)).one()
        hashed = set(session.scalars(select(RecoveryCode.code_hash)))
    assert secret not in sealed
    assert kernel.vault.open(sealed) == secret
    assert hashed == set(factors.hashes(ana, written))


def test_an_app_that_is_not_confirmed_asks_nobody_for_anything(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    owner = people.viewer(kernel, ana)
    kernel.commit(lambda s: actions.begin_app(s, viewer=owner, sealed=kernel.vault.seal(codes.new_secret())))
    assert first_step(client).location == "/"
    assert client.get("/me").status_code == 200


def test_a_second_app_waits_until_the_first_is_off(kernel: Kernel, ana: UUID) -> None:
    factors.app(kernel, ana)
    with pytest.raises(Conflict):
        factors.app(kernel, ana)


def test_with_an_app_a_right_password_is_half_of_it(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    secret, _codes = factors.app(kernel, ana)
    answer = first_step(client, next="/me/skills")
    assert (answer.status_code, answer.location) == (303, "/sign-in/second")
    assert client.get("/me").status_code == 303
    done = client.post("/sign-in/second", data={"code": factors.shown(secret)})
    assert (done.status_code, done.location) == (303, "/me/skills")
    assert client.get("/me").status_code == 200
    with client.session_transaction() as cookie:
        assert "waiting" not in cookie


def test_a_code_counts_once(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    secret, _codes = factors.app(kernel, ana)
    code = factors.shown(secret)
    first_step(client)
    client.post("/sign-in/second", data={"code": code})
    client.post("/sign-out")
    first_step(client)
    again = client.post("/sign-in/second", data={"code": code})
    assert again.status_code == 422
    assert "used before" in again.text
    # Nor does an older one count after a newer one.
    assert client.post("/sign-in/second", data={"code": factors.shown(secret, steps=-1)}).status_code == 422
    assert client.post("/sign-in/second", data={"code": factors.shown(secret, steps=1)}).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_code_taken_twice_at_once_is_taken_once(kernel: Kernel, ana: UUID, race: Callable[..., list[object]]) -> None:
    factors.app(kernel, ana)
    step = int(clock.now().timestamp()) // 30
    taken = race([lambda: kernel.commit(lambda s: actions.use_app(s, person_id=ana, step=step))] * 6)
    assert sorted(taken) == [False] * 5 + [True]


def test_the_sixth_wrong_code_has_to_wait_and_the_owner_is_told(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    secret, written = factors.app(kernel, ana)
    first_step(client)
    for _try in range(5):
        assert client.post("/sign-in/second", data={"code": "000000"}).status_code == 422
    for sent in ({"code": factors.shown(secret)}, {"recovery": written[0]}):
        answer = client.post("/sign-in/second", data=sent)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 301
        assert "many wrong codes" in answer.text
    assert kinds(kernel, ana) == ["factor_app_added", "factor_step_failed"]
    assert client.get("/me").status_code == 303


def test_thirty_wrong_codes_are_enough_for_a_day(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    secret, _codes = factors.app(kernel, ana)
    for _try in range(30):
        kernel.limits.hit("30 per 1 day", "second-step", str(ana))
    first_step(client)
    assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).status_code == 429


def test_a_recovery_code_takes_the_second_step_once(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _secret, written = factors.app(kernel, ana)
    first_step(client)
    assert client.post("/sign-in/second", data={"recovery": written[3].upper()}).status_code == 303
    assert kinds(kernel, ana) == ["factor_app_added", "factor_code_used"]
    with kernel.reading() as session:
        letters = session.scalars(select(Job.payload).where(Job.kind == "mail.send").order_by(Job.id)).all()
    assert "9 codes are left" in letters[-1]["text"]
    client.post("/sign-out")
    first_step(client)
    again = client.post("/sign-in/second", data={"recovery": written[3]})
    assert (again.status_code, client.get("/me").status_code) == (422, 303)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_recovery_code_used_twice_at_once_is_used_once(
    kernel: Kernel, ana: UUID, race: Callable[..., list[object]]
) -> None:
    _secret, written = factors.app(kernel, ana)
    [hashed, *_others] = factors.hashes(ana, written)
    used = race([lambda: kernel.commit(lambda s: actions.use_code(s, person_id=ana, code_hash=hashed))] * 6)
    assert sorted(used) == [False] * 5 + [True]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).where(Entry.kind == "RecoveryCodeUsed")) == 1


def test_anothers_recovery_code_is_none(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    factors.app(kernel, ana)
    _secret, foreign = factors.app(kernel, people.person(kernel, "Ben"))
    first_step(client)
    assert client.post("/sign-in/second", data={"recovery": foreign[0]}).status_code == 422


def test_new_recovery_codes_take_the_place_of_the_old_ones(
    fresh_client: Callable[[UUID], FlaskClient], client: FlaskClient, kernel: Kernel, ana: UUID
) -> None:
    _secret, written = factors.app(kernel, ana)
    page = fresh_client(ana).post("/me/security/codes")
    new = CODE.findall(page.text)
    assert (len(set(new)), set(new) & set(written)) == (10, set())
    first_step(client)
    assert client.post("/sign-in/second", data={"recovery": written[0]}).status_code == 422
    assert client.post("/sign-in/second", data={"recovery": new[0]}).status_code == 303


def test_recovery_codes_are_for_who_has_a_factor(fresh_client: Callable[[UUID], FlaskClient], ana: UUID) -> None:
    assert fresh_client(ana).post("/me/security/codes").status_code == 409


def test_turning_the_app_off_takes_its_recovery_codes_along(
    fresh_client: Callable[[UUID], FlaskClient], client: FlaskClient, kernel: Kernel, ana: UUID
) -> None:
    factors.app(kernel, ana)
    mine = fresh_client(ana)
    assert mine.post("/me/security/app/remove").location == "/me/security"
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert kinds(kernel, ana) == ["factor_app_added", "factor_app_removed"]
    assert first_step(client).location == "/"


# a proof of a moment ago

CHANGES = [
    "/me/security/app",
    "/me/security/app/confirm",
    "/me/security/app/remove",
    "/me/security/codes",
    "/me/security/passkeys",
]


@pytest.mark.parametrize("address", CHANGES)
def test_every_change_asks_for_a_proof_of_a_moment_ago(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, ana: UUID, address: str
) -> None:
    factors.app(kernel, ana)
    mine = client_of(ana)
    answer = mine.post(address, data={"name": "x", "code": "1"})
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/me/proof")
    with kernel.reading() as session:
        kept = session.scalars(select(Entry.kind).where(Entry.kind.in_(["FactorRemoved", "RecoveryCodesMade"]))).all()
    assert kept == []


def test_a_password_or_a_code_is_a_proof_for_ten_minutes(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, ana: UUID
) -> None:
    secret, _codes = factors.app(kernel, ana)
    mine = client_of(ana)
    assert mine.post("/me/proof", data={"password": "wrong"}).status_code == 422
    assert mine.post("/me/proof", data={"code": "000000"}).status_code == 422
    assert mine.post("/me/proof", data={}).status_code == 422
    proved = mine.post("/me/proof", data={"code": factors.shown(secret), "next": "/me/tokens"})
    assert (proved.status_code, proved.location) == (303, "/me/tokens")
    assert mine.post("/me/security/codes").status_code == 200
    with clock.travel(clock.now() + timedelta(minutes=11)):
        assert mine.post("/me/security/codes").status_code == 303
        assert mine.post("/me/proof", data={"password": PASSWORD, "next": "//evil.example"}).location == "/me/security"
        assert mine.post("/me/security/codes").status_code == 200


def test_guessing_a_proof_has_to_wait(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> None:
    mine = client_of(ana)
    for _try in range(10):
        assert mine.post("/me/proof", data={"password": "wrong"}).status_code == 422
    assert mine.post("/me/proof", data={"password": PASSWORD}).status_code == 429


def test_a_token_changes_no_factor(kernel: Kernel, ana: UUID) -> None:
    factors.app(kernel, ana)
    program = replace(people.viewer(kernel, ana), scopes=frozenset({"read", "write"}))
    for act in (
        lambda s: actions.remove_app(s, viewer=program),
        lambda s: actions.renew_codes(s, viewer=program, code_hashes=["x"]),
        lambda s: actions.reset_factors(s, viewer=program, person_id=ana),
    ):
        with pytest.raises(Refused):
            kernel.commit(act)


# the installation's secret changes


def test_a_secret_sealed_by_the_old_key_works_and_is_sealed_anew_when_used(
    client: FlaskClient, kernel: Kernel, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _codes = factors.app(kernel, ana)
    monkeypatch.setattr(kernel, "vault", Vault(["another secret, of today", *kernel.settings.secrets]))
    first_step(client)
    assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).status_code == 303
    with kernel.reading() as session:
        sealed = session.scalars(select(AppFactor.sealed)).one()
    assert Vault(["another secret, of today"]).open(sealed) == secret


def test_all_secrets_are_sealed_anew_by_one_command(kernel: Kernel, ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _codes = factors.app(kernel, ana)
    factors.app(kernel, people.person(kernel))
    monkeypatch.setattr(kernel, "vault", Vault(["another secret, of today", *kernel.settings.secrets]))
    assert reseal_all(kernel) == (2, 0)
    assert reseal_all(kernel) == (0, 0)
    monkeypatch.setattr(kernel, "vault", Vault(["another secret, of today"]))
    with kernel.reading() as session:
        opened = {kernel.vault.open(sealed) for sealed in session.scalars(select(AppFactor.sealed))}
    assert secret in opened
    monkeypatch.setattr(kernel, "vault", Vault(["a third one, and nothing else"]))
    assert reseal_all(kernel) == (0, 2)


def test_with_its_key_gone_an_app_lets_nobody_in_and_a_recovery_code_does(
    client: FlaskClient, kernel: Kernel, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, written = factors.app(kernel, ana)
    monkeypatch.setattr(kernel, "vault", Vault(["a third one, and nothing else"]))
    first_step(client)
    assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).status_code == 422
    assert client.post("/sign-in/second", data={"recovery": written[0]}).status_code == 303
