"""A client that follows the rules of docs/realtime.md: it hears once and in order, and is heard once (docs/bots.md)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from academy.bridges.client.adapters.store import Store
from academy.bridges.client.adapters.web import Web
from academy.bridges.client.api.runner import Runner
from academy.bridges.client.engine.asking import Backoff, Followed
from academy.bridges.client.engine.log import LATEST, Answer, Apply, Log
from academy.bridges.client.engine.sending import Refused, Send, Sent, new_nonce

logger = logging.getLogger(__name__)


def _forget(_reason: str) -> None:
    """Stand in for those who keep nothing of a log."""


def _warn(send: Send, answer: Answer) -> None:
    logger.warning("%s was refused: %s %s", send.event, answer["error"], answer.get("detail", ""))


def _warn_lost(answer: Answer) -> None:
    logger.warning("a log is closed to us: %s", answer["error"])


class Client:
    """Somebody's programme in the academy: follows logs, sends, and comes back by itself.

    Who it is: `email` and `password` (it signs in by the form, and again where that has ended), a `cookie` of somebody
    who is signed in, or a personal API `token`. `file` keeps the outbox and the positions through a restart; without
    one they last as long as the client. Handlers are called one after the other, on the client's own thread.
    `refused(send, answer)` hears of what was refused for good.
    """

    def __init__(
        self,
        url: str,
        *,
        email: str = "",
        password: str = "",
        cookie: str = "",
        token: str = "",
        file: Path | None = None,
        refused: Callable[[Send, Answer], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Keep what is needed; nothing is asked before `start`."""
        self._web = Web(url, email=email, password=password, cookie=cookie, token=token)
        self._store = Store(file)
        self._runner = Runner(url, self._web, self._store, refused=refused or _warn, backoff=backoff or Backoff())

    @property
    def state(self) -> str:
        """How the academy is reached now: `socket`, `http` or `offline`."""
        return self._runner.state

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return self._runner.connections

    def start(self) -> Self:
        """Begin; what was kept of the outbox is sent."""
        self._runner.thread.start()
        return self

    def stop(self) -> None:
        """End; what is on its way stays in the file."""
        self._runner.stop()
        self._store.close()
        self._web.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the client ends; raises `NotLetIn` when that is because nobody lets it in."""
        self._runner.thread.join(seconds)
        if self._runner.failure is not None:
            raise self._runner.failure

    def get(self, path: str, **query: Any) -> Any:
        """Return what an operation of docs/api.md answers, such as `get("/spaces")`; raises `Refused` and `Away`."""
        return self._call("GET", path, query=query)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for any operation of docs/api.md; raises `Refused` and `Away`."""
        return self._call(method, path, body=body)

    def follow(
        self,
        space: str,
        handle: Apply,
        *,
        reset: Callable[[str], None] = _forget,
        lost: Callable[[Answer], None] = _warn_lost,
        since: int | None = None,
    ) -> None:
        """Give each event of a log to `handle`, once and in order.

        From where the file says that it was left, or else after `since`; without either, from now on. An event whose
        handler raises comes again. `reset(reason)` says that what was heard counts no more: then all of it comes anew.
        `lost(answer)` says that the log is closed to us; it is not followed any more.
        """
        kept = self._store.position(space)
        log = Log(space, LATEST if since is None else since)
        if kept is not None and since is None:
            log = Log(space, kept[1], kept[0])
        followed = Followed(log=log, handle=handle, reset=reset, lost=lost)
        self._runner.do(lambda: self._runner.followed.update({space: followed}))

    def unfollow(self, space: str) -> None:
        """Hear no more of a log."""
        self._runner.do(lambda: self._runner.leave(space))

    def send(self, space: str, body: str, *, reply_to: str | None = None) -> Sent:
        """Send a message, in Markdown. It is kept before this returns, and tried until it is stored once."""
        return self._keep(
            "post:send", space, {"space": space, "body": body, **({"reply_to": reply_to} if reply_to else {})}
        )

    def edit(self, space: str, post: str, body: str) -> Sent:
        """Change the words of one's own post."""
        return self._keep("post:edit", space, {"post": post, "body": body})

    def remove(self, space: str, post: str) -> Sent:
        """Take a post's words away."""
        return self._keep("post:remove", space, {"post": post})

    def react(self, space: str, post: str, emoji: str, *, on: bool = True) -> Sent:
        """Set a reaction, or take it back."""
        return self._keep("post:react", space, {"post": post, "emoji": emoji, "on": on})

    @property
    def waiting(self) -> int:
        """How many sends are kept and not acknowledged."""
        return len(self._store.sends())

    def _keep(self, event: str, space: str, payload: Mapping[str, Any]) -> Sent:
        return self._runner.keep(Send(new_nonce(), space, event, payload))

    def _call(self, method: str, path: str, **more: Any) -> Any:
        self._web.enter()
        answer = self._web.call(method, path, **more)
        if not answer["ok"]:
            raise Refused(answer)
        return answer["body"]
