"""The shapes in which boards and threads are made, changed and shown."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from academy.web.api.shapes import FaceOut, FindIn, Out, PageIn, instant
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id
from forums.boards.policy import LONGEST_ABOUT, LONGEST_NAME, LONGEST_TITLE
from forums.boards.queries import SHOWN
from forums.posts.schemas import Nonce, SaidIn

NAME = later("A board's name has 1 to 80 characters.")
ABOUT = later("Say it in at most 300 characters. What you wrote is kept.")
TITLE = later("A title has 1 to 160 characters. What you wrote is kept.")


class _Lenient(Schema):
    class Meta:
        """Fields of a later form are no reason to refuse an earlier one."""

        unknown = EXCLUDE


class BoardWordsIn(Schema):
    """How a board is called, and what it is about."""

    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME, error=NAME), error_messages=REQUIRED)
    about = fields.String(load_default="", validate=validate.Length(max=LONGEST_ABOUT, error=ABOUT))


class BoardIn(BoardWordsIn):
    """A new board for a group."""

    group = Id(required=True, error_messages=REQUIRED)


class BoardChangeIn(BoardWordsIn):
    """What of a board is to be another: its words, and whether it is closed; what is not sent stays."""

    closed = fields.Boolean(required=True)


class ThreadFormIn(_Lenient):
    """A new thread, by form: its title and its first post, sent once under its nonce."""

    title = fields.String(
        required=True, validate=validate.Length(1, LONGEST_TITLE, error=TITLE), error_messages=REQUIRED
    )
    body = fields.String(required=True, error_messages=REQUIRED)
    nonce = Nonce(required=True)


class OnIn(_Lenient):
    """Something to set (1) or to take back (0)."""

    on = fields.Boolean(required=True, truthy={"1", True}, falsy={"0", False})


class BoardsIn(PageIn):
    """Which boards are asked for: with `group` those that it keeps."""

    group = Id()


class ThreadsIn(FindIn):
    """Which threads of a board are asked for; `q` holds words of their titles."""

    show = fields.String(load_default="all", validate=validate.OneOf(SHOWN))


class ThreadIn(SaidIn):
    """A new thread: its title and its first post. The same `nonce` again begins nothing again."""

    title = fields.String(required=True, validate=validate.Length(1, LONGEST_TITLE))


class MarksIn(Schema):
    """How a thread stands on its board; what is not sent stays."""

    pinned = fields.Boolean(required=True)
    locked = fields.Boolean(required=True)


class FollowIn(Schema):
    """Whether the caller follows a thread."""

    on = fields.Boolean(required=True)


class SolvedIn(Schema):
    """The reply that solved a thread; null takes it back."""

    post = Id(required=True, allow_none=True)


class BoardLineOut(Out):
    """A board with what is new to the caller in threads that they follow."""

    id = Id()
    name = fields.String()
    about = fields.String()
    group = Id(attribute="keeper_id")
    closed = fields.Boolean()
    unread = fields.Integer()
    last_at = instant(allow_none=True)


class BoardOut(Out):
    """A board as the caller sees it; `group` keeps it."""

    id = Id()
    name = fields.String()
    about = fields.String()
    group = Id(attribute="keeper_id")
    closed = fields.Boolean()
    may_post = fields.Boolean()
    may_moderate = fields.Boolean()


class ThreadOut(Out):
    """A thread as its board lists it to the caller."""

    id = Id()
    title = fields.String()
    author = fields.Nested(FaceOut, allow_none=True)
    replies = fields.Integer()
    last_at = instant()
    last_by = fields.String()
    unread = fields.Integer()
    follows = fields.Boolean()
    pinned = fields.Boolean()
    locked = fields.Boolean()
    solved = fields.Boolean()


class OneThreadOut(ThreadOut):
    """A thread on its own: with its board and the post that solved it. Its posts are those of the space of its id."""

    board = Id()
    answer = Id(allow_none=True)
    may_post = fields.Boolean()
    may_moderate = fields.Boolean()
