"""The letter to somebody who got a seat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import mail
from academy.kernel.ids import encode
from academy.kernel.jobs import JobKind
from academy.people import queries as people
from cohorts.roster import queries
from cohorts.roster.reactions import LETTER

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel


def _read(session: Session, payload: dict[str, Any]) -> dict[str, str] | None:
    """Gather what the letter says; nothing when they are no longer in the cohort."""
    cohort_id, person_id = UUID(payload["cohort_id"]), UUID(payload["person_id"])
    addresses = people.addresses_of(session, [person_id])
    if person_id not in addresses or person_id not in queries.learners_of(session, cohort_id):
        return None
    name, address = addresses[person_id]
    cohort = queries.names_of(session, [cohort_id])[cohort_id]
    return {"name": name, "address": address, "cohort": cohort, "path": f"/cohorts/{encode(cohort_id)}"}


def _with_address(kernel: Kernel, _job_id: UUID, value: dict[str, str]) -> dict[str, str]:
    return {**value, "url": kernel.settings.base_url.rstrip("/") + value["path"]}


def _post(session: Session, _payload: dict[str, Any], value: dict[str, str] | None) -> None:
    if value is None:
        return
    text = _(
        "Hello %(name)s,\n\na seat in %(cohort)s came free and is yours. The room and the track are open to you "
        "now:\n%(url)s\n\nIf it no longer suits you, tell the program lead, and it goes to who is next.\n",
        name=value["name"],
        cohort=value["cohort"],
        url=value["url"],
    )
    subject = _("You have a seat in %(cohort)s", cohort=value["cohort"])
    mail.post(
        session,
        mail.Letter(to_name=value["name"], to_address=value["address"], subject=subject, text=text, about="seat"),
    )


JOBS = [JobKind(LETTER, read=_read, outside=_with_address, apply=_post)]
