"""Refusals, and the rule that every entry point says who may pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Refusal(Exception):
    """A request that is answered with a reason instead of an effect.

    `code` is the word that sockets and the API send; `status` the HTTP status; `retry` whether the same
    request may succeed later. `detail` is a kind sentence for the person: what happened, what was kept,
    what to do next.
    """

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400
    retry: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        """Keep the sentence and, where waiting helps, the seconds to wait."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class SignedOut(Refusal):
    """Nobody is signed in, or the sign-in has ended."""

    code = "signed_out"
    status = 401


class Refused(Refusal):
    """The viewer may know of this but may not do it."""

    code = "forbidden"
    status = 403


class Missing(Refusal):
    """No such thing, or not for this viewer to know of."""

    code = "missing"
    status = 404


class Conflict(Refusal):
    """Somebody was quicker, or the thing has changed since it was read."""

    code = "conflict"
    status = 409


class Prevented(Conflict):
    """It can't be done as things stand, and nobody was quicker: the last admin stays, say."""


class Outdated(Refusal):
    """The thing is no longer as the `If-Match` of the request says that it was read."""

    code = "outdated"
    status = 412


class Closed(Refusal):
    """It is over: the room is closed, the offer is answered, the workshop is cancelled."""

    code = "closed"
    status = 409


class Invalid(Refusal):
    """What was sent can't be used; `errors` maps each field to its sentences."""

    code = "invalid"
    status = 422

    def __init__(self, detail: str = "", *, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        """Keep the sentence and the sentences per field."""
        super().__init__(detail)
        self.errors: dict[str, list[str]] = {k: list(v) for k, v in (errors or {}).items()}


class TooLong(Invalid):
    """A text is longer than it may be."""

    code = "too_long"
    status = 413


class RateLimited(Refusal):
    """Too many in too short a time."""

    code = "rate_limited"
    status = 429
    retry = True


class SlowMode(RateLimited):
    """Who looks after the room lets everybody write once in a while only; it is the viewer's turn again later."""

    code = "slow_mode"


class Busy(Refusal):
    """The server would have to queue; come back in `retry_after` seconds."""

    code = "busy"
    status = 503
    retry = True


ACCOUNT = "account"
"""The area of passwords, factors, addresses and tokens themselves: no API token reaches into it."""


def missing_scope(scopes: frozenset[str] | None, by: str, *, writes: bool) -> str:
    """Return the scope that an API token lacks for what a guard names, "" where none; `scopes` are None for a sign-in.

    `read` and `write` are for everything, `forums:read` for the area that stands before the colon of a guard.
    """
    area, verb = by.partition(":")[0], "write" if writes else "read"
    if scopes is None or (area != ACCOUNT and scopes & {verb, f"{area}:{verb}"}):
        return ""
    return f"{area}:{verb}"


def demand_scope(scopes: frozenset[str] | None, by: str, *, writes: bool) -> None:
    """Refuse what an API token is not for."""
    scope = missing_scope(scopes, by, writes=writes)
    if scope:
        detail = f"This token is not for this: it lacks the scope {scope}."
        raise Refused(detail)


def guarded(by: str) -> Callable[[F], F]:
    """Name the permission that an entry point needs; the contract tests read it."""

    def mark(entry: F) -> F:
        entry.__guard__ = by  # type: ignore[attr-defined]
        return entry

    return mark
