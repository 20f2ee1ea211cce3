"""Sends one message to many: encoded once, framed once, one write that does not wait for each reader."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar

import socketio
from engineio import packet as engine_packet
from socketio import packet

from academy.kernel.websocket_engine import NO_LOCK, EngineSession, lock_for
from academy.kernel.websocket_frames import encode_message
from academy.kernel.websocket_writer import FrameWriter

AT_ONCE = 200  # frames sent before the others may go on
MANY = 16  # people in a room whose list is kept until one comes or goes
LARGEST = 256 * 1024  # characters of events in one write: a reader who is behind gets some of them, and is cut later

Reader = tuple[str, str, FrameWriter | None]
"""Socket.IO's and Engine.IO's ids of a client, and who writes to it where its connection is one of ours."""
Given = ParamSpec("Given")
Result = TypeVar("Result")


class Turns:
    """A lock that is held in the order in which it was asked for. The lock inside is for its own line."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        """Begin with nobody in line."""
        self._lock = lock
        self._line: deque[threading.Event | None] = deque()

    def __enter__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            mine = threading.Event() if self._line else None
            self._line.append(mine)
        if mine is not None:
            try:
                mine.wait()
            except BaseException:  # this task was ended while it waited: those behind it must not wait for ever
                self._leave(mine)
                raise

    def __exit__(self, *_: object) -> None:
        """Let the next one go on."""
        self._leave(self._line[0])

    def _leave(self, mine: threading.Event | None) -> None:
        with self._lock:
            first = self._line[0] is mine
            self._line.remove(mine)
            if first and self._line and (following := self._line[0]) is not None:
                following.set()


def _one_by_one(
    method: Callable[Concatenate[Any, Given], Result],
) -> Callable[Concatenate[Any, Given], Result]:
    def locked(manager: Any, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        with manager.rooms_lock:
            return method(manager, *args, **kwargs)

    return locked


def _parts(sizes: Sequence[int]) -> Iterator[slice]:
    """Split what has these sizes into parts that are no larger than is good, or of one."""
    start = total = 0
    for place, size in enumerate(sizes):
        if place > start and total + size > LARGEST:
            yield slice(start, place)
            start, total = place, 0
        total += size
    if sizes:
        yield slice(start, len(sizes))


class FanOut(socketio.Manager):  # type: ignore[misc]  # python-socketio has no types
    """Who is in which room of this process, and the delivery to them.

    Two messages reach a reader in the order in which they were emitted, though each lets others go on in the
    middle of it. Whoever left a room gets nothing that was not yet written. A manager that publishes to other
    processes, too, is made by naming both: `class Published(socketio.RedisManager, FanOut)`.
    """

    rooms_lock: AbstractContextManager[Any] = NO_LOCK
    _sent = 0

    def set_server(self, server: Any) -> None:
        """Begin with no rooms; called by the server that this is given to."""
        super().set_server(server)
        self._rooms_of: dict[str, set[Any]] = {}
        self._known: dict[tuple[str, Any], list[Reader]] = {}
        self.rooms_lock = lock_for(server)
        self._turns = Turns(lock_for(server))

    # socketio's rooms are dicts of dicts, and one that empties is thrown away: with threads somebody might enter
    # it just then.
    pre_connect = _one_by_one(socketio.Manager.pre_connect)
    connect = _one_by_one(socketio.Manager.connect)
    is_pre_connected = _one_by_one(socketio.Manager.is_pre_connected)
    is_connected = _one_by_one(socketio.Manager.is_connected)
    pre_disconnect = _one_by_one(socketio.Manager.pre_disconnect)
    get_rooms = _one_by_one(socketio.Manager.get_rooms)

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Add a client to a room; one that has gone enters none."""
        with self.rooms_lock:
            if eio_sid is None and sid not in self.rooms.get(namespace, {}).get(None, ()):
                return
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
            self._rooms_of.setdefault(sid, set()).add(room)
            self._known.pop((namespace, room), None)

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Remove a client from a room."""
        with self.rooms_lock:
            super().basic_leave_room(sid, namespace, room)
            self._rooms_of.get(sid, set()).discard(room)
            self._known.pop((namespace, room), None)

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        """Forget a client; socketio would look for it in every room that there is."""
        with self.rooms_lock:
            for room in self._rooms_of.pop(sid, ()):
                super().basic_leave_room(sid, namespace, room)
                self._known.pop((namespace, room), None)
            self.callbacks.pop(sid, None)
            for pending in (self.pending_connect, self.pending_disconnect):
                if sid in pending.get(namespace, ()):
                    pending[namespace].remove(sid)
                    if not pending[namespace]:
                        del pending[namespace]

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """Return who is in a room, or in any of several, as pairs of Socket.IO's and Engine.IO's ids."""
        with self.rooms_lock:
            return iter(list(super().get_participants(namespace, room)))

    def _readers(self, namespace: str, room: Any) -> list[Reader]:
        """Return who is in a room, or in any of several, and who writes to them; the same list until that changes."""
        with self.rooms_lock:
            key = None if isinstance(room, list | tuple) else (namespace, room)
            found = self._known.get(key) if key else None
            if found is None:
                found = [(sid, one, self._writer_of(one)) for sid, one in super().get_participants(namespace, room)]
                if key and len(found) >= MANY:
                    self._known[key] = found
            return found

    def _writer_of(self, engine_sid: str) -> FrameWriter | None:
        engine_socket = self.server.eio.sockets.get(engine_sid)
        session = engine_socket and engine_socket.queue
        return session.writer if isinstance(session, EngineSession) else None

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **more: Any,
    ) -> None:
        """Send an event to a client, a room, several rooms, or everybody (None); waits for no reader."""
        if callback:  # each recipient has a number of its own then
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, to=to, **more)
            return
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        packets = self._packets(event, data, namespace)
        with self._turns:
            others = self._send(packets, namespace, to or room, frozenset(skipped))
        self._send_otherwise(others, packets)

    def emit_each(
        self, event: str, each: Sequence[Any], namespace: str, room: Any, *, own: Mapping[Any, Sequence[Any]]
    ) -> None:
        """Send several events of one name to a room of this process, in this order, as one write to each reader.

        `own` are rooms whose members get others in their place, as many. What is long takes several writes. The
        events are JSON: they have no attachments.
        """
        made: dict[int, list[engine_packet.Packet]] = {}  # of what several rooms get: encoded once
        for data in (data for some in (each, *own.values()) for data in some):
            if id(data) not in made:
                made[id(data)] = self._packets(event, data, namespace, binary=False)
        with self._turns:
            having = {one: dict(self.get_participants(namespace, one)) for one in own}
            all_of_them = frozenset().union(*having.values())
            others: list[tuple[str, list[engine_packet.Packet]]] = []
            for part in _parts([sum(len(one.data) for one in made[id(data)]) for data in each]):
                for one, theirs in (*own.items(), (room, each)):
                    packets = [encoded for data in theirs[part] for encoded in made[id(data)]]
                    left = self._send(packets, namespace, one, all_of_them if one == room else ())
                    others += [(engine_sid, packets) for engine_sid in left]
        for engine_sid, packets in others:
            self._send_otherwise([engine_sid], packets)

    def _packets(
        self, event: str, data: Any, namespace: str, *, binary: bool | None = None
    ) -> list[engine_packet.Packet]:
        """Encode an event. Whether it has attachments is looked for in all that it holds, unless `binary` says so."""
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        sent = self.server.packet_class(packet.EVENT, namespace=namespace, data=[event, *arguments], binary=binary)
        encoded = sent.encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        return [engine_packet.Packet(engine_packet.MESSAGE, part) for part in parts]

    def _send_otherwise(self, engine_sids: Collection[str], packets: Sequence[engine_packet.Packet]) -> None:
        for engine_sid in engine_sids:
            engine_socket = self.server.eio.sockets.get(engine_sid)
            if engine_socket is not None and not engine_socket.closed:
                for part in packets:
                    self.server.eio.send_packet(engine_sid, part)

    def _send(
        self,
        packets: Sequence[engine_packet.Packet],
        namespace: str,
        room: Any,
        skipped: Collection[str | None] = (),
    ) -> list[str]:
        """Write to everybody who has a session of ours; returns the Engine.IO ids of the others."""
        if namespace not in self.rooms:
            return []
        # All frames are one write: nothing may come between those of a message with attachments.
        frame = b"".join(encode_message(part.encode()) for part in packets)
        others: list[str] = []
        readers = self._readers(namespace, room)
        waiting = [one for one in readers if one[0] not in skipped] if skipped else readers
        while waiting:
            now, waiting = waiting[: AT_ONCE - self._sent], waiting[AT_ONCE - self._sent :]
            for _, engine_sid, writer in now:
                if writer is None:
                    others.append(engine_sid)
                    continue
                try:
                    writer.write(frame)
                except ConnectionError:
                    continue  # lost, or cut: its reader hears of it
            self._sent += len(now)
            if self._sent >= AT_ONCE:
                self._sent = 0
                self.server.sleep(0)
                if waiting and (present := self._readers(namespace, room)) is not readers:
                    here = {sid for sid, *_ in present}
                    waiting = [one for one in waiting if one[0] in here]
        return others
