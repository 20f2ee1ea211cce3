"""The way in by a personal token, for the API and for sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from academy.kernel.authentication import BearerSlot
from academy.tokens import actions, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)


def note_use(kernel: Kernel, token_ids: Sequence[UUID]) -> None:
    """Remember that tokens were used. The answer has left: a database that can't be written to spoils nothing."""
    try:
        kernel.commit(lambda session: actions.note_use(session, token_ids=token_ids))
    except SQLAlchemyError as error:
        logger.warning("token_use_not_noted", exc_info=error)


BEARER = BearerSlot(queries.bearers_of, note_use)
