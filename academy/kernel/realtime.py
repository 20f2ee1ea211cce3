"""The one user of Socket.IO: connections, their logs, live delivery and the beacon. See docs/realtime.md."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import structlog
from flask import Flask, request
from flask import session as cookie
from flask_socketio import ConnectionRefusedError as Unwelcome
from flask_socketio import SocketIO
from marshmallow import Schema, ValidationError

from academy.kernel import log, telemetry, websocket_engine
from academy.kernel.access import Busy, Invalid, Missing, RateLimited, Refusal, SignedOut
from academy.kernel.fanout import FanOut
from academy.kernel.ids import decode, encode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

BEACON = (20.0, 30.0)
MAX_MESSAGE = 256 * 1024
EVENTS = "200 per 10 second"
CATCHING_UP = 16  # readers of pages at once, of 20 database connections
UNWELCOME = {"error": SignedOut.code, "retry": SignedOut.retry}


class SocketViewer(Protocol):
    """What the kernel needs to know of a signed-in person."""

    @property
    def person_id(self) -> UUID:
        """Who it is."""

    @property
    def sign_in_id(self) -> UUID:
        """By which sign-in."""


@dataclass(frozen=True)
class ViewerSlot:
    """How a signed-in person is found, for web and sockets alike: the cookie's token in, a viewer or None out."""

    load: Callable[[Session, str], SocketViewer | None]


@dataclass(frozen=True)
class SocketHandler:
    """One socket event: its name, the permission it needs, the shape of what comes, and what it does.

    `do(kernel, viewer, data, socket)` returns the ack's fields beyond `ok`; None answers `{"ok": true}`.
    A handler with `acknowledged=False` answers nothing.
    """

    event: str
    guard: str
    schema: type[Schema]
    do: Callable[[Kernel, Any, dict[str, Any], Socket], Mapping[str, Any] | None]
    acknowledged: bool = True


@dataclass
class Connection:
    """One open socket: whose it is and which logs it follows."""

    sid: str
    token: str
    person_id: UUID
    sign_in_id: UUID
    logs: set[UUID] = field(default_factory=set)


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
        self._connections: dict[str, Connection] = {}
        self._catching_up = threading.BoundedSemaphore(CATCHING_UP)
        self._stopped = threading.Event()
        self._beacon: threading.Thread | None = None
        self.on_presence: list[Callable[[UUID], None]] = []
        self.socketio = SocketIO(
            app,
            async_mode=kernel.settings.async_mode,
            client_manager=FanOut(),
            manage_session=False,
            max_http_buffer_size=MAX_MESSAGE,
            **websocket_engine.OPTIONS,
        )
        websocket_engine.install(self.socketio.server)
        self.socketio.on_event("connect", self._connect)
        self.socketio.on_event("disconnect", self._disconnect)
        for handler in self.handlers:
            self.socketio.on_event(handler.event, self._entry(handler))
        websocket_engine.admit_only(self.socketio.server, frozenset(handler.event for handler in self.handlers))

    # connections

    def _connect(self, auth: object = None) -> None:
        del auth
        token = cookie.get("_user_id", "")
        viewer = self._viewer(token) if isinstance(token, str) and token else None
        if viewer is None:
            raise Unwelcome(SignedOut.code, UNWELCOME)
        sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO sets it
        connection = self._connections[sid] = Connection(sid, token, viewer.person_id, viewer.sign_in_id)
        self.socketio.server.enter_room(sid, _person(viewer.person_id))
        # The inbox of notices is a log with the person's own id; it is followed from the start.
        self.join(connection, viewer.person_id)
        if self._viewer(token) is None:  # signed out between the first look and being known here
            self._connections.pop(sid, None)
            raise Unwelcome(SignedOut.code, UNWELCOME)

    def _disconnect(self, *_reason: object) -> None:
        connection = self._connections.pop(request.sid, None)  # type: ignore[attr-defined]
        if connection is not None:
            for log_id in tuple(connection.logs):
                self._presence_changed(log_id)

    def _viewer(self, token: str) -> SocketViewer | None:
        slots = self._kernel.slots(ViewerSlot)
        with self._kernel.reading() as session:
            return slots[0].load(session, token) if slots else None

    def disconnect(self, *, person_id: UUID | None = None, sign_in_id: UUID | None = None) -> None:
        """Close at once every socket of a person, or those of one sign-in."""
        for connection in list(self._connections.values()):
            if connection.person_id == person_id or connection.sign_in_id == sign_in_id:
                self._close(connection)

    def _close(self, connection: Connection) -> None:
        # Out of the rooms first: nothing sent from here on reaches it, even while the close is on its way.
        self._connections.pop(connection.sid, None)
        for log_id in list(connection.logs):
            self.leave(connection, log_id)
        self.socketio.server.leave_room(connection.sid, _person(connection.person_id))
        with self._app.app_context():
            websocket_engine.hang_up(self.socketio.server, connection.sid)

    def join(self, connection: Connection, log_id: UUID) -> None:
        """Let a socket receive a log; one that was closed meanwhile stays out."""
        if connection.sid not in self._connections:
            return
        connection.logs.add(log_id)
        self.socketio.server.enter_room(connection.sid, _log(log_id))
        self.socketio.server.enter_room(connection.sid, _own(log_id, connection.person_id))
        self._presence_changed(log_id)

    def leave(self, connection: Connection, log_id: UUID) -> None:
        """Let a socket receive a log no more."""
        connection.logs.discard(log_id)
        self.socketio.server.leave_room(connection.sid, _log(log_id))
        self.socketio.server.leave_room(connection.sid, _own(log_id, connection.person_id))
        self._presence_changed(log_id)

    def present(self, log_id: UUID) -> set[UUID]:
        """Return who has a live socket in a log: counted from the sockets, not from arrivals."""
        return {c.person_id for c in list(self._connections.values()) if log_id in c.logs}

    def listening(self, person_id: UUID) -> bool:
        """Say whether a person has a socket here: where there is none, nothing need be found out to tell it."""
        return any(c.person_id == person_id for c in list(self._connections.values()))

    def _presence_changed(self, log_id: UUID) -> None:
        for tell in self.on_presence:
            tell(log_id)

    def ship(self, rows: Sequence[log.Row]) -> None:
        """Deliver committed log rows to whoever has the log open. A failure is healed by the beacon."""
        by_log: dict[UUID, list[log.Row]] = defaultdict(list)
        for row in rows:
            by_log[row.log_id].append(row)
        # Copies: under threads a socket may open a log while these are walked.
        listened = {log_id for c in list(self._connections.values()) for log_id in tuple(c.logs)}
        for log_id, mine in by_log.items():
            if log_id not in listened:
                continue
            try:
                with self._kernel.reading() as session:
                    payloads = self.payloads(session, mine)
                for row, payload in zip(mine, payloads, strict=True):
                    if row.nonce is not None and row.actor_id is not None:
                        # Only the sender may see the nonce. Their sockets get this copy first and drop the
                        # other one, whose number they then already have.
                        own = {**payload, "nonce": row.nonce}
                        self.socketio.emit("space:event", own, to=_own(log_id, row.actor_id))
                    self.socketio.emit("space:event", payload, to=_log(log_id))
            except Exception:
                logger.exception("ship_failed", log=str(log_id))

    def payloads(self, session: Session, rows: Sequence[log.Row]) -> list[dict[str, Any]]:
        """Return the events of one log as they go over the wire, the same for every follower."""
        if not rows:
            return []
        kind = self._kernel.log_kinds[log.kinds_of(session, [rows[0].log_id])[rows[0].log_id]]
        return [
            {
                "space": encode(row.log_id),
                "epoch": row.epoch,
                "seq": row.seq,
                "kind": row.kind,
                "at": row.at.isoformat(),
                "actor": encode(row.actor_id) if row.actor_id else None,
                "payload": dict(payload),
            }
            for row, payload in zip(rows, kind.load(session, rows), strict=True)
        ]

    def follow(self, session: Session, viewer: SocketViewer, log_id: UUID) -> log.Span:
        """Return the span of a log that a viewer may read now; raises `Missing`."""
        kind = log.kinds_of(session, [log_id]).get(log_id)
        if kind is None:
            raise Missing
        return self._kernel.log_kinds[kind].follow(session, viewer, log_id)

    def catch_up(
        self, session: Session, viewer: SocketViewer, log_id: UUID, *, since: int, epoch: str | None
    ) -> dict[str, Any]:
        """Return one page of a log for a viewer, as sockets and the HTTP fallback answer it; raises `Busy`."""
        if not self._catching_up.acquire(blocking=False):  # a herd is spread, not queued
            detail = "Many people are coming back at once. What you missed is fetched in a moment."
            raise Busy(detail, retry_after=round(random.uniform(1, 5), 1))  # noqa: S311 - jitter, not a secret
        try:
            span = self.follow(session, viewer, log_id)
            page = log.page(session, log_id, span=span, since=since, epoch=epoch)
            events = self.payloads(session, page.rows)
        finally:
            self._catching_up.release()
        for row, event in zip(page.rows, events, strict=True):
            if row.nonce is not None and row.actor_id == viewer.person_id:
                event["nonce"] = row.nonce
        answer = {"epoch": page.epoch, "head": page.head, "events": events, "more": page.more}
        return {**answer, "reset": page.reset} if page.reset else answer

    def signal(self, log_id: UUID, name: str, payload: Mapping[str, Any], *, skip: str | None = None) -> None:
        """Send something passing to everyone in a log; never numbered, never replayed."""
        self.socketio.emit(name, dict(payload), to=_log(log_id), skip_sid=skip)

    def tell(self, person_id: UUID, name: str, payload: Mapping[str, Any]) -> None:
        """Send something passing to every socket of one person, such as a moved read position."""
        self.socketio.emit(name, dict(payload), to=_person(person_id))

    def _entry(self, handler: SocketHandler) -> Callable[..., Mapping[str, Any] | None]:
        def receive(data: object = None, *_rest: object) -> Mapping[str, Any] | None:
            with telemetry.serving():
                answer = self._answer(handler, data)
            return answer if handler.acknowledged else None

        return receive

    def _answer(self, handler: SocketHandler, data: object) -> Mapping[str, Any]:
        connection = self._connections.get(request.sid)  # type: ignore[attr-defined]
        try:
            if connection is None:
                raise SignedOut
            self._kernel.limits.hit(EVENTS, "socket", str(connection.person_id))
            viewer = self._viewer(connection.token)
            if viewer is None:
                self._close(connection)
                raise SignedOut
            sent = handler.schema().load(clean(data) if isinstance(data, Mapping) else {})
            done = handler.do(self._kernel, viewer, sent, Socket(self, connection))
            return {"ok": True, **(done or {})}
        except Refusal as refusal:
            return _refused(refusal)
        except ValidationError as error:
            return _refused(invalid(error))
        except Exception:
            logger.exception("socket_failed", socket_event=handler.event)
            detail = "Something went wrong on our side. What you wrote is kept here; it will be sent again."
            return {"ok": False, "error": "busy", "retry": True, "retry_after": 2, "detail": detail}

    # the beacon

    def start(self) -> None:
        """Begin to tell every socket the heads of its logs every 20 to 30 s."""
        if self._beacon is None:
            self._beacon = threading.Thread(target=self._beam, name="beacon", daemon=True)
            self._beacon.start()

    def stop(self) -> None:
        """End the beacon."""
        self._stopped.set()

    def _beam(self) -> None:
        while not self._stopped.wait(random.uniform(*BEACON)):  # noqa: S311 - jitter, not a secret
            try:
                self.beam()
            except Exception:
                logger.exception("beacon_failed")

    def beam(self) -> None:
        """Tell each socket the heads of the logs it has open; close those that lost their sign-in."""
        connections = list(self._connections.values())
        ids = sorted({log_id for c in connections for log_id in tuple(c.logs)})
        with self._kernel.reading() as session:
            parts = [log.heads_of(session, ids[i : i + 500]) for i in range(0, len(ids), 500)]
        heads = {log_id: seq for part in parts for log_id, seq in part.items()}
        signed_in: dict[str, bool] = {}
        for connection in connections:
            if connection.token not in signed_in:
                signed_in[connection.token] = self._viewer(connection.token) is not None
                self.socketio.sleep(0)  # SQLite never waits: a thousand questions would hold up everybody
            if not signed_in[connection.token]:
                self._close(connection)
                continue
            mine = {encode(i): heads[i] for i in tuple(connection.logs) if i in heads}
            if mine:
                self.socketio.emit("space:heads", mine, to=connection.sid)


def clean(value: Any) -> Any:
    """Take out of what came as JSON the characters that no database keeps: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {clean(name): clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def invalid(error: ValidationError) -> Invalid:
    """Turn marshmallow's findings into a refusal with sentences per field."""
    found = error.messages if isinstance(error.messages, dict) else {"": error.messages}
    errors = {str(name): _sentences(texts) for name, texts in found.items()}
    return Invalid("; ".join(t for texts in errors.values() for t in texts), errors=errors)


def _sentences(found: object) -> list[str]:
    parts = list(found.values()) if isinstance(found, Mapping) else found  # of a list: sentences by place
    return [t for part in parts for t in _sentences(part)] if isinstance(parts, list) else [str(parts)]


def space_id_of(sent: Mapping[str, Any]) -> UUID:
    """Read the `space` of a payload."""
    return decode(sent.get("space"))


def _refused(refusal: Refusal) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "error": refusal.code, "retry": refusal.retry, "detail": refusal.detail}
    if refusal.retry_after is not None or isinstance(refusal, RateLimited):
        answer["retry_after"] = refusal.retry_after or 1
    return answer


def _log(log_id: UUID) -> str:
    return f"log:{encode(log_id)}"


def _own(log_id: UUID, person_id: UUID) -> str:
    return f"log:{encode(log_id)}:{encode(person_id)}"


def _person(person_id: UUID) -> str:
    return f"person:{encode(person_id)}"
