"""Guards: every route names the permission it needs, and that somebody must be signed in unless it says public."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from academy.kernel.access import guarded
from academy.web.signed_in import viewer

F = TypeVar("F", bound=Callable[..., Any])

PUBLIC = "public"


def public(entry: F) -> F:
    """Let anybody in."""
    return guarded(PUBLIC)(entry)


def guard(by: str) -> Callable[[F], F]:
    """Let in whoever is signed in; the action or query behind checks the permission named here."""

    def wrap(entry: F) -> F:
        @wraps(entry)
        def enter(*args: Any, **kwargs: Any) -> Any:
            viewer()
            return entry(*args, **kwargs)

        return cast("F", guarded(by)(enter))

    return wrap
