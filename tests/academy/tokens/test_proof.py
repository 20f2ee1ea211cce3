"""A token is made by whoever has just shown who they are; what they chose waits for them meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.people.engine import hash_password
from academy.tokens.models import ApiToken
from tests.factories import people

PASSWORD = "tea with three sugars"
FORM = {"name": "A <script> & more", "verbs": ["read", "write"], "areas": ["forums", "tracks"], "days": "180"}


@pytest.fixture
def mine(kernel: Kernel, client_of: Callable[[UUID], FlaskClient]) -> FlaskClient:
    return client_of(people.person(kernel, "Ana", email="ana@example.org", password_hash=hash_password(PASSWORD)))


def made(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(ApiToken)) or 0


def ticked(page: str, name: str) -> set[str]:
    boxes = [tag for tag in re.findall(r"<input[^>]+>", page) if f'name="{name}"' in tag and " checked" in tag]
    return {re.search(r'value="([^"]*)"', tag)[1] for tag in boxes}


def test_an_open_screen_makes_no_token_and_what_was_chosen_is_kept(kernel: Kernel, mine: FlaskClient) -> None:
    asked = mine.post("/me/tokens", data=FORM)
    assert (asked.status_code, asked.location.startswith("/me/proof?next="), made(kernel)) == (303, True, 0)
    form = mine.get(asked.location).text
    back = unescape(re.findall(r'name="next" value="([^"]*)"', form)[-1])
    assert mine.post("/me/proof", data={"password": "wrong", "next": back}).status_code == 422
    assert made(kernel) == 0
    proof = mine.post("/me/proof", data={"password": PASSWORD, "next": back})
    assert (proof.status_code, proof.location) == (303, back)
    page = mine.get(proof.location).text
    assert 'value="A &lt;script&gt; &amp; more"' in page
    assert (ticked(page, "verbs"), ticked(page, "areas")) == ({"read", "write"}, {"forums", "tracks"})
    assert re.search(r'<option value="180"[^>]* selected', page)
    assert "What you chose is here." in page
    assert made(kernel) == 0, "an address makes nothing"
    assert (mine.post("/me/tokens", data=FORM).status_code, made(kernel)) == (200, 1)
    assert "What you chose is here." not in mine.get("/me/tokens").text


def test_an_address_of_a_stranger_chooses_nothing(mine: FlaskClient) -> None:
    page = mine.get("/me/tokens?name=Sync&verbs=write&areas=forums&days=180").text
    assert "What you chose is here." not in page
    assert "Sync" not in page
    assert (ticked(page, "verbs"), ticked(page, "areas")) == ({"read"}, set())


def test_a_choice_waits_twenty_minutes(mine: FlaskClient) -> None:
    mine.post("/me/tokens", data=FORM)
    with clock.travel(clock.now() + timedelta(minutes=19)):
        assert "What you chose is here." in mine.get("/me/tokens").text
    with clock.travel(clock.now() + timedelta(minutes=21)):
        assert "What you chose is here." not in mine.get("/me/tokens").text


def test_a_proof_is_worth_ten_minutes(kernel: Kernel, mine: FlaskClient) -> None:
    mine.post("/me/proof", data={"password": PASSWORD})
    with clock.travel(clock.now() + timedelta(minutes=11)):
        assert mine.post("/me/tokens", data=FORM).status_code == 303
    assert made(kernel) == 0


def test_what_is_wrong_is_said_before_anybody_is_asked(mine: FlaskClient) -> None:
    assert mine.post("/me/tokens", data={**FORM, "days": "3650"}).status_code == 422
