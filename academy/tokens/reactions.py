"""Consequences of tokens: their owner hears of each one that is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.events import within
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.notices.reactions import warn
from academy.tokens import queries
from academy.tokens.events import TokenMade

MADE = "token_made"


def tell_owner(session: Session, event: TokenMade) -> None:
    """Tell the owner of a new token, who may not be who made it."""
    warn(
        session,
        person_id=event.person_id,
        kind=MADE,
        ref=event.token_id,
        subject=_("A new API token for your account"),
        happened=_("A personal API token was made for your account. A program that has it can act in your name."),
    )


def tell_made(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Word the notices about new tokens. One statement."""
    names = queries.names_for(session, viewer, [notice.ref for notice in notices])
    return {
        notice.id: Told(
            _("An API token was made: %(name)s", name=names[notice.ref]),
            _("If that was not you, revoke it and change your password."),
            "/me/tokens",
            "lock",
        )
        for notice in notices
        if notice.ref in names
    }


REACTIONS = [within(TokenMade, tell_owner)]

NOTICE_KINDS = [NoticeKind(MADE, tell_made)]
