"""Calendar invitations (RFC 5545 and RFC 5546): one event, one attendee, one text.

The organizer sends REQUEST and CANCEL. The UID stays for life; SEQUENCE rises with time and place; what
arrives late loses by SEQUENCE, then by DTSTAMP, which is the instant of the change and not of the mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from academy.bridges.calendars.engine import clear, one_line, zone_rules

Method = Literal["REQUEST", "CANCEL"]
Answered = Literal["NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED"]

PRODUCT = "-//Capability Academy//Workshops//EN"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A name and a mail address."""

    name: str
    mail: str


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What one attendee's calendar is told. `stamp` is when the change was made, aware, in any zone."""

    method: Method
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    minutes: int
    zone: str
    summary: str
    description: str
    location: str
    url: str
    organizer: Address
    attendee: Address
    answered: Answered = "NEEDS-ACTION"
    chair: bool = False


def calendar_text(invitation: Invitation) -> str:
    """Write an invitation, its update or its cancellation as an iCalendar text with CRLF line ends."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", invitation.method)
    starts = invitation.starts_at.astimezone(ZoneInfo(invitation.zone))
    timezone = zone_rules(invitation.zone, starts.year, starts.year)
    if timezone:
        calendar.add_component(Timezone.from_ical(timezone))
    calendar.add_component(_event(invitation))
    text: bytes = calendar.to_ical()
    return text.decode()


def _event(invitation: Invitation) -> Event:
    starts = clear(invitation.starts_at, invitation.zone)
    ends = clear(invitation.starts_at + timedelta(minutes=invitation.minutes), invitation.zone)
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.stamp.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", one_line(invitation.summary))
    if invitation.description:
        event.add("description", _paragraphs(invitation.description))
    if invitation.location:
        event.add("location", one_line(invitation.location))
    event.add("url", one_line(invitation.url))
    event.add("status", "CANCELLED" if invitation.method == "CANCEL" else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("organizer", _person(invitation.organizer))
    attendee = _person(invitation.attendee)
    attendee.params["CUTYPE"] = vText("INDIVIDUAL")
    attendee.params["ROLE"] = vText("CHAIR" if invitation.chair else "REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText(invitation.answered)
    attendee.params["RSVP"] = vText("TRUE")
    event.add("attendee", attendee)
    return event


def _person(address: Address) -> vCalAddress:
    # A quote can't stand in a parameter (RFC 5545, 3.2), and few calendars read the escapes of RFC 6868.
    name = one_line(address.name).replace('"', "'").replace("^", "")
    person = vCalAddress("mailto:" + "".join(one_line(address.mail).split()))
    person.params["CN"] = vText(name)
    return person


def _paragraphs(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(one_line(line) for line in lines)
