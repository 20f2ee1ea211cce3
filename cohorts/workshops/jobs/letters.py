"""The words of mails about workshops, each in its reader's own time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_location
from flask_babel import gettext as _

from academy.bridges.calendars.engine import one_line
from academy.kernel.mail import Letter
from cohorts.workshops.engine import ical
from cohorts.workshops.models import RsvpState

LOCALE = "en"
ANSWERED: dict[str, ical.Answered] = {
    RsvpState.INVITED: "NEEDS-ACTION",
    RsvpState.GOING: "ACCEPTED",
    RsvpState.MAYBE: "TENTATIVE",
    RsvpState.DECLINED: "DECLINED",
}
WITHOUT_CALENDAR = {"reminder"}
TAKEN_BACK = {"cancelled", "withdrawn"}


@dataclass(frozen=True, kw_only=True)
class About:
    """The workshop that a letter is about, and what changed: one of the words that reactions use."""

    letter: str
    stamp: datetime
    uid: str
    sequence: int
    title: str
    group: str
    agenda: str
    facilitator: str
    starts_at: datetime
    minutes: int
    zone: str
    venue_url: str
    page_url: str
    sender: ical.Address


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who a letter is to. `state` is what they answered, None for who was not asked."""

    name: str
    mail: str
    zone: str
    state: str | None
    leads: bool = False


def compose(about: About, reader: Reader) -> Letter:
    """Write one letter with one attendee's invitation; nobody else's name or address is in it but the leader's."""
    title = one_line(about.title)
    text = "\n\n".join(part for part in _parts(about, reader, title) if part) + "\n"
    day, time = _day(about.starts_at, reader.zone, "EEE d MMM"), _time(about.starts_at, reader.zone)
    subject = {
        "invitation": _("Invitation: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "retimed": _("New time: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "replaced": _("New place: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "edited": _("Changed: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "cancelled": _("Cancelled: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "withdrawn": _("Off your calendar: %(title)s, %(day)s, %(time)s", title=title, day=day, time=time),
        "reminder": _("Soon: %(title)s, today at %(time)s", title=title, time=time),
    }[about.letter]
    method: ical.Method = "CANCEL" if about.letter in TAKEN_BACK else "REQUEST"
    with_calendar = about.letter not in WITHOUT_CALENDAR
    return Letter(
        about="workshop",
        to_name=reader.name,
        to_address=reader.mail,
        subject=subject,
        text=text,
        calendar=ical.calendar_text(_invitation(about, reader, method)) if with_calendar else None,
        method=method if with_calendar else None,
    )


def _parts(about: About, reader: Reader, title: str) -> list[str]:
    group = one_line(about.group)
    what = {
        "invitation": _("There is a new workshop in %(group)s.", group=group),
        "retimed": _(
            "A workshop in %(group)s has a new time. Please say again whether you are coming.",
            group=group,
        ),
        "replaced": _("A workshop in %(group)s has a new place. Your answer was kept.", group=group),
        "edited": _("A workshop in %(group)s has changed. Its time and place have not.", group=group),
        "cancelled": _("A workshop in %(group)s will not take place. You need to do nothing.", group=group),
        "withdrawn": _(
            "You are no longer asked to this workshop in %(group)s, so it is taken off your calendar.",
            group=group,
        ),
        "reminder": _("A workshop in %(group)s begins soon. The door opens ten minutes before.", group=group),
    }[about.letter]
    taken_back = about.letter in TAKEN_BACK
    when = [title, _when(about, reader.zone)]
    if reader.zone != about.zone and _differs(about.starts_at, reader.zone, about.zone):
        when.append(_other(about))
    if not taken_back:
        led = _("You lead it.") if reader.leads else _("Led by %(name)s.", name=one_line(about.facilitator))
        when.append(_("%(minutes)s minutes. %(led)s", minutes=about.minutes, led=led))
    ask = _("Agenda and answers:") if reader.leads else _("Say whether you are coming, and find the agenda:")
    join = _("Join from ten minutes before, camera on or off as you like:") + f"\n{about.page_url}/join"
    return [
        _("Hello %(name)s,", name=one_line(reader.name)),
        what,
        "\n".join(when),
        "" if taken_back or about.letter == "reminder" else f"{ask}\n{about.page_url}",
        "" if taken_back else join,
        _("You get this mail because you belong to %(group)s.", group=group) if not taken_back else "",
    ]


def _when(about: About, zone: str) -> str:
    ends_at = about.starts_at + timedelta(minutes=about.minutes)
    return _(
        "%(day)s, %(from_)s to %(until)s (%(city)s time)",
        day=_day(about.starts_at, zone, "EEEE d MMMM y"),
        from_=_time(about.starts_at, zone),
        until=_time(ends_at, zone),
        city=_city(zone),
    )


def _other(about: About) -> str:
    return _(
        "That is %(day)s, %(time)s in %(city)s, where it was planned.",
        day=_day(about.starts_at, about.zone, "EEEE"),
        time=_time(about.starts_at, about.zone),
        city=_city(about.zone),
    )


def _differs(at: datetime, one: str, other: str) -> bool:
    return at.astimezone(ZoneInfo(one)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def _day(at: datetime, zone: str, pattern: str) -> str:
    return format_date(at.astimezone(ZoneInfo(zone)), pattern, locale=LOCALE)


def _time(at: datetime, zone: str) -> str:
    return format_time(at.astimezone(ZoneInfo(zone)), "HH:mm", locale=LOCALE)


def _city(zone: str) -> str:
    return get_timezone_location(zone, locale=LOCALE, return_city=True)


def _invitation(about: About, reader: Reader, method: ical.Method) -> ical.Invitation:
    norm = _("Camera on or off, as you like. Join at %(url)s", url=f"{about.page_url}/join")
    return ical.Invitation(
        method=method,
        uid=about.uid,
        sequence=about.sequence,
        stamp=about.stamp,
        starts_at=about.starts_at,
        minutes=about.minutes,
        zone=about.zone,
        summary=about.title,
        description="\n\n".join(part for part in (about.agenda.strip(), norm) if part),
        location=about.venue_url,
        url=about.page_url,
        organizer=about.sender,
        attendee=ical.Address(name=reader.name, mail=reader.mail),
        answered="ACCEPTED" if reader.leads else ANSWERED.get(reader.state or "", "NEEDS-ACTION"),
        chair=reader.leads,
    )
