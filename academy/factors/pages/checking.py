"""What every door of factors asks: that it is not tried too often, and that a code or a passkey is the right one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog
from flask import Response, json, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.factors import actions, queries
from academy.factors.engine import codes, passkeys
from academy.factors.engine.passkeys import Known, Party
from academy.kernel import clock, offload
from academy.kernel.access import RateLimited
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.web import shell

logger = structlog.get_logger(__name__)

WRONG = ("5 per 5 minute", "30 per 1 day")
"""Wrong codes for one person. Three of a million codes are right at a time, so a year of guessing comes to little."""
ASKING = "300 per 5 minute"
"""Passkeys asked for from one network, where a whole classroom may be."""


def too_often() -> str:
    """Say kindly that somebody has to wait."""
    return _("Those were many wrong codes in a short time. Nothing is lost. Wait a few minutes, then try again.")


def code_fits(person_id: UUID, code: str) -> bool:
    """Say whether this is a code that somebody's app shows now, and take it: it counts once. Raises `RateLimited`."""
    return _counted(person_id, _app_work(person_id, code))


def recovery_fits(person_id: UUID, code: str) -> bool:
    """Say whether this is one of somebody's recovery codes, and take it: it counts once. Raises `RateLimited`."""
    hashed = codes.code_hash(person_id, code)
    return _counted(person_id, partial(actions.use_code, person_id=person_id, code_hash=hashed))


def used_up(person_id: UUID) -> bool:
    """Say whether somebody has to wait now."""
    try:
        _check(person_id)
    except RateLimited:
        return True
    return False


def _check(person_id: UUID) -> None:
    for rule in WRONG:
        kernel().limits.check(rule, "second-step", str(person_id), detail=too_often())


def _counted(person_id: UUID, take: Callable[[Session], bool] | None) -> bool:
    """Take a code where there is still a try left; only what was wrong counts."""
    _check(person_id)
    fits = take is not None and kernel().commit(take)
    if not fits:
        for rule in WRONG:
            kernel().limits.hit(rule, "second-step", str(person_id), detail=too_often())
    return fits


def _app_work(person_id: UUID, code: str) -> Callable[[Session], bool] | None:
    with kernel().reading() as database:
        app = queries.app_of(database, person_id)
    if app is None or not app.confirmed:
        return None
    secret = kernel().vault.open(app.sealed)
    if secret is None:
        logger.error("app_secret_unreadable", person=str(person_id))
        return None
    step = codes.step_of(secret, code, clock.now())
    if step is None:
        return None
    again = kernel().vault.resealed(app.sealed)
    return partial(actions.use_app, person_id=person_id, step=step, resealed=again)


# passkeys


def party() -> Party | None:
    """Return for whom passkeys are here; None where browsers allow none."""
    return passkeys.party_of(kernel().settings.base_url, shell.academy_name())


def no_party() -> str:
    """Say why there are no passkeys here."""
    return _(
        "Passkeys need an address with a name and HTTPS, such as https://academy.example.org. "
        "This academy is reached in another way, so they can't be used here."
    )


def ask(purpose: str, person_id: UUID | None, options: Callable[[Party, str], str]) -> Response:
    """Tell this browser what a passkey should sign, and remember that; for a script, as JSON."""
    here = party()
    if here is None:
        return told(said=no_party())
    kernel().limits.hit(ASKING, "passkey-asked", request.remote_addr or "")
    challenge = passkeys.new_challenge()
    asked = kernel().commit(
        lambda database: actions.ask(database, purpose=purpose, person_id=person_id, challenge=challenge)
    )
    session["challenge"] = encode(asked)
    return Response(options(here, challenge), mimetype="application/json", headers={"Cache-Control": "no-store"})


def told(**words: str) -> Response:
    """Tell a script to go elsewhere (`go`), or what to say (`said`)."""
    return Response(json.dumps(words), mimetype="application/json", headers={"Cache-Control": "no-store"})


def taken(purpose: str, person_id: UUID | None) -> str | None:
    """Return what this browser was asked to have signed for this purpose, once; None when there is no such thing."""
    kept = session.pop("challenge", None)
    if not isinstance(kept, str):
        return None
    return kernel().commit(
        lambda database: actions.take(database, challenge_id=decode(kept), purpose=purpose, person_id=person_id)
    )


def signed_by(purpose: str, person_id: UUID | None, text: str) -> Known | None:
    """Return the passkey that signed what this browser was asked for; None for anything else.

    What was asked is used up either way, so an answer that is sent again is none.
    """
    challenge, answer, here = taken(purpose, person_id), passkeys.read(text), party()
    if challenge is None or answer is None or here is None:
        return None
    with kernel().reading() as database:
        known = queries.passkey_by(database, answer["id"])
    if known is None or person_id not in {None, known.person_id}:
        return None
    if passkeys.handle_of(answer) not in {None, passkeys.handle(known.person_id)}:
        return None
    count = offload.run(passkeys.signed, here, challenge, answer, known)
    if count is None:
        logger.warning("passkey_refused", passkey=str(known.id))
        return None
    used = kernel().commit(
        lambda database: actions.use_passkey(database, passkey_id=known.id, before=known.sign_count, count=count)
    )
    return known if used else None
