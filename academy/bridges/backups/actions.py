"""What an academy that came back from a backup needs before anybody may use it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from academy.bridges.backups.events import AcademyRestored
from academy.kernel import log
from academy.kernel.events import emit
from academy.people import actions as people
from academy.privacy import actions as privacy
from academy.tokens import actions as tokens


@dataclass(frozen=True)
class Since:
    """What was taken back after an older copy was made, and must not be there again with it.

    `erasures` are (person, who asked, when it is due), `revoked` API tokens are (token, when).
    """

    erasures: Collection[tuple[UUID, UUID, datetime]] = ()
    revoked: Collection[tuple[UUID, datetime]] = ()


def begin_anew(session: Session, *, made_at: datetime, since: Since) -> int:
    """Make an older copy honest about what came after it; returns how many erasures are promised again.

    Every log has another epoch, so that nobody mixes what they saw since with what is written from here on. Everybody
    is signed out: sign-ins that ended since are open in the copy. Who asked for their data to be erased stays erased,
    and an API token that was revoked stays so.
    """
    log.begin_anew(session)
    people.end_every_sign_in(session)
    tokens.revoke_again(session, since.revoked)
    again = privacy.ask_again(session, since.erasures)
    emit(session, AcademyRestored(actor_id=None, made_at=made_at))
    return again
