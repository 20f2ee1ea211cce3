"""Nothing is lost, stored twice, shown twice or shown out of order, whatever the network and the server do."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from academy.kernel.app import Kernel
from tests.factories import forums
from tests.faults.rooms import Room, room_on
from tests.faults.servers import DIE, HURRIED, MORTAL
from tests.faults.wire import Follower, Lost, Wire, all_have, as_it_was_said, nonce, send, talk
from tests.live import Live, kernel_on, signed_in
from tests.proxy import Proxy
from tests.serving import Server, start_server

pytestmark = pytest.mark.xdist_group("faults")


@dataclass
class Own:
    """A server of one test's own, that can be killed and come back to where it was."""

    url: str
    folder: Path
    kernel: Kernel
    app: str
    server: Server

    def again(self) -> None:
        """Start it anew on the same port."""
        self.server = start_server(self.url, self.folder, app=self.app, port=self.server.port)


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Own]:
    """Serve an empty academy for one test, by the app that it names."""
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    found = Own(url, tmp_path, kernel_on(url, tmp_path), request.param, start_server(url, tmp_path, app=request.param))
    yield found
    found.server.stop()
    found.kernel.database.engine.dispose()


def test_six_people_on_wires_that_keep_being_cut_lose_nothing_and_see_nothing_twice(
    live: Live, room: Callable[..., Room]
) -> None:
    names = ["Ana", "Ben", "Chi", "Dov", "Eun", "Fay"]
    made = room(*names)
    each = 30
    with Proxy(live.server.port, lives=random.Random(11)) as proxy:
        followers = [
            Follower(proxy.url, live.cookie(person), made.space, random.Random(number), names[number])
            for number, person in enumerate(made.learners)
        ]
        for follower in followers:
            follower.start()
        talk(followers, each)
        all_have(followers, each * len(names), 60)

    found = made.stored()
    as_it_was_said(followers, found, each)
    for follower in followers:
        words = [bubble.body.removeprefix("<p>").removesuffix("</p>") for bubble in follower.screen]
        assert words == found
    # The cuts were real: a client that only listens would have missed what had to be caught up.
    assert proxy.cuts >= len(names)
    assert sum(follower.connects for follower in followers) > 2 * len(names)
    assert sum(follower.caught_up for follower in followers) > 0
    assert sum(follower.live for follower in followers) > 0


@pytest.mark.parametrize("own", [MORTAL], indirect=True)
def test_a_server_killed_between_commit_and_delivery_has_stored_the_message_once_and_delivers_it_when_it_is_back(
    own: Own,
) -> None:
    made = room_on(own.kernel, "Ana", "Ben")
    ana, ben = (signed_in(own.kernel, person) for person in made.learners)
    key = nonce()
    with Wire(own.server.url, ana) as first, Wire(own.server.url, ben) as second:
        for wire in (first, second):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert send(first, made.space, "before")["ok"]
        second.wait(lambda: len(second.events(made.space)) == 1)
        (heard,) = second.events(made.space)
        (own.folder / DIE).touch()
        with pytest.raises(Lost):
            send(first, made.space, "at the worst moment", key=key)
        second.wait(second.gone.is_set)
        assert second.events(made.space) == [heard]
    assert made.stored() == ["before", "at the worst moment"]

    own.again()
    with Wire(own.server.url, ben) as second:
        page = second.ask("space:open", {"spaces": {made.space: heard["seq"]}})["spaces"][made.space]
        (missed,) = page["events"]
        assert (missed["seq"], missed["payload"]["html"]) == (heard["seq"] + 1, "<p>at the worst moment</p>")
        with Wire(own.server.url, ana) as first:
            repeated = send(first, made.space, "at the worst moment", key=key)
        assert (repeated["duplicate"], repeated["seq"], repeated["no"]) == (True, missed["seq"], 2)
        second.ask("space:sync", {"space": made.space, "since": missed["seq"]})
        assert second.events(made.space) == []
    assert made.stored() == ["before", "at the worst moment"]


@pytest.mark.parametrize("own", [HURRIED], indirect=True)
def test_what_another_process_committed_is_told_by_the_beacon_and_fetched(own: Own) -> None:
    made = room_on(own.kernel, "Ana", "Ben")
    follower = Follower(own.server.url, signed_in(own.kernel, made.learners[1]), made.space, random.Random(1))
    follower.start()
    try:
        until = time.monotonic() + 10
        while not follower.connects or follower.epoch is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        forums.say(own.kernel, made.learners[0], made.space_id, "from elsewhere")
        while follower.order != [1]:
            assert time.monotonic() < until, "no beacon came"
            time.sleep(0.02)
        # The same while the server is gone: it is there when the follower comes back.
        own.server.kill()
        forums.say(own.kernel, made.learners[0], made.space_id, "while it was down")
        own.again()
        until = time.monotonic() + 20
        while follower.order != [1, 2]:
            assert time.monotonic() < until, "nothing was caught up"
            time.sleep(0.02)
    finally:
        follower.stop()
    assert [bubble.body for bubble in follower.screen] == ["<p>from elsewhere</p>", "<p>while it was down</p>"]
    assert follower.live == 0


def test_a_send_whose_ack_is_lost_is_stored_once_when_it_is_repeated(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    cookie = live.cookie(made.learners[0])
    key = nonce()
    with Proxy(live.server.port) as proxy:
        with Wire(proxy.url, cookie) as wire:
            proxy.swallowing = True
            with pytest.raises(Lost):
                wire.ask("post:send", {"space": made.space, "nonce": key, "body": "said once"}, 1)
            proxy.cut()
        proxy.swallowing = False
        with Wire(proxy.url, cookie) as wire:
            again = send(wire, made.space, "said once", key=key)
            assert (again["ok"], again["duplicate"], again["no"]) == (True, True, 1)
            other = send(wire, made.space, "other words", key=key)
            assert (other["ok"], other["error"], other["retry"]) == (False, "conflict", False)
    assert made.stored() == ["said once"]


def test_the_same_send_from_two_tabs_at_once_is_one_message(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    cookie = live.cookie(made.learners[0])
    key = nonce()
    answers = []
    with Wire(live.url, cookie) as one, Wire(live.url, cookie) as two:
        both = [
            threading.Thread(target=lambda w=wire: answers.append(send(w, made.space, "only one", key=key)))
            for wire in (one, two)
        ]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    assert sorted(answer["duplicate"] for answer in answers) == [False, True]
    assert len({(answer["id"], answer["seq"], answer["no"]) for answer in answers}) == 1
    assert made.stored() == ["only one"]


def test_somebody_elses_nonce_gives_nothing_of_theirs_away(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    key = nonce()
    with Wire(live.url, live.cookie(made.learners[0])) as ana, Wire(live.url, live.cookie(made.learners[1])) as ben:
        first = send(ana, made.space, "the same words", key=key)
        second = send(ben, made.space, "the same words", key=key)
    assert second["duplicate"] is False
    assert second["id"] != first["id"]
    assert made.stored() == ["the same words", "the same words"]
