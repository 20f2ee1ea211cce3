"""The shapes of what leads ask and what people answer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.forms import REQUIRED
from academy.web.wire import Version
from mentoring.matches.policy import LONGEST_REASON
from mentoring.pairs.models import PairKind


class AskIn(Schema):
    """Which kind of pairs a lead asks the matcher for."""

    kind = fields.String(
        required=True, validate=validate.OneOf([kind.value for kind in PairKind]), error_messages=REQUIRED
    )


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
