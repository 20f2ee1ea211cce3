"""The shapes in which posts are sent: sockets and forms."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from academy.web.api.shapes import Out
from academy.web.wire import Id
from forums.posts.engine import MOST, REACTIONS

_NONCE = re.compile(r"^[\x21-\x7e]{8,64}$")


def _nonce(value: str) -> None:
    if not _NONCE.fullmatch(value):
        raise ValidationError(_("A nonce is 8 to 64 printable characters."))


class Nonce(fields.String):
    """The mark with which a client makes a send unique."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=_nonce, **more)


class _Lenient(Schema):
    class Meta:
        """Fields of a later protocol are no reason to refuse an earlier one."""

        unknown = EXCLUDE


class SendIn(_Lenient):
    """A message. How long it may be is the engine's to say, as it says it kindly."""

    space = fields.Raw(required=True)
    nonce = Nonce(required=True)
    body = fields.String(required=True)
    reply_to = Id(load_default=None, allow_none=True)
    anonymous = fields.Boolean(load_default=False, truthy={True}, falsy={False, None})


class EditIn(_Lenient):
    """New words for a post."""

    post = fields.Raw(required=True)
    nonce = Nonce(required=True)
    body = fields.String(required=True)


class RemoveIn(_Lenient):
    """A post to remove."""

    post = fields.Raw(required=True)
    nonce = Nonce(required=True)


class ReactIn(_Lenient):
    """A reaction; `on` says set or take back, nothing says the other way round."""

    post = fields.Raw(required=True)
    nonce = Nonce(required=True)
    emoji = fields.String(required=True, validate=validate.Length(max=16))
    on = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})


class SendFormIn(_Lenient):
    """A message, by form. `seen` is the number of the post that was shown last."""

    body = fields.String(required=True)
    nonce = Nonce(required=True)
    reply_to = Id(load_default=None, allow_none=True)
    seen = fields.Integer(load_default=0, validate=validate.Range(0, 2**31 - 1))


class EditFormIn(_Lenient):
    """New words for a post, by form."""

    body = fields.String(required=True)


class ReactFormIn(_Lenient):
    """A reaction to set (`on`) or to take back (`off`), by form."""

    on = fields.String(load_default="", validate=validate.Length(max=16))
    off = fields.String(load_default="", validate=validate.Length(max=16))


class SaidIn(Schema):
    """Words that are sent once under their `nonce`."""

    body = fields.String(required=True, validate=validate.Length(1, MOST))
    nonce = fields.String(validate=[_nonce, validate.Regexp(_NONCE)])


class PostIn(SaidIn):
    """A message. The same `nonce` again stores nothing again."""

    reply_to = Id(load_default=None, allow_none=True)


class WordsIn(Schema):
    """New words for a post."""

    body = fields.String(required=True, validate=validate.Length(1, MOST))


class ReactionIn(Schema):
    """A reaction, and whether it is set."""

    emoji = fields.String(required=True, validate=validate.OneOf(REACTIONS))
    on = fields.Boolean(required=True)


class AuthorOut(Out):
    """Whose post it is."""

    id = fields.String()
    name = fields.String()
    initials = fields.String()
    hue = fields.Integer()
    role = fields.String()


class QuotedOut(Out):
    """The post that a post replies to."""

    id = fields.String()
    no = fields.Integer()
    author = fields.String()
    excerpt = fields.String()
    removed = fields.Boolean()


class ReactionOut(Out):
    """One reaction and who set it."""

    emoji = fields.String()
    count = fields.Integer()
    who = fields.List(fields.String())


class PostOut(Out):
    """A post as everybody in its space sees it; without words once it is removed."""

    id = fields.String()
    no = fields.Integer()
    author = fields.Nested(AuthorOut, allow_none=True)
    html = fields.String()
    reply_to = fields.Nested(QuotedOut, allow_none=True)
    at = fields.String(metadata={"format": "date-time"})
    edited = fields.Boolean()
    removed = fields.Boolean()
    by_author = fields.Boolean()
    reactions = fields.List(fields.Nested(ReactionOut))


class OnePostOut(PostOut):
    """A post on its own: with its space, and for whoever may change it as it was typed."""

    space = Id()
    body = fields.String(allow_none=True)
