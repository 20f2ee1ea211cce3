"""The calendar: what is dated for one person, on a page and as a feed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.bridges.calendars import actions as feeds
from academy.bridges.calendars import engine as calendars
from academy.bridges.calendars import queries as calendar_queries
from academy.bridges.calendars.engine import Dated
from academy.bridges.calendars.queries import CalendarSource
from academy.kernel import clock
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people.engine import new_token
from academy.tracks.queries import walking as tracks
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.home import queries
from cohorts.home.engine import month_of, months_around

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("own_calendar", __name__)

COMING = timedelta(days=120)
"""How far ahead the list looks."""


def dated(session: Session, me: Viewer, since: datetime, until: datetime) -> list[Dated]:
    """Return workshops and the weeks of one's tracks, as a calendar shows them. Two statements."""
    meetings = [
        Dated(
            uid=m.uid,
            title=m.title,
            url=url_for("workshops.show", workshop_id=m.id),
            at=m.starts_at,
            minutes=m.minutes,
            zone=m.zone,
            line=_("%(group)s, led by %(name)s", group=m.group, name=m.leader),
            icon="video",
            sequence=m.sequence,
            cancelled=m.cancelled,
            tentative=not m.sure,
        )
        for m in queries.meetings_for(session, me, since, until)
    ]
    weeks = [
        Dated(
            uid=f"week-{encode(week.delivery_id)}-{week.week}-{week.position}",
            title=_("Week %(week)s begins: %(title)s", week=week.week, title=week.title),
            url=url_for("tracks.show", delivery_id=week.delivery_id),
            on=week.on,
            line=week.group_name,
            icon="book",
        )
        for week in tracks.weeks_for(session, me, since.date(), until.date())
    ]
    return meetings + weeks


@blueprint.get("/calendar")
@guard("people:home")
def calendar() -> ResponseReturnValue:
    """Show what is dated for the viewer: as a list by day, or as a month."""
    return _calendar("")


def _calendar(address: str) -> str:
    """Show the calendar, with the address of the feed where it was made just now: it can't be shown again."""
    me, now = viewer(), clock.now()
    today = i18n.local(now, me.zone).date()
    first = month_of(request.args.get("month", ""), today) if request.args.get("view") == "month" else None
    weeks = calendars.month(first, i18n.weekdays()[0][0]) if first else []
    begin, end = (weeks[0][0], weeks[-1][-1] + timedelta(days=1)) if weeks else (now.date(), None)
    since = datetime.combine(begin, time(), ZoneInfo(me.zone)) if weeks else now
    until = datetime.combine(end, time(), ZoneInfo(me.zone)) if end else now + COMING
    with kernel().reading() as session:
        shell.load(session, me)
        things = calendar_queries.dated_for(session, me, kernel().slots(CalendarSource), since, until)
        made_at = calendar_queries.feed_made(session, me)
    by_day: dict[date, list[Dated]] = {}
    for thing in things:
        by_day.setdefault(thing.day(me.zone), []).append(thing)
    return render_template(
        "cohorts/home/calendar.html",
        page="workshops",
        days=sorted((day, found) for day, found in by_day.items() if weeks or day >= today),
        by_day=by_day,
        weeks=weeks,
        first=first,
        today=today,
        weekdays=[name for _number, name in i18n.weekdays()],
        short=[name for _number, name in i18n.weekdays("abbreviated")],
        made_at=made_at,
        address=address,
        title=format_date(first, "LLLL yyyy", locale=i18n.locale()) if first else "",
        months=months_around(first) if first else (),
    )


@blueprint.post("/calendar/feed")
@guard("account:calendar")
def make_feed() -> ResponseReturnValue:
    """Give the viewer's calendar a secret address, in place of the one before, and show it once."""
    me, token = viewer(), new_token()
    kernel().commit(lambda session: feeds.make_feed(session, person_id=me.person_id, token=token))
    answer = make_response(_calendar(kernel().settings.base_url.rstrip("/") + f"/calendar/{token}.ics"))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/calendar/feed/revoke")
@guard("account:calendar")
def revoke_feed() -> ResponseReturnValue:
    """Let the secret address lead nowhere any more."""
    me = viewer()
    kernel().commit(lambda session: feeds.revoke_feed(session, person_id=me.person_id))
    flash(_("The address leads nowhere now. Calendars that used it keep what they have and hear nothing new."), "good")
    return forms.see_other(url_for("own_calendar.calendar"))
