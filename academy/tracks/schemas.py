"""Shapes of tracks on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from academy.web.api.shapes import Out
from academy.web.wire import Id


class ReflectionIn(Schema):
    """What somebody writes for themselves."""

    body = fields.String(load_default="")


class PractisedOut(Out):
    """A skill that a track practises."""

    id = Id()
    label = fields.String()


class TrackOut(Out):
    """A track in its newest version, with the skills it practises. `version` is what a cohort is created with."""

    id = Id()
    version = Id(attribute="version_id")
    group = Id(attribute="group_id")
    number = fields.Integer()
    title = fields.String()
    summary = fields.String()
    weeks = fields.Integer()
    skills = fields.List(fields.Nested(PractisedOut))


class DeliveryOut(Out):
    """A track version as a group is given it, from a date on in the group's zone."""

    id = Id()
    group = Id(attribute="group_id")
    title = fields.String()
    weeks = fields.Integer()
    starts_on = fields.Date()
    zone = fields.String()


class StepOut(Out):
    """An activity, and whether the caller has done it."""

    id = Id()
    kind = fields.String()
    title = fields.String()
    summary = fields.String()
    minutes = fields.Integer()
    done = fields.Boolean()


class StageOut(Out):
    """A module of a track, in the week that it belongs to."""

    title = fields.String()
    summary = fields.String()
    week = fields.Integer()
    steps = fields.List(fields.Nested(StepOut))


class PlanOut(Out):
    """A delivery as the caller walks it. `week` runs from 1, and is 0 before the start."""

    id = Id(attribute="delivery_id")
    group = Id(attribute="group_id")
    title = fields.String()
    summary = fields.String()
    weeks = fields.Integer()
    week = fields.Integer()
    starts_on = fields.Date()
    skills = fields.List(fields.Nested(PractisedOut))
    stages = fields.List(fields.Nested(StageOut))


class VideoOut(Schema):
    """The video of an activity: its type, its size in bytes, and the SHA-256 of its content."""

    type = fields.String()
    bytes = fields.Integer()
    digest = fields.String()


class TaskOut(StepOut):
    """An activity with its text, and what the caller wrote for themselves. `captions` of a video are WebVTT."""

    html = fields.String(attribute="body_html")
    module = fields.String(attribute="module_title")
    delivery = Id(attribute="delivery_id")
    reflection = fields.String()
    following = Id(allow_none=True)
    video = fields.Nested(VideoOut, attribute="recording", allow_none=True)
    captions = fields.String()
