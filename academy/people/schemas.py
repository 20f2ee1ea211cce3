"""Shapes of people on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate

from academy.kernel.access import Invalid
from academy.web.api.shapes import FaceOut, Out
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id

DAY = 24 * 60
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?")
STRETCH = re.compile(r"([0-6])-(\d{1,4})-(\d{1,4})")
TAGS = frozenset(Locale("en").languages)

Hours = list[tuple[int, int, int]]


class Clock(fields.Field[int | None]):
    """A time of day, "09:30", as minutes after midnight; nothing written is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        del attr, data, kwargs
        if value == "":
            return None
        found = CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError(_("Write a time such as 09:30."))
        return int(found[1]) * 60 + int(found[2])


def _no_lines(value: str) -> None:
    if not value.isprintable():
        raise ValidationError(_("Write this on one line."))


def _language(value: str) -> None:
    if value.replace("-", "_") not in TAGS:
        raise ValidationError(_("This language is not known. Choose from the list."))


class SignInIn(Schema):
    """An address and a password."""

    email = fields.String(load_default="")
    password = fields.String(load_default="")


class ProfileIn(Schema):
    """What somebody says about themselves."""

    name = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=[validate.Length(1, 120, error=later("A name has 1 to 120 characters.")), _no_lines],
    )
    pronouns = fields.String(
        load_default="",
        validate=[validate.Length(max=40, error=later("Keep this under 40 characters.")), _no_lines],
    )
    about = fields.String(
        load_default="", validate=validate.Length(max=1000, error=later("Keep this under 1,000 characters."))
    )
    zone = fields.String(required=True, error_messages=REQUIRED)
    languages = fields.List(
        fields.String(validate=_language),
        load_default=list,
        validate=validate.Length(max=30, error=later("Choose at most 30 languages.")),
        metadata={"many": True},
    )
    keep = fields.List(
        fields.String(validate=validate.Regexp(STRETCH, error=later("These hours can't be read."))),
        load_default=list,
        validate=validate.Length(max=50, error=later("That is more stretches of hours than can be kept.")),
        metadata={"many": True},
    )


WeekIn: type[Schema] = Schema.from_dict(
    {
        **{
            f"{end}_{day}": Clock(data_key=f"{end}-{day}", load_default=None)
            for day in range(7)
            for end in ("from", "to")
        },
        "day_more": fields.Integer(
            data_key="day-more",
            load_default=0,
            validate=validate.Range(0, 6),
            error_messages={"invalid": later("Choose a day.")},
        ),
        "from_more": Clock(data_key="from-more", load_default=None),
        "to_more": Clock(data_key="to-more", load_default=None),
    },
    name="WeekIn",
)
"""Working hours: one stretch on each day, `from-0` to `to-6` where 0 is Monday, and one more on any day."""


class DisplayIn(Schema):
    """How pages look and sound."""

    theme = fields.String(load_default="system", validate=validate.OneOf(("system", "light", "dark")))
    contrast = fields.String(load_default="system", validate=validate.OneOf(("system", "normal", "more")))
    announce = fields.String(load_default="full", validate=validate.OneOf(("off", "names", "full")))


class BlockIn(Schema):
    """Somebody to block."""

    person_id = Id(required=True, error_messages=REQUIRED)


def hours_of(week: Mapping[str, Any], keep: Sequence[str]) -> Hours:
    """Put a week together from its form: (weekday from Monday 0, start, end) in minutes.

    A stretch until 00:00 ends with the day. `keep` are further stretches as "weekday-start-end". Raises
    `Invalid` with a sentence at each day that can't be.
    """
    found: Hours = []
    errors: dict[str, list[str]] = {}
    rows = [(day, f"from-{day}", week[f"from_{day}"], week[f"to_{day}"]) for day in range(7)]
    rows.append((week["day_more"], "from-more", week["from_more"], week["to_more"]))
    for day, field, start, end in rows:
        if start is None and end is None:
            continue
        if start is None or end is None:
            errors[field] = [_("Write both when it begins and when it ends, or leave both empty.")]
        elif start >= (end or DAY):
            errors[field] = [_("Hours end after they begin, on the same day.")]
        else:
            found.append((day, start, end or DAY))
    for text in keep:
        day, start, end = (int(part) for part in text.split("-"))
        if start < end <= DAY:
            found.append((day, start, end))
    found = sorted(set(found))
    for (day, _start, end), (next_day, start, _end) in pairwise(found):
        if day == next_day and start < end:
            errors.setdefault(f"from-{day}", [_("Two stretches of hours overlap. Join them into one.")])
    if errors:
        raise Invalid(errors=errors)
    return found


class StretchIn(Schema):
    """A stretch of working hours on one weekday, in minutes after midnight in one's own zone."""

    weekday = fields.Integer(required=True, validate=validate.Range(0, 6), metadata={"description": "0 is Monday."})
    start = fields.Integer(required=True, validate=validate.Range(0, DAY - 1))
    end = fields.Integer(required=True, validate=validate.Range(1, DAY))


class ProfileChangeIn(ProfileIn):
    """What somebody changes of what they say about themselves; what is left out stays."""

    hours = fields.List(fields.Nested(StretchIn), validate=validate.Length(max=50))

    class Meta:
        """Hours come as a list here, not as the fields of a form."""

        exclude = ("keep",)


class HoursOut(Out):
    """A stretch of working hours on one weekday, in minutes after midnight in the person's own zone."""

    weekday = fields.Function(lambda stretch: stretch[0], metadata={"type": "integer", "description": "0 is Monday."})
    start = fields.Function(lambda stretch: stretch[1], metadata={"type": "integer"})
    end = fields.Function(lambda stretch: stretch[2], metadata={"type": "integer"})


class RolesOut(Out):
    """The caller's roles in one group."""

    id = Id()
    roles = fields.List(fields.String())


class MeOut(Out):
    """Who is signed in."""

    id = Id()
    name = fields.String()
    initials = fields.String()
    hue = fields.Integer()
    zone = fields.String()
    locale = fields.String()
    groups = fields.List(fields.Nested(RolesOut))


class ProfileOut(Out):
    """What somebody says about themselves, as they see it."""

    name = fields.String()
    email = fields.String()
    pronouns = fields.String()
    about = fields.String()
    zone = fields.String()
    languages = fields.List(fields.String())
    hours = fields.List(fields.Nested(HoursOut))
    manager = fields.Nested(FaceOut, allow_none=True)


class GroupOut(Out):
    """A named set of people with roles."""

    id = Id()
    name = fields.String()
    kind = fields.String(metadata={"description": "organization, academy, cohort, pair or board."})
    parent = Id(attribute="parent_id", allow_none=True)


class MemberOut(Out):
    """A person's role in a group."""

    person = fields.Nested(FaceOut, attribute="face")
    role = fields.String()
