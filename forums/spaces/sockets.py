"""Spaces over sockets: opening, catching up, reading positions, typing and presence. See docs/realtime.md."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from academy.kernel.access import Missing, Refusal
from academy.kernel.ids import decode, encode
from academy.kernel.realtime import Socket, SocketHandler, space_id_of
from academy.kernel.viewer import Viewer
from forums.spaces import actions
from forums.spaces.queries import views
from forums.spaces.schemas import OpenIn, ReadIn, SpaceIn, SyncIn

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

T = TypeVar("T")

COALESCE = 0.25  # seconds in which comings and goings become one message
NAMED = 200
"""People whom one list names: more would be as many names to as many readers, again at every coming and going."""
SPENT = 1_000_000  # bytes a second that the lists of one room take, over all who are in it
ID = 29  # bytes of a list for each person in it
TYPING = "10 per 10 second"
TYPING_AT_ALL = "40 per 10 second"
"""Of everybody in one space: a page names two at a time, and each of these goes to all who are there."""


def open_spaces(kernel: Kernel, viewer: Viewer, data: dict[str, Any], socket: Socket) -> Mapping[str, Any]:
    """Follow logs from now on and answer what came since: authorise, join, then read, all of them or none.

    It counts as an event for each log, and others go on between two of them.
    """
    wanted: dict[UUID, int] = {decode(name): since for name, since in data["spaces"].items()}
    socket.count(len(wanted) - 1)
    _by_turns(kernel, wanted, lambda session, log_id: kernel.realtime.follow(session, viewer, log_id))
    before = set(socket.connection.logs)
    for log_id in wanted:
        socket.join(log_id)

    def page(session: Session, log_id: UUID) -> dict[str, Any]:
        return kernel.realtime.catch_up(session, viewer, log_id, since=wanted[log_id], epoch=None, among=len(wanted))

    try:
        pages = _by_turns(kernel, wanted, page)
    except Refusal:
        # The right ended between the first look and the second, or there is too much to do just now.
        for log_id in wanted.keys() - before:
            socket.leave(log_id)
        raise
    found = {encode(log_id): answer for log_id, answer in pages.items()}
    for name, answer in found.items():
        _say_reset(kernel, socket, name, answer)
    return {"spaces": found}


def _by_turns(kernel: Kernel, log_ids: Iterable[UUID], ask: Callable[[Session, UUID], T]) -> dict[UUID, T]:
    """Ask something of each log; between two of them others go on, as SQLite by itself never waits."""
    found: dict[UUID, T] = {}
    for log_id in log_ids:
        if found:
            kernel.realtime.socketio.sleep(0)
        with kernel.reading() as session:
            found[log_id] = ask(session, log_id)
    return found


def sync(kernel: Kernel, viewer: Viewer, data: dict[str, Any], socket: Socket) -> Mapping[str, Any]:
    """Answer one page of what came since."""
    log_id = space_id_of(data)
    with kernel.reading() as session:
        page = kernel.realtime.catch_up(session, viewer, log_id, since=data["since"], epoch=data["epoch"])
    _say_reset(kernel, socket, encode(log_id), page)
    return page


def _say_reset(kernel: Kernel, socket: Socket, name: str, page: Mapping[str, Any]) -> None:
    if "reset" in page:
        told = {"space": name, "epoch": page["epoch"], "reason": page["reset"]}
        kernel.realtime.socketio.emit("space:reset", told, to=socket.connection.sid)


def close(_kernel: Kernel, _viewer: Viewer, data: dict[str, Any], socket: Socket) -> None:
    """Follow a log no more; closing what is not open is no error."""
    socket.leave(space_id_of(data))


def read(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Move the reading position and tell the person's other tabs."""
    space_id = space_id_of(data)
    no, rev = kernel.commit(
        lambda session: actions.set_read(session, viewer=viewer, space_id=space_id, no=data["no"], rev=data["rev"])
    )
    with contextlib.suppress(Missing):  # the right may have ended just now
        with kernel.reading() as session:
            told = views.position_for(session, viewer, space_id)
        kernel.realtime.tell(viewer.person_id, "read:changed", told)
    return {"no": no, "rev": rev}


def typing(kernel: Kernel, viewer: Viewer, data: dict[str, Any], socket: Socket) -> None:
    """Let the others in an open space see that somebody writes."""
    space_id = space_id_of(data)
    kernel.limits.hit(TYPING, "typing", str(viewer.person_id), str(space_id))
    if not socket.follows(space_id):
        raise Missing
    with kernel.reading() as session:
        space = views.space_for(session, viewer, space_id)
    if space.may_post:
        kernel.limits.hit(TYPING_AT_ALL, "typing", str(space_id))
        told = {"space": encode(space_id), "person": encode(viewer.person_id), "name": viewer.name}
        socket.signal(space_id, "typing", told)


class Presence:
    """Who is in a space now, told to all in it when that changes. Counted from live sockets, never replayed."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._due: set[UUID] = set()
        self._paid: dict[UUID, float] = {}
        self._lock = Lock()

    def changed(self, log_id: UUID) -> None:
        """Tell soon; what changes until then is told with it, so that a herd of returning sockets is one message.

        In a hall it is told once what the list before has cost is paid for: a hundred people wait a third of a second
        at most, a thousand six seconds.
        """
        with self._lock:
            if log_id in self._due:
                return
            self._due.add(log_id)
            wait = max(COALESCE, self._paid.get(log_id, 0) - monotonic())
        timer = Timer(wait, self._tell, [log_id])
        timer.daemon = True
        timer.start()

    def _tell(self, log_id: UUID) -> None:
        with self._lock:
            self._due.discard(log_id)
        here = self._kernel.realtime.present(log_id)
        if here and here != {log_id}:  # an inbox has its owner's id; nobody else is ever there
            named = [encode(person_id) for person_id in sorted(here)[:NAMED]]
            self._pay(log_id, len(here) * len(named) * ID / SPENT)
            told = {"space": encode(log_id), "people": named, "count": len(here)}
            self._kernel.realtime.signal(log_id, "presence", told)

    def _pay(self, log_id: UUID, seconds: float) -> None:
        """Note how long a list takes of what a room may spend, where that is longer than one waits anyway."""
        now = monotonic()
        with self._lock:
            self._paid = {other: until for other, until in self._paid.items() if until > now and other != log_id}
            if seconds > COALESCE:
                self._paid[log_id] = now + seconds


HANDLERS = [
    SocketHandler("space:open", "forums:read", OpenIn, open_spaces, reads=True),
    SocketHandler("space:sync", "forums:read", SyncIn, sync, reads=True),
    SocketHandler("space:close", "forums:read", SpaceIn, close, reads=True),
    SocketHandler("read:set", "forums:read", ReadIn, read),
    SocketHandler("typing", "forums:post", SpaceIn, typing, acknowledged=False),
]
