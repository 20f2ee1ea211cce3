"""What one answer to somebody who catches up holds: so much and no more, and nothing is left out."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from academy.kernel import clock, following
from academy.kernel.access import Busy
from academy.kernel.app import Kernel
from academy.kernel.following import ANSWER, CATCHING_UP, Following
from forums.posts.engine import REACTIONS
from forums.posts.models import PostReaction
from forums.posts.queries import delivery
from forums.posts.queries.posts import Shown, shown_of
from forums.spaces.actions import set_slow
from tests.contracts.test_statements import counted
from tests.factories import forums, people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
LONG = "😀" * 3_900  # 47 kB each on its way


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return what is loaded from now on, page by page: characters of posts, and 28 for each reaction."""
    found: list[int] = []

    def load(session: Session, post_ids: Collection[UUID]) -> list[Shown]:
        posts = shown_of(session, post_ids)
        found.append(sum(len(p.html) + 28 * sum(len(who) for who in p.reactions.values()) for p in posts))
        return posts

    monkeypatch.setattr(delivery, "shown_of", load)
    return found


def pages(kernel: Kernel, person_id: UUID, space: UUID, among: int = 1) -> list[list[Any]]:
    """Return the events of a log, page by page, the first one among others."""
    found: list[list[Any]] = []
    viewer, since, more = people.viewer(kernel, person_id), 0, True
    while more:
        with kernel.reading() as session:
            page = kernel.realtime.catch_up(session, viewer, space, since=since, epoch=None, among=among)
        found.append(page["events"])
        assert page["events"] or among > 1, "no way on"
        since, more, among = (page["events"] or [{"seq": since}])[-1]["seq"], page["more"], 1
    return found


@BOTH
def test_long_messages_come_in_answers_of_a_size_and_none_is_left_out(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for number in range(30):
        forums.say(kernel, ben, space, f"{number} {LONG}")
    found = pages(kernel, ana, space)
    said = [event["seq"] for page in found for event in page]
    assert said == list(range(said[0], said[0] + len(said)))
    assert [event["payload"]["no"] for page in found for event in page if event["kind"] == "post"] == list(range(1, 31))
    assert all(len(json.dumps(page)) <= ANSWER * 1.01 for page in found)
    assert [len(page) > 1 for page in found[:-1]] == [True] * (len(found) - 1)
    shared = pages(kernel, ana, space, among=50)
    assert len(json.dumps(shared[0])) <= ANSWER / 50
    assert [event["seq"] for page in shared for event in page] == said


def test_many_short_messages_come_in_one_answer(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for number in range(50):
        forums.say(kernel, ben, space, f"{number}")
    forums.say(kernel, ben, space, LONG)
    assert len(pages(kernel, ana, space)) == 1


def test_what_is_larger_than_an_answer_comes_alone(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("academy.kernel.following.ANSWER", 10_000)
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for _ in range(3):
        forums.say(kernel, ben, space, LONG)
    assert [[event["kind"] for event in page] for page in pages(kernel, ana, space)][-3:] == [["post"]] * 3


@BOTH
def test_no_more_of_long_messages_is_read_than_about_what_an_answer_takes(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, loaded: list[int]
) -> None:
    monkeypatch.setattr(following, "ANSWER", 50_000)
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for text in ("😀", "é", "x"):
        for _ in range(25):
            forums.say(kernel, ben, space, text * 3_900)
    found = pages(kernel, ana, space)
    sizes = [[len(json.dumps(event)) for event in page] for page in found]
    assert [event["payload"]["no"] for page in found for event in page if event["kind"] == "post"] == list(range(1, 76))
    assert max(loaded) <= 50_000
    assert sum(loaded) < 2 * 75 * 3_900  # each message was read once or twice
    assert all(
        sum(page) + after[0] > 50_000 for page, after in pairwise(sizes)
    )  # and the answers are full all the same


@BOTH
def test_a_page_of_long_messages_takes_as_many_statements_as_one_of_short_ones(kernel: Kernel) -> None:
    asked = []
    for text in ("short", LONG):
        _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
        for _ in range(8):
            forums.say(kernel, ben, space, text)
        forums.catch_up(kernel, ana, space)  # of which kind a log is is looked up once
        with counted(kernel.database) as statements:
            assert forums.catch_up(kernel, ana, space)["more"] is (text == LONG)
        asked.append(len(statements))
    assert asked[0] == asked[1] == 6, asked  # who, the right, the log, its events, members and messages


@BOTH
def test_a_page_among_fifty_reads_a_fiftieth(kernel: Kernel, loaded: list[int]) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for _ in range(60):
        forums.say(kernel, ben, space, "x" * 1_000)
    pages(kernel, ana, space, among=50)
    assert loaded[0] <= ANSWER / 50
    assert loaded[1] > 50 * 1_000


@BOTH
def test_reactions_count_and_what_many_events_are_about_counts_once(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, loaded: list[int]
) -> None:
    monkeypatch.setattr(following, "ANSWER", 15_000)
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    crowd = [people.member(kernel, group, people.person(kernel)) for _ in range(30)]
    posts = [forums.say(kernel, ben, space, f"{number}").id for number in range(20)]
    given_by_all = [
        {"post_id": post, "person_id": person, "emoji": emoji, "at": clock.now()}
        for post in posts
        for person in crowd
        for emoji in REACTIONS
    ]
    kernel.commit(lambda s: s.execute(insert(PostReaction), given_by_all))
    assert sum(len(page) for page in pages(kernel, ana, space)) >= 20
    assert 5_040 <= max(loaded) <= 15_000  # two posts at once
    long = forums.say(kernel, ben, space, "x" * 3_900)
    for number in range(30):
        forums.react(kernel, crowd[number % 30], long.id)
    loaded.clear()
    whole = forums.catch_up(kernel, ana, space, since=long.seq)
    assert [event["kind"] for event in whole["events"]] == ["react"] * len(whole["events"])
    assert len(whole["events"]) > 3
    assert loaded[0] < 5_000


@BOTH
def test_whatever_an_answer_takes_nothing_is_left_out_nothing_comes_twice_and_there_is_always_a_way_on(
    kernel: Kernel,
) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    lead, chosen, posts = people.member(kernel, group, people.person(kernel), "facilitator"), random.Random(5), []
    for number in range(60):
        what = chosen.choice(["say", "say", "say", "change", "react", "remove", "slow", "join"])
        text, length = chosen.choice('x"é😀'), chosen.choice([1, 20, 300, 3_000])
        if what == "say" or not posts:
            posts.append(forums.say(kernel, lead, space, f"{number} {text * length}").id)
        elif what == "change":
            forums.change(kernel, lead, space, chosen.choice(posts), f"{number} {text * length}")
        elif what == "react":
            forums.react(kernel, ana, chosen.choice(posts))
        elif what == "remove":
            forums.remove(kernel, lead, posts.pop(chosen.randrange(len(posts))))
        elif what == "slow":
            viewer = people.viewer(kernel, lead)
            kernel.commit(lambda s, by=viewer, n=number: set_slow(s, viewer=by, space_id=space, seconds=(0, 30)[n % 2]))
        else:
            people.member(kernel, group, people.person(kernel))
    with mock.patch.object(following, "ANSWER", 10**9):
        (whole,) = pages(kernel, ben, space)
    assert [event["seq"] for event in whole] == list(range(whole[0]["seq"], whole[0]["seq"] + len(whole)))

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 60_000), st.integers(1, 50))
    def whatever(answer: int, among: int) -> None:
        with mock.patch.object(following, "ANSWER", answer):
            found = pages(kernel, ben, space, among=among)
        assert [event for page in found for event in page] == whole
        assert all(len(page) == 1 or sum(len(json.dumps(event)) for event in page) <= answer for page in found)

    whatever()


def test_as_many_catch_up_at_once_as_may_and_the_next_one_is_asked_to_wait(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ben, space, "hello")
    viewer, waiting, goes = people.viewer(kernel, ana), threading.Semaphore(0), threading.Event()
    follow = Following.follow

    def slow(*given: Any) -> Any:
        waiting.release()
        assert goes.wait(20)
        return follow(*given)

    def catch_up() -> Any:
        with kernel.reading() as session:
            return kernel.realtime.catch_up(session, viewer, space, since=0, epoch=None)

    monkeypatch.setattr(Following, "follow", slow)
    with ThreadPoolExecutor(CATCHING_UP) as readers:
        pages = [readers.submit(catch_up) for _ in range(CATCHING_UP)]
        for _ in pages:
            assert waiting.acquire(timeout=20)
        with pytest.raises(Busy) as told:
            catch_up()
        goes.set()
        assert all(page.result()["events"] for page in pages)
    assert told.value.retry
    assert 1 <= (told.value.retry_after or 0) <= 5
    assert catch_up()["events"]
