"""What every door of accounts asks first: that it is not tried too often, and that a password is the right one."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask_babel import gettext as _

from academy.accounts import queries
from academy.accounts.queries import Account
from academy.kernel import offload
from academy.kernel.access import Invalid, SignedOut
from academy.kernel.app import kernel
from academy.people.engine import verify_password

WRONG_PASSWORDS = "10 per 5 minute"


def too_often() -> str:
    """Say kindly that somebody has to wait."""
    return _("That was many tries in a short time. Nothing was changed. Wait a few minutes, then try again.")


def prove(person_id: UUID, password: str, *, field: str = "present") -> Account:
    """Return the viewer's account when this is their present password; raises `Invalid` or `RateLimited`.

    Only what was wrong counts. What was asked at the same time as the last wrong one is refused too.
    """
    limits = kernel().limits
    window = (WRONG_PASSWORDS, "present-password", str(person_id))
    limits.check(*window, detail=too_often())
    with kernel().reading() as session:
        account = queries.account_of(session, person_id)
    if account is None:
        raise SignedOut
    fits = offload.run(verify_password, account.password_hash, password)
    (limits.check if fits else limits.hit)(*window, detail=too_often())
    if not fits:
        raise Invalid(errors={field: [_("This is not your present password. Nothing was changed.")]})
    return account


def network() -> str:
    """Return where a request comes from."""
    return request.remote_addr or ""
