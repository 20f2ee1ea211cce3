"""Verbs on people files: keep one for its preview, apply one, forget it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from academy.accounts.actions import passwords
from academy.administration.events import RoleGiven
from academy.administration.queries.house import membership_id
from academy.bridges.people_file.engine.sheets import Sheet
from academy.bridges.people_file.events import FileKept, PeopleBroughtIn, PeopleTakenOut
from academy.bridges.people_file.models import PEOPLE, PeopleFile
from academy.bridges.people_file.queries import planning, writing
from academy.bridges.people_file.queries.slots import Column, Person, Plan
from academy.kernel import clock
from academy.kernel.access import Invalid, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people.models import Role
from academy.privacy import actions as privacy
from academy.skills import actions as skills

LASTS = timedelta(hours=1)
FIELDS = ("pronouns", "locale", "external_id", "languages")
"""What somebody new gets after their account: the account itself has an address, a name and a zone."""


class ProofWanted(Refused):
    """The file gives roles for which its sender has to show once more that it is them; nothing was changed."""


def keep(session: Session, *, viewer: Viewer, name: str, body: bytes, purpose: str = PEOPLE) -> UUID:
    """Keep a file until its sender confirms it; what they sent before and did not confirm is forgotten.

    Whoever keeps one for another purpose has checked that the viewer may.
    """
    if purpose == PEOPLE:
        planning.organization_for(session, viewer)
    session.execute(delete(PeopleFile).where(PeopleFile.person_id == viewer.person_id, PeopleFile.purpose == purpose))
    now = clock.now()
    file = PeopleFile(
        id=new_id(),
        person_id=viewer.person_id,
        purpose=purpose,
        name=name[:200],
        body=body,
        at=now,
        expires_at=now + LASTS,
    )
    session.add(file)
    session.flush()
    emit(session, FileKept(actor_id=viewer.person_id, file_id=file.id, expires_at=file.expires_at))
    return file.id


def forget(session: Session, *, file_id: UUID | None = None) -> None:
    """Remove one file, or every file whose hour is over."""
    over = PeopleFile.id == file_id if file_id is not None else PeopleFile.expires_at <= clock.now()
    session.execute(delete(PeopleFile).where(over))


def bring_in(
    session: Session,
    *,
    viewer: Viewer,
    sheet: Sheet,
    more: Sequence[Column],
    body: bytes,
    skip_bad_rows: bool = False,
    invite: bool = False,
    proved: bool = False,
) -> Plan:
    """Do what a file says: all of it, or with `skip_bad_rows` all its good rows; nothing where a row is bad.

    The file is compared with what there is now, whatever a preview has said before. What is so already makes no
    event and no change. With `invite` whoever is new gets one letter, with a link to their first password. Whoever
    is given a role is told, as are the admins of one with power. `proved` says that the viewer has just shown who
    they are. Raises `Invalid` when rows are bad, `ProofWanted` when roles are given without that.
    """
    make = planning.plan_without_bad_rows if skip_bad_rows else planning.plan_for
    plan = make(session, viewer, sheet, more)
    if plan.problems and not skip_bad_rows:
        detail = f"{plan.bad_rows} of {plan.rows} rows can't be used, so nothing was changed. Mend them and try again."
        raise Invalid(detail, errors={"file": [f"Line {p.line}: {p.sentence}" for p in plan.problems]})
    if plan.appoints and not proved:
        detail = "This file gives roles: show once more that it is you, then confirm it. Nothing was changed."
        raise ProofWanted(detail)
    actor = viewer.person_id
    by_person = {person.person_id: {c.column: c.work for c in person.changes} for person in plan.people}
    home = planning.homes(session, planning.organization_for(session, viewer))
    for person in plan.people:
        _one(session, person, by_person[person.person_id], home, actor)
    managers = {person_id: c["manager"] for person_id, c in by_person.items() if "manager" in c}
    people.set_managers(session, managers, actor_id=actor)  # once everybody is there
    for column in more:
        work = {person_id: c[column.name] for person_id, c in by_person.items() if column.name in c}
        if work:
            column.apply(session, viewer, work)
    for person_id in (person.person_id for person in plan.people if invite and person.new):
        passwords.offer_first(session, person_id=person_id, actor_id=actor)
    if plan.people:
        digest = hashlib.sha256(body).hexdigest()
        emit(session, PeopleBroughtIn(actor_id=actor, added=plan.added, changed=plan.changed, digest=digest))
    return plan


def _one(session: Session, person: Person, changes: Mapping[str, Any], home: Mapping[str, UUID], actor: UUID) -> None:
    if person.new:
        people.add_person(
            session,
            person_id=person.person_id,
            email=person.email,
            name=changes["name"],
            zone=changes.get("zone", ""),
            actor_id=actor,
        )
    names = FIELDS if person.new else ("name", "zone", *FIELDS)
    fields: Any = {name: changes[name] for name in names if name in changes}
    if fields:
        people.change_person(session, person_id=person.person_id, actor_id=actor, **fields)
    for role in changes.get("role", ()):
        _join(session, home[role], person.person_id, role, actor)
    for set_one, drop, name in (
        (_set_skill, skills.drop_skill, "skills"),
        (skills.set_goal, skills.drop_goal, "goals"),
    ):
        for skill_id, level in changes.get(name, {}).items():
            if level:
                set_one(session, person_id=person.person_id, skill_id=skill_id, level=level, actor_id=actor)
            else:
                drop(session, person_id=person.person_id, skill_id=skill_id, actor_id=actor)


def _join(session: Session, group_id: UUID, person_id: UUID, role: str, actor: UUID) -> None:
    new = people.join(session, group_id=group_id, person_id=person_id, role=role, actor_id=actor)
    held = membership_id(session, group_id, person_id, role) if new and role != Role.MEMBER else None
    if held is not None:
        emit(
            session,
            RoleGiven(actor_id=actor, membership_id=held, group_id=group_id, person_id=person_id, role=role),
        )


def _set_skill(session: Session, *, person_id: UUID, skill_id: UUID, level: int, actor_id: UUID) -> None:
    skills.set_skill(
        session, person_id=person_id, skill_id=skill_id, level=level, source="organization", actor_id=actor_id
    )


def take_out(session: Session, *, viewer: Viewer) -> list[UUID]:
    """Write down that the viewer takes everybody's data out, and return whose."""
    ids = writing.people_for(session, viewer)
    privacy.disclose(session, viewer_id=viewer.person_id, what="file", person_ids=ids)
    emit(session, PeopleTakenOut(actor_id=viewer.person_id, people=len(ids)))
    return ids
