"""Drafts: what somebody writes on before it is published as a version of a track."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Draft(Table):
    """A track being written; there is one at a time for each track of an academy.

    `version` grows with every change of the draft or of a part of it; each part has one of its own. `skills` are the
    names of what it practises as its authors wrote them, one a line: some may still be nobody's name.
    """

    __tablename__ = "track_drafts"
    __table_args__ = (UniqueConstraint("group_id", "key"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    weeks: Mapped[int]
    skills: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DraftModule(Table):
    """A module of a draft and the week (from 1) that it belongs to."""

    __tablename__ = "draft_modules"
    __table_args__ = (UniqueConstraint("draft_id", "key"),)

    id: Mapped[key]
    draft_id: Mapped[UUID] = mapped_column(ForeignKey("track_drafts.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    icon: Mapped[str] = mapped_column(String(20), default="book")
    week: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


class DraftActivity(Table):
    """An activity of a draft; `body_md` is Markdown. It, the video and its captions (WebVTT) may still be missing."""

    __tablename__ = "draft_activities"
    __table_args__ = (UniqueConstraint("module_id", "key"),)

    id: Mapped[key]
    module_id: Mapped[UUID] = mapped_column(ForeignKey("draft_modules.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(160))
    summary: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int]
    body_md: Mapped[str] = mapped_column(Text, default="")
    media_id: Mapped[UUID | None] = mapped_column(ForeignKey("media.id"), index=True)
    captions: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
