"""The pages of personal data: taken along and erased by who shows that it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Role
from tests.academy.privacy.lives import erase
from tests.factories import people

PASSWORD = "correct horse battery staple"


# the pages


def somebody(kernel: Kernel, name: str = "Ana Silva") -> UUID:
    return people.person(
        kernel, name, email=f"{name.split()[0].lower()}@example.org", password_hash=hash_password(PASSWORD)
    )


def test_a_download_asks_who_it_is_and_is_nobody_elses(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    ana, ben = somebody(kernel), somebody(kernel, "Ben Okafor")
    client = client_of(ana)
    assert client.post("/me/data/file").status_code == 303
    assert "being put together" in client.get("/me/data").text
    kernel.runner.run_due()
    page = client.get("/me/data").text
    address = page.split('href="/me/data/file/')[1].split('"')[0]
    refused = client.post(f"/me/data/file/{address}", data={"password": "wrong"})
    assert (refused.status_code, "This is not your password." in refused.text) == (422, True)
    taken = client.post(f"/me/data/file/{address}", data={"password": PASSWORD})
    assert (taken.status_code, taken.mimetype, taken.headers["Cache-Control"]) == (200, "application/zip", "no-store")
    for method in ("get", "post"):
        answer = getattr(client_of(ben), method)(f"/me/data/file/{address}", data={"password": PASSWORD})
        assert answer.status_code == 404
    with kernel.reading() as session:
        assert session.scalars(select(Entry.kind).where(Entry.kind == "DataTaken")).all() == ["DataTaken"]


def test_erasing_asks_for_the_password_shows_the_day_and_is_taken_back(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(somebody(kernel))
    assert client.post("/me/data/erase", data={"password": "wrong"}).status_code == 422
    assert "will be erased on" not in client.get("/me/data").text
    assert client.post("/me/data/erase", data={"password": PASSWORD}).status_code == 303
    assert "Your data will be erased on" in client.get("/me/data").text
    assert client.post("/me/data/keep").status_code == 303
    assert "will be erased on" not in client.get("/me/data").text


def test_wrong_passwords_are_counted(kernel: Kernel, client_of: Callable[[UUID], FlaskClient]) -> None:
    client = client_of(somebody(kernel))
    met = [client.post("/me/data/erase", data={"password": f"wrong {n}"}).status_code for n in range(11)]
    assert met == [422] * 10 + [429]
    assert client.post("/me/data/erase", data={"password": PASSWORD}).status_code == 429


def test_an_admin_starts_it_for_somebody_who_left_with_their_own_password(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    ada = people.member(kernel, top, somebody(kernel, "Ada Admin"), Role.ADMIN)
    ana = somebody(kernel)
    client, here = client_of(ada), f"/people/{encode(ana)}"
    assert "Erase the data of Ana Silva" in client.get(f"{here}/erase").text
    assert client.post(f"{here}/erase", data={"password": "wrong"}).status_code == 422
    assert client.post(f"{here}/erase", data={"password": PASSWORD}).status_code == 303
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "ErasureAsked")).one()
    assert (entry.actor_id, entry.facts["person_id"]) == (ada, str(ana))
    assert "An admin of your organization asked for it." in client_of(ana).get("/me/data").text
    assert client.post(f"{here}/keep").status_code == 303
    for method, address in (("get", "erase"), ("post", "erase"), ("post", "keep")):
        assert getattr(client_of(ana), method)(f"/people/{encode(ada)}/{address}").status_code == 404


def test_an_erased_person_cannot_sign_in_and_their_cookie_is_nobodys(
    kernel: Kernel, client: FlaskClient, client_of: Callable[[UUID], FlaskClient]
) -> None:
    ana = somebody(kernel)
    hers = client_of(ana)
    assert hers.get("/me").status_code == 200
    erase(kernel, ana)
    assert hers.get("/me").status_code == 303
    assert client.post("/sign-in", data={"email": "ana@example.org", "password": PASSWORD}).status_code == 422
    assert client.post("/sign-in", data={"email": "", "password": PASSWORD}).status_code == 422
