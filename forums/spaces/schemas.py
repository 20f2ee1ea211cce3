"""The shapes in which spaces are asked for: sockets, the API and forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validate

from academy.web.api.shapes import Out, instant
from academy.web.forms import REQUIRED
from academy.web.wire import Id
from forums.spaces.policy import SLOW

MOST = 2**53 - 1
"""The greatest whole number that JSON carries everywhere."""

REVISIONS = 10**9
SPACES_AT_ONCE = 50


class Number(fields.Field[int]):
    """A whole number from 0 on: no text, no fraction, no truth value passes for one."""

    def __init__(self, *, most: int = MOST, **more: Any) -> None:
        super().__init__(**more)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        del attr, data, kwargs
        return _number(value, self._most)


def _number(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValidationError(_("This is not a whole number from 0 on."))
    return value


def _sinces(value: object) -> None:
    if not isinstance(value, Mapping) or not value:
        raise ValidationError(_("Name at least one space."))
    if len(value) > SPACES_AT_ONCE:
        raise ValidationError(_("Open at most %(n)s spaces at once.", n=SPACES_AT_ONCE))
    for since in value.values():
        _number(since, MOST)


class _Lenient(Schema):
    class Meta:
        """Fields of a later protocol are no reason to refuse an earlier one."""

        unknown = EXCLUDE


class SpaceIn(_Lenient):
    """One space."""

    space = fields.Raw(required=True)


class OpenIn(_Lenient):
    """Spaces to follow, each with the last number that is known."""

    spaces = fields.Raw(required=True, validate=_sinces)


class SyncIn(SpaceIn):
    """What follows `since` in one space; `epoch` is the history that the reader knows."""

    since = Number(required=True)
    epoch = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=16))


class ReadIn(SpaceIn):
    """A reading position, and the revision that it belongs to."""

    no = Number(required=True, most=2**31 - 1)
    rev = Number(load_default=None, allow_none=True, most=REVISIONS)


class EventsIn(_Lenient):
    """The query of the HTTP fallback: numbers come as text here."""

    since = fields.Integer(load_default=0, validate=validate.Range(0, MOST))
    epoch = fields.String(load_default=None, validate=validate.Length(max=16))
    caller = Id(
        data_key="as",
        load_default=None,
        metadata={"description": "Whose page or program asks: anybody else is refused as `signed_out`."},
    )


class ReadFormIn(_Lenient):
    """A reading position, by form."""

    no = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 1))


class PositionIn(Schema):
    """A reading position, and the revision that it belongs to."""

    no = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 1))
    rev = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, REVISIONS))


class PositionOut(Out):
    """Where the caller's reading stands."""

    no = fields.Integer()
    rev = fields.Integer()


class SlowFormIn(_Lenient):
    """Slow mode, by form."""

    seconds = fields.Integer(required=True, error_messages=REQUIRED)


class SlowIn(Schema):
    """Slow mode: the seconds between two messages of one member; 0 is off."""

    seconds = fields.Integer(required=True, validate=validate.OneOf(SLOW))


class SlowOut(Out):
    """Slow mode as it is now."""

    seconds = fields.Integer()


class SpaceLineOut(Out):
    """A room with what is new in it for the caller."""

    id = Id()
    title = fields.String()
    kind = fields.String()
    group = Id(attribute="group_id")
    unread = fields.Integer()
    last_at = instant(allow_none=True)


class SpaceOut(Out):
    """A space as the caller sees it. `head` numbers its newest post, `read` the last one that they have read."""

    id = Id()
    title = fields.String()
    kind = fields.String()
    group = Id(attribute="group_id")
    head = fields.Integer(attribute="head_no")
    read = fields.Integer(attribute="read_no")
    follows = fields.Boolean()
    may_post = fields.Boolean()
    may_moderate = fields.Boolean()
    slow = fields.Integer(
        metadata={"description": "Slow mode: the seconds between two messages of one member; 0 is off."}
    )


class EventOut(Out):
    """An event of a log; what `payload` holds, docs/realtime.md says kind by kind."""

    space = fields.String()
    seq = fields.Integer()
    epoch = fields.String()
    kind = fields.String()
    actor = fields.String(allow_none=True)
    at = fields.String(metadata={"format": "date-time"})
    payload = fields.Dict()

    class Meta:
        """The caller's own sends carry their nonce."""

        unknown = INCLUDE


class EventsOut(Out):
    """One page of a log."""

    space = fields.String()
    epoch = fields.String()
    head = fields.Integer()
    events = fields.List(fields.Dict())
    more = fields.Boolean()
    reset = fields.String(metadata={"description": "Why to start afresh, where that is so."})

    def on_bind_field(self, name: str, field: fields.Field[Any]) -> None:
        """Say which are always there: all but `reset`."""
        super().on_bind_field(name, field)
        field.required = name != "reset"
