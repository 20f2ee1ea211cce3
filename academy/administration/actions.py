"""Verbs of administration: settle, open academies, give and end roles, close accounts, look after work and mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.administration import policy
from academy.administration.events import (
    AcademyOpened,
    AuditSeen,
    JobSetAside,
    JobsRetried,
    MailLogSeen,
    MailTried,
    OrganizationSettled,
    PersonSeen,
    RoleEnded,
    RoleGiven,
)
from academy.administration.queries import house
from academy.careers import actions as careers
from academy.kernel import clock, jobs, mail
from academy.kernel.access import Conflict, Invalid, Missing, Prevented, Refused
from academy.kernel.events import emit
from academy.kernel.mail import Letter
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.engine import known_zone
from academy.people.models import Group, GroupKind, OrganizationSettings, Person, Role
from academy.people.policy import Path, Right, kind_of
from academy.privacy import queries as privacy
from academy.skills import actions as skills

LONGEST_NAME = 120


def set_up(
    session: Session,
    *,
    organization: str,
    academy: str,
    admin: Mapping[str, Any],
    leads: bool,
    framework: bool,
) -> UUID:
    """Open an organization with its first academy and its first admin; returns the admin's id.

    `admin` holds name, email, zone and password_hash, which may be None. With `leads` the admin leads the academy
    too. Raises `Conflict` where there is an organization already.
    """
    if people_queries.organization(session) is not None:
        detail = "The academy is set up already; nothing was changed."
        raise Conflict(detail)
    top = people.open_group(session, kind=GroupKind.ORGANIZATION, name=_name(organization))
    session.add(OrganizationSettings(group_id=top.id, zone=known_zone(admin["zone"]), contact=admin["email"]))
    session.flush()
    first = people.add_person(session, **admin)
    people.join(session, group_id=top.id, person_id=first.id, role=Role.ADMIN, actor_id=None)
    made = people.open_group(session, kind=GroupKind.ACADEMY, name=_name(academy), parent_id=top.id)
    emit(session, AcademyOpened(actor_id=first.id, academy_id=made.id))
    people.join(session, group_id=made.id, person_id=first.id, role=Role.MEMBER, actor_id=None)
    if leads:
        people.join(session, group_id=made.id, person_id=first.id, role=Role.LEAD, actor_id=None)
    if framework:
        skills.load_framework(session)
        careers.complete(session)
    return first.id


def settle(session: Session, *, viewer: Viewer, name: str, zone: str, contact: str) -> None:
    """Change what is settled for everybody."""
    before = house.organization_for(session, viewer)
    people.rename_group(session, group_id=before.id, name=_name(name), actor_id=viewer.person_id)
    new = {"zone": known_zone(zone), "contact": contact}
    changed = tuple(field for field, value in new.items() if getattr(before, field) != value)
    if changed:
        session.merge(OrganizationSettings(group_id=before.id, **new))
        emit(session, OrganizationSettled(actor_id=viewer.person_id, group_id=before.id, fields=changed))


def open_academy(session: Session, *, viewer: Viewer, name: str) -> UUID:
    """Open an academy of the organization; returns its id."""
    top = house.organization_for(session, viewer)
    wanted = _name(name)
    _name_is_free(session, top.id, wanted)
    made = people.open_group(session, kind=GroupKind.ACADEMY, name=wanted, parent_id=top.id)
    emit(session, AcademyOpened(actor_id=viewer.person_id, academy_id=made.id))
    return made.id


def rename_academy(session: Session, *, viewer: Viewer, academy_id: UUID, name: str) -> None:
    """Call an academy something else."""
    found = house.academy_for(session, viewer, academy_id)
    wanted = _name(name)
    if wanted != found.name:
        _name_is_free(session, found.parent_id, wanted)
        people.rename_group(session, group_id=academy_id, name=wanted, actor_id=viewer.person_id)


def give_role(session: Session, *, viewer: Viewer, group_id: UUID, person_id: UUID, role: str) -> bool:
    """Give somebody a role in the organization or an academy; says whether that was new.

    What the viewer may is asked anew under a lock: whoever has just been dismissed appoints nobody.
    """
    now = _asked_anew(session, viewer)
    path = _administered(session, now, group_id)
    if role not in policy.ROLES_IN.get(kind_of(path), ()):
        detail = "This role is not given here."
        raise Invalid(detail, errors={"role": [detail]})
    known = people_queries.addresses_of(session, [person_id])
    if person_id not in known:
        raise Missing
    if role not in policy.roles_to_give(now, path, person_id):
        detail = (
            "You can't give a role with rights that you don't have yourself, nor appoint yourself. Another admin can."
        )
        raise Refused(detail)
    new = people.join(session, group_id=group_id, person_id=person_id, role=role, actor_id=viewer.person_id)
    if new:
        emit(session, RoleGiven(actor_id=viewer.person_id, **_membership(session, group_id, person_id, role)))
    return new


def end_role(session: Session, *, viewer: Viewer, group_id: UUID, person_id: UUID, role: str) -> None:
    """End somebody's role in the organization or an academy; what they wrote stays, and so does the last admin."""
    path = _administered(session, _asked_anew(session, viewer), group_id)
    if kind_of(path) not in policy.ROLES_IN:
        raise Missing
    held = _membership(session, group_id, person_id, role)
    people.leave(session, group_id=group_id, person_id=person_id, role=role, actor_id=viewer.person_id)
    emit(session, RoleEnded(actor_id=viewer.person_id, **held))


def set_manager(session: Session, *, viewer: Viewer, person_id: UUID, manager_id: UUID | None) -> None:
    """Say who somebody reports to, or that they report to nobody."""
    house.organization_for(session, viewer)
    wanted = [person_id] if manager_id is None else [person_id, manager_id]
    if len(people_queries.faces(session, wanted)) != len(set(wanted)):
        raise Missing
    people.set_manager(session, person_id=person_id, manager_id=manager_id, actor_id=viewer.person_id)


def close_account(session: Session, *, viewer: Viewer, person_id: UUID) -> None:
    """Close somebody's account. Nobody closes their own, and the last admin stays."""
    house.organization_for(session, _asked_anew(session, viewer))
    if person_id == viewer.person_id:
        detail = "You can't close your own account here. Another admin can; nothing was changed."
        raise Prevented(detail)
    _known(session, person_id)
    people.deactivate(session, person_id=person_id, at=clock.now(), actor_id=viewer.person_id)


def reopen_account(session: Session, *, viewer: Viewer, person_id: UUID) -> None:
    """Let somebody sign in again. Whose data was erased is nobody any more, and stays so."""
    house.organization_for(session, viewer)
    _known(session, person_id)
    if privacy.was_erased(session, person_id):
        detail = "Their data was erased, so there is no account to open. Invite them anew; nothing was changed."
        raise Conflict(detail)
    people.reactivate(session, person_id=person_id, actor_id=viewer.person_id)


def sign_out(session: Session, *, viewer: Viewer, person_id: UUID) -> int:
    """End all sign-ins of somebody, such as when a device was lost; returns how many there were."""
    house.organization_for(session, viewer)
    _known(session, person_id)
    return people.end_sign_ins(session, person_id=person_id, actor_id=viewer.person_id)


def look_at_person(session: Session, *, viewer: Viewer, person_id: UUID) -> None:
    """Write down that an admin looks at what is kept of somebody, before it is shown."""
    house.organization_for(session, viewer, about=person_id)
    if person_id != viewer.person_id:
        emit(session, PersonSeen(actor_id=viewer.person_id, person_id=person_id))


def look_at_audit(
    session: Session, *, viewer: Viewer, kind: str, person_id: UUID | None, group_id: UUID | None
) -> None:
    """Write down that an admin looks at the audit, and for what, before it is shown."""
    house.organization_for(session, viewer)
    emit(session, AuditSeen(actor_id=viewer.person_id, entry_kind=kind, person_id=person_id, group_id=group_id))


def look_at_part(session: Session, *, viewer: Viewer, kind: str, group_id: UUID | None) -> None:
    """Write down that somebody looks at the audit of what they lead, before it is shown; to others it is `Missing`."""
    led = policy.led_by(viewer)
    if not led:
        raise Missing
    if group_id is not None:
        people_queries.demand(session, viewer, Right.CREATE_COHORT, group_id, known_by=Right.CREATE_COHORT)
    for seen in [group_id] if group_id is not None else led:
        emit(session, AuditSeen(actor_id=viewer.person_id, entry_kind=kind, person_id=None, group_id=seen))


def look_at_mail(session: Session, *, viewer: Viewer, person_id: UUID) -> None:
    """Write down that an admin looks at which letters somebody was sent, before it is shown."""
    house.organization_for(session, viewer, about=person_id)
    emit(session, MailLogSeen(actor_id=viewer.person_id, person_id=person_id))


def retry_jobs(session: Session, *, viewer: Viewer, job_id: UUID | None = None) -> int:
    """Have one job tried again now, or all that were set aside; returns how many."""
    house.organization_for(session, viewer)
    again = jobs.retry(session, job_id)
    if job_id is not None and not again:
        detail = "This is done already, being done right now, or waits for its time. Nothing was changed."
        raise Conflict(detail)
    if again:
        emit(session, JobsRetried(actor_id=viewer.person_id, job_ids=tuple(again)))
    return len(again)


def set_job_aside(session: Session, *, viewer: Viewer, job_id: UUID) -> None:
    """Leave a waiting job undone until somebody has it tried again."""
    house.organization_for(session, viewer)
    if not jobs.set_aside(session, job_id):
        detail = "This does not wait any more, or it is done again and again. Nothing was changed."
        raise Conflict(detail)
    emit(session, JobSetAside(actor_id=viewer.person_id, job_id=job_id))


def note_trial(session: Session, *, person_id: UUID, letter: Letter, message: UUID, taken: bool) -> None:
    """Write down that the mail server was tried out, and in the mail log that it took the letter."""
    if taken:
        mail.note(session, letter, message)
    emit(session, MailTried(actor_id=person_id, taken=taken))


def _asked_anew(session: Session, viewer: Viewer) -> Viewer:
    """Return the viewer with the roles they have now; changes of who may do what wait for each other."""
    session.execute(select(Group.id).where(Group.kind == GroupKind.ORGANIZATION).with_for_update())
    return replace(viewer, roles=people_queries.roles_of(session, viewer.person_id))


def _administered(session: Session, viewer: Viewer, group_id: UUID) -> Path:
    path = people_queries.path_of(session, group_id)
    if not policy.may_settle(viewer, path):
        raise Missing
    return path


def _membership(session: Session, group_id: UUID, person_id: UUID, role: str) -> dict[str, Any]:
    found = house.membership_id(session, group_id, person_id, role)
    if found is None:
        raise Missing
    return {"membership_id": found, "group_id": group_id, "person_id": person_id, "role": role}


def _known(session: Session, person_id: UUID) -> None:
    if session.scalar(select(Person.id).where(Person.id == person_id)) is None:
        raise Missing


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > LONGEST_NAME or not wanted.isprintable():
        detail = f"A name has 1 to {LONGEST_NAME} characters, on one line."
        raise Invalid(detail, errors={"name": [detail]})
    return wanted


def _name_is_free(session: Session, parent_id: UUID | None, name: str) -> None:
    taken = session.scalars(
        select(Group.name).where(Group.kind == GroupKind.ACADEMY, Group.parent_id == parent_id)
    ).all()
    if name.casefold() in {other.casefold() for other in taken}:
        detail = "There is an academy of this name already. Choose another; what you wrote is kept."
        raise Invalid(detail, errors={"name": [detail]})
