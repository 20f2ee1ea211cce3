"""Who a socket is of: a sign-in by the token in its cookie, or a program by a personal API token.

Pages and the API ask the same slots. The two kinds of token are never taken for one another, whatever their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from flask import request, session

from academy.kernel.access import SignedOut
from academy.kernel.ids import encode
from academy.kernel.limits import api_user, hidden
from academy.kernel.viewer import Viewer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

CONNECTS = "100 per 10 second"
"""By cookies of one person, and by one cookie: twenty tabs that lose the network, and come back, five times."""


class SocketViewer(Protocol):
    """What the kernel needs to know of a signed-in person."""

    @property
    def person_id(self) -> UUID:
        """Who it is."""

    @property
    def sign_in_id(self) -> UUID:
        """By which sign-in, or by which API token."""

    @property
    def roles(self) -> Mapping[UUID, frozenset[str]]:
        """Their roles now, by group."""

    @property
    def scopes(self) -> frozenset[str] | None:
        """What an API token may be used for; None for a sign-in."""

    @property
    def until(self) -> datetime | None:
        """When an API token expires; None for a sign-in."""


@dataclass(frozen=True)
class ViewerSlot:
    """How a signed-in person is found, for web and sockets alike: the cookie's token in, a viewer or None out.

    `load_each(session, tokens)` finds those of many at once, by token; who is missing has no sign-in any more.
    """

    load: Callable[[Session, str], SocketViewer | None]
    load_each: Callable[[Session, Sequence[str]], Mapping[str, SocketViewer]]


@dataclass(frozen=True)
class BearerSlot:
    """How the owner of a personal API token is found, and how the database hears that it was used.

    `load_each(session, tokens)` returns, by token, the viewer and whether its use should be written down; a token that
    is missing has ended. `used(kernel, ids)` writes the use of tokens down.
    """

    load_each: Callable[[Session, Sequence[str]], Mapping[str, tuple[Viewer, bool]]]
    used: Callable[[Kernel, Sequence[UUID]], None]


@dataclass(frozen=True)
class Credential:
    """What a connection showed: a token, and whether it is an API token or that of a sign-in."""

    token: str = field(repr=False)
    bearer: bool = False

    @property
    def cookie(self) -> dict[str, str]:
        """Return what the cookie holds as far as this counts: a sign-in's token, nothing beside an API token."""
        return {} if self.bearer else {"_user_id": self.token}


def shown(auth: object, cookie: Mapping[str, Any]) -> Credential:
    """Return what a connection showed; raises `SignedOut` where it is nothing. Beside a token a cookie counts not."""
    bearer = auth.get("token") if isinstance(auth, Mapping) else None
    token = cookie.get("_user_id") if bearer is None else bearer
    if not isinstance(token, str) or not token:
        raise SignedOut
    return Credential(token, bearer is not None)


def _meant(auth: object, viewer: SocketViewer) -> bool:
    """Say whether a connection is of whom it says that it is, where it says so.

    A page does: once somebody else has signed in in the same browser the cookie is theirs, and the page is not.
    """
    named = auth.get("as") if isinstance(auth, Mapping) else None
    return named is None or named == encode(viewer.person_id)


class Authentication:
    """Finds whom connections are of."""

    def __init__(self, kernel: Kernel, start: Callable[..., Any]) -> None:
        """Ask the kernel's slots; `start` starts a task in which a use is written down."""
        self._kernel = kernel
        self._start = start

    def enter(self, auth: object) -> tuple[Credential, SocketViewer]:
        """Find who opens a connection by this request; raises `SignedOut`, and `RateLimited` for who does so too often.

        By an API token it counts as a request of the API: for its owner, or for the address where it is none. A cookie
        is counted before anything is looked up (what it holds was signed here), and then its person.
        """
        credential = shown(auth, session)
        if not credential.bearer:
            self._count("sign-in", hidden(credential.token))
        viewer = self.viewer(credential)
        if credential.bearer:
            who = api_user(viewer.person_id if viewer else None, request.remote_addr)
            self._kernel.limits.hit(self._kernel.settings.api_rate, *who)
        elif viewer is not None:
            self._count("person", str(viewer.person_id))
        if viewer is None or not _meant(auth, viewer):
            raise SignedOut
        return credential, viewer

    def _count(self, *who: str) -> None:
        detail = "There were very many connections in a short time. This one comes back by itself."
        self._kernel.limits.hit(CONNECTS, "connect", *who, detail=detail)

    def viewer(self, credential: Credential) -> SocketViewer | None:
        """Find whose a credential is, with the roles they have now; None once it has ended."""
        slots = self._kernel.slots(ViewerSlot)
        if credential.bearer:
            return self.viewers([credential]).get(credential)
        with self._kernel.reading() as database:
            return slots[0].load(database, credential.token) if slots else None

    def viewers(self, credentials: Sequence[Credential]) -> Mapping[Credential, SocketViewer]:
        """Find whose each of these is; who is missing has ended."""
        signed_in = [each.token for each in credentials if not each.bearer]
        bearers = [each.token for each in credentials if each.bearer]
        found: dict[Credential, SocketViewer] = {}
        with self._kernel.reading() as database:
            if signed_in and (cookies := self._kernel.slots(ViewerSlot)):
                known = cookies[0].load_each(database, signed_in)
                found |= {Credential(token): viewer for token, viewer in known.items()}
            if bearers and (programs := self._kernel.slots(BearerSlot)):
                owners = programs[0].load_each(database, bearers)
                found |= {Credential(token, bearer=True): viewer for token, (viewer, _) in owners.items()}
                unnoted = [viewer.sign_in_id for viewer, stale in owners.values() if stale]
                if unnoted:
                    self._start(programs[0].used, self._kernel, unnoted)  # nobody waits for that
        return found
