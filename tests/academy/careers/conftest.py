"""A small academy with a lead, a mentor, two learners and somebody's manager."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from mentoring.pairs import actions as pairs
from tests.factories import careers, people


@dataclass(frozen=True)
class North:
    """The ids of the academy and of who is there."""

    academy: UUID
    cohort: UUID
    lead: UUID
    facilitator: UUID
    mentor: UUID
    ana: UUID
    ben: UUID
    boss: UUID
    admin: UUID
    stranger: UUID


@pytest.fixture
def north(kernel: Kernel) -> North:
    careers.occupations(kernel)
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    cohort = people.group(kernel, GroupKind.COHORT, "Cohort Kestrel", academy)
    who = {
        "lead": (academy, Role.LEAD),
        "facilitator": (cohort, Role.FACILITATOR),
        "mentor": (cohort, Role.MENTOR),
        "ana": (cohort, Role.LEARNER),
        "ben": (cohort, Role.LEARNER),
        "boss": (academy, Role.MEMBER),
        "admin": (top, Role.ADMIN),
    }
    ids = {
        name: people.member(kernel, group, people.person(kernel, name.title()), role)
        for name, (group, role) in who.items()
    }
    ids["stranger"] = people.person(kernel, "Stranger")
    kernel.commit(lambda s: people_actions.set_manager(s, person_id=ids["ana"], manager_id=ids["boss"]))
    for kind, roles in (
        ("mentorship", {ids["mentor"]: Role.MENTOR, ids["ana"]: Role.LEARNER}),
        ("buddy", {ids["ben"]: Role.LEARNER, ids["ana"]: Role.LEARNER}),
    ):
        kernel.commit(
            lambda s, kind=kind, roles=roles: pairs.open_pair(
                s, kind=kind, people=roles, academy_group_id=academy, cohort_group_id=cohort
            )
        )
    return North(academy=academy, cohort=cohort, **ids)
