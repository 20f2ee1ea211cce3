"""Questions about calendars: what is dated for one viewer, and whose a feed is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.calendars.engine import Dated, ordered
from academy.bridges.calendars.models import CalendarFeed
from academy.kernel.viewer import Viewer
from academy.people.engine import token_hash
from academy.people.models import Person
from academy.people.queries import roles_of


@dataclass(frozen=True)
class CalendarSource:
    """A slot: dated things for one viewer.

    `find(session, viewer, since, until)` returns those that end after `since` and begin before `until`, both
    aware; what the viewer may not see is left out. The words are in the viewer's language.
    """

    find: Callable[[Session, Viewer, datetime, datetime], Sequence[Dated]]


def dated_for(
    session: Session, viewer: Viewer, sources: Sequence[CalendarSource], since: datetime, until: datetime
) -> list[Dated]:
    """Return everything that is dated for the viewer in a span, in the order of their own days."""
    return ordered([thing for source in sources for thing in source.find(session, viewer, since, until)], viewer.zone)


def feed_made(session: Session, viewer: Viewer) -> datetime | None:
    """Return when the address of the viewer's feed was made, None where there is none."""
    return session.scalar(select(CalendarFeed.made_at).where(CalendarFeed.person_id == viewer.person_id))


def subscriber(session: Session, token: str) -> Viewer | None:
    """Find whose feed an address leads to, with the roles they have now; None for any other address. Two statements."""
    row = session.execute(
        select(Person.id, Person.name, Person.zone, Person.locale)
        .join(CalendarFeed, CalendarFeed.person_id == Person.id)
        .where(CalendarFeed.token_hash == token_hash(token), Person.deactivated_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    person_id: UUID = row.id
    return Viewer(
        person_id=person_id,
        sign_in_id=person_id,
        name=row.name,
        zone=row.zone,
        locale=row.locale,
        roles=roles_of(session, person_id),
    )
