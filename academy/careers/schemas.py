"""Shapes of target roles, needs and opportunities on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.careers.policy import LONGEST_BODY, LONGEST_LINES, LONGEST_TITLE, MOST_PEOPLE
from academy.skills.schemas import LevelIn
from academy.web.api.shapes import FaceOut, Out, PageIn, instant
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id, Version

PEOPLE = later("Say how many people, as a number from 1 on.")
DAY = later("Choose a day, such as 2027-03-31.")
TITLE = later("A title has 1 to 160 characters.")
BODY = later("Say it in at most 8,000 characters.")
LINES = later("Name fewer skills.")


class TargetIn(Schema):
    """The occupation that somebody aims at."""

    occupation_id = Id(required=True, error_messages=REQUIRED)


class NeedIn(LevelIn):
    """A skill that an academy needs, at a level from 1 to 5, and how many people should have it."""

    people = fields.Integer(
        load_default=1,
        validate=validate.Range(1, MOST_PEOPLE, error=PEOPLE),
        error_messages={"invalid": PEOPLE},
    )


class OpportunityWordsIn(Schema):
    """What somebody writes of an opportunity; skills one a line, such as `Haskell: 3`."""

    title = fields.String(
        required=True, validate=validate.Length(1, LONGEST_TITLE, error=TITLE), error_messages=REQUIRED
    )
    body = fields.String(load_default="", validate=validate.Length(max=LONGEST_BODY, error=BODY))
    closes_on = fields.Date(required=True, error_messages=REQUIRED | {"invalid": DAY})
    contact = fields.String(load_default="", validate=validate.Length(max=120))
    skills = fields.String(
        required=True, validate=validate.Length(max=LONGEST_LINES, error=LINES), error_messages=REQUIRED
    )


class OpportunityIn(OpportunityWordsIn):
    """An opportunity for the board of an academy (`group`)."""

    group = Id(required=True, error_messages=REQUIRED)


class OpportunityChangeIn(OpportunityWordsIn):
    """An opportunity written anew, from the version that was read."""

    version = Version(required=True, error_messages=REQUIRED)


class ClosedIn(Schema):
    """Whether an opportunity is to be closed or open."""

    on = fields.Boolean(required=True, truthy={"1", True}, falsy={"0", False}, error_messages=REQUIRED)


class OpportunitiesIn(PageIn):
    """Which part of the opportunities is asked for; with `open` only those that are, or are not."""

    open = fields.Boolean(load_default=None, truthy={"true"}, falsy={"false"})


class GapOut(Out):
    """A skill that is asked for at a level, the caller's own level (0 for none), and how many levels are left."""

    skill = Id(attribute="skill_id")
    label = fields.String()
    level = fields.Integer(attribute="target")
    own = fields.Integer(attribute="current")
    remaining = fields.Integer()


class OpportunityLineOut(Out):
    """An opportunity of an academy, with what is left for the caller."""

    id = Id()
    title = fields.String()
    academy = Id(attribute="group_id")
    academy_name = fields.String(attribute="academy")
    closes_on = fields.Date()
    open = fields.Boolean(attribute="is_open")
    created_at = instant()
    skills = fields.List(fields.Nested(GapOut), attribute="gaps")
    remaining = fields.Integer()


class OpportunityOut(OpportunityLineOut):
    """An opportunity with its words and whom to ask."""

    body = fields.String(attribute="body_md")
    contact = fields.Nested(FaceOut, allow_none=True)
