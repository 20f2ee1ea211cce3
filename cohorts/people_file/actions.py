"""Enrolling whom a people file names, by the cohort's own rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel.viewer import Viewer
from cohorts.people_file.queries import Place
from cohorts.roster import actions as roster


def apply(session: Session, viewer: Viewer, work: Mapping[UUID, Sequence[Place]]) -> None:
    """Enroll people cohort by cohort; whom no seat is left for waits for one."""
    by_place: dict[Place, list[UUID]] = defaultdict(list)
    for person_id, places in work.items():
        for place in places:
            by_place[place].append(person_id)
    for (cohort_id, role), person_ids in sorted(by_place.items()):
        roster.enroll(session, viewer=viewer, cohort_id=cohort_id, person_ids=person_ids, role=role)
