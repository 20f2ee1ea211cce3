"""The feed that other calendars subscribe to. Its address is its only key: no cookie is read, none is set."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from academy.bridges.calendars import engine, queries
from academy.kernel import clock, offload
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.people.queries import organization
from academy.web.guards import public

blueprint = Blueprint("calendars", __name__)

BEHIND, AHEAD = timedelta(days=45), timedelta(days=400)
RATE = "60 per 10 minute"
"""Readings of one feed. Calendars ask a few times an hour."""


@blueprint.get("/calendar/<token>.ics")
@public
def feed(token: str) -> ResponseReturnValue:
    """Answer a person's calendar: what was in the last weeks and what comes within a year."""
    now = clock.now()
    with kernel().reading() as session:
        viewer = queries.subscriber(session, token)
        if viewer is None:
            raise Missing
        kernel().limits.hit(RATE, "calendar", str(viewer.person_id))
        with force_locale(viewer.locale):
            sources = kernel().slots(queries.CalendarSource)
            things = queries.dated_for(session, viewer, sources, now - BEHIND, now + AHEAD)
            top = organization(session)
            name = _("%(academy)s: what is yours", academy=top.name if top else _("Academy"))
    site = kernel().settings.base_url.rstrip("/")
    text = offload.run(_written, things, name, site, now)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.set_etag(engine.tag(text), weak=True)
    answer.headers["Cache-Control"] = "private, max-age=300"
    answer.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer.make_conditional(request)


def _written(things: list[engine.Dated], name: str, site: str, now: datetime) -> bytes:
    return engine.feed(things, name=name, site=site, stamp=now)
