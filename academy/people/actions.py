"""Verbs on people, groups and sign-ins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Unpack
from uuid import UUID

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people import events, policy, queries
from academy.people.engine import Kept, NewPerson, checked_hours, known_zone
from academy.people.models import (
    Availability,
    Block,
    Group,
    GroupAncestor,
    GroupKind,
    Membership,
    Person,
    PersonLanguage,
    Role,
    SignIn,
)

INBOX = "inbox"


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    zone: str = "",
    password_hash: str | None = None,
    actor_id: UUID | None = None,
    person_id: UUID | None = None,
) -> Person:
    """Give somebody an account and the log that their inbox is delivered over.

    `person_id` is an id that was made for them before, such as where others of one file refer to them. Where no
    zone is said it is the organization's.
    """
    new = NewPerson(email=email, name=name, zone=zone, password_hash=password_hash, id=person_id)
    return add_people(session, [new], actor_id=actor_id)[0]


def add_people(session: Session, new: Sequence[NewPerson], *, actor_id: UUID | None) -> list[Person]:
    """Give people accounts as `add_person` does, a few statements for all; raises `Conflict` for an address in use."""
    keys = [one.email.strip().casefold() for one in new]
    used = select(Person.id).where(Person.email_key.in_(keys)).limit(1)
    if len(set(keys)) < len(keys) or session.scalar(used) is not None:
        detail = "Somebody with this address is here already."
        raise Conflict(detail)
    usual = "" if all(one.zone for one in new) else queries.default_zone(session)
    made = [
        Person(
            id=one.id or new_id(),
            email=one.email.strip(),
            email_key=email_key,
            name=one.name,
            zone=known_zone(one.zone or usual),
            password_hash=one.password_hash,
            created_at=clock.now(),
        )
        for one, email_key in zip(new, keys, strict=True)
    ]
    session.add_all(made)
    session.flush()
    log.open_logs(session, kind=INBOX, log_ids=[person.id for person in made])
    for person in made:
        emit(session, events.PersonAdded(actor_id=actor_id, person_id=person.id))
    return made


def open_group(session: Session, *, kind: str, name: str, parent_id: UUID | None = None) -> Group:
    """Open a group below another one."""
    group = Group(id=new_id(), kind=kind, name=name, parent_id=parent_id, created_at=clock.now())
    session.add(group)
    session.flush()
    session.execute(insert(GroupAncestor).values(group_id=group.id, ancestor_id=group.id, depth=0))
    if parent_id is not None:
        session.execute(
            insert(GroupAncestor).from_select(
                ["group_id", "ancestor_id", "depth"],
                select(literal(group.id), GroupAncestor.ancestor_id, GroupAncestor.depth + 1).where(
                    GroupAncestor.group_id == parent_id
                ),
            )
        )
    return group


def rename_group(session: Session, *, group_id: UUID, name: str, actor_id: UUID | None = None) -> None:
    """Call a group something else. The caller has checked the right to, and the name."""
    renamed = session.execute(
        update(Group).where(Group.id == group_id, Group.name != name).values(name=name).returning(Group.id)
    )
    if renamed.one_or_none() is not None:
        emit(session, events.GroupRenamed(actor_id=actor_id, group_id=group_id))


def join(session: Session, *, group_id: UUID, person_id: UUID, role: str, actor_id: UUID | None) -> bool:
    """Give somebody a role in a group; says whether that was new. The caller has checked the right to."""
    return bool(join_all(session, group_id=group_id, person_ids=[person_id], role=role, actor_id=actor_id))


def join_all(
    session: Session, *, group_id: UUID, person_ids: Sequence[UUID], role: str, actor_id: UUID | None
) -> dict[UUID, UUID]:
    """Give people a role in a group, as `join` does; returns the memberships that are new, by person."""
    group = session.get(Group, group_id)
    if group is None:
        raise Missing
    held = session.scalars(
        select(Membership.person_id).where(
            Membership.group_id == group_id,
            Membership.person_id.in_(person_ids),
            Membership.role == role,
            Membership.until_at.is_(None),
        )
    ).all()
    new = {person_id: new_id() for person_id in person_ids if person_id not in set(held)}
    now = clock.now()
    session.add_all(Membership(id=i, group_id=group_id, person_id=p, role=role, from_at=now) for p, i in new.items())
    session.flush()
    for person_id in new:
        emit(
            session,
            events.MemberJoined(
                actor_id=actor_id, group_id=group_id, group_kind=group.kind, person_id=person_id, role=role
            ),
        )
    return new


def leave(session: Session, *, group_id: UUID, person_id: UUID, role: str, actor_id: UUID | None) -> None:
    """End somebody's role in a group; the last admin of the organization stays."""
    group = session.get(Group, group_id)
    open_rows = session.execute(
        select(Membership.id, Membership.role).where(
            Membership.group_id == group_id, Membership.person_id == person_id, Membership.until_at.is_(None)
        )
    ).all()
    mine = [row.id for row in open_rows if row.role == role]
    if group is None or not mine:
        raise Missing
    if role == Role.ADMIN:
        policy.keep_an_admin(session, group_id, person_id)
    session.execute(update(Membership).where(Membership.id.in_(mine)).values(until_at=clock.now()))
    emit(
        session,
        events.MemberLeft(
            actor_id=actor_id,
            group_id=group_id,
            group_kind=group.kind,
            person_id=person_id,
            role=role,
            last=len(open_rows) == len(mine),
        ),
    )


def sign_in(session: Session, *, person_id: UUID, token_hash: str, agent: str, mark: str | None = None) -> SignIn:
    """Record a sign-in of somebody whom the entry point knows; `mark` is that of the password they showed, if any."""
    queries.hold(session, person_id)
    policy.require_mark(queries.password_mark(session, person_id), mark)
    row = SignIn(id=new_id(), person_id=person_id, token_hash=token_hash, agent=agent[:200], created_at=clock.now())
    session.add(row)
    session.flush()
    emit(session, events.SignedIn(actor_id=person_id, sign_in_id=row.id))
    return row


def end_sign_in(session: Session, *, person_id: UUID, sign_in_id: UUID) -> None:
    """End one of a person's own sign-ins; ending it twice is ending it once."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(SignIn.id)
    ).one_or_none()
    if ended is not None:
        emit(session, events.SignInEnded(actor_id=person_id, person_id=person_id, sign_in_id=sign_in_id))


def end_sign_ins(session: Session, *, person_id: UUID, actor_id: UUID | None, but: UUID | None = None) -> int:
    """End all of a person's sign-ins, save perhaps the one in which they ask for it; returns how many ended."""
    mine = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if but is not None:
        mine = mine.where(SignIn.id != but)
    ended = session.scalars(mine.values(ended_at=clock.now()).returning(SignIn.id)).all()
    for sign_in_id in ended:
        emit(session, events.SignInEnded(actor_id=actor_id, person_id=person_id, sign_in_id=sign_in_id))
    return len(ended)


def end_every_sign_in(session: Session) -> None:
    """Sign everybody out, as when an older copy of the database comes back, in which ended sign-ins are open."""
    session.execute(update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=clock.now()))


def set_password(
    session: Session, *, person_id: UUID, password_hash: str | None, actor_id: UUID | None, but: UUID | None = None
) -> None:
    """Give a person another password, or none; every sign-in but the one named ends with the old one."""
    session.execute(update(Person).where(Person.id == person_id).values(password_hash=password_hash))
    end_sign_ins(session, person_id=person_id, actor_id=actor_id, but=but)
    emit(session, events.PasswordChanged(actor_id=actor_id, person_id=person_id))


def set_email(session: Session, *, person_id: UUID, email: str, actor_id: UUID | None, restored: bool = False) -> None:
    """Let a person sign in with another address, which the caller knows to be theirs."""
    email_key = email.strip().casefold()
    person = session.get_one(Person, person_id, with_for_update=True)
    taken = session.scalar(select(Person.id).where(Person.email_key == email_key, Person.id != person_id))
    if taken is not None:
        detail = "Somebody has an account with this address by now. Nothing was changed."
        raise Conflict(detail)
    before = person.email
    person.email, person.email_key = email.strip(), email_key
    session.flush()
    if before != person.email:
        emit(session, events.AddressChanged(actor_id=actor_id, person_id=person_id, before=before, restored=restored))


def change_profile(
    session: Session,
    *,
    person_id: UUID,
    name: str,
    pronouns: str,
    about: str,
    zone: str,
    languages: Sequence[str],
    hours: Sequence[tuple[int, int, int]],
) -> None:
    """Change one's own profile. `hours` are (weekday from Monday 0, start, end) in minutes of one's own day."""
    before = session.get_one(Person, person_id)
    new = {"name": name, "pronouns": pronouns, "about": about, "zone": zone}
    changed = [field for field, value in new.items() if getattr(before, field) != value]
    before.name, before.pronouns, before.about = name, pronouns, about
    if "zone" in changed:
        before.zone = known_zone(zone)
    if queries.languages_of(session, [person_id])[person_id] != sorted(set(languages)):
        set_languages(session, person_id=person_id, languages=languages)
        changed.append("languages")
    if queries.availability_of(session, [person_id])[person_id] != sorted(hours):
        set_hours(session, person_id=person_id, hours=hours)
        changed.append("hours")
    if changed:
        emit(session, events.ProfileChanged(actor_id=person_id, person_id=person_id, fields=tuple(changed)))


def change_person(session: Session, *, person_id: UUID, actor_id: UUID, **new: Unpack[Kept]) -> None:
    """Change what an organization keeps of somebody: what is not given stays. The caller has checked the right to.

    Raises `Conflict` for somebody else's `external_id`, `Invalid` for an unknown zone.
    """
    change_people(session, {person_id: new}, actor_id=actor_id)


def change_people(session: Session, new: Mapping[UUID, Kept], *, actor_id: UUID) -> None:
    """Change what an organization keeps of people, as `change_person` does, a few statements for all."""
    before = {person.id: person for person in _accounts(session, new)}
    called = [kept.get("external_id") for i, kept in new.items() if kept.get("external_id") != before[i].external_id]
    wanted = [one for one in called if one]
    taken = select(Person.id).where(Person.external_id.in_(wanted)).limit(1)
    if wanted and (len(set(wanted)) < len(wanted) or session.scalar(taken) is not None):
        detail = "Somebody else has this external id. Nothing was changed."
        raise Conflict(detail)
    spoken = queries.languages_of(session, [i for i, kept in new.items() if "languages" in kept])
    changed: dict[UUID, tuple[str, ...]] = {}
    for person_id, kept in new.items():
        there = before[person_id]
        if "zone" in kept:
            known_zone(kept["zone"])
        fields = [field for field, value in kept.items() if field != "languages" and getattr(there, field) != value]
        if "languages" in kept and spoken[person_id] != sorted(set(kept["languages"])):
            fields.append("languages")
        changed[person_id] = tuple(fields)
    for alike in dict.fromkeys(changed.values()):  # in one statement
        for person_id in (i for i, named in changed.items() if named == alike):
            for field in set(alike) - {"languages"}:
                setattr(before[person_id], field, new[person_id][field])  # type: ignore[literal-required]
        session.flush()
    _set_languages(session, {i: new[i]["languages"] for i, named in changed.items() if "languages" in named})
    for person_id, named in changed.items():
        if named:
            emit(session, events.ProfileChanged(actor_id=actor_id, person_id=person_id, fields=named))


def _accounts(session: Session, person_ids: Iterable[UUID]) -> Iterator[Person]:
    wanted = list(person_ids)
    for start in range(0, len(wanted), policy.AT_ONCE):
        yield from session.scalars(select(Person).where(Person.id.in_(wanted[start : start + policy.AT_ONCE])))


def set_languages(session: Session, *, person_id: UUID, languages: Sequence[str]) -> None:
    """Say in which languages somebody can work."""
    _set_languages(session, {person_id: languages})


def _set_languages(session: Session, languages: Mapping[UUID, Sequence[str]]) -> None:
    if languages:
        session.execute(delete(PersonLanguage).where(PersonLanguage.person_id.in_(languages)))
    rows = [{"person_id": i, "language": one} for i, spoken in languages.items() for one in sorted(set(spoken))]
    if rows:
        session.execute(insert(PersonLanguage), rows)


def set_hours(session: Session, *, person_id: UUID, hours: Sequence[tuple[int, int, int]]) -> None:
    """Say when in the week somebody works; raises `Invalid` for hours that overlap or run backwards."""
    ordered = checked_hours(hours)
    session.execute(delete(Availability).where(Availability.person_id == person_id))
    session.add_all(
        Availability(id=new_id(), person_id=person_id, weekday=w, start_minute=s, end_minute=e) for w, s, e in ordered
    )


def set_display(session: Session, *, person_id: UUID, theme: str, contrast: str, announce: str) -> None:
    """Keep how somebody wants pages to look and sound."""
    session.execute(
        update(Person).where(Person.id == person_id).values(theme=theme, contrast=contrast, announce=announce)
    )


def set_manager(session: Session, *, person_id: UUID, manager_id: UUID | None, actor_id: UUID | None = None) -> None:
    """Say who somebody reports to; see `set_managers`."""
    set_managers(session, {person_id: manager_id}, actor_id=actor_id)


def set_managers(session: Session, managers: Mapping[UUID, UUID | None], *, actor_id: UUID | None = None) -> None:
    """Say who people report to; raises `Invalid` where all of it together would go round in a circle.

    The organization's row is locked, so that two such changes at once can't close a circle between them.
    """
    session.execute(select(Group.id).where(Group.kind == GroupKind.ORGANIZATION).with_for_update())
    changed: dict[UUID, UUID | None] = {}
    for person in _accounts(session, managers):
        if person.manager_id != managers[person.id]:
            person.manager_id = changed[person.id] = managers[person.id]
    session.flush()
    policy.refuse_circles(session, changed)
    for person_id, manager_id in changed.items():
        emit(session, events.ManagerSet(actor_id=actor_id, person_id=person_id, manager_id=manager_id))


def block(session: Session, *, person_id: UUID, blocked_id: UUID) -> None:
    """Want nothing to do with somebody; they are not told. The entry point has checked that they may meet."""
    if person_id == blocked_id:
        detail = "You can't block yourself."
        raise Invalid(detail)
    if session.get(Block, (person_id, blocked_id)) is None:
        session.add(Block(person_id=person_id, blocked_id=blocked_id, at=clock.now()))
        emit(session, events.PersonBlocked(actor_id=person_id, person_id=person_id, blocked_id=blocked_id))


def unblock(session: Session, *, person_id: UUID, blocked_id: UUID) -> None:
    """Take a block back."""
    session.execute(delete(Block).where(Block.person_id == person_id, Block.blocked_id == blocked_id))


def deactivate(session: Session, *, person_id: UUID, at: datetime, actor_id: UUID | None) -> None:
    """Close an account: its sign-ins end and its sockets close. The last admin of a group stays."""
    demand_another_admin(session, person_id=person_id)
    if _closed(session, person_id, at):
        emit(session, events.AccountClosed(actor_id=actor_id, person_id=person_id))
    end_sign_ins(session, person_id=person_id, actor_id=actor_id)


def demand_another_admin(session: Session, *, person_id: UUID) -> None:
    """Refuse, with `Conflict`, to let somebody go who is the last admin of a group."""
    for group_id in session.scalars(
        select(Membership.group_id).where(
            Membership.person_id == person_id, Membership.role == Role.ADMIN, Membership.until_at.is_(None)
        )
    ).all():
        policy.keep_an_admin(session, group_id, person_id)


def reactivate(session: Session, *, person_id: UUID, actor_id: UUID | None) -> None:
    """Open an account again; its roles are as they were, its sign-ins stay ended."""
    if _closed(session, person_id, None):
        emit(session, events.AccountReopened(actor_id=actor_id, person_id=person_id))


def _closed(session: Session, person_id: UUID, at: datetime | None) -> bool:
    other = Person.deactivated_at.is_(None) if at else Person.deactivated_at.is_not(None)
    changed = update(Person).where(Person.id == person_id, other).values(deactivated_at=at).returning(Person.id)
    return session.execute(changed).one_or_none() is not None
