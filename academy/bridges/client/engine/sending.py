"""The writer's rules: a nonce for each send, kept the same at every try, and what became of it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from academy.bridges.client.engine.log import Answer, Event


@dataclass(frozen=True)
class Send:
    """Something to be stored: the same `nonce` at each try, so that it is stored once."""

    nonce: str
    space: str
    event: str
    payload: Mapping[str, Any]

    @property
    def sent(self) -> dict[str, Any]:
        """What goes over the wire."""
        return {"nonce": self.nonce, **self.payload}


def new_nonce() -> str:
    """Make a nonce: 128 random bits."""
    return uuid.uuid4().hex


class Refused(Exception):
    """The academy did not take a send, for good: `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(f"{answer['error']}: {answer.get('detail', '')}")
        self.answer = answer


class Sent:
    """Something on its way. It is kept and tried until it is acknowledged or refused."""

    def __init__(self, send: Send, thread: threading.Thread) -> None:
        self.nonce = send.nonce
        self._done = threading.Event()
        self._answer: Answer = {}
        self._thread = thread

    @property
    def done(self) -> bool:
        """Say whether the academy has answered."""
        return self._done.is_set()

    def wait(self, seconds: float | None = None) -> Answer:
        """Return the ack; raises `Refused`, and `TimeoutError` while it is on its way. Not for use in a handler."""
        if threading.current_thread() is self._thread:
            message = "A handler runs on the client's own thread: who waits there waits for themselves."
            raise RuntimeError(message)
        if not self._done.wait(seconds):
            raise TimeoutError
        if not self._answer["ok"]:
            raise Refused(self._answer)
        return self._answer

    def settle(self, answer: Answer) -> None:
        """Take the academy's word; the first one counts."""
        if not self.done:
            self._answer = answer
            self._done.set()


def answer_in(event: Event) -> Answer:
    """Return what the ack of a send would have said, from its event."""
    post = event["payload"] if event["kind"] == "post" else {}
    return {"ok": True, "nonce": event["nonce"], "seq": event["seq"], "id": post.get("id"), "no": post.get("no")}
