"""Verbs on people files: keep one for its preview, apply one, forget it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from academy.accounts.actions import passwords
from academy.administration.events import RoleGiven
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
from academy.people.engine import Kept, NewPerson
from academy.people.models import Role
from academy.privacy import actions as privacy
from academy.skills import actions as skills

LASTS = timedelta(hours=1)
AT_ONCE = 500
"""How many people a few statements are asked for."""
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
    for start in range(0, len(plan.people), AT_ONCE):
        _some(session, plan.people[start : start + AT_ONCE], by_person, home, actor)
    managers = {person_id: c["manager"] for person_id, c in by_person.items() if "manager" in c}
    people.set_managers(session, managers, actor_id=actor)  # once everybody is there
    for column in more:
        work = {person_id: c[column.name] for person_id, c in by_person.items() if column.name in c}
        if work:
            column.apply(session, viewer, work)
    for person in plan.people:
        if invite and person.new:
            passwords.offer_first(session, person_id=person.person_id, actor_id=actor)
    if plan.people:
        digest = hashlib.sha256(body).hexdigest()
        emit(session, PeopleBroughtIn(actor_id=actor, added=plan.added, changed=plan.changed, digest=digest))
    return plan


def _some(
    session: Session,
    some: Sequence[Person],
    changes: Mapping[UUID, Mapping[str, Any]],
    home: Mapping[str, UUID],
    actor: UUID,
) -> None:
    """Do what the file says of some people, a few statements for all of them."""
    added = [
        NewPerson(email=p.email, name=own["name"], zone=own.get("zone", ""), id=p.person_id)
        for p in some
        if p.new
        for own in [changes[p.person_id]]
    ]
    if added:
        people.add_people(session, added, actor_id=actor)
    kept: dict[UUID, Kept] = {}
    given: dict[str, list[UUID]] = defaultdict(list)
    levels: dict[str, dict[tuple[UUID, UUID], int]] = {"skills": {}, "goals": {}}
    for person in some:
        own = changes[person.person_id]
        fields: Any = {name: own[name] for name in (FIELDS if person.new else ("name", "zone", *FIELDS)) if name in own}
        if fields:
            kept[person.person_id] = fields
        for role in own.get("role", ()):
            given[role].append(person.person_id)
        for name, found in levels.items():
            found |= {(person.person_id, skill_id): level for skill_id, level in own.get(name, {}).items()}
    if kept:
        people.change_people(session, kept, actor_id=actor)
    for role, person_ids in sorted(given.items()):
        _join(session, home[role], person_ids, role, actor)
    skills.set_skills(session, _set(levels["skills"]), source="organization", actor_id=actor)
    skills.drop_skills(session, _dropped(levels["skills"]), actor_id=actor)
    skills.set_goals(session, _set(levels["goals"]), actor_id=actor)
    skills.drop_goals(session, _dropped(levels["goals"]), actor_id=actor)


def _set(levels: Mapping[tuple[UUID, UUID], int]) -> dict[tuple[UUID, UUID], int]:
    return {held: level for held, level in levels.items() if level}


def _dropped(levels: Mapping[tuple[UUID, UUID], int]) -> list[tuple[UUID, UUID]]:
    return [held for held, level in levels.items() if not level]


def _join(session: Session, group_id: UUID, person_ids: Sequence[UUID], role: str, actor: UUID) -> None:
    new = people.join_all(session, group_id=group_id, person_ids=person_ids, role=role, actor_id=actor)
    for person_id, held in new.items():
        if role != Role.MEMBER:
            given = RoleGiven(actor_id=actor, membership_id=held, group_id=group_id, person_id=person_id, role=role)
            emit(session, given)


def take_out(session: Session, *, viewer: Viewer) -> list[UUID]:
    """Write down that the viewer takes everybody's data out, and return whose."""
    ids = writing.people_for(session, viewer)
    privacy.disclose(session, viewer_id=viewer.person_id, what="file", person_ids=ids)
    emit(session, PeopleTakenOut(actor_id=viewer.person_id, people=len(ids)))
    return ids
