"""The API's way in by a personal token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from academy.tokens import actions, queries
from academy.web.signed_in import BearerSlot

if TYPE_CHECKING:
    from uuid import UUID

    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)


def note_use(kernel: Kernel, token_id: UUID) -> None:
    """Remember that a token was used. The answer has left: a database that can't be written to spoils nothing."""
    try:
        kernel.commit(lambda session: actions.note_use(session, token_id=token_id))
    except SQLAlchemyError as error:
        logger.warning("token_use_not_noted", exc_info=error)


BEARER = BearerSlot(queries.bearer_of, note_use)
