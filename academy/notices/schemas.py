"""Shapes of notices on the wire."""

from __future__ import annotations

from marshmallow import fields

from academy.web.api.shapes import Out, instant
from academy.web.wire import Id


class NoticeOut(Out):
    """One thing that the caller should know, in words, and where it leads."""

    id = Id()
    at = instant()
    unread = fields.Boolean()
    title = fields.String(attribute="told.title")
    line = fields.String(attribute="told.line")
    url = fields.String(attribute="told.url")
