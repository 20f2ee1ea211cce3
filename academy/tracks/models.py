"""Tracks, modules and activities, all versioned; who is given which version; what is completed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Track(Table):
    """A way through a subject, kept by an academy."""

    __tablename__ = "tracks"
    __table_args__ = (UniqueConstraint("group_id", "key"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    key: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]


class TrackVersion(Table):
    """A published state of a track; cohorts stay with the one they began with."""

    __tablename__ = "track_versions"
    __table_args__ = (UniqueConstraint("track_id", "number"),)

    id: Mapped[key]
    track_id: Mapped[UUID] = mapped_column(ForeignKey("tracks.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    weeks: Mapped[int]
    published_at: Mapped[datetime]


class TrackSkill(Table):
    """A skill that a version of a track practises, at its place among them from 1."""

    __tablename__ = "track_skills"

    track_version_id: Mapped[UUID] = mapped_column(ForeignKey("track_versions.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    position: Mapped[int]


class Module(Table):
    """A part of a subject that several tracks may use."""

    __tablename__ = "modules"
    __table_args__ = (UniqueConstraint("group_id", "key"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    key: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]


class ModuleVersion(Table):
    """A published state of a module."""

    __tablename__ = "module_versions"
    __table_args__ = (UniqueConstraint("module_id", "number"),)

    id: Mapped[key]
    module_id: Mapped[UUID] = mapped_column(ForeignKey("modules.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    icon: Mapped[str] = mapped_column(String(20), default="book")
    published_at: Mapped[datetime]


class TrackPart(Table):
    """A module's place in a track: its position and the week (from 1) that it belongs to."""

    __tablename__ = "track_parts"

    track_version_id: Mapped[UUID] = mapped_column(ForeignKey("track_versions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    module_version_id: Mapped[UUID] = mapped_column(ForeignKey("module_versions.id"), index=True)
    week: Mapped[int]


class Activity(Table):
    """One thing to do in a module. `key` stays the same over versions, `kind` says how it is done.

    A video has its file in `media_id`; its captions in WebVTT are a text of the version, as `body_md` is.
    """

    __tablename__ = "activities"
    __table_args__ = (UniqueConstraint("module_version_id", "key"), UniqueConstraint("module_version_id", "position"))

    id: Mapped[key]
    module_version_id: Mapped[UUID] = mapped_column(ForeignKey("module_versions.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int]
    body_md: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    media_id: Mapped[UUID | None] = mapped_column(ForeignKey("media.id"), index=True)
    captions: Mapped[str] = mapped_column(Text, default="")


class Delivery(Table):
    """A track version given to a group from a date on, in the group's zone."""

    __tablename__ = "deliveries"

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), unique=True)
    track_version_id: Mapped[UUID] = mapped_column(ForeignKey("track_versions.id"), index=True)
    starts_on: Mapped[date]
    zone: Mapped[str] = mapped_column(String(60))


class Completion(Table):
    """An activity that somebody has completed."""

    __tablename__ = "completions"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class Reflection(Table):
    """What somebody wrote for a reflection; nobody else reads it."""

    __tablename__ = "reflections"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"), primary_key=True, index=True)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
