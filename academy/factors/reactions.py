"""Consequences of factors: whoever they belong to hears of every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from academy.factors.events import (
    FactorAdded,
    FactorRemoved,
    FactorsReset,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStepFailed,
)
from academy.kernel.events import within
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.notices.reactions import warn

KINDS = (
    "factor_app_added",
    "factor_app_removed",
    "factor_passkey_added",
    "factor_passkey_removed",
    "factor_codes_made",
    "factor_code_used",
    "factor_reset",
    "factor_step_failed",
)


def _titles() -> dict[str, str]:
    titles = (
        _("An authenticator app was set up for your account"),
        _("Your authenticator app was turned off"),
        _("A passkey was added to your account"),
        _("A passkey was removed from your account"),
        _("New recovery codes were made for your account"),
        _("A recovery code was used to show that it is you"),
        _("An admin took your second factors away"),
        _("Somebody knew your password and failed at the second step"),
    )
    return dict(zip(KINDS, titles, strict=True))


def tell_added(session: Session, event: FactorAdded) -> None:
    """Tell somebody of a new factor of theirs."""
    happened = {
        "app": _("An authenticator app was set up. From now on you are asked for its code when you sign in."),
        "passkey": _("A passkey was added. Whoever has that device and can unlock it can sign in as you."),
    }
    _tell(session, event.person_id, f"factor_{event.kind}_added", event.factor_id, happened[event.kind])


def tell_removed(session: Session, event: FactorRemoved) -> None:
    """Tell somebody that a factor of theirs is gone."""
    happened = {
        "app": _("Your authenticator app was turned off. Its codes are asked for no more."),
        "passkey": _("A passkey was removed. It signs nobody in any more."),
    }
    _tell(session, event.person_id, f"factor_{event.kind}_removed", event.factor_id, happened[event.kind])


def tell_codes_made(session: Session, event: RecoveryCodesMade) -> None:
    """Tell somebody that their recovery codes are other ones now."""
    happened = _("New recovery codes were made. Those you had before are worth nothing now.")
    _tell(session, event.person_id, "factor_codes_made", event.person_id, happened)


def tell_code_used(session: Session, event: RecoveryCodeUsed) -> None:
    """Tell somebody that a recovery code was used, and how many are left."""
    left = ngettext("%(num)s code is left.", "%(num)s codes are left.", event.left)
    happened = _("A recovery code was used in place of your app or passkey. It can't be used again.")
    _tell(session, event.person_id, "factor_code_used", event.person_id, f"{happened} {left}")


def tell_reset(session: Session, event: FactorsReset) -> None:
    """Tell somebody that an admin took their factors away."""
    happened = _(
        "An admin of your organization took your authenticator app, passkeys and recovery codes away, as when a "
        "phone is lost. Your password alone lets you in now. Set up a new second factor on your security page."
    )
    _tell(session, event.person_id, "factor_reset", event.person_id, happened)


def tell_failures(session: Session, event: SecondStepFailed) -> None:
    """Tell somebody that their password is known to whoever guessed at the second step."""
    happened = _(
        "Somebody entered your right password, and then wrong codes until they had to wait. They were not let in. "
        "If it was not you, somebody knows your password: change it."
    )
    _tell(session, event.person_id, "factor_step_failed", event.person_id, happened)


def _tell(session: Session, person_id: UUID, kind: str, ref: UUID, happened: str) -> None:
    warn(session, person_id=person_id, kind=kind, ref=ref, subject=_titles()[kind], happened=happened)


def tell_notices(_session: Session, _viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Word the notices about factors. No statement."""
    titles, line = _titles(), _("If that was not you, change your password and look at your security page.")
    return {notice.id: Told(titles[notice.kind], line, "/me/security", "shield") for notice in notices}


REACTIONS = [
    within(FactorAdded, tell_added),
    within(FactorRemoved, tell_removed),
    within(RecoveryCodesMade, tell_codes_made),
    within(RecoveryCodeUsed, tell_code_used),
    within(FactorsReset, tell_reset),
    within(SecondStepFailed, tell_failures),
]

NOTICE_KINDS = [NoticeKind(kind, tell_notices) for kind in KINDS]
