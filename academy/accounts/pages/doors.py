"""What every door of accounts asks first: that it is not tried too often, and that a password is the right one.

Doors are counted by what was typed and by where it came from, never by what was found: a refusal tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from academy.accounts.queries import own
from academy.accounts.queries.own import Account
from academy.kernel.access import Invalid, Missing, SignedOut
from academy.kernel.app import kernel
from academy.people.pages import present

WRONG_TOKENS = "30 per 5 minute"
LETTERS_TO_ADDRESS = "5 per hour"
LETTERS_FROM_NETWORK = "60 per 10 minute"
LETTERS_BY_PERSON = "100 per hour"


def too_often() -> str:
    """Say kindly that somebody has to wait."""
    return _("That was many tries in a short time. Nothing was changed. Wait a little, then try again.")


def prove(person_id: UUID, password: str) -> Account:
    """Return the viewer's account when this is their present password; raises `Invalid` or `RateLimited`."""
    with kernel().reading() as session:
        account = own.account_of(session, person_id)
    if account is None:
        raise SignedOut
    if not present.fits(person_id, account.password_hash, password):
        raise Invalid(errors={"present": [_("This is not your present password. Nothing was changed.")]})
    return account


def count_letter(address: str) -> None:
    """Count a letter that somebody asks for without being known: so many to one address, so many from one network."""
    limits = kernel().limits
    limits.hit(LETTERS_FROM_NETWORK, "letters-from", request.remote_addr or "", detail=too_often())
    limits.hit(LETTERS_TO_ADDRESS, "letters-to", address.casefold(), detail=too_often())


def count_letter_of(person_id: UUID, address: str) -> None:
    """Count a letter that a signed-in person has written to an address."""
    limits = kernel().limits
    limits.hit(LETTERS_BY_PERSON, "letters-of", str(person_id), detail=too_often())
    limits.hit(LETTERS_TO_ADDRESS, "letters-to", address.casefold(), detail=too_often())


@contextmanager
def token() -> Iterator[None]:
    """Count links that open nothing, by network: inside, such a link is `Missing`."""
    limits = kernel().limits
    window = (WRONG_TOKENS, "links-from", request.remote_addr or "")
    limits.check(*window, detail=too_often())
    try:
        yield
    except Missing:
        limits.hit(*window, detail=too_often())
        raise


def over(way_out: tuple[str, str]) -> tuple[str, int]:
    """Answer alike to a link that was used, is too old, was replaced, or never was."""
    body = render_template(
        "academy/web/error.html",
        status=404,
        heading=_("This link opens nothing any more"),
        sentence=_("It was used already, it is too old, or a newer one has taken its place."),
        kept=_("Nothing was changed."),
        way_out=way_out,
        request_id="",
        page="",
    )
    return body, 404


def keep_addresses_secret(blueprint: Blueprint) -> None:
    """Let no page of a blueprint tell its address to another one, or be kept: it may hold a token.

    The host alone is still told, as the forgery guard asks for it over HTTPS.
    """

    def secretive(response: Response) -> Response:
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    blueprint.after_request(secretive)
