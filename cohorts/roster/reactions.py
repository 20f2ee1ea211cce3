"""What follows in cohorts: free seats are given on in the same transaction, and who gets one is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import mail
from academy.kernel.events import within, within_all
from academy.kernel.ids import encode
from academy.kernel.jobs import enqueue
from academy.notices.actions import notify, notify_each
from academy.notices.queries import NoticeKind, Told
from academy.people.events import MemberLeft
from academy.people.models import GroupKind, Role
from cohorts.roster import actions, queries
from cohorts.roster.events import PersonWaitlisted, SeatGiven

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from academy.notices.models import Notice

SEAT = "cohort-seat"
WAITLISTED = "cohort-waitlisted"
"""Kinds of notices."""

LETTER = "roster.seat-letter"


def give_on(session: Session, event: MemberLeft) -> None:
    """Give the seat of a learner who left to whoever is next."""
    if (
        event.group_kind == GroupKind.COHORT
        and event.role == Role.LEARNER
        and queries.is_cohort(session, event.group_id)
    ):
        actions.fill_seats(session, cohort_id=event.group_id)


def tell_of_seat(session: Session, event: SeatGiven) -> None:
    """Tell somebody, here and by mail, that they have a seat now."""
    notify(session, person_id=event.person_id, kind=SEAT, ref=event.cohort_id, actor_id=None)
    if mail.KIND not in session.info.get("muted", ()):
        payload = {"cohort_id": str(event.cohort_id), "person_id": str(event.person_id)}
        enqueue(session, LETTER, payload)


def tell_of_waiting(session: Session, events: Sequence[PersonWaitlisted]) -> None:
    """Tell people that they wait for a seat."""
    waiting: dict[tuple[UUID, UUID | None], list[UUID]] = defaultdict(list)
    for event in events:
        waiting[event.cohort_id, event.actor_id].append(event.person_id)
    for (cohort_id, actor_id), person_ids in waiting.items():
        notify_each(session, person_ids=person_ids, kind=WAITLISTED, ref=cohort_id, actor_id=actor_id)


def _seat(session: Session, _viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    names = queries.names_of(session, [notice.ref for notice in notices])
    return {
        n.id: Told(
            _("A seat for you in %(cohort)s", cohort=names[n.ref]),
            _("It came free and was yours next. Its room and its track are open to you now."),
            f"/cohorts/{encode(n.ref)}",
            "flag",
        )
        for n in notices
        if n.ref in names
    }


def _waiting(session: Session, _viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    names = queries.names_of(session, [notice.ref for notice in notices])
    return {
        n.id: Told(
            _("You are on the waitlist of %(cohort)s", cohort=names[n.ref]),
            _("All seats are taken now. You are told as soon as one is yours; there is nothing to do until then."),
            f"/cohorts/{encode(n.ref)}",
            "hourglass",
        )
        for n in notices
        if n.ref in names
    }


NOTICE_KINDS = [NoticeKind(SEAT, _seat), NoticeKind(WAITLISTED, _waiting)]
REACTIONS = [
    within(MemberLeft, give_on),
    within(SeatGiven, tell_of_seat),
    within_all(PersonWaitlisted, tell_of_waiting),
]
