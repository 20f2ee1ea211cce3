"""Posts and what people do with them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Post(Table):
    """One message. `no` numbers the posts of a space; a removed post keeps its row and loses its text."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("space_id", "no"),
        Index(None, "author_id", "space_id", "no"),
        # What an unread count leaves out is looked up, never walked through.
        Index(
            "ix_posts_removed",
            "space_id",
            "no",
            sqlite_where=text("removed_at IS NOT NULL"),
            postgresql_where=text("removed_at IS NOT NULL"),
        ),
    )

    id: Mapped[key]
    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"))
    no: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    body_md: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[int]
    reply_to: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id"), index=True)
    at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))


class PostEdit(Table):
    """What a post said before an edit; gone when the post is removed."""

    __tablename__ = "post_edits"

    id: Mapped[key]
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), index=True)
    body_md: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class PostReaction(Table):
    """One person's reaction to a post."""

    __tablename__ = "post_reactions"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    emoji: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]


class Mention(Table):
    """Somebody named in a post."""

    __tablename__ = "mentions"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
