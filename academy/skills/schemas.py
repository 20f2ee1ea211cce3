"""Shapes of skills and goals on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.api.shapes import Out, part_of
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id

LEVEL = later("A level is a number from 1 to 5.")


class LevelIn(Schema):
    """A skill and a proficiency level from 1 to 5: what somebody has, or what they want to reach."""

    skill_id = Id(required=True, error_messages=REQUIRED)
    level = fields.Integer(
        load_default=3, validate=validate.Range(1, 5, error=LEVEL), error_messages={"invalid": LEVEL}
    )


class ReachedIn(Schema):
    """A proficiency level from 1 to 5."""

    level = fields.Integer(required=True, validate=validate.Range(1, 5, error=LEVEL), error_messages=REQUIRED)


class SkillOut(Out):
    """A skill of a framework."""

    id = Id()
    label = fields.String()
    kind = fields.String()


class SkillNameOut(Out):
    """A skill by its name."""

    id = Id()
    label = fields.String()


class FoundSkillsOut(part_of(SkillOut)):  # type: ignore[misc]  # a shape made at run time is no class to mypy
    """Part of the skills that somebody looks for."""

    did_you_mean = fields.List(
        fields.Nested(SkillNameOut),
        metadata={"description": "Names that are nearly `q`, the likeliest first, where no name holds its words."},
    )


class GoalOut(Out):
    """A skill that somebody wants at a level from 1 to 5."""

    skill = Id(attribute="skill_id")
    key = fields.String()
    label = fields.String()
    level = fields.Integer()


class HeldSkillOut(GoalOut):
    """A skill that somebody has at a level from 1 to 5, and who says so: self, manager or evidence."""

    source = fields.String()
