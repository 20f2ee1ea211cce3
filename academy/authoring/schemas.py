"""Shapes of drafts on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from academy.tracks.engine import (
    ICONS,
    KINDS,
    LONGEST_BODY,
    LONGEST_SKILL,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    MOST_SKILLS,
    MOST_WEEKS,
    skills_in,
)
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id, Version

NUMBER = {**REQUIRED, "invalid": later("Write a whole number.")}


class _Written(Schema):
    """What every part of a track has: a title and a line about it."""

    title = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Length(1, LONGEST_TITLE, error=later("A title has 1 to 160 characters.")),
    )
    summary = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_SUMMARY, error=later("Keep this under 1,000 characters.")),
    )

    @pre_load
    def _trim(self, sent: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        """Leave out white space around texts, and what was left empty."""
        trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in sent.items()}
        return {name: value for name, value in trimmed.items() if value != ""}

    @post_load
    def _one_line(self, loaded: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Titles and summaries are one line each."""
        return loaded | {name: " ".join(loaded[name].split()) for name in ("title", "summary")}


def _few_and_short(text: str) -> None:
    found = skills_in(text.splitlines())
    if len(found) > MOST_SKILLS:
        raise ValidationError(gettext("Name at most %(n)s skills.", n=MOST_SKILLS))
    if any(len(name) > LONGEST_SKILL for name in found):
        raise ValidationError(
            gettext("A skill’s name has at most %(n)s characters. Write one in each line.", n=LONGEST_SKILL)
        )


class DraftIn(_Written):
    """The head of a track."""

    weeks = fields.Integer(
        required=True,
        error_messages=NUMBER,
        validate=validate.Range(1, MOST_WEEKS, error=later("A track takes 1 to 104 weeks.")),
    )
    academy = Id(load_default=None)
    version = Version(load_default=0)


class DraftHeadIn(DraftIn):
    """The head of a track that is there: with the skills that it practises, one a line."""

    skills = fields.String(load_default="", validate=_few_and_short)

    @post_load
    def _lines(self, loaded: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Skills are a list from here on."""
        return loaded | {"skills": skills_in(loaded["skills"].splitlines())}


class ModuleIn(_Written):
    """A module."""

    icon = fields.String(
        load_default="book", validate=validate.OneOf(ICONS, error=later("Choose a picture from the list."))
    )
    week = fields.Integer(
        required=True,
        error_messages=NUMBER,
        validate=validate.Range(1, MOST_WEEKS, error=later("Choose one of the track’s weeks.")),
    )
    version = Version(load_default=0)


class ActivityIn(_Written):
    """An activity. The text may wait; publishing asks for it."""

    kind = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.OneOf(KINDS, error=later("Choose what kind of activity this is.")),
    )
    minutes = fields.Integer(
        required=True,
        error_messages=NUMBER,
        validate=validate.Range(1, 600, error=later("An activity takes 1 to 600 minutes.")),
    )
    body = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_BODY, error=later("Keep a text under 40,000 characters.")),
    )
    version = Version(load_default=0)


class MoveIn(Schema):
    """One place up or down."""

    to = fields.String(required=True, error_messages=REQUIRED, validate=validate.OneOf(("up", "down")))


class VersionIn(Schema):
    """The version that a page was made from."""

    version = Version(required=True, error_messages=REQUIRED)
