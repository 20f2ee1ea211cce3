"""The client's own thread: it keeps the connection, asks for what is missing, sends what is kept, and comes back."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from academy.bridges.client.adapters.store import Store
from academy.bridges.client.adapters.web import NotLetIn, Web
from academy.bridges.client.adapters.wire import Away, Unwelcome, Wire
from academy.bridges.client.engine.asking import Asking, Backoff, Followed, Outbox, after
from academy.bridges.client.engine.log import LATEST, Answer, Apply, Event, Reset
from academy.bridges.client.engine.sending import Send, Sent, answer_in

logger = logging.getLogger(__name__)

POLL = 5.0
"""Seconds between two looks by plain requests, while no socket gets through."""


class Runner:
    """What a client does by itself. Everything but `do`, `keep`, `start` and `stop` runs on its one thread."""

    def __init__(
        self, url: str, web: Web, store: Store, *, refused: Callable[[Send, Answer], None], backoff: Backoff
    ) -> None:
        """Take up what the store kept; nothing is asked before `start`."""
        self._url = url
        self._web = web
        self._store = store
        self._refused = refused
        self._backoff = backoff
        self._silent: Asking | None = None
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = False
        self._wire: Wire | None = None
        self._failed = 0  # connections in a row
        self._outboxes: dict[str, Outbox] = {}
        self._sent: dict[str, Sent] = {}
        self.followed: dict[str, Followed] = {}
        self.thread = threading.Thread(target=self._run, name="academy-client", daemon=True)
        self.failure: Exception | None = None
        self.state = "offline"
        self.connections = 0
        for send in store.sends():
            self._outboxes.setdefault(send.space, Outbox()).sends.append(send)

    def do(self, what: Callable[[], None]) -> None:
        """Let something be done on the client's own thread."""
        self._todo.put(what)

    def keep(self, send: Send) -> Sent:
        """Keep a send, and let it be tried until the academy has answered."""
        sent = self._sent[send.nonce] = Sent(send, self.thread)
        self._store.keep(send)
        self.do(lambda: self._outboxes.setdefault(send.space, Outbox()).sends.append(send))
        return sent

    def leave(self, space: str) -> None:
        """Follow a log no more."""
        followed = self.followed.pop(space, None)
        if followed is not None and followed.opened and self._wire is not None:
            self._wire.ask("space:close", {"space": space}, lambda _answer: None)

    def stop(self) -> None:
        """End, and wait for it unless this is the client's own thread."""
        self.do(self._end)
        if self.thread.ident is not None and threading.current_thread() is not self.thread:
            self.thread.join(30)

    def _all(self) -> list[Asking]:
        return [*self.followed.values(), *self._outboxes.values()]

    def _end(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        try:
            while not self._stopping:
                wait = 0.0
                try:
                    self._connect()
                    self._stay()
                except Away as error:
                    self._failed += 1
                    wait = error.wait
                    logger.debug("away: %s", error)
                finally:
                    self._hang_up()
                self._stay_away(max(wait, self._backoff.wait()))
        except Exception as error:
            self.failure = error
            if not isinstance(error, NotLetIn):
                logger.exception("the client has ended")
        finally:
            self.state = "offline"

    def _connect(self) -> None:
        try:
            self._web.enter()
            self._wire = self._open_wire()
        except Unwelcome as refusal:
            if refusal.code == "signed_out":
                self._signed_out()
            raise Away(refusal.code, after(refusal.told) if "retry_after" in refusal.told else 0.0) from refusal
        self._failed = 0
        self.connections += 1
        self.state = "socket"

    def _open_wire(self) -> Wire:
        wire: Wire | None = None

        def hear(name: str, payload: Any) -> None:
            self.do(lambda: self._hear(wire, name, payload))

        wire = Wire(self._url, headers=self._web.headers, hear=hear, token=self._web.token)
        return wire

    def _signed_out(self) -> None:
        """Sign in anew at the next try; the end, where there is nothing to do that with."""
        if not self._web.signed_out():
            message = "The sign-in or the token has ended."
            raise NotLetIn(message)

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if self.state == "socket":
            self.state = "offline"
        for each in self._all():
            each.asking = None
        for followed in self.followed.values():
            followed.opened = False

    def _stay(self) -> None:
        while self._wire is not None and not self._stopping:
            self._pump(self._wire)
            self._take_up(self._until_next())

    def _stay_away(self, seconds: float) -> None:
        """Wait for the time of another try; where the last two failed, do by plain requests what can be done."""
        until = time.monotonic() + seconds
        look = 0.0
        while not self._stopping and time.monotonic() < until:
            if self._failed > 1 and time.monotonic() >= look:
                try:
                    self._by_requests()
                    self.state = "http"
                except Away:
                    self.state = "offline"
                look = time.monotonic() + POLL
            self._take_up(max(0.0, min(until - time.monotonic(), 1.0)))

    def _take_up(self, seconds: float) -> None:
        """Do what has come, waiting for it at most so long."""
        try:
            self._todo.get(timeout=seconds)()
            while not self._stopping:
                self._todo.get_nowait()()
        except queue.Empty:
            pass

    def _until_next(self) -> float:
        """Return in how many seconds something may be tried again, at most 1."""
        now = time.monotonic()
        times = [each.not_before for each in self._all()] + [each.due for each in self.followed.values() if each.due]
        waits = [when - now for when in times]
        return max(0.01, min([wait for wait in waits if wait > 0], default=1.0))

    # asking

    def _pump(self, wire: Wire) -> None:
        """Ask for what is missing and send what is next; one of each at a time and log."""
        now = time.monotonic()
        if silent := next((each for each in self._all() if each.unanswered(now)), None):
            self._silent = silent
            message = "no answer"
            raise Away(message)
        for space, followed in self.followed.items():
            if followed.may_ask(now) and (followed.behind(now) or not followed.opened):
                followed.asking = now
                log, since = followed.log, max(0, followed.log.cursor)
                answered = self._on_loop(wire, followed, partial(self._paged, followed, log.epoch))
                if followed.opened:
                    wire.ask("space:sync", {"space": space, "since": since, "epoch": log.epoch}, answered)
                else:
                    wire.ask("space:open", {"spaces": {space: since}}, answered)
        for box in self._outboxes.values():
            if box.may_ask(now) and box.sends:
                box.asking = now
                send = box.sends[0]
                answered = self._on_loop(wire, box, partial(self._stored, send))
                wire.ask(send.event, send.sent, answered)

    def _on_loop(self, wire: Wire, asked: Asking, take: Callable[[Answer], None]) -> Callable[[Any], None]:
        """Let an answer be taken on our own thread, unless its connection has ended.

        The next wait is short again after an answer, as a server that only accepts connections has too much to do;
        where something was not answered, after an answer to that.
        """

        def answered(answer: Any) -> None:
            self.do(lambda: on_loop(answer))

        def on_loop(answer: Answer) -> None:
            if wire is self._wire:
                if self._silent is None or self._silent is asked:
                    self._silent = None
                    self._backoff.succeeded()
                take(answer)

        return answered

    def _by_requests(self) -> None:
        self._web.enter()
        for followed in list(self.followed.values()):
            followed.more = True
            while followed.more and followed.log.space in self.followed and time.monotonic() >= followed.not_before:
                log = followed.log
                self._paged(followed, log.epoch, self._web.events(log.space, max(0, log.cursor), log.epoch))
        for box in self._outboxes.values():
            while box.sends and time.monotonic() >= box.not_before:
                self._stored(box.sends[0], self._web.store(box.sends[0]))

    # what comes

    def _hear(self, wire: Wire | None, name: str, payload: Any) -> None:
        if wire is not self._wire:
            return
        if name == "gone":
            raise Away
        if name == "space:heads":
            for space, head in payload.items():
                if space in self.followed:
                    self.followed[space].head = head
                    self.followed[space].look(time.monotonic())
        followed = self.followed.get(payload.get("space", "")) if isinstance(payload, dict) else None
        if followed is None:
            return
        if name == "space:event":
            self._live(followed, payload)
        elif name == "space:reset":  # the answer to a question says it too: asked, so that it counts once
            followed.more = True

    def _live(self, followed: Followed, event: Event) -> None:
        def take(apply: Apply) -> bool:
            followed.log.live(event, apply)
            return followed.more

        self._apply(followed, take)

    def _paged(self, followed: Followed, epoch: str | None, answer: Answer) -> None:
        """Take the answer to what was asked when the log was in `epoch`."""
        followed.asking = followed.due = None
        if not answer["ok"]:
            self._turned_away(followed, answer)
            return
        if "spaces" in answer:
            followed.opened = True
            answer = answer["spaces"][followed.log.space]
        if followed.log.epoch != epoch:  # begun anew meanwhile: this page is about the log before
            followed.more = True
            return
        self._apply(followed, lambda apply: followed.log.page(answer, apply))
        if not followed.more:  # no more of it may be read, whatever a beacon says of the log
            followed.head = followed.log.cursor
            followed.look(time.monotonic())
        if followed.log.epoch is not None and followed.log.cursor != LATEST:
            self._store.move(followed.log.space, followed.log.epoch, followed.log.cursor)

    def _apply(self, followed: Followed, take: Callable[[Apply], bool]) -> None:
        """Apply what came; what a handler fails at is asked for again, a little later each time."""

        def apply(event: Event) -> None:
            if "nonce" in event:
                self._settle(event["nonce"], event["space"], answer_in(event))
            followed.handle(event)
            followed.failures.succeeded()
            self._store.move(event["space"], event["epoch"], event["seq"])

        try:
            try:
                followed.more = take(apply)
            except Reset as reset:
                followed.reset(reset.reason)  # first: one that fails hears of it again
                followed.log.begin_anew(reset)
                followed.head, followed.more = 0, True
        except Exception:
            logger.exception("a handler failed: what it was told of comes again")
            followed.more = True
            followed.not_before = time.monotonic() + 0.1 + followed.failures.wait()
        followed.look(time.monotonic())

    def _turned_away(self, followed: Followed, answer: Answer) -> None:
        if self._try_again(followed, answer):
            return
        self.leave(followed.log.space)
        _tell(followed.lost, answer)

    def _stored(self, send: Send, answer: Answer) -> None:
        box = self._outboxes[send.space]
        if send not in box.sends:
            return  # its event was here before its ack
        box.asking = None
        if answer["ok"]:
            self._settle(send.nonce, send.space, answer)
        elif not self._try_again(box, answer):
            self._settle(send.nonce, send.space, answer)
            _tell(self._refused, send, answer)

    def _try_again(self, each: Asking, answer: Answer) -> bool:
        """Say whether what was refused is asked again later."""
        if answer["error"] == "signed_out":
            self._signed_out()
            raise Away
        if answer["retry"]:
            each.not_before = time.monotonic() + after(answer)
        return bool(answer["retry"])

    def _settle(self, nonce: str, space: str, answer: Answer) -> None:
        """Let go of a send: by its ack or by its event, whichever comes first."""
        box = self._outboxes.get(space)
        send = next((send for send in box.sends if send.nonce == nonce), None) if box else None
        if box is None or send is None:
            return
        self._store.drop(nonce)
        if send is box.sends[0]:
            box.asking = None
        box.sends.remove(send)
        sent = self._sent.pop(nonce, None)
        if sent is not None:
            sent.settle(answer)


def _tell(hook: Callable[..., None], *what: Any) -> None:
    """Tell a program something; what it does with it is no reason to end."""
    try:
        hook(*what)
    except Exception:
        logger.exception("a handler failed")
