"""Makers of cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from academy.kernel.app import Kernel
from academy.people.models import Role
from cohorts.roster import actions
from tests.factories import people, tracks


@dataclass(frozen=True)
class World:
    """An academy with a lead, a track and one open cohort."""

    academy: UUID
    version: UUID
    lead: UUID
    cohort: UUID
    space: UUID
    delivery: UUID


def world(kernel: Kernel, *, seats: int | None = None, starts_on: date = date(2026, 11, 2)) -> World:
    """Make an academy, its lead, a track and an empty cohort."""
    academy = tracks.academy(kernel)
    version = tracks.published(kernel, academy)
    lead = people.member(kernel, academy, people.person(kernel, "Ling Chen", zone="Europe/Berlin"), Role.LEAD)
    cohort = kernel.commit(
        lambda s: actions.create_cohort(
            s,
            viewer=people.viewer(kernel, lead),
            academy_group_id=academy,
            track_version_id=version,
            name="Cohort Kestrel",
            starts_on=starts_on,
            zone="Europe/Berlin",
            seats=seats,
            agreements=["Stories stay in this room."],
        )
    )
    return World(academy, version, lead, cohort.id, cohort.space_id, cohort.delivery_id)


def enrolled(kernel: Kernel, made: World, name: str = "", role: str = Role.LEARNER) -> UUID:
    """Make a person, enroll them in the cohort and return their id."""
    person = people.person(kernel, name)
    kernel.commit(
        lambda s: actions.enroll(
            s, viewer=people.viewer(kernel, made.lead), cohort_id=made.cohort, person_ids=[person], role=role
        )
    )
    return person
