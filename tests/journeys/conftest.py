"""People side by side, each in a browser of their own, before one real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import count
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.engine import hash_password
from academy.people.models import Role
from cohorts.roster import actions as roster
from tests.factories import cohorts, people
from tests.live import Live
from tests.visits import Visit

PASSWORD = "an old bicycle in the rain"
_numbers = count(1)


@cache
def hashed() -> str:
    """Hash everybody's password once."""
    return hash_password(PASSWORD)


@dataclass
class Cast:
    """A cohort of one test's own, with its lead; people are added as the test needs them."""

    kernel: Kernel
    world: cohorts.World
    emails: dict[UUID, str] = field(default_factory=dict)

    @property
    def room(self) -> str:
        """The address of the cohort's room."""
        return f"/spaces/{encode(self.world.space)}"

    @property
    def cohort(self) -> str:
        """The cohort's id."""
        return encode(self.world.cohort)

    def person(self, name: str, zone: str = "Europe/Lisbon") -> UUID:
        """Give somebody an account with a password."""
        email = f"{name.split()[0].lower()}.{next(_numbers)}@people.example"
        made = people.person(self.kernel, name, zone=zone, email=email, password_hash=hashed())
        self.emails[made] = email
        return made

    def add(self, name: str, role: str = Role.LEARNER, zone: str = "Europe/Lisbon") -> UUID:
        """Let the lead enroll somebody new."""
        made = self.person(name, zone)
        lead = people.viewer(self.kernel, self.world.lead)
        self.kernel.commit(
            lambda s: roster.enroll(s, viewer=lead, cohort_id=self.world.cohort, person_ids=[made], role=role)
        )
        return made


@pytest.fixture
def cast(live: Live) -> Cast:
    """Return a fresh cohort on the shared server."""
    return Cast(live.kernel, cohorts.world(live.kernel, starts_on=date(2026, 11, 2)))


@pytest.fixture
def visits(live: Live, chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Return a maker of browsers. At the end every console must have kept silent."""
    opened: list[Visit] = []

    def open_one(person_id: UUID | None = None, *, scripts: bool = True, **options: object) -> Visit:
        context = chromium.new_context(java_script_enabled=scripts, **options)
        visit = Visit(live.url, context, context.new_page())
        if person_id is not None:
            visit.take(live.cookie(person_id))
        opened.append(visit)
        return visit

    yield open_one
    for visit in opened:
        visit.context.close()
    for visit in opened:
        visit.clean()
