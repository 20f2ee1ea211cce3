"""One job writes the mails of one change, a page of people at a time, and another one reminds.

Reading is a snapshot, writing the letters happens outside any transaction, and promising them is one short
transaction per page: scheduling stays quick however many are asked. A page that is done twice promises each
mail once, by its key of workshop, sequence, change and person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import jobs, mail
from academy.kernel.ids import encode
from academy.kernel.jobs import JobKind
from cohorts.workshops import actions
from cohorts.workshops.engine import ical
from cohorts.workshops.jobs.letters import WITHOUT_CALENDAR, About, Reader, compose
from cohorts.workshops.models import RsvpState
from cohorts.workshops.queries import mailing as queries
from cohorts.workshops.queries.mailing import Recipient, Subject
from cohorts.workshops.reactions.consequences import LETTERS, REMIND

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

PAGE = 100


@dataclass(frozen=True)
class _Found:
    """What a page of mails is made from."""

    subject: Subject
    payload: dict[str, Any]
    people: list[Recipient]


@dataclass(frozen=True)
class _Written:
    """A page of letters by person, and where the next page begins."""

    letters: dict[UUID, mail.Letter]
    following: UUID | None


def _read(session: Session, payload: dict[str, Any]) -> _Found | None:
    """Find the workshop and a page of people; None when a later change has made these mails untrue."""
    subject = queries.subject_of(session, UUID(payload["workshop"]))
    if subject is None:
        return None
    workshop = subject.workshop
    if workshop.sequence != payload["sequence"] and payload["letter"] != "withdrawn":
        return None
    if payload["person"]:
        one = queries.recipient(session, workshop, UUID(payload["person"]))
        people = [one] if one else []
    else:
        states = [RsvpState.GOING, RsvpState.MAYBE] if payload["letter"] == "reminder" else []
        after = UUID(payload["after"]) if payload["after"] else None
        people = queries.recipients(session, workshop, states=states, after=after, limit=PAGE)
    session.expunge(workshop)
    return _Found(subject, payload, people)


def _write(kernel: Kernel, _job_id: UUID, found: _Found) -> _Written:
    name, address = parseaddr(kernel.settings.mail_from)
    workshop = found.subject.workshop
    about = About(
        letter=found.payload["letter"],
        stamp=datetime.fromisoformat(found.payload["stamp"]),
        uid=workshop.uid,
        sequence=workshop.sequence,
        title=workshop.title,
        group=found.subject.group_name,
        agenda=workshop.agenda_md,
        facilitator=found.subject.facilitator_name,
        starts_at=workshop.starts_at,
        minutes=workshop.minutes,
        zone=workshop.zone,
        venue_url=workshop.venue_url,
        page_url=f"{kernel.settings.base_url}/workshops/{encode(workshop.id)}",
        sender=ical.Address(name=name or found.subject.group_name, mail=address),
    )
    letters = {
        one.person_id: compose(
            about,
            Reader(
                name=one.name,
                mail=one.mail,
                zone=one.zone,
                state=one.state,
                leads=one.person_id == workshop.facilitator_id,
            ),
        )
        for one in found.people
    }
    return _Written(letters, found.people[-1].person_id if len(found.people) == PAGE else None)


def _promise(session: Session, payload: dict[str, Any], written: _Written | None) -> None:
    """Promise the letters of this page and go on with the next one."""
    if written is None:
        return
    change = "{workshop}:{sequence}:{letter}:{stamp}".format(**payload)
    for person_id, letter in written.letters.items():
        kind = "plain" if payload["letter"] in WITHOUT_CALENDAR else letter.method
        mail.post(session, letter, unique_key=f"workshop:{change}:{kind}:{person_id}")
    if written.following is not None:
        rest = {**payload, "after": str(written.following)}
        jobs.enqueue(session, LETTERS, rest, unique_key=f"workshop:{change}:after:{written.following}")


def _remind(session: Session, payload: dict[str, Any], _nothing: object) -> None:
    actions.remind(session, workshop_id=UUID(payload["workshop"]), sequence=payload["sequence"])


JOBS = [
    JobKind(LETTERS, read=_read, outside=_write, apply=_promise),
    JobKind(REMIND, apply=_remind),
]
