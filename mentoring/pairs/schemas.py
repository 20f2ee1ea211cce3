"""The shapes of what people say when they end a pair, and of a pair for programs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.api.shapes import FaceOut, Out, instant
from academy.web.wire import Id
from mentoring.pairs.policy import LONGEST_REASON


class EndIn(Schema):
    """If somebody likes, why they end a pair."""

    reason = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_REASON, error="Please use at most {max} characters."),
    )


class PairOut(Out):
    """A mentorship or a buddy pair of the caller, who is `role` in it. `ended_at` is null while it goes on.

    `paused_at` is since when it rests, as somebody in it can't be here for now, or null.
    """

    id = Id(attribute="pair_id")
    kind = fields.String()
    role = fields.String()
    space = Id(attribute="space_id")
    others = fields.List(fields.Nested(FaceOut))
    paused_at = instant(allow_none=True)
    ended_at = instant(allow_none=True)


class EndedOut(Out):
    """What became of a pair: `ended` is false where the two others of three go on."""

    ended = fields.Boolean()
