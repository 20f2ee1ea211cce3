"""What one answer to somebody who catches up holds: so much and no more, and nothing is left out."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from academy.kernel.access import Busy
from academy.kernel.app import Kernel
from academy.kernel.following import ANSWER, CATCHING_UP, Following
from tests.factories import forums, people

LONG = "😀" * 3_900  # 47 kB each on its way


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


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
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
