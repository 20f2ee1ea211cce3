"""Guards: every route names the permission it needs, and that somebody must be signed in unless it says public.

A personal API token is for what its scopes name: `read` or `write` everywhere, or in one area, as `forums:read`.
The area is what stands before the colon of a guard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import request
from flask_babel import gettext as _

from academy.kernel.access import ACCOUNT, Refused, guarded, missing_scope
from academy.kernel.viewer import Viewer
from academy.web.signed_in import viewer

F = TypeVar("F", bound=Callable[..., Any])

PUBLIC = "public"


class OutOfScope(Refused):
    """A token is not for this; `scope` names what would be."""

    def __init__(self, detail: str, scope: str = "") -> None:
        """Keep the sentence and the scope that is missing."""
        super().__init__(detail)
        self.scope = scope


def demand_scope(scopes: frozenset[str] | None, by: str) -> None:
    """Refuse what a token is not for; whoever is here themselves needs no scope."""
    scope = missing_scope(scopes, by, writes=request.method not in {"GET", "HEAD"})
    if scope.partition(":")[0] == ACCOUNT:
        raise OutOfScope(_("No token is for this. Sign in and do it yourself."))
    if scope:
        raise OutOfScope(_("This token is not for this: it lacks the scope %(scope)s.", scope=scope), scope)


def public(entry: F) -> F:
    """Let anybody in."""
    return guarded(PUBLIC)(entry)


def takes_files(may: Callable[[Viewer], bool]) -> Callable[[F], F]:
    """Let an entry point take a body as large as a video, from whom `may` says; from others no more than any page.

    It is asked before anything is read. Whoever may goes on to the checks of the action as everywhere.
    """

    def mark(entry: F) -> F:
        entry.__takes_files__ = may  # type: ignore[attr-defined]
        return entry

    return mark


def guard(by: str) -> Callable[[F], F]:
    """Let in whoever is signed in; the action or query behind checks the permission named here."""

    def wrap(entry: F) -> F:
        @wraps(entry)
        def enter(*args: Any, **kwargs: Any) -> Any:
            demand_scope(viewer().scopes, by)
            return entry(*args, **kwargs)

        return cast("F", guarded(by)(enter))

    return wrap
