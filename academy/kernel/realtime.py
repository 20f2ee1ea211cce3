"""The one user of Socket.IO: connections, their logs, live delivery and the beacon. See docs/realtime.md."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Unwelcome
from flask_socketio import SocketIO
from marshmallow import Schema, ValidationError

from academy.kernel import clock, log, telemetry, websocket_engine
from academy.kernel.access import Busy, RateLimited, Refusal, Refused, SignedOut, demand_scope, missing_scope
from academy.kernel.authentication import Authentication, SocketViewer
from academy.kernel.connections import Connection, Connections, held, log_room, own_room, person_room
from academy.kernel.delivery import Delivery
from academy.kernel.event_context import EventContext
from academy.kernel.fanout import FanOut
from academy.kernel.following import Following
from academy.kernel.ids import decode, encode
from academy.kernel.payloads import clean, invalid, refused
from academy.kernel.presence import Presence

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

BEACON = (20.0, 30.0)
DEAF = (4.0, 6.0)
"""Seconds between beacons while this process can't hear the others."""
AT_ONCE = 500  # logs, and sockets, asked about in one statement
MAX_MESSAGE = 256 * 1024
EVENTS = "200 per 10 second"
SOCKETS = 50
"""Of one person in this process: so many tabs that nobody finds one of them, each with its memory and its pings."""
UNWELCOME = {"error": SignedOut.code, "retry": SignedOut.retry}


@dataclass(frozen=True)
class SocketHandler:
    """One socket event: its name, the permission it needs, the shape of what comes, and what it does.

    `do(kernel, viewer, data, socket)` returns the ack's fields beyond `ok`; None answers `{"ok": true}`.
    A handler with `acknowledged=False` answers nothing. One that `reads` only is open to API tokens that may no more.
    """

    event: str
    guard: str
    schema: type[Schema]
    do: Callable[[Kernel, Any, dict[str, Any], Socket], Mapping[str, Any] | None]
    acknowledged: bool = True
    reads: bool = False


class Socket:
    """The caller's own socket, as handlers see it."""

    def __init__(self, realtime: Realtime, connection: Connection) -> None:
        """Wrap one connection."""
        self._realtime = realtime
        self.connection = connection

    def join(self, log_id: UUID) -> None:
        """Receive what is appended to a log from now on; authorise first, read the log afterwards."""
        self._realtime.join(self.connection, log_id)

    def leave(self, log_id: UUID) -> None:
        """Receive a log's events no more."""
        self._realtime.leave(self.connection, log_id)

    def follows(self, log_id: UUID) -> bool:
        """Say whether this socket has opened a log."""
        return log_id in self.connection.logs

    def count(self, more: int) -> None:
        """Let the event count as so many more of what its person may send; raises `RateLimited`."""
        self._realtime.count(self.connection.person_id, more)

    def signal(self, log_id: UUID, name: str, payload: Mapping[str, Any]) -> None:
        """Send something passing (typing, presence) to the others in a log."""
        self._realtime.signal(log_id, name, payload, skip=self.connection.sid)


class Realtime:
    """The sockets of one app."""

    def __init__(self, app: Flask, kernel: Kernel, handlers: Sequence[SocketHandler]) -> None:
        """Attach Socket.IO to the app; the mode is the settings', never detected."""
        self._app = app
        self._kernel = kernel
        self.handlers = tuple(handlers)
        self.connections = Connections()
        self.presence = Presence(self.connections, kernel.shared, self._presence_changed)
        self._relay = kernel.relay
        self._following = Following(kernel)
        manager = self._relay or FanOut()
        self.delivery = Delivery(kernel, self.connections, self._following, manager)
        self._stopped = False
        self._look = threading.Event()
        self._beacon: threading.Thread | None = None
        self.on_presence: list[Callable[[UUID], None]] = []
        self.socketio = SocketIO(
            app,
            client_manager=manager,
            async_mode=kernel.settings.async_mode,
            manage_session=False,
            max_http_buffer_size=MAX_MESSAGE,
            **websocket_engine.OPTIONS,
        )
        if kernel.settings.realtime_driver == "own":
            websocket_engine.install(self.socketio.server)
        self._authentication = Authentication(kernel, self.socketio.start_background_task)
        self.socketio.on_event("connect", self._connect)
        self.socketio.on_event("disconnect", self._disconnect)
        for handler in self.handlers:
            self.socketio.server.on(handler.event, self._entry(handler))
        websocket_engine.admit_only(self.socketio.server, frozenset(handler.event for handler in self.handlers))
        websocket_engine.expect_to_join(self.socketio.server)
        if self._relay is not None:
            self._relay.on("close", self._told_to_close)
            self._relay.on("look", lambda _told: self._hurry())

    # connections

    def _connect(self, auth: object = None) -> None:
        sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO sets it
        try:
            self._let_in(sid, auth)
        except Refusal as refusal:
            self.connections.remove(sid)
            told = UNWELCOME if isinstance(refusal, SignedOut) else refused(refusal)
            raise Unwelcome(refusal.code, told) from refusal
        except Exception as error:
            self.connections.remove(sid)
            logger.exception("connect_failed")  # without an answer the client would wait for one for ever
            raise Unwelcome(Busy.code, refused(Busy(retry_after=random.randint(1, 5)))) from error  # noqa: S311 - jitter

    def _let_in(self, sid: str, auth: object) -> None:
        credential, viewer = self._authentication.enter(auth)
        self._demand_hearing(viewer)
        connection = Connection(sid, credential, viewer.person_id, viewer.sign_in_id, viewer.until)
        if not self.connections.add(connection, SOCKETS):
            # Not `busy`, as it is not the server that has too much. Those whose network went away end within 45 s.
            detail = "You have the academy open very many times. Close some of it, and this one goes on by itself."
            raise RateLimited(detail, retry_after=round(random.uniform(5, 15), 1))  # noqa: S311 - jitter, not a secret
        self.socketio.server.enter_room(sid, person_room(viewer.person_id))
        # The inbox of notices is a log with the person's own id; it is followed from the start.
        self.join(connection, viewer.person_id)
        found = self._authentication.viewer(credential)
        if found is None:  # signed out between the first look and being known here
            raise SignedOut
        if sid not in self.connections or not websocket_engine.is_open(self.socketio.server, sid):
            raise Busy(retry_after=1)  # closed meanwhile: Socket.IO would keep who is not here
        connection.held = held(found.roles)
        if connection.until is not None and (connection.until - clock.now()).total_seconds() < BEACON[1]:
            self._look.set()  # the beacon sleeps for longer than this token lasts

    def _demand_hearing(self, viewer: SocketViewer) -> None:
        """Refuse an API token that is for none of the events that read: what follows from being here is heard."""
        scopes = [missing_scope(viewer.scopes, one.guard, writes=False) for one in self.handlers if one.reads]
        if scopes and all(scopes):
            detail = f"This token is not for this: it lacks the scope {scopes[0]}."
            raise Refused(detail)

    def _disconnect(self, *_reason: object) -> None:
        connection = self.connections.remove(request.sid)  # type: ignore[attr-defined]
        if connection is not None:
            for log_id in tuple(connection.logs):
                self._presence_changed(log_id)

    def disconnect(self, *, person_id: UUID | None = None, sign_in_id: UUID | None = None) -> None:
        """Close at once every socket of a person, or those of one sign-in, in every process."""
        self._close_all(person_id, sign_in_id)
        if self._relay is not None:
            person, sign_in = (encode(one) if one else None for one in (person_id, sign_in_id))
            self._relay.say("close", person=person, sign_in=sign_in)

    def _told_to_close(self, told: Mapping[str, Any]) -> None:
        self._close_all(*(decode(told[one]) if told[one] else None for one in ("person", "sign_in")))

    def _close_all(self, person_id: UUID | None, sign_in_id: UUID | None) -> None:
        for connection in self.connections.all():
            if connection.person_id == person_id or connection.sign_in_id == sign_in_id:
                with _isolated("close_failed"):
                    self._close(connection)

    def _close(self, connection: Connection) -> None:
        # Out of the rooms first: nothing sent from here on reaches it, even while the close is on its way.
        self.connections.remove(connection.sid)
        try:
            for log_id in list(connection.logs):
                self.leave(connection, log_id)
            self.socketio.server.leave_room(connection.sid, person_room(connection.person_id))
        finally:
            with self._app.app_context():
                websocket_engine.hang_up(self.socketio.server, connection.sid)

    def join(self, connection: Connection, log_id: UUID) -> None:
        """Let a socket receive a log; one that was closed meanwhile stays out."""
        if not self.connections.open(connection, log_id):
            return
        self.socketio.server.enter_room(connection.sid, log_room(log_id))
        self.socketio.server.enter_room(connection.sid, own_room(log_id, connection.person_id))
        self._presence_changed(log_id)

    def leave(self, connection: Connection, log_id: UUID) -> None:
        """Let a socket receive a log no more."""
        self.connections.close(connection, log_id)
        # Their own first: whoever is in it gets what comes in the common one's place.
        self.socketio.server.leave_room(connection.sid, own_room(log_id, connection.person_id))
        self.socketio.server.leave_room(connection.sid, log_room(log_id))
        self._presence_changed(log_id)

    def present(self, log_id: UUID) -> set[UUID]:
        """Return who has a live socket in a log: counted from the sockets, not from arrivals."""
        return self.presence.of(log_id)

    def listening(self, person_id: UUID) -> bool:
        """Say whether a person has a socket: where there is none, nothing need be found out to tell it."""
        return self.presence.anywhere(person_id)

    def _presence_changed(self, log_id: UUID) -> None:
        for tell in self.on_presence:
            tell(log_id)

    def ship(self, rows: Sequence[log.Row]) -> None:
        """Deliver committed log rows to whoever has the log open. A failure is healed by the beacon."""
        self.delivery.ship(rows)

    def follow(self, session: Session, viewer: SocketViewer, log_id: UUID) -> log.Span:
        """Return the span of a log that a viewer may read now; raises `Missing`."""
        return self._following.follow(session, viewer, log_id)

    def catch_up(
        self, session: Session, viewer: SocketViewer, log_id: UUID, *, since: int, epoch: str | None, among: int = 1
    ) -> dict[str, Any]:
        """Return one of `among` pages of an answer, for a viewer, to a socket or over HTTP; raises `Busy`."""
        return self._following.catch_up(session, viewer, log_id, since=since, epoch=epoch, among=among)

    def signal(self, log_id: UUID, name: str, payload: Mapping[str, Any], *, skip: str | None = None) -> None:
        """Send something passing to everyone in a log; never numbered, never replayed."""
        self.socketio.emit(name, dict(payload), to=log_room(log_id), skip_sid=skip)

    def tell(self, person_id: UUID, name: str, payload: Mapping[str, Any]) -> None:
        """Send something passing to every socket of one person, such as a moved read position."""
        self.socketio.emit(name, dict(payload), to=person_room(person_id))

    def _entry(self, handler: SocketHandler) -> Callable[..., Mapping[str, Any] | None]:
        schema = handler.schema()

        def receive(sid: str, data: object = None, *_rest: object) -> Mapping[str, Any] | None:
            connection, environ = self.connections.of(sid), self.socketio.server.get_environ(sid)
            if connection is None or environ is None:
                return refused(SignedOut()) if handler.acknowledged else None
            if connection.context is None:
                connection.context = EventContext(self._app, environ, connection.credential.cookie)
            with connection.context, telemetry.serving():
                answer = self._answer(handler, schema, connection, data)
            return answer if handler.acknowledged else None

        return receive

    def _answer(
        self, handler: SocketHandler, schema: Schema, connection: Connection, data: object
    ) -> Mapping[str, Any]:
        try:
            self.count(connection.person_id)
            viewer = self._authentication.viewer(connection.credential)
            if viewer is None:
                self._close(connection)
                raise SignedOut
            if not self._still_holds(connection, viewer):
                raise Busy(retry_after=1)
            demand_scope(viewer.scopes, handler.guard, writes=not handler.reads)
            sent = schema.load(clean(data) if isinstance(data, Mapping) else {})
            done = handler.do(self._kernel, viewer, sent, Socket(self, connection))
            return {"ok": True, **(done or {})}
        except Refusal as refusal:
            return refused(refusal)
        except ValidationError as error:
            return refused(invalid(error))
        except Exception:
            logger.exception("socket_failed", socket_event=handler.event)
            detail = "Something went wrong on our side. What you wrote is kept here; it will be sent again."
            return {"ok": False, "error": "busy", "retry": True, "retry_after": 2, "detail": detail}

    def count(self, person_id: UUID, events: int = 1) -> None:
        """Count events of a person, by whichever socket; raises `RateLimited`."""
        if events:
            self._kernel.limits.hit(EVENTS, "socket", str(person_id), cost=events)

    def _still_holds(self, connection: Connection, viewer: SocketViewer) -> bool:
        """Close a socket whose person lost a role since it was last asked; it may open again what it still may."""
        now = held(viewer.roles)
        if connection.held - now:
            self._close(connection)
            return False
        connection.held = now
        return True

    # the beacon

    def start(self) -> None:
        """Begin to hear the other processes, and to tell every socket the heads of its logs every 20 to 30 s."""
        if self._beacon is None:
            self._beacon = threading.Thread(target=self._beam, name="beacon", daemon=True)
            self._beacon.start()
            self.presence.start()
            if self._relay is not None:
                self._relay.listen()

    def stop(self) -> None:
        """End that."""
        self._stopped = True
        self._look.set()
        self.presence.stop()
        if self._relay is not None:
            self._relay.close()

    def _hurry(self) -> None:
        self._look.set()
        self.presence.hurry()

    def _beam(self) -> None:
        while not self._stopped:
            hears = self._relay is None or self._relay.hears
            due = random.uniform(*(BEACON if hears else DEAF))  # noqa: S311 - jitter, not a secret
            self._look.wait(min(due, self._seconds_to_end()))
            self._look.clear()
            try:
                if not self._stopped:
                    self.beam()
            except Exception:
                logger.exception("beacon_failed")

    def beam(self) -> None:
        """Tell each socket the heads of the logs it has open; close those that lost their sign-in, or a role."""
        for connection in self.connections.expired(clock.now()):
            with _isolated("close_failed"):
                self._close(connection)
        ids = self.connections.logs()
        with self._kernel.reading() as session:
            parts = [log.heads_of(session, ids[i : i + AT_ONCE]) for i in range(0, len(ids), AT_ONCE)]
        heads = {log_id: seq for part in parts for log_id, seq in part.items()}
        connections = self.connections.all()
        for start in range(0, len(connections), AT_ONCE):
            some = connections[start : start + AT_ONCE]
            viewers = self._authentication.viewers([connection.credential for connection in some])
            self.socketio.sleep(0)  # SQLite never waits: a thousand questions would hold up everybody
            for connection in some:
                with _isolated("beacon_failed"):
                    self._tell_heads(connection, viewers.get(connection.credential), heads)

    def _tell_heads(self, connection: Connection, viewer: SocketViewer | None, heads: Mapping[UUID, int]) -> None:
        if viewer is None or not websocket_engine.is_open(self.socketio.server, connection.sid):
            self._close(connection)
        elif self._still_holds(connection, viewer):
            mine = {encode(i): heads[i] for i in tuple(connection.logs) if i in heads}
            self.socketio.emit("space:heads", mine, to=connection.sid, ignore_queue=True)

    def _seconds_to_end(self) -> float:
        """Return in how many seconds the first API token expires by which somebody is here."""
        end = self.connections.first_end()
        return math.inf if end is None else max(0, (end - clock.now()).total_seconds())


@contextmanager
def _isolated(event: str) -> Iterator[None]:
    """Log what goes wrong with one connection, so that the others have their turn."""
    try:
        yield
    except Exception:
        logger.exception(event)


def space_id_of(sent: Mapping[str, Any]) -> UUID:
    """Read the `space` of a payload."""
    return decode(sent.get("space"))
