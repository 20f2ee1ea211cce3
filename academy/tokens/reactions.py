"""Consequences of tokens: their owner hears of each one that is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.events import after, within
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.notices.reactions import warn
from academy.people.events import AccountClosed
from academy.tokens import actions, queries
from academy.tokens.events import TokenMade, TokenRevoked

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

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


def end_tokens(session: Session, event: AccountClosed) -> None:
    """End the tokens of a closed account for good: they stay ended when it is opened again."""
    actions.revoke_all(session, person_id=event.person_id, actor_id=event.actor_id)


def close_sockets(kernel: Kernel, event: TokenRevoked) -> None:
    """End the open sockets of programs that showed a token that is over."""
    kernel.realtime.disconnect(sign_in_id=event.token_id)


REACTIONS = [
    within(TokenMade, tell_owner),
    within(AccountClosed, end_tokens),
    after(TokenRevoked, close_sockets),
]

NOTICE_KINDS = [NoticeKind(MADE, tell_made)]
