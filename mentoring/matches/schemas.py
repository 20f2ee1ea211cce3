"""The shapes of what leads ask and what people answer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.api.shapes import FaceOut, Out, PageIn, QueryIn, instant
from academy.web.forms import REQUIRED
from academy.web.wire import PATTERN, Id, Version
from mentoring.choices.policy import WHOLE
from mentoring.matches.models import OfferState
from mentoring.matches.policy import LONGEST_REASON
from mentoring.pairs.models import PairKind

ONE = PATTERN.strip("^$")
"""An id inside a longer text."""


class AskIn(Schema):
    """Which kind of pairs a lead asks the matcher for."""

    kind = fields.String(
        required=True, validate=validate.OneOf([kind.value for kind in PairKind]), error_messages=REQUIRED
    )


def _parts() -> fields.Integer:
    """Make the field of one component's weight."""
    return fields.Integer(
        load_default=0,
        validate=validate.Range(0, WHOLE, error="Choose a number from {min} to {max}."),
        error_messages={"invalid": "Please write a whole number."},
    )


class WeighIn(AskIn):
    """How much each component counts, in parts of 100, and whether the worst-off person comes first.

    `scale` asks for whatever was written to be brought to 100.
    """

    help = _parts()
    shared_goals = _parts()
    level = _parts()
    hours = _parts()
    rarity = _parts()
    languages = _parts()
    zone = _parts()
    floor = fields.Boolean(load_default=False)
    scale = fields.Boolean(load_default=False)
    version = Version(required=True, error_messages=REQUIRED)


class DecideIn(AskIn):
    """What a lead decides about two people, as one button says it: the choice and the two ids."""

    say = fields.String(
        required=True,
        validate=validate.Regexp(f"^(locked|excluded|open) {ONE} {ONE}$", error="This is no choice about two people."),
        error_messages=REQUIRED,
    )


class SwapIn(AskIn):
    """Who takes whose place."""

    one = Id(required=True, error_messages=REQUIRED)
    other = Id(required=True, error_messages=REQUIRED)


class PublishIn(Schema):
    """Which version of a proposal a lead has read."""

    version = Version(required=True, error_messages=REQUIRED)


class AcceptIn(Schema):
    """Which version of an offer somebody accepts."""

    version = Version(required=True, error_messages=REQUIRED)


class DeclineIn(Schema):
    """Which version of an offer somebody declines and, if they like, why."""

    version = Version(required=True, error_messages=REQUIRED)
    reason = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_REASON, error="Please use at most {max} characters."),
    )


class KindIn(QueryIn):
    """Which kind of pairs is asked about."""

    kind = fields.String(load_default=PairKind.BUDDY.value, validate=validate.OneOf([kind.value for kind in PairKind]))


class OffersIn(PageIn):
    """Which of the caller's offers."""

    state = fields.String(validate=validate.OneOf([state.value for state in OfferState]))


class RunOut(Out):
    """One asking of the matcher for a group."""

    id = Id()
    group = Id(attribute="group_id")
    kind = fields.String()
    state = fields.String()
    version = fields.Integer()
    step = fields.String(allow_none=True)
    asked_at = instant()
    published_at = instant(allow_none=True)


class ProposedOut(Out):
    """Somebody in a match, and as what: mentor, learner or buddy."""

    person = fields.Nested(FaceOut)
    role = fields.String()


class MatchOut(Out):
    """A proposed pair, or three. `offer` is the state of its offer, if one was made."""

    id = Id()
    state = fields.String()
    rank = fields.Integer()
    score = fields.Integer()
    people = fields.List(fields.Nested(ProposedOut))
    offer = fields.String(allow_none=True)
    expires_at = instant(allow_none=True)


class MatchingOut(Out):
    """A group's matching of one kind: what is worked out, the proposal that counts, and whom it could not place."""

    asked = fields.Nested(RunOut, allow_none=True)
    run = fields.Nested(RunOut, allow_none=True)
    matches = fields.List(fields.Nested(MatchOut))
    unplaced = fields.List(fields.Nested(FaceOut))


class OfferOut(Out):
    """An offer to mentor, for the person who is asked. `space` is the room that opened, once it is accepted."""

    id = Id(attribute="offer_id")
    state = fields.String()
    version = fields.Integer()
    offered_at = instant()
    expires_at = instant()
    learner = fields.Nested(FaceOut)
    group = fields.String(attribute="group_name")
    score = fields.Integer()
    space = Id(attribute="space_id", allow_none=True)
