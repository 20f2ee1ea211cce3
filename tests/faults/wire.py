"""Socket.IO clients over a real wire: one that only asks and keeps, and a reference follower of docs/realtime.md."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import socketio
from socketio.exceptions import SocketIOError

A_SECOND = 1.0  # no beacon comes in it that would close what was forgotten
PACE = 0.26  # seconds between two posts of one person, who may send 40 in 10 seconds
CAP = 4.0  # seconds between tries; the protocol's own cap of 30 would make the test long


class Lost(Exception):
    """The connection ended before the answer came."""


class Wire:
    """One connection. `heard` are the events that came, in the order in which they came, as (name, payload)."""

    def __init__(
        self,
        url: str,
        cookie: str = "",
        *,
        token: object = None,
        named: object = None,
        heard: list[tuple[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        self.heard = [] if heard is None else heard
        self.gone = threading.Event()
        self.client = socketio.Client(
            reconnection=False, handle_sigint=False, websocket_extra_options={"timeout": 5, **options}
        )
        self.client.on("*", self._hear)
        self.client.on("connect_error", lambda told=None: self._hear("connect_error", told))
        self.client.on("disconnect", lambda *_: self.gone.set())
        headers = {"Cookie": f"academy={cookie}"} if cookie else {}
        auth = {key: value for key, value in (("token", token), ("as", named)) if value is not None} or None
        self.client.connect(url, headers=headers, auth=auth, transports=["websocket"], wait_timeout=20)

    def _hear(self, name: str, payload: Any = None) -> None:
        self.heard.append((name, payload))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if not self.gone.is_set():
            self.client.disconnect()

    def ask(self, event: str, payload: Any = None, seconds: float = 8) -> Any:
        """Send an event and return its ack; raises `Lost` when the connection ends first or nothing comes."""
        answered = threading.Event()
        answers: list[Any] = []

        def take(*answer: Any) -> None:
            answers.extend(answer)
            answered.set()

        try:
            self.client.emit(event, payload, callback=take)
        except SocketIOError as error:
            raise Lost from error
        until = time.monotonic() + seconds
        while not answered.wait(0.05):
            if self.gone.is_set() or time.monotonic() > until:
                raise Lost(event)
        return answers[0]

    def events(self, space: str) -> list[dict[str, Any]]:
        """Return the durable events of a log that came live, each once, as they came."""
        seen: dict[int, dict[str, Any]] = {}
        for name, payload in list(self.heard):
            if name == "space:event" and payload["space"] == space:
                seen.setdefault(payload["seq"], payload)
        return list(seen.values())

    def wait(self, found: Callable[[], Any], seconds: float = 8) -> None:
        """Wait until something is so; fails when it does not become so."""
        until = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < until, f"waited {seconds} s; heard {self.heard[-5:]}"
            time.sleep(0.02)


def nonce() -> str:
    """Make a new nonce."""
    return uuid.uuid4().hex


def send(wire: Wire, space: str, body: str, *, key: str = "") -> Any:
    """Send a message and return the ack."""
    return wire.ask("post:send", {"space": space, "nonce": key or nonce(), "body": body})


def gone(*wires: Wire) -> None:
    """Fail where one of these is still open a second after their end was answered, which is when this is called."""
    until = time.monotonic() + A_SECOND
    for wire in wires:
        assert wire.gone.wait(max(0.0, until - time.monotonic())), f"open after {A_SECOND} s"


def refused(answer: Mapping[str, Any]) -> bool:
    """Say whether an ack refuses for good."""
    return answer["ok"] is False and answer["error"] in {"missing", "forbidden"} and answer["retry"] is False


@dataclass(eq=False)
class Bubble:
    """A message on the screen: an echo until the server has spoken, then the post with its number."""

    nonce: str | None
    body: str
    post: str | None = None
    no: int | None = None


@dataclass
class Follower:
    """A client that follows the rules of docs/realtime.md: cursor, hold and sync, outbox with one send in flight,
    echo replaced by ack or event, return with full jitter.

    `screen` is what its person sees, `order` the numbers of posts as they were applied; `live` counts events that
    were applied as they arrived, and `caught_up` those that a naive client, which only listens, would never have seen.
    """

    url: str
    cookie: str
    space: str
    dice: random.Random
    name: str = ""
    outbox: list[Bubble] = field(default_factory=list)
    screen: list[Bubble] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    cursor: int = 0
    epoch: str | None = None
    live: int = 0
    caught_up: int = 0
    connects: int = 0
    resets: list[str] = field(default_factory=list)
    refused: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._held: dict[int, dict[str, Any]] = {}
        self._behind = False
        self._stop = threading.Event()
        self._wire: Wire | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def say(self, body: str) -> None:
        """Show a message as an echo and put it into the outbox."""
        with self._lock:
            bubble = Bubble(nonce(), body)
            self.screen.append(bubble)
            self.outbox.append(bubble)

    # the connection

    def _run(self) -> None:
        wait = 1.0
        while not self._stop.is_set():
            try:
                with Wire(self.url, self.cookie) as wire:
                    wait = 1.0
                    self.connects += 1
                    wire.client.on("space:event", self._hear)
                    wire.client.on("space:heads", self._beacon)
                    wire.client.on("space:reset", lambda told: self.resets.append(told["reason"]))
                    self._stay(wire)
            except (SocketIOError, Lost, OSError):
                pass
            self._stop.wait(self.dice.uniform(0, wait))
            wait = min(CAP, wait * 2)

    def _stay(self, wire: Wire) -> None:
        answer = self._insist(wire, "space:open", {"spaces": {self.space: self.cursor}})
        page = answer["spaces"][self.space]
        assert self.epoch in {None, page["epoch"]}
        self.epoch = page["epoch"]
        self._take(page)
        while not self._stop.is_set() and not wire.gone.is_set():
            if self._behind:
                self._behind = False
                self._take(self._insist(wire, "space:sync", self._since()))
            elif self.outbox:
                self._send(wire, self.outbox[0])
            else:
                self._stop.wait(0.02)

    def _since(self) -> dict[str, Any]:
        return {"space": self.space, "since": self.cursor, "epoch": self.epoch}

    def _insist(self, wire: Wire, event: str, payload: Any) -> Any:
        while True:
            answer = wire.ask(event, payload, 3)
            if answer["ok"]:
                return answer
            assert answer["retry"], answer
            self._stop.wait(answer.get("retry_after", 1))

    def _send(self, wire: Wire, bubble: Bubble) -> None:
        answer = wire.ask("post:send", {"space": self.space, "nonce": bubble.nonce, "body": bubble.body}, 3)
        if answer["ok"]:
            with self._lock:
                self._settle(bubble.nonce, answer["id"], answer["no"])
                self.outbox.remove(bubble)
        elif answer["retry"]:
            self._stop.wait(answer.get("retry_after", 1))
        else:
            self.refused.append(answer)
            self.outbox.remove(bubble)

    # what arrives

    def _hear(self, event: dict[str, Any]) -> None:
        with self._lock:
            before = self.cursor
            self._apply(event)
            self.live += self.cursor - before
            self._behind |= bool(self._held)

    def _beacon(self, heads: dict[str, int]) -> None:
        self._behind |= heads.get(self.space, 0) > self.cursor

    def _take(self, page: dict[str, Any]) -> None:
        with self._lock:
            before = self.cursor
            for event in page["events"]:
                self._apply(event)
            self.caught_up += self.cursor - before
            self._behind |= page["more"]

    def _apply(self, event: dict[str, Any]) -> None:
        if event["seq"] <= self.cursor:
            return
        self._held[event["seq"]] = event
        while (following := self._held.pop(self.cursor + 1, None)) is not None:
            self._show(following)
            self.cursor += 1

    def _show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "post":
            post = event["payload"]
            self.order.append(post["no"])
            if not self._settle(event.get("nonce"), post["id"], post["no"]):
                self.screen.append(bubble := Bubble(None, post["html"], post["id"], post["no"]))
                self._place(bubble)

    def _settle(self, key: str | None, post: str, no: int) -> bool:
        """Replace the echo of a send by its post; says whether the post is on the screen now.

        Whoever opens a space while their own post is being delivered may get it without its nonce; then the ack,
        which names the post, ends the echo.
        """
        shown = next((bubble for bubble in self.screen if bubble.post == post), None)
        echo = next((bubble for bubble in self.screen if key is not None and bubble.nonce == key), None)
        if shown is not None and echo is not None and shown is not echo:
            self.screen.remove(echo)
            echo = None
        bubble = echo or shown
        if bubble is None:
            return False
        bubble.post, bubble.no = post, no
        self._place(bubble)
        return True

    def _place(self, bubble: Bubble) -> None:
        """Put a post where its number says; echoes that have none yet stand below."""
        self.screen.remove(bubble)
        later = [i for i, one in enumerate(self.screen) if one.no is None or one.no > (bubble.no or 0)]
        self.screen.insert(later[0] if later else len(self.screen), bubble)


def talk(everybody: Sequence[Any], posts: int, since: int = 0, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let everybody say so much at once, each at their own pace, while something happens."""

    def speak(one: Any) -> None:
        for number in range(since, since + posts):
            one.say(f"{one.name} says {number}")
            time.sleep(PACE)

    threads = [threading.Thread(target=speak, args=[one]) for one in everybody]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()


def all_have(followers: Sequence[Follower], count: int, seconds: float) -> None:
    """Wait until everybody has sent all of theirs and applied so many posts, then let them go."""
    until = time.monotonic() + seconds
    while any(follower.outbox or len(follower.order) < count for follower in followers):
        assert time.monotonic() < until, [(len(f.order), len(f.outbox), f.refused) for f in followers]
        time.sleep(0.05)
    for follower in followers:
        follower.stop()


def as_it_was_said(followers: Sequence[Follower], stored: Sequence[str], each: int) -> None:
    """Fail unless what everybody said is stored once, each person's in order, and is so on every screen."""
    everything = list(range(1, each * len(followers) + 1))
    assert Counter(stored) == Counter(f"{one.name} says {number}" for one in followers for number in range(each))
    for one in followers:
        assert [words for words in stored if words.startswith(one.name)] == [
            f"{one.name} says {n}" for n in range(each)
        ]
        assert one.refused == one.resets == []
        assert one.order == everything
        assert [bubble.no for bubble in one.screen] == everything
