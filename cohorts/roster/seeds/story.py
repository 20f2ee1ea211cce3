"""What has been made so far, and the moments in which the rest is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people import queries as people_queries

if TYPE_CHECKING:
    from academy.kernel.app import Kernel


@dataclass
class World:
    """What has been made so far, by the keys of the demo's files."""

    kernel: Kernel
    now: datetime
    academy: UUID
    people: dict[str, UUID] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    cohorts: dict[str, UUID] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    versions: dict[str, UUID] = field(default_factory=dict)
    starts: dict[str, datetime] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    posts: dict[str, UUID] = field(default_factory=dict)
    boards: dict[str, UUID] = field(default_factory=dict)
    threads: dict[str, UUID] = field(default_factory=dict)

    def viewer(self, session: Session, key: str) -> Viewer:
        """Return somebody as they look at things at this moment of the story."""
        person_id = self.people[key]
        return Viewer(
            person_id=person_id,
            sign_in_id=person_id,
            name=self.names[key],
            zone=self.zones[key],
            roles=people_queries.roles_of(session, person_id),
        )


@dataclass(order=True)
class _Moment:
    """Something that happens in the story."""

    at: datetime
    number: int
    do: Callable[[], object] = field(compare=False)


class Story:
    """The moments of the demo, told in the order in which they happened."""

    def __init__(self, world: World) -> None:
        """Begin with nothing."""
        self._world = world
        self._moments: list[_Moment] = []

    def add(self, at: datetime, work: Callable[[Session], object]) -> None:
        """Let something be written at an instant."""
        self.do(at, partial(self._world.kernel.commit, work))

    def do(self, at: datetime, deed: Callable[[], object]) -> None:
        """Let something happen at an instant."""
        self._moments.append(_Moment(at, len(self._moments), deed))

    def tell(self, said: Callable[[str], None], what: str) -> None:
        """Let everything happen, each thing at its time, with the jobs that fall due in between."""
        said(f"{what} ({len(self._moments)} moments)...")
        for moment in sorted(self._moments):
            with clock.travel(moment.at):
                moment.do()
        self._moments.clear()
