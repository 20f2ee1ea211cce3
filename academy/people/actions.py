"""Verbs on people, groups and sign-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Unpack
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people import policy, queries
from academy.people.engine import Kept, checked_hours, known_zone
from academy.people.events import (
    AccountClosed,
    AccountReopened,
    AddressChanged,
    GroupRenamed,
    ManagerSet,
    MemberJoined,
    MemberLeft,
    PasswordChanged,
    PersonAdded,
    PersonBlocked,
    ProfileChanged,
    SignedIn,
    SignInEnded,
)
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
    email_key = email.strip().casefold()
    if session.scalar(select(Person.id).where(Person.email_key == email_key)):
        detail = "Somebody with this address is here already."
        raise Conflict(detail)
    person = Person(
        id=person_id or new_id(),
        email=email.strip(),
        email_key=email_key,
        name=name,
        zone=known_zone(zone or queries.default_zone(session)),
        password_hash=password_hash,
        created_at=clock.now(),
    )
    session.add(person)
    session.flush()
    log.open_log(session, kind=INBOX, log_id=person.id)
    emit(session, PersonAdded(actor_id=actor_id, person_id=person.id))
    return person


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
        emit(session, GroupRenamed(actor_id=actor_id, group_id=group_id))


def join(session: Session, *, group_id: UUID, person_id: UUID, role: str, actor_id: UUID | None) -> bool:
    """Give somebody a role in a group; says whether that was new. The caller has checked the right to."""
    group = session.get(Group, group_id)
    if group is None:
        raise Missing
    held = session.scalar(
        select(Membership.id).where(
            Membership.group_id == group_id,
            Membership.person_id == person_id,
            Membership.role == role,
            Membership.until_at.is_(None),
        )
    )
    if held:
        return False
    session.add(Membership(group_id=group_id, person_id=person_id, role=role, from_at=clock.now()))
    session.flush()
    emit(
        session,
        MemberJoined(actor_id=actor_id, group_id=group_id, group_kind=group.kind, person_id=person_id, role=role),
    )
    return True


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
        _keep_an_admin(session, group_id, person_id)
    session.execute(update(Membership).where(Membership.id.in_(mine)).values(until_at=clock.now()))
    emit(
        session,
        MemberLeft(
            actor_id=actor_id,
            group_id=group_id,
            group_kind=group.kind,
            person_id=person_id,
            role=role,
            last=len(open_rows) == len(mine),
        ),
    )


def _keep_an_admin(session: Session, group_id: UUID, person_id: UUID) -> None:
    """Refuse to lose the last admin of a group. The group's row is locked: two who leave at once are two."""
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update())
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.group_id == group_id,
            Membership.role == Role.ADMIN,
            Membership.person_id != person_id,
            Membership.until_at.is_(None),
            Person.deactivated_at.is_(None),
        )
    )
    if not others:
        detail = "This is the last admin. Appoint another one first; nothing was changed."
        raise Conflict(detail)


def sign_in(session: Session, *, person_id: UUID, token_hash: str, agent: str, mark: str | None = None) -> SignIn:
    """Record a sign-in of somebody whom the entry point knows; `mark` is that of the password they showed, if any."""
    queries.hold(session, person_id)
    policy.require_mark(queries.password_mark(session, person_id), mark)
    row = SignIn(id=new_id(), person_id=person_id, token_hash=token_hash, agent=agent[:200], created_at=clock.now())
    session.add(row)
    session.flush()
    emit(session, SignedIn(actor_id=person_id, sign_in_id=row.id))
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
        emit(session, SignInEnded(actor_id=person_id, person_id=person_id, sign_in_id=sign_in_id))


def end_sign_ins(session: Session, *, person_id: UUID, actor_id: UUID | None, but: UUID | None = None) -> int:
    """End all of a person's sign-ins, save perhaps the one in which they ask for it; returns how many ended."""
    mine = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if but is not None:
        mine = mine.where(SignIn.id != but)
    ended = session.scalars(mine.values(ended_at=clock.now()).returning(SignIn.id)).all()
    for sign_in_id in ended:
        emit(session, SignInEnded(actor_id=actor_id, person_id=person_id, sign_in_id=sign_in_id))
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
    emit(session, PasswordChanged(actor_id=actor_id, person_id=person_id))


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
        emit(session, AddressChanged(actor_id=actor_id, person_id=person_id, before=before, restored=restored))


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
        emit(session, ProfileChanged(actor_id=person_id, person_id=person_id, fields=tuple(changed)))


def change_person(session: Session, *, person_id: UUID, actor_id: UUID, **new: Unpack[Kept]) -> None:
    """Change what an organization keeps of somebody: what is not given stays. The caller has checked the right to.

    Raises `Conflict` for somebody else's `external_id`, `Invalid` for an unknown zone.
    """
    before = session.get_one(Person, person_id)
    wanted = new.get("external_id") or before.external_id
    if wanted != before.external_id and session.scalar(select(Person.id).where(Person.external_id == wanted)):
        detail = "Somebody else has this external id. Nothing was changed."
        raise Conflict(detail)
    if "zone" in new:
        known_zone(new["zone"])
    languages = new.pop("languages", None)
    changed = [field for field, value in new.items() if getattr(before, field) != value]
    for field in changed:
        setattr(before, field, new[field])  # type: ignore[literal-required]
    if languages is not None and queries.languages_of(session, [person_id])[person_id] != sorted(set(languages)):
        set_languages(session, person_id=person_id, languages=languages)
        changed.append("languages")
    if changed:
        emit(session, ProfileChanged(actor_id=actor_id, person_id=person_id, fields=tuple(changed)))


def _no_circle(session: Session, person_id: UUID, manager_id: UUID | None) -> None:
    """Refuse that somebody reports to themselves, over however many others."""
    seen: set[UUID] = set()
    while manager_id is not None and manager_id not in seen:
        if manager_id == person_id:
            detail = "Nobody is their own manager, not even over others in between. Nothing was changed."
            raise Invalid(detail, errors={"manager": [detail]})
        seen.add(manager_id)
        manager_id = session.scalar(select(Person.manager_id).where(Person.id == manager_id))


def set_languages(session: Session, *, person_id: UUID, languages: Sequence[str]) -> None:
    """Say in which languages somebody can work."""
    session.execute(delete(PersonLanguage).where(PersonLanguage.person_id == person_id))
    session.add_all(PersonLanguage(person_id=person_id, language=language) for language in sorted(set(languages)))


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
    changed = [
        session.scalar(
            update(Person)
            .where(Person.id == person_id, Person.manager_id.is_distinct_from(manager_id))
            .values(manager_id=manager_id)
            .returning(Person.id)
        )
        for person_id, manager_id in managers.items()
    ]
    for person_id in filter(None, changed):
        _no_circle(session, person_id, managers[person_id])
        emit(session, ManagerSet(actor_id=actor_id, person_id=person_id, manager_id=managers[person_id]))


def block(session: Session, *, person_id: UUID, blocked_id: UUID) -> None:
    """Want nothing to do with somebody; they are not told. The entry point has checked that they may meet."""
    if person_id == blocked_id:
        detail = "You can't block yourself."
        raise Invalid(detail)
    if session.get(Block, (person_id, blocked_id)) is None:
        session.add(Block(person_id=person_id, blocked_id=blocked_id, at=clock.now()))
        emit(session, PersonBlocked(actor_id=person_id, person_id=person_id, blocked_id=blocked_id))


def unblock(session: Session, *, person_id: UUID, blocked_id: UUID) -> None:
    """Take a block back."""
    session.execute(delete(Block).where(Block.person_id == person_id, Block.blocked_id == blocked_id))


def deactivate(session: Session, *, person_id: UUID, at: datetime, actor_id: UUID | None) -> None:
    """Close an account: its sign-ins end and its sockets close. The last admin of a group stays."""
    demand_another_admin(session, person_id=person_id)
    if _closed(session, person_id, at):
        emit(session, AccountClosed(actor_id=actor_id, person_id=person_id))
    end_sign_ins(session, person_id=person_id, actor_id=actor_id)


def demand_another_admin(session: Session, *, person_id: UUID) -> None:
    """Refuse, with `Conflict`, to let somebody go who is the last admin of a group."""
    for group_id in session.scalars(
        select(Membership.group_id).where(
            Membership.person_id == person_id, Membership.role == Role.ADMIN, Membership.until_at.is_(None)
        )
    ).all():
        _keep_an_admin(session, group_id, person_id)


def reactivate(session: Session, *, person_id: UUID, actor_id: UUID | None) -> None:
    """Open an account again; its roles are as they were, its sign-ins stay ended."""
    if _closed(session, person_id, None):
        emit(session, AccountReopened(actor_id=actor_id, person_id=person_id))


def _closed(session: Session, person_id: UUID, at: datetime | None) -> bool:
    other = Person.deactivated_at.is_(None) if at else Person.deactivated_at.is_not(None)
    changed = update(Person).where(Person.id == person_id, other).values(deactivated_at=at).returning(Person.id)
    return session.execute(changed).one_or_none() is not None
