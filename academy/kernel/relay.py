"""How the processes of one academy tell each other what happened: Socket.IO's client manager over Redis.

What Socket.IO sends to a room reaches the sockets of every process. Beside that pass the messages of our own: whose
sockets to close, which rows were appended. A process only writes until it begins to serve: commands and separate job
runners never listen. A message may be lost with Redis; then every process looks after its sockets itself, at once
when it hears again, and with each beacon meanwhile.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from redis.exceptions import RedisError
from socketio.manager import Manager
from socketio.pubsub_manager import PubSubManager

from academy.kernel.fanout import FanOut
from academy.kernel.shared import Shared

if TYPE_CHECKING:
    from redis.client import PubSub

logger = structlog.get_logger(__name__)

QUIET = 5.0  # seconds without a word, after which Redis is asked whether it is there
AGAIN = (0.2, 0.6)  # seconds until a lost subscription is tried again
LOOK = "look"
"""Tells every process to look after its sockets: something was not said while Redis was away."""


class Relay(PubSubManager, FanOut):  # type: ignore[misc]  # python-socketio has no types
    """Publishes what concerns other processes, and handles what they publish."""

    name = "redis"

    def __init__(self, shared: Shared) -> None:
        """Only write, until `listen`."""
        PubSubManager.__init__(self, channel=shared.name, write_only=True)
        self._shared = shared
        self._heard: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        self._unsaid = False
        self._ended = False
        self.hears = False

    def on(self, method: str, do: Callable[[Mapping[str, Any]], None]) -> None:
        """Call `do(message)` in this process's listening task when another process has told so."""
        self._heard[method] = do

    def say(self, method: str, **what: Any) -> None:
        """Tell every other process something, JSON values by name; what can't be told now is lost."""
        self._publish({"method": method, "host_id": self.host_id, **what})

    def listen(self) -> None:
        """Begin to hear what other processes tell; they hear of it when that has begun."""
        self.write_only = False
        self.host_id = uuid4().hex  # processes forked from one that had loaded the app would take it for their own
        super().initialize()

    def initialize(self) -> None:
        """Do nothing at Socket.IO's own wish, which comes with the first connection: `listen` came before."""

    def close(self) -> None:
        """Hear no more."""
        self._ended = True

    # Nobody joins a socket of another process to a room: what is told of one that has just gone stays here.
    enter_room = Manager.enter_room
    leave_room = Manager.leave_room

    def _publish(self, data: Mapping[str, Any]) -> None:
        said = self._shared.ask(lambda redis: redis.publish(self.channel, json.dumps(data)))
        if said is None:
            self._unsaid = True
        elif self._unsaid:
            self._say_look()

    def _listen(self) -> Iterator[bytes]:
        """Yield what concerns Socket.IO, for ever; what is ours is handled here."""
        while not self._ended:
            subscription = self._shared.subscription()
            try:
                subscription.subscribe(self.channel)
                for message in self._messages(subscription):
                    told = _read(message)
                    do = self._heard.get(told.get("method", ""))
                    if do is None:
                        yield message
                    elif told.get("host_id") != self.host_id:
                        _handle(do, told)
            except (RedisError, OSError) as error:
                if self.hears:
                    logger.warning("redis_unheard", error=str(error))
                    self.hears = False
                    _handle(self._heard[LOOK], {})  # from now on the database is asked instead
            finally:
                subscription.close()
            time.sleep(random.uniform(*AGAIN))  # noqa: S311 - jitter, not a secret
        while True:  # the process ends soon; Socket.IO would take the end of this for a fault
            time.sleep(3600)

    def _messages(self, subscription: PubSub) -> Iterator[bytes]:
        asked = False
        while not self._ended:
            message = subscription.get_message(timeout=QUIET)
            if message is None and asked:
                raise TimeoutError("no answer")
            if message is None:
                subscription.ping()
            asked = message is None
            if self._unsaid:
                self._say_look()
            if message is not None and message["type"] == "subscribe":
                self._hears()
            elif message is not None and message["type"] == "message":
                yield message["data"]

    def _hears(self) -> None:
        self.hears = True
        self._shared.answers()
        if self._unsaid:
            self._say_look()
        _handle(self._heard[LOOK], {})  # what was told before was not heard

    def _say_look(self) -> None:
        self._unsaid = False
        self.say(LOOK)


def _read(message: bytes) -> Mapping[str, Any]:
    """Return what was told; nothing where it is none of ours, which must end no subscription."""
    try:
        told = json.loads(message)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("method"), str) else {}


def _handle(do: Callable[[Mapping[str, Any]], None], told: Mapping[str, Any]) -> None:
    try:
        do(told)
    except Exception:
        logger.exception("relay_failed", told=told.get("method"))
