"""The shapes in which boards and threads are made and changed."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id
from forums.boards.policy import LONGEST_ABOUT, LONGEST_NAME, LONGEST_TITLE
from forums.posts.schemas import Nonce

NAME = later("A board's name has 1 to 80 characters.")
ABOUT = later("Say it in at most 300 characters. What you wrote is kept.")
TITLE = later("A title has 1 to 160 characters. What you wrote is kept.")


class _Lenient(Schema):
    class Meta:
        """Fields of a later form are no reason to refuse an earlier one."""

        unknown = EXCLUDE


class BoardWordsIn(_Lenient):
    """How a board is called, and what it is about."""

    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME, error=NAME), error_messages=REQUIRED)
    about = fields.String(load_default="", validate=validate.Length(max=LONGEST_ABOUT, error=ABOUT))


class BoardIn(BoardWordsIn):
    """A new board for a group."""

    group = Id(required=True, error_messages=REQUIRED)


class ThreadIn(_Lenient):
    """A new thread: its title and its first post, sent once under its nonce."""

    title = fields.String(
        required=True, validate=validate.Length(1, LONGEST_TITLE, error=TITLE), error_messages=REQUIRED
    )
    body = fields.String(required=True, error_messages=REQUIRED)
    nonce = Nonce(required=True)


class OnIn(_Lenient):
    """Something to set (1) or to take back (0)."""

    on = fields.Boolean(required=True, truthy={"1", True}, falsy={"0", False})
