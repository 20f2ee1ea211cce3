"""Proof of a moment ago: whoever changes a way in, makes a token or gives a role has just shown who they are.

An open screen or a copied cookie is not enough for that. Signing in is such a proof; `/me/proof` asks for another.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from flask import session
from flask.typing import ResponseReturnValue

from academy.kernel import clock
from academy.web import forms

LASTS = timedelta(minutes=10)
KEY = "proved_at"


def note() -> None:
    """Remember that somebody has just shown who they are, in the signed cookie of this very sign-in."""
    session[KEY] = clock.now().isoformat()


def proved() -> bool:
    """Say whether somebody has shown who they are in the last minutes."""
    try:
        at = datetime.fromisoformat(session.get(KEY, ""))
    except (TypeError, ValueError):
        return False
    return timedelta() <= clock.now() - at < LASTS


def ask(then: str) -> ResponseReturnValue:
    """Send the browser to where it is asked, and on to a page of ours afterwards."""
    return forms.see_other(f"/me/proof?next={quote(then, safe='/')}")
