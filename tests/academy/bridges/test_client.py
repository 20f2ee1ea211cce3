"""The client for programs, against a real server: it hears once and in order, and what it sends is stored once."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from academy.bridges.client.adapters.web import NotLetIn
from academy.bridges.client.api.client import Client, Refused
from academy.bridges.client.engine.asking import Backoff
from academy.kernel.app import Kernel
from academy.kernel.ids import decode, encode
from academy.people.models import Role
from academy.tokens import actions as token_actions
from forums.posts.models import Post
from tests.browsing import Browsing
from tests.factories import cohorts, forums, people, tokens
from tests.factories.world import PASSWORD
from tests.live import Live, signed_in
from tests.proxy import Proxy
from tests.serving import ROOT

pytestmark = pytest.mark.xdist_group("faults")

SECONDS = 20


class Heard:
    """Keeps what a handler was told of, but for who joined the room."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.resets: list[str] = []
        self.lost: list[Any] = []

    @property
    def words(self) -> list[str]:
        """The words of the posts that came, without their frame."""
        posts = [event["payload"]["html"] for event in self.events if event["kind"] == "post"]
        return [html.removeprefix("<p>").removesuffix("</p>") for html in posts]

    def take(self, event: Any) -> None:
        """Be the handler."""
        if event["kind"] != "member":
            self.events.append(event)

    def in_order(self) -> bool:
        """Say whether the numbers follow one another."""
        seqs = [event["seq"] for event in self.events]
        return seqs == list(range(seqs[0], seqs[0] + len(seqs)))

    def on(self, client: Client, space: str, since: int | None = 0) -> None:
        """Follow a space from its beginning."""
        client.follow(space, self.take, reset=self.resets.append, lost=self.lost.append, since=since)


def until(found: Callable[[], Any], what: str = "it did not come to be") -> None:
    """Wait until something is so."""
    ends = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < ends, what
        time.sleep(0.02)


def client_of(live: Live, person: Any, url: str = "", **more: Any) -> Client:
    """Return a client of somebody who is signed in; it comes back at once."""
    return Client(url or live.url, cookie=live.cookie(person), backoff=Backoff(0.2, 0.4), **more)


def stored(kernel: Kernel, space: str) -> list[str]:
    with kernel.reading() as session:
        return list(session.scalars(select(Post.body_md).where(Post.space_id == decode(space)).order_by(Post.no)))


def room(live: Live, *names: str) -> tuple[cohorts.World, str, list[Any]]:
    made = cohorts.world(live.kernel)
    return made, encode(made.space), [cohorts.enrolled(live.kernel, made, name) for name in names]


def test_two_clients_hear_each_other_once_and_in_order_and_are_told_what_became_of_what_they_sent(live: Live) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    here, there = Heard(), Heard()
    with client_of(live, ana) as hers, client_of(live, ben) as his:
        here.on(hers, space)
        there.on(his, space)
        first = hers.send(space, "one").wait(SECONDS)
        second = his.send(space, "two", reply_to=first["id"]).wait(SECONDS)
        assert (first["no"], second["no"]) == (1, 2)
        until(lambda: len(here.events) == len(there.events) == 2)
        his.react(space, first["id"], "💛").wait(SECONDS)
        hers.edit(space, first["id"], "one, better said").wait(SECONDS)
        his.remove(space, second["id"]).wait(SECONDS)
        until(lambda: len(here.events) == len(there.events) == 5)
        assert (hers.state, his.state) == ("socket", "socket")
        assert hers.waiting == his.waiting == 0
    for heard in (here, there):
        assert heard.in_order()
        assert [event["kind"] for event in heard.events] == ["post", "post", "react", "edit", "remove"]
        assert heard.words == ["one", "two"]
        assert heard.events[1]["payload"]["reply_to"]["id"] == first["id"]
        assert (heard.resets, heard.lost) == ([], [])


def test_who_follows_from_now_on_hears_nothing_of_before(live: Live) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    for number in range(3):
        forums.say(live.kernel, ana, decode(space), f"before {number}")
    heard = Heard()
    with client_of(live, ben) as his, client_of(live, ana) as hers:
        heard.on(his, space, since=None)
        his.send(space, "I am here").wait(SECONDS)
        hers.send(space, "hello").wait(SECONDS)
        until(lambda: "hello" in heard.words)
    assert heard.words[-1] == "hello"
    assert [words for words in heard.words if words.startswith("before")] == []


def test_more_than_a_page_is_caught_up_in_order(live: Live) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    for number in range(230):
        forums.say(live.kernel, ana, decode(space), f"{number}")
    heard = Heard()
    with client_of(live, ben) as his:
        heard.on(his, space)
        until(lambda: len(heard.events) == 230)
    assert heard.words == [str(number) for number in range(230)]


def test_a_send_whose_ack_was_swallowed_is_stored_once(live: Live) -> None:
    _made, space, (ana,) = room(live, "Ana")
    with Proxy(live.server.port) as proxy, client_of(live, ana, proxy.url) as hers:
        hers.send(space, "before").wait(SECONDS)
        proxy.swallowing = True
        sent = hers.send(space, "said once")
        until(lambda: stored(live.kernel, space) == ["before", "said once"])
        assert not sent.done
        proxy.cut()
        proxy.swallowing = False
        answer = sent.wait(SECONDS)
        assert (answer["no"], answer["duplicate"], hers.connections) == (2, True, 2)
    assert stored(live.kernel, space) == ["before", "said once"]


def test_where_sockets_are_blocked_it_hears_and_sends_by_plain_requests_and_returns_to_sockets(live: Live) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    heard = Heard()
    with Proxy(live.server.port) as proxy:
        proxy.without_sockets = True
        with client_of(live, ana, proxy.url) as hers:
            heard.on(hers, space)
            first = hers.send(space, "by request").wait(SECONDS)
            until(lambda: hers.state == "http")
            forums.say(live.kernel, ben, decode(space), "from Ben")
            until(lambda: heard.words == ["by request", "from Ben"])
            hers.react(space, first["id"], "💛").wait(SECONDS)
            hers.edit(space, first["id"], "by another request").wait(SECONDS)
            second = hers.send(space, "too much").wait(SECONDS)
            hers.remove(space, second["id"]).wait(SECONDS)
            with pytest.raises(Refused) as refused:
                hers.send(space, "x" * 5000).wait(SECONDS)
            assert refused.value.answer["error"] == "invalid"
            assert hers.connections == 0
            proxy.without_sockets = False
            until(lambda: hers.state == "socket")
            hers.send(space, "by socket").wait(SECONDS)
            until(lambda: "by socket" in heard.words)
    assert heard.in_order()
    assert [event["kind"] for event in heard.events][:4] == ["post", "post", "react", "edit"]


def test_what_was_not_sent_is_sent_by_the_next_run_from_its_file_and_stored_once(live: Live, tmp_path: Path) -> None:
    _made, space, (ana,) = room(live, "Ana")
    file, heard = tmp_path / "bot.db", Heard()
    with Proxy(live.server.port) as proxy:
        with client_of(live, ana, proxy.url, file=file) as hers:
            heard.on(hers, space, since=None)
            hers.send(space, "acknowledged").wait(SECONDS)
            until(lambda: heard.words == ["acknowledged"])
            with pytest.raises(sqlite3.OperationalError):
                client_of(live, ana, file=file)
            proxy.swallowing = True  # the last one arrives, and its ack does not
            hers.send(space, "swallowed")
            until(lambda: len(stored(live.kernel, space)) == 2)
            proxy.refusing = True
            proxy.cut()
            for number in range(3):
                hers.send(space, f"kept {number}")
            assert hers.waiting == 4
        proxy.refusing = proxy.swallowing = False
        with client_of(live, ana, proxy.url, file=file) as again:
            heard.on(again, space, since=None)
            until(lambda: again.waiting == 0 and len(heard.events) == 5)
    assert stored(live.kernel, space) == ["acknowledged", "swallowed", "kept 0", "kept 1", "kept 2"]
    assert heard.words == stored(live.kernel, space)  # the second run goes on where the first one was


def test_it_signs_in_by_the_form_and_again_when_that_sign_in_was_ended(live: Live) -> None:
    space = live.ids["room"]
    heard = Heard()
    with Client(live.url, email="learner@example.org", password=PASSWORD, backoff=Backoff(0.2, 0.4)) as client:
        heard.on(client, space, since=None)
        assert client.get("/me")["id"] == live.ids["learner"]
        until(lambda: client.state == "socket")
        client.send(space, "before the log-out").wait(SECONDS)
        other = signed_in(live.kernel, live.who("learner"))
        Browsing(live.url, other).submit("/me/devices", "/me/devices/end-others")
        until(lambda: client.connections == 2 and client.state == "socket")
        client.send(space, "after it").wait(SECONDS)
        until(lambda: len(heard.events) == 2)
    assert heard.words == ["before the log-out", "after it"]


@pytest.mark.parametrize(
    "who", [{"email": "learner@example.org", "password": "wrong"}, {"cookie": "nonsense"}, {"token": "acad_nonsense"}]
)
def test_who_is_not_let_in_is_told_so(live: Live, who: dict[str, str]) -> None:
    with Client(live.url, **who) as client, pytest.raises(NotLetIn):
        client.wait(SECONDS)
        pytest.fail("it goes on trying")


def test_with_a_token_it_hears_and_sends_as_far_as_the_scopes_go_until_it_is_revoked(live: Live) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    _, reading = tokens.token(live.kernel, ben, ["forums:read"])
    row, writing = tokens.token(live.kernel, ana, ["forums:read", "forums:write"])
    heard = Heard()
    with Client(live.url, token=writing) as hers, Client(live.url, token=reading) as his:
        heard.on(his, space)
        assert hers.send(space, "by a token").wait(SECONDS)["no"] == 1
        with pytest.raises(Refused) as refused:
            his.send(space, "may it?").wait(SECONDS)
        assert refused.value.answer["error"] == "forbidden"
        until(lambda: heard.words == ["by a token"])
        assert [(each.state, each.connections) for each in (hers, his)] == [("socket", 1)] * 2
        Browsing(live.url, live.cookie(ana)).submit("/me/tokens", f"/me/tokens/{encode(row)}/revoke")
        with pytest.raises(NotLetIn):  # it hears of that, though it sends nothing
            hers.wait(SECONDS)
            pytest.fail("it goes on trying")
    assert stored(live.kernel, space) == ["by a token"]


def test_a_token_that_opens_no_socket_sends_by_requests_and_one_where_sockets_are_blocked_hears_by_them(
    live: Live,
) -> None:
    _made, space, (ana, ben) = room(live, "Ana", "Ben")
    _, writing = tokens.token(live.kernel, ana, ["forums:write"])
    row, whole = tokens.token(live.kernel, ben, ["forums:read", "forums:write"])
    heard, again = Heard(), Backoff(0.2, 0.4)
    with Proxy(live.server.port) as proxy:
        proxy.without_sockets = True
        with (
            Client(live.url, token=writing, backoff=again) as hers,
            Client(proxy.url, token=whole, backoff=again) as his,
        ):
            heard.on(his, space)
            hers.send(space, "by a request").wait(SECONDS)
            his.send(space, "by another").wait(SECONDS)
            until(lambda: heard.words == ["by a request", "by another"])
            assert [(each.state, each.connections) for each in (hers, his)] == [("http", 0)] * 2
            owner = people.viewer(live.kernel, ben)
            live.kernel.commit(lambda s: token_actions.revoke_token(s, viewer=owner, token_id=row))
            his.send(space, "after its end")
            with pytest.raises(NotLetIn):
                his.wait(SECONDS)
                pytest.fail("it goes on trying")
    assert heard.words == ["by a request", "by another"]


def test_a_log_that_is_closed_to_somebody_is_followed_no_more_and_the_others_go_on(live: Live) -> None:
    made, space, (ana, ben) = room(live, "Ana", "Ben")
    _other, elsewhere, (_cleo,) = room(live, "Cleo")
    people.member(live.kernel, _other.cohort, ben)
    heard, beside = Heard(), Heard()
    with client_of(live, ben) as his, client_of(live, ana) as hers:
        heard.on(his, space)
        beside.on(his, elsewhere)
        hers.send(space, "hello").wait(SECONDS)
        until(lambda: heard.words == ["hello"])
        Browsing(live.url, live.cookie(made.lead)).post(
            f"/cohorts/{encode(made.cohort)}/remove", {"person": encode(ben), "role": str(Role.LEARNER)}
        )
        until(lambda: heard.lost)
        hers.send(space, "after he left").wait(SECONDS)
        with pytest.raises(Refused):
            his.send(space, "may I?").wait(SECONDS)
        his.send(elsewhere, "here I may").wait(SECONDS)
        until(lambda: beside.words == ["here I may"])
    assert [answer["error"] for answer in heard.lost] == ["missing"]
    assert heard.words == ["hello"]


def test_what_a_handler_fails_at_comes_again_and_nothing_overtakes_it(live: Live) -> None:
    _made, space, (ana,) = room(live, "Ana")
    seen: list[str] = []
    failing = [True, True]

    def handle(event: Any) -> None:
        if event["kind"] == "member":
            return
        seen.append(event["payload"]["html"])
        if failing and "two" in seen[-1]:
            failing.pop()
            raise ValueError

    with client_of(live, ana) as hers:
        hers.follow(space, handle, since=0)
        for words in ("one", "two", "three"):
            hers.send(space, words)
        until(lambda: "<p>three</p>" in seen)
    assert seen == ["<p>one</p>", "<p>two</p>", "<p>two</p>", "<p>two</p>", "<p>three</p>"]


def test_a_handler_that_waited_for_its_own_send_is_told_that_it_would_wait_for_ever(live: Live) -> None:
    _made, space, (ana,) = room(live, "Ana")
    errors: list[Exception] = []
    with client_of(live, ana) as hers:

        def handle(event: Any) -> None:
            if event["payload"].get("html") == "<p>ping</p>":
                try:
                    hers.send(space, "pong").wait()
                except RuntimeError as error:
                    errors.append(error)

        hers.follow(space, handle, since=0)
        hers.send(space, "ping")
        until(lambda: stored(live.kernel, space) == ["ping", "pong"])
    assert len(errors) == 1


def test_the_bot_of_the_documentation_answers_and_goes_on_where_it_was_stopped(live: Live, tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "bots.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len([line for line in code.splitlines() if line]) <= 15
    space, reply = live.ids["room"], "Hello. What are you practising today?"

    _row, token = tokens.token(live.kernel, live.who("peer"), ["read", "write"])

    def run() -> subprocess.Popen[bytes]:
        who = {"ACADEMY": live.url, "TOKEN": token, "ROOM": space}
        environment = {**os.environ, **who, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)

    heard = Heard()
    with client_of(live, live.who("learner")) as asking:
        heard.on(asking, space, since=None)
        for number in (1, 2):
            bot = run()
            try:
                if number == 1:  # it hears what comes from now on, so it is asked until it is there
                    ends = time.monotonic() + SECONDS
                    while reply not in heard.words and time.monotonic() < ends:
                        asking.send(space, "hello bot")
                        time.sleep(1)
                until(lambda: reply in heard.words, "the bot did not answer")
            finally:
                bot.terminate()
                bot.wait()
            heard.events.clear()
            if number == 1:
                asking.send(space, "hello bot, are you back?").wait(SECONDS)
