"""Spaces, the boards that list them, and who follows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class Board(Table):
    """A group of kind board: a list of threads, kept by the group above it. Its id names its log too.

    Once it is closed, its threads are read and nothing is added.
    """

    __tablename__ = "boards"

    id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    about: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Space(Table):
    """A readable sequence of posts; its id is its log's id. `kind` is room, thread or pair.

    What a list of threads shows stands here, written with each post: `replies` (the posts after the first that
    still have their words), and when and by whom the last one came. `solved_no` is the number of the post that
    answers a thread. A thread's group is its board. `slow` are the seconds that a member waits before they write
    again, 0 for none.
    """

    __tablename__ = "spaces"
    __table_args__ = (
        Index("ix_spaces_listed", "group_id", "pinned", "last_at", "id"),
        # Of thousands of spaces most are threads: a group's rooms are found without looking at those of boards.
        Index(
            "ix_spaces_rooms",
            "group_id",
            sqlite_where=text("kind <> 'thread'"),
            postgresql_where=text("kind <> 'thread'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(160))
    head_no: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    replies: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None]
    last_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    pinned: Mapped[bool] = mapped_column(default=False)
    locked_at: Mapped[datetime | None]
    solved_no: Mapped[int | None]
    slow: Mapped[int] = mapped_column(default=0)


# Written out: where a parameter decides whether an index of some rows may be used (`ix_spaces_rooms`), SQLite prepares
# a statement anew at each asking, which takes three times as long as to ask it.
IS_THREAD = Space.kind == literal_column("'thread'")
NO_THREAD = Space.kind != literal_column("'thread'")


class Follow(Table):
    """One person's reading of a space: the span they may read and how far they have read.

    `cursor_rev` rises with every explicit setting, so that a late message of another tab changes nothing.
    """

    __tablename__ = "follows"

    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    from_seq: Mapped[int] = mapped_column(default=0)
    until_seq: Mapped[int | None]
    read_no: Mapped[int] = mapped_column(default=0)
    cursor_rev: Mapped[int] = mapped_column(default=0)
