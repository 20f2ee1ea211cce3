"""What the ground floor stores about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from academy.accounts.models import Invitation, JoinLink, MailedLink
from academy.bridges.calendars.models import CalendarFeed
from academy.bridges.people_file.models import PeopleFile
from academy.careers.models import Occupation, Opportunity, TargetRole
from academy.factors.models import AppFactor, Challenge, Passkey, RecoveryCode
from academy.kernel.ledger import Entry
from academy.kernel.log import LogEvent
from academy.notices.models import Notice
from academy.people.models import (
    Availability,
    Block,
    Group,
    Membership,
    Person,
    PersonLanguage,
    SignIn,
)
from academy.privacy.models import DataFile, Disclosure, Erasure
from academy.privacy.queries import count_of, rows_of
from academy.skills.models import Goal, PersonSkill, Skill, SkillStatement
from academy.tokens.models import ApiToken
from academy.tracks.models import Activity, Completion, Reflection


def profile(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody says about themselves, and what the organization says."""
    lead = aliased(Person)
    mine = select(
        Person.id,
        Person.email,
        Person.external_id,
        Person.name,
        Person.pronouns,
        Person.about,
        Person.zone,
        Person.locale,
        Person.theme,
        Person.contrast,
        Person.announce,
        Person.created_at,
        lead.name.label("manager"),
    )
    [found] = rows_of(session, mine.outerjoin(lead, lead.id == Person.manager_id).where(Person.id == person_id))
    spoken = select(PersonLanguage.language).where(PersonLanguage.person_id == person_id)
    hours = select(Availability.weekday, Availability.start_minute, Availability.end_minute)
    found["languages"] = sorted(session.scalars(spoken))
    found["hours"] = rows_of(session, hours.where(Availability.person_id == person_id).order_by(Availability.weekday))
    return found


def groups(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return where somebody is and was, and as what."""
    return rows_of(
        session,
        select(Group.kind, Group.name, Membership.role, Membership.from_at, Membership.until_at)
        .join(Group, Group.id == Membership.group_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.from_at),
    )


def sign_ins(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return from where somebody signed in."""
    mine = select(SignIn.agent, SignIn.created_at, SignIn.ended_at).where(SignIn.person_id == person_id)
    return rows_of(session, mine.order_by(SignIn.created_at))


def blocks(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return whom somebody keeps apart from; who keeps apart from them is those people's own."""
    mine = select(Person.name, Block.at).join(Person, Person.id == Block.blocked_id)
    return rows_of(session, mine.where(Block.person_id == person_id).order_by(Block.at))


def notices(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return what somebody was told, as kinds and instants: the words are those of what it is about."""
    mine = select(Notice.kind, Notice.at, Notice.read_at).where(Notice.person_id == person_id)
    return rows_of(session, mine.order_by(Notice.at))


def skills(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody can do and wants to learn, what was said of it, and what they said of others, unnamed."""
    held = select(Skill.label, PersonSkill.level, PersonSkill.source, PersonSkill.at)
    wanted = select(Skill.label, Goal.level, Goal.at)
    said = select(Skill.label, SkillStatement.source, SkillStatement.level, SkillStatement.at)
    said = said.join(Skill, Skill.id == SkillStatement.skill_id).order_by(SkillStatement.at)
    return {
        "skills": rows_of(
            session, held.join(Skill, Skill.id == PersonSkill.skill_id).where(PersonSkill.person_id == person_id)
        ),
        "goals": rows_of(session, wanted.join(Skill, Skill.id == Goal.skill_id).where(Goal.person_id == person_id)),
        "stated": rows_of(session, said.where(SkillStatement.person_id == person_id)),
        "stated_of_others": rows_of(
            session, said.where(SkillStatement.said_by_id == person_id, SkillStatement.person_id != person_id)
        ),
    }


def careers(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody aims at, and the opportunities that name them as whom to ask."""
    aims = select(Occupation.label, TargetRole.at).join(Occupation, Occupation.id == TargetRole.occupation_id)
    asked = select(Opportunity.title, Opportunity.closes_on).where(Opportunity.contact_id == person_id)
    return {
        "target_role": rows_of(session, aims.where(TargetRole.person_id == person_id)),
        "asked_about": rows_of(session, asked.order_by(Opportunity.created_at)),
    }


def learning(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody completed, and their reflections, which nobody else reads."""
    done = select(Activity.title, Completion.at).join(Activity, Activity.id == Completion.activity_id)
    written = select(Activity.title, Reflection.body, Reflection.at).join(
        Activity, Activity.id == Reflection.activity_id
    )
    return {
        "completed": rows_of(session, done.where(Completion.person_id == person_id).order_by(Completion.at)),
        "reflections": rows_of(session, written.where(Reflection.person_id == person_id).order_by(Reflection.at)),
    }


def links(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return the links that were mailed to somebody and the invitations they sent; never a link itself."""
    mailed = select(MailedLink.kind, MailedLink.address, MailedLink.created_at, MailedLink.used_at)
    asked = select(Invitation.role, Invitation.sent_at, Invitation.accepted_at)
    made = select(JoinLink.role, JoinLink.created_at, JoinLink.expires_at)
    return {
        "mailed": rows_of(session, mailed.where(MailedLink.person_id == person_id)),
        "invitations_sent": rows_of(session, asked.where(Invitation.invited_by_id == person_id)),
        "invitations_accepted": rows_of(session, asked.where(Invitation.accepted_by_id == person_id)),
        "join_links_made": rows_of(session, made.where(JoinLink.made_by_id == person_id)),
    }


def factors(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return with what else somebody shows who they are; never a secret, a key or a code."""
    apps = select(AppFactor.created_at, AppFactor.confirmed_at).where(AppFactor.person_id == person_id)
    keys = select(Passkey.name, Passkey.created_at, Passkey.last_used_at).where(Passkey.person_id == person_id)
    codes = select(RecoveryCode.created_at, RecoveryCode.used_at).where(RecoveryCode.person_id == person_id)
    return {
        "apps": rows_of(session, apps),
        "passkeys": rows_of(session, keys.order_by(Passkey.created_at)),
        "recovery_codes": rows_of(session, codes),
    }


def tokens(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return somebody's tokens for programs; never a token itself."""
    mine = select(
        ApiToken.name,
        ApiToken.scopes,
        ApiToken.created_at,
        ApiToken.expires_at,
        ApiToken.last_used_at,
        ApiToken.revoked_at,
    )
    return rows_of(session, mine.where(ApiToken.person_id == person_id).order_by(ApiToken.created_at))


def feeds(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return when the address of somebody's calendar was made; never the address."""
    return rows_of(session, select(CalendarFeed.made_at).where(CalendarFeed.person_id == person_id))


def trail(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return what somebody did, as the ledger keeps it: what and when."""
    return rows_of(session, select(Entry.kind, Entry.at).where(Entry.actor_id == person_id).order_by(Entry.id))


def seen(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return who was shown this person's data, and when a file or an erasure was asked for."""
    told = select(Person.name.label("by"), Disclosure.what, Disclosure.on_date).join(
        Person, Person.id == Disclosure.viewer_id
    )
    asked = select(Erasure.asked_at, Erasure.due_at).where(Erasure.person_id == person_id)
    return {
        "seen_by": rows_of(session, told.where(Disclosure.person_id == person_id).order_by(Disclosure.on_date)),
        "files": rows_of(session, select(DataFile.asked_at).where(DataFile.person_id == person_id)),
        "erasure": rows_of(session, asked),
    }


def uploads(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return the people files that somebody sent and has not confirmed; what is in them is about others."""
    return rows_of(session, select(PeopleFile.name, PeopleFile.at).where(PeopleFile.person_id == person_id))


COUNTS = {
    "profile": lambda who: (
        count_of(Person, Person.id == who)
        + count_of(PersonLanguage, PersonLanguage.person_id == who)
        + count_of(Availability, Availability.person_id == who)
    ),
    "groups": lambda who: count_of(Membership, Membership.person_id == who),
    "sign_ins": lambda who: count_of(SignIn, SignIn.person_id == who),
    "blocks": lambda who: count_of(Block, Block.person_id == who),
    "notices": lambda who: count_of(Notice, Notice.person_id == who),
    "skills": lambda who: (
        count_of(PersonSkill, PersonSkill.person_id == who)
        + count_of(Goal, Goal.person_id == who)
        + count_of(SkillStatement, or_(SkillStatement.person_id == who, SkillStatement.said_by_id == who))
    ),
    "careers": lambda who: (
        count_of(TargetRole, TargetRole.person_id == who) + count_of(Opportunity, Opportunity.contact_id == who)
    ),
    "learning": lambda who: (
        count_of(Completion, Completion.person_id == who) + count_of(Reflection, Reflection.person_id == who)
    ),
    "links": lambda who: (
        count_of(MailedLink, MailedLink.person_id == who)
        + count_of(Invitation, or_(Invitation.invited_by_id == who, Invitation.accepted_by_id == who))
        + count_of(JoinLink, JoinLink.made_by_id == who)
    ),
    "factors": lambda who: (
        count_of(AppFactor, AppFactor.person_id == who)
        + count_of(Passkey, Passkey.person_id == who)
        + count_of(RecoveryCode, RecoveryCode.person_id == who)
        + count_of(Challenge, Challenge.person_id == who)
    ),
    "tokens": lambda who: count_of(ApiToken, ApiToken.person_id == who),
    "calendar": lambda who: count_of(CalendarFeed, CalendarFeed.person_id == who),
    "trail": lambda who: count_of(Entry, Entry.actor_id == who) + count_of(LogEvent, LogEvent.actor_id == who),
    "seen": lambda who: (
        count_of(Disclosure, Disclosure.person_id == who) + count_of(DataFile, DataFile.person_id == who)
    ),
    "uploads": lambda who: count_of(PeopleFile, PeopleFile.person_id == who),
}
"""How much there is of each part, as SQL."""
