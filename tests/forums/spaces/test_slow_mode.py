"""Slow mode: each member writes once in a while, by every door, in every process; who looks after the room always."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, RateLimited, Refused, SlowMode
from academy.kernel.app import Kernel
from academy.kernel.db import Database
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.kernel.limits import Limits
from academy.people.models import Role
from forums.posts import policy
from forums.spaces import actions
from forums.spaces.policy import SLOW
from tests.factories import forums, people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def slowed(kernel: Kernel, seconds: int) -> tuple[UUID, UUID, UUID, UUID]:
    """Make a room in slow mode; returns it, two learners and the facilitator who chose so."""
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    fay = people.member(kernel, group, people.person(kernel, "Fay"), Role.FACILITATOR)
    choose(kernel, fay, space, seconds)
    return space, ana, ben, fay


def choose(kernel: Kernel, person: UUID, space: UUID, seconds: int) -> None:
    viewer = people.viewer(kernel, person)
    kernel.commit(lambda s: actions.set_slow(s, viewer=viewer, space_id=space, seconds=seconds))


@BOTH
def test_a_member_writes_once_in_the_interval_and_the_others_are_not_held_up(kernel: Kernel) -> None:
    space, ana, ben, fay = slowed(kernel, 60)
    with clock.travel(NOON):
        forums.say(kernel, ana, space, "First")
        forums.say(kernel, ben, space, "Mine")
        forums.say(kernel, fay, space, "Welcome")
        forums.say(kernel, fay, space, "And welcome again")
    with clock.travel(NOON + timedelta(seconds=20)), pytest.raises(SlowMode) as refused:
        forums.say(kernel, ana, space, "Second")
    assert 38 <= refused.value.retry_after <= 55
    assert "one message in a minute" in refused.value.detail
    assert "What you wrote is kept" in refused.value.detail
    with clock.travel(NOON + timedelta(seconds=90)):
        assert forums.say(kernel, ana, space, "Second").no == 5


@BOTH
def test_it_is_counted_from_what_is_stored_so_that_it_holds_in_another_process(
    kernel: Kernel, database_url: str
) -> None:
    space, ana, _ben, _fay = slowed(kernel, 300)
    forums.say(kernel, ana, space, "First")
    kernel.limits.clear()
    before, kernel.database = kernel.database, Database(database_url)
    try:
        with pytest.raises(SlowMode):
            forums.say(kernel, ana, space, "Second")
    finally:
        kernel.database.engine.dispose()
        kernel.database = before


@BOTH
def test_who_removes_what_they_wrote_does_not_write_sooner(kernel: Kernel) -> None:
    space, ana, _ben, _fay = slowed(kernel, 300)
    forums.remove(kernel, ana, forums.say(kernel, ana, space, "First").id)
    with pytest.raises(SlowMode):
        forums.say(kernel, ana, space, "Second")


def test_what_was_stored_is_answered_again_and_what_was_refused_is_stored_later_under_its_nonce(
    kernel: Kernel,
) -> None:
    space, ana, _ben, _fay = slowed(kernel, 30)
    with clock.travel(NOON):
        first = forums.say(kernel, ana, space, "First", nonce="nonce-one")
        assert forums.say(kernel, ana, space, "First", nonce="nonce-one").duplicate
        with pytest.raises(SlowMode):
            forums.say(kernel, ana, space, "Second", nonce="nonce-two")
        with pytest.raises(Conflict):
            forums.say(kernel, ana, space, "Other words", nonce="nonce-one")
    with clock.travel(NOON + timedelta(seconds=31)):
        second = forums.say(kernel, ana, space, "Second", nonce="nonce-two")
    assert (second.no, second.duplicate) == (first.no + 1, False)


def test_changing_and_reacting_are_not_slowed_and_another_room_is_another_room(kernel: Kernel) -> None:
    space, ana, _ben, _fay = slowed(kernel, 900)
    other = forums.space(kernel, _group(kernel, space), "Another room")
    said = forums.say(kernel, ana, space, "First")
    forums.change(kernel, ana, space, said.id, "First, and better")
    forums.react(kernel, ana, said.id)
    assert forums.say(kernel, ana, other, "Elsewhere").no == 1


def _group(kernel: Kernel, space: UUID) -> UUID:
    with kernel.reading() as session:
        return forums.group_of(session, space)


@BOTH
def test_it_is_chosen_by_who_looks_after_the_room_from_what_there_is_to_choose(kernel: Kernel) -> None:
    space, ana, _ben, fay = slowed(kernel, 30)
    with pytest.raises(Refused):
        choose(kernel, ana, space, 0)
    with pytest.raises(Invalid):
        choose(kernel, fay, space, 45)
    for seconds in SLOW:
        choose(kernel, fay, space, seconds)


@BOTH
def test_who_has_the_room_open_hears_of_it_and_the_ledger_says_who_chose_what(kernel: Kernel) -> None:
    space, ana, _ben, fay = slowed(kernel, 30)
    choose(kernel, fay, space, 30)  # what is so already is no news
    choose(kernel, fay, space, 0)
    page = forums.catch_up(kernel, ana, space)
    told = [(event["kind"], event["payload"]) for event in page["events"] if event["kind"] == "slow"]
    now = {"pinned": False, "locked": False, "solved": None, "slow": 0}
    assert told == [("slow", now), ("slow", now)]  # a log holds references: it shows how the room stands
    with kernel.reading() as session:
        entries = session.query(Entry).where(Entry.kind == "SpaceSlowed").order_by(Entry.at).all()
        assert [(e.actor_id, e.facts) for e in entries] == [
            (fay, {"space_id": str(space), "seconds": 30}),
            (fay, {"space_id": str(space), "seconds": 0}),
        ]


def test_a_form_that_comes_too_soon_keeps_its_words_and_says_when(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    space, ana, _ben, _fay = slowed(kernel, 300)
    client = client_of(ana)
    sent = {"nonce": uuid4().hex, "seen": "0"}
    assert client.post(f"/spaces/{encode(space)}/posts", data={**sent, "body": "First"}).status_code == 303
    answer = client.post(f"/spaces/{encode(space)}/posts", data={"nonce": uuid4().hex, "seen": "0", "body": "Second"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 429
    assert 290 <= int(answer.headers["Retry-After"]) <= 300
    assert re.search(r"<textarea id=\"f-body\"[^>]*>\s*Second</textarea>", page)
    assert "Slow mode is on here: everybody writes one message in 5 minutes." in page
    assert "Slow mode: one message each in 5 minutes." in page


def test_a_program_that_comes_too_soon_gets_problem_details_and_when(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    space, ana, _ben, fay = slowed(kernel, 10)
    client, hers = client_of(ana), client_of(fay)
    address = f"/api/v1/spaces/{encode(space)}"
    assert client.get(address).json["slow"] == 10
    assert client.put(f"{address}/slow", json={"seconds": 0}).status_code == 403
    assert hers.put(f"{address}/slow", json={"seconds": 45}).status_code == 422
    assert hers.put(f"{address}/slow", json={"seconds": 60}).json == {"seconds": 60}
    assert client.post(f"{address}/posts", json={"body": "First"}).status_code == 201
    answer = client.post(f"{address}/posts", json={"body": "Second"})
    assert (answer.status_code, answer.json["code"]) == (429, "slow_mode")
    assert answer.content_type == "application/problem+json"
    assert 58 <= int(answer.headers["Retry-After"]) <= 60


def test_the_form_offers_what_can_be_chosen_and_marks_what_is(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    space, ana, _ben, fay = slowed(kernel, 30)
    address = f"/spaces/{encode(space)}/slow"
    page = client_of(fay).get(address).get_data(as_text=True)
    offered = re.findall(r'<input type="radio"[^>]*name="seconds" value="(\d+)"( checked)?', page)
    assert [int(seconds) for seconds, _ in offered] == list(SLOW)
    assert [seconds for seconds, chosen in offered if chosen] == ["30"]
    assert client_of(fay).post(address, data={}).status_code == 422
    assert client_of(fay).post(address, data={"seconds": "0"}).status_code == 303
    room = client_of(ana).get(f"/spaces/{encode(space)}").get_data(as_text=True)
    assert re.search(r'<p class="slow" id="slow"[^>]* hidden></p>', room)
    assert address not in room


def test_everybody_together_may_flood_no_room_and_who_may_not_write_uses_nothing_up(kernel: Kernel) -> None:
    group, space, learners = forums.room(kernel, *(f"Learner {n}" for n in range(8)))
    del group
    outsider = people.viewer(kernel, people.person(kernel, "Outsider"))
    for _ in range(40):
        policy.spend(kernel.limits, outsider, space)
    most = int(policy.AT_ALL.split()[0])
    for _ in range(most - 1):
        policy.count(kernel.limits, space)
    viewers = [people.viewer(kernel, person) for person in learners]
    policy.spend(kernel.limits, viewers[0], space)
    forums.say(kernel, learners[0], space, "The last one for now")
    with pytest.raises(RateLimited) as refused:
        policy.spend(kernel.limits, viewers[1], space)
    assert refused.value.retry_after >= 1
    policy.spend(Limits(), viewers[1], space)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "a second"), (30, "30 seconds"), (60, "a minute"), (90, "90 seconds"), (91, "2 minutes"), (900, "15 minutes")],
)
def test_a_span_is_said_in_few_words(seconds: int, said: str) -> None:
    assert policy.span_words(seconds) == said
