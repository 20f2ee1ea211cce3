"""Proof of a moment ago: whoever changes a way in, makes a token or gives a role has just shown who they are.

An open screen or a copied cookie is not enough for that. Signing in is such a proof; `/me/proof` asks for another.
What somebody had chosen when they were asked waits in their signed cookie: an address, which a stranger may have
written, chooses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import session
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from academy.kernel import clock
from academy.web import forms

LASTS = timedelta(minutes=10)
KEY = "proved_at"
CHOSEN = "chosen"
WAITS = 2 * LASTS
"""How long a choice waits: as long as a proof may take and then counts."""


def note() -> None:
    """Remember that somebody has just shown who they are, in the signed cookie of this very sign-in."""
    session[KEY] = clock.now().isoformat()


def proved() -> bool:
    """Say whether somebody has shown who they are in the last minutes."""
    return _within(LASTS, session.get(KEY))


def _within(lasts: timedelta, since: object) -> bool:
    try:
        at = datetime.fromisoformat(since if isinstance(since, str) else "")
        return timedelta() <= clock.now() - at < lasts
    except (TypeError, ValueError):
        return False


def ask(then: str, chosen: Iterable[tuple[str, str]] = ()) -> ResponseReturnValue:
    """Send the browser to where it is asked, and on to a page of ours afterwards, where what was `chosen` waits."""
    session[CHOSEN] = {"then": then, "at": clock.now().isoformat(), "fields": [list(pair) for pair in chosen]}
    return forms.see_other(f"/me/proof?next={quote(then, safe='/')}")


def chosen(here: str) -> MultiDict[str, str]:
    """Return what was chosen on the page with this address when its proof was asked for; nothing after a while."""
    kept = session.get(CHOSEN) or {}
    waits = kept.get("then") == here and _within(WAITS, kept.get("at"))
    return MultiDict([(name, value) for name, value in kept["fields"]] if waits else [])


def done() -> None:
    """Forget what was chosen: it is done."""
    session.pop(CHOSEN, None)
