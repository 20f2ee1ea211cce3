"""Plain words for cohorts and workshops, as admins read them in the audit."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from academy.administration.queries.slots import PlainWords


def _entries() -> Mapping[str, str]:
    return {
        "CohortCreated": _("%(actor)s opened %(cohort_id)s for %(track_version_id)s"),
        "CohortEdited": _("%(actor)s changed %(cohort_id)s: %(fields)s"),
        "CohortClosed": _("%(actor)s closed %(cohort_id)s"),
        "CohortReopened": _("%(actor)s opened %(cohort_id)s again"),
        "PersonWaitlisted": _("%(person_id)s waits for a seat in %(cohort_id)s"),
        "SeatGiven": _("%(person_id)s got a seat in %(cohort_id)s"),
        "WaitlistMoved": _("%(actor)s moved %(person_id)s on the waitlist of %(cohort_id)s"),
        "WaitlistLeft": _("%(actor)s took %(person_id)s off the waitlist of %(cohort_id)s"),
        "PersonEnrolled": _("%(actor)s enrolled %(person_id)s in %(cohort_id)s as %(role)s"),
        "WorkshopScheduled": _("%(actor)s scheduled a workshop in %(group_id)s"),
        "WorkshopMoved": _("%(actor)s moved a workshop in %(group_id)s"),
        "WorkshopEdited": _("%(actor)s changed a workshop in %(group_id)s: %(fields)s"),
        "WorkshopCancelled": _("%(actor)s cancelled a workshop in %(group_id)s"),
        "RsvpAnswered": _("%(person_id)s answered whether they come to a workshop"),
        "PersonInvited": _("%(person_id)s was invited to a workshop"),
        "PersonUninvited": _("%(person_id)s is no longer invited to a workshop"),
        "WorkshopDrewNear": _("A workshop drew near"),
    }


def _jobs() -> Mapping[str, str]:
    return {
        "roster.seat-letter": _("Writing a letter about a seat"),
        "workshops.invite": _("Writing letters about a workshop"),
        "workshops.remind": _("Reminding people of a workshop"),
    }


def _letters() -> Mapping[str, str]:
    return {"workshop": _("A letter about a workshop"), "seat": _("A letter about a seat in a cohort")}


LED = frozenset(
    {
        "CohortCreated",
        "CohortEdited",
        "CohortClosed",
        "CohortReopened",
        "PersonWaitlisted",
        "SeatGiven",
        "WaitlistMoved",
        "WaitlistLeft",
        "PersonEnrolled",
        "WorkshopScheduled",
        "WorkshopMoved",
        "WorkshopEdited",
        "WorkshopCancelled",
    }
)
WORDS = PlainWords(_entries, _jobs, _letters, LED)
