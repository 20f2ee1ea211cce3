"""What an academy that came back from a backup needs before anybody may use it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from academy.bridges.backups.events import AcademyRestored
from academy.kernel import clock, log
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

    def joined(self, other: Since) -> Since:
        """Return what is in either."""
        return Since([*self.erasures, *other.erasures], [*self.revoked, *other.revoked])

    def written(self) -> str:
        """Write it as JSON."""
        parts = [[list(map(str, row)) for row in part] for part in (self.erasures, self.revoked)]
        return json.dumps(dict(zip(("erasures", "revoked"), parts, strict=True)))

    @classmethod
    def read(cls, text: str) -> Since:
        """Read what was written."""
        kept = json.loads(text)
        return cls(
            [(UUID(who), UUID(by), datetime.fromisoformat(due)) for who, by, due in kept["erasures"]],
            [(UUID(token), datetime.fromisoformat(at)) for token, at in kept["revoked"]],
        )


def begin_anew(session: Session, *, made_at: datetime, since: Since) -> int:
    """Make an older copy honest about what came after it; returns how many erasures are promised again.

    Every log has another epoch, so that nobody mixes what they saw since with what is written from here on. Everybody
    is signed out: sign-ins that ended since are open in the copy. Who asked for their data to be erased stays erased,
    and an API token that was revoked stays so.
    """
    log.begin_anew(session)
    people.end_every_sign_in(session)
    tokens.revoke_again(session, since.revoked)
    for person_id, _, due_at in since.erasures:
        if due_at <= clock.now():  # erased, and their tokens with them: the copy has both until a job has run
            tokens.revoke_all(session, person_id=person_id, actor_id=None)
    again = privacy.ask_again(session, since.erasures)
    emit(session, AcademyRestored(actor_id=None, made_at=made_at))
    return again
