"""People, the groups they are in, their roles there, and their sign-ins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class GroupKind(StrEnum):
    """What a group is for; it decides which rights flow into it."""

    ORGANIZATION = "organization"
    ACADEMY = "academy"
    COHORT = "cohort"
    PAIR = "pair"
    BOARD = "board"


class Role(StrEnum):
    """What somebody is in a group. Rights flow down the tree of groups, never into a pair."""

    MEMBER = "member"
    """Belongs to an organization or academy and can be enrolled; carries no right of its own."""
    LEARNER = "learner"
    MENTOR = "mentor"
    FACILITATOR = "facilitator"
    LEAD = "lead"
    ADMIN = "admin"
    ANALYST = "analyst"


class Person(Table):
    """Somebody with an account."""

    __tablename__ = "people"
    __table_args__ = (Index(None, "name", "id"),)

    id: Mapped[key]
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    pronouns: Mapped[str] = mapped_column(String(40), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    locale: Mapped[str] = mapped_column(String(12), default="en")
    manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    theme: Mapped[str] = mapped_column(String(10), default="")
    contrast: Mapped[str] = mapped_column(String(10), default="")
    announce: Mapped[str] = mapped_column(String(10), default="full")
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class PersonLanguage(Table):
    """A language that somebody can work in, as a short BCP 47 code."""

    __tablename__ = "person_languages"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)


class Availability(Table):
    """Hours of one weekday (0 is Monday) in the person's own zone, in minutes after midnight."""

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("start_minute < end_minute", name="order"),
        UniqueConstraint("person_id", "weekday", "start_minute"),
    )

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    weekday: Mapped[int]
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class Block(Table):
    """Somebody who wants nothing to do with somebody else; the other is never told."""

    __tablename__ = "blocks"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class Group(Table):
    """A named set of people with roles: the audience of a cohort, a space, an academy."""

    __tablename__ = "groups"

    id: Mapped[key]
    kind: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("groups.id"), index=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """Nothing new begins in a closed group; its people go on reading and talking."""


class OrganizationSettings(Table):
    """What an organization has settled for everybody; its name is its group's."""

    __tablename__ = "organization_settings"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    """The zone of people who have not chosen one yet."""
    contact: Mapped[str] = mapped_column(String(254), default="")
    """An address to write to for help, shown to whoever can't sign in."""


class GroupAncestor(Table):
    """The closure of the tree of groups; every group is its own ancestor at depth 0."""

    __tablename__ = "group_ancestors"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True, index=True)
    depth: Mapped[int]


class Membership(Table):
    """One person's role in a group, from one instant until another."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index(None, "group_id", "person_id", "until_at"),
        Index(None, "role", "group_id"),
        # One open row for one role: somebody is a learner here once, until it ends.
        Index(
            "uq_memberships_open",
            "group_id",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
        Index(None, "person_id", "until_at"),
    )

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(20))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]


class SignIn(Table):
    """One sign-in on one device. The cookie holds a token of which only the hash is kept here."""

    __tablename__ = "sign_ins"

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
