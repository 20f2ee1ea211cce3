"""Erasing what the ground floor stores about a person. What stays is an id without a name."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from academy.accounts.models import Invitation, MailedLink
from academy.bridges.calendars.models import CalendarFeed
from academy.bridges.people_file.models import PeopleFile
from academy.careers.models import Opportunity, TargetRole
from academy.factors import actions as factors
from academy.kernel import clock, mail
from academy.kernel.jobs import Job
from academy.kernel.once import IdempotentRequest
from academy.notices.models import Notice
from academy.people import actions as people
from academy.people.models import Availability, Block, Membership, Person, PersonLanguage, SignIn
from academy.skills.models import Goal, PersonSkill, SkillStatement
from academy.tokens import actions as tokens
from academy.tokens.models import ApiToken
from academy.tracks.models import Completion, Reflection

NAME = "Somebody who left"
"""How somebody is called whose data was erased."""
TO_WHOM = ("to_name", "to_address")
"""Parts of a letter that are its reader's own, namesakes and addresses that hold another one among them."""


def erase_profile(session: Session, person_id: UUID) -> None:
    """Empty the account: its address can be used anew, nobody can sign in with it, nobody reports to it."""
    person = session.get_one(Person, person_id)
    _forget_mail(session, person.name, person.email)
    answers = or_(IdempotentRequest.person_id == person_id, _holds(IdempotentRequest.body, person.name))
    session.execute(delete(IdempotentRequest).where(answers).execution_options(synchronize_session=False))
    for table in (PersonLanguage, Availability):
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(update(Person).where(Person.manager_id == person_id).values(manager_id=None))
    person.name, person.email, person.email_key = NAME, "", f"erased:{person_id}"
    person.external_id = person.manager_id = person.password_hash = None
    person.pronouns = person.about = person.theme = person.contrast = ""
    person.zone, person.locale, person.announce = "UTC", "en", "full"
    person.deactivated_at = person.deactivated_at or clock.now()
    session.flush()


def _forget_mail(session: Session, name: str, address: str) -> None:
    """Take somebody's name and address out of the mail log and out of what was promised.

    What waits to be sent to their address is not sent any more. A letter to somebody else is, without their name.
    """
    session.execute(delete(mail.SentMail).where(mail.SentMail.digest == mail.digest_of(address)))
    now = clock.now()
    told = (
        _holds(Job.payload, address),
        _holds(Job.payload, name),
        _holds(Job.error, address),
        _holds(Job.error, name),
    )
    for job in session.scalars(select(Job).where(or_(*told))):
        job.error = None if job.error is None else ""
        open_letter = job.kind == mail.KIND and job.done_at is None
        if open_letter and str(job.payload.get("to_address", "")).casefold() != address.casefold():
            said = {key: _without(value, name, address) for key, value in job.payload.items() if key not in TO_WHOM}
            job.payload = {**job.payload, **said}
        elif open_letter or job.done_at is not None or job.failed_at is not None or _is_about(job.payload, address):
            job.payload, job.done_at, job.lease, job.lease_until = {}, job.done_at or now, None, None


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    """Find a text in a column of text or JSON, as it is or as JSON may write it."""
    told = func.lower(cast(column, Text))
    forms = {text.lower(), json.dumps(text)[1:-1].lower()}
    return or_(*(told.contains(form, autoescape=True) for form in sorted(forms)))


def _is_about(payload: dict[str, Any], address: str) -> bool:
    return any(isinstance(value, str) and value.casefold() == address.casefold() for value in payload.values())


def _without(value: Any, name: str, address: str) -> Any:
    """Leave a name and an address out of a text, where they stand as words of their own."""
    if not isinstance(value, str):
        return value
    for gone in (address, name):
        value = re.sub(rf"(?<!\w){re.escape(gone)}(?!\w)", NAME, value, flags=re.IGNORECASE)
    return value


def erase_groups(session: Session, person_id: UUID) -> None:
    """Leave every group; what follows from leaving follows, such as that rooms close and offers are taken back."""
    held = session.execute(
        select(Membership.group_id, Membership.role)
        .where(Membership.person_id == person_id, Membership.until_at.is_(None))
        .order_by(Membership.id)
    ).all()
    for row in held:
        people.leave(session, group_id=row.group_id, person_id=person_id, role=row.role, actor_id=None)


def erase_sign_ins(session: Session, person_id: UUID) -> None:
    """End every sign-in; sockets close once that is committed. What browsers called themselves goes too."""
    people.end_sign_ins(session, person_id=person_id, actor_id=None)
    session.execute(delete(SignIn).where(SignIn.person_id == person_id))


def erase_blocks(session: Session, person_id: UUID) -> None:
    """Remove whom they keep apart from, and who keeps apart from them: nobody is matched with them any more."""
    session.execute(delete(Block).where(or_(Block.person_id == person_id, Block.blocked_id == person_id)))


def erase_notices(session: Session, person_id: UUID) -> None:
    """Empty their inbox. What others were told stays theirs: it holds ids, and reads as of somebody who left."""
    session.execute(delete(Notice).where(Notice.person_id == person_id))


def erase_skills(session: Session, person_id: UUID) -> None:
    """Remove skills and goals, and what was said of them. What they said of others stays theirs."""
    session.execute(delete(SkillStatement).where(SkillStatement.person_id == person_id))
    session.execute(delete(PersonSkill).where(PersonSkill.person_id == person_id))
    session.execute(delete(Goal).where(Goal.person_id == person_id))


def erase_careers(session: Session, person_id: UUID) -> None:
    """Remove what they aim at, and their name from opportunities."""
    session.execute(delete(TargetRole).where(TargetRole.person_id == person_id))
    session.execute(update(Opportunity).where(Opportunity.contact_id == person_id).values(contact_id=None))


def erase_learning(session: Session, person_id: UUID) -> None:
    """Remove reflections and what was completed."""
    session.execute(delete(Reflection).where(Reflection.person_id == person_id))
    session.execute(delete(Completion).where(Completion.person_id == person_id))


def erase_links(session: Session, person_id: UUID) -> None:
    """Remove links that were mailed to them and take open invitations of their address back.

    What they sent themselves stays as an id: whom they invited is those people's own.
    """
    address = session.scalars(select(Person.email_key).where(Person.id == person_id)).one()
    about = select(Invitation.id).where(Invitation.address_key == address)
    theirs = or_(
        MailedLink.person_id == person_id,
        func.lower(MailedLink.address) == address,
        MailedLink.invitation_id.in_(about),
    )
    for known in session.scalars(select(MailedLink.address).where(MailedLink.person_id == person_id)).all():
        # An address they had before, or were about to have: what was sent there was sent to them.
        session.execute(delete(mail.SentMail).where(mail.SentMail.digest == mail.digest_of(known)))
    session.execute(delete(MailedLink).where(theirs).execution_options(synchronize_session=False))
    session.execute(
        update(Invitation)
        .where(or_(Invitation.address_key == address, Invitation.accepted_by_id == person_id))
        .values(
            name="",
            address="",
            address_key="",
            withdrawn_at=case(
                (Invitation.accepted_at.is_(None), func.coalesce(Invitation.withdrawn_at, clock.now())),
                else_=Invitation.withdrawn_at,
            ),
        )
        .execution_options(synchronize_session=False)
    )


def erase_factors(session: Session, person_id: UUID) -> None:
    """Remove apps, passkeys and recovery codes."""
    factors.forget_factors(session, person_id=person_id)


def erase_feeds(session: Session, person_id: UUID) -> None:
    """Remove the address of a calendar: it leads nowhere from here on."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == person_id))


def erase_tokens(session: Session, person_id: UUID) -> None:
    """Remove tokens for programs: none works from here on."""
    tokens.revoke_all(session, person_id=person_id, actor_id=None)
    session.execute(delete(ApiToken).where(ApiToken.person_id == person_id))


def erase_uploads(session: Session, person_id: UUID) -> None:
    """Remove people files that were not confirmed."""
    session.execute(delete(PeopleFile).where(PeopleFile.person_id == person_id))


def keep_trail(_session: Session, _person_id: UUID) -> None:
    """Keep what the ledger and the logs hold: ids and numbers, never a name or a word."""
