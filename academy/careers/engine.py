"""What is left to learn, and where somebody's goals and an academy's needs meet. Pure calculation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

FEW = 5
"""Fewer people than this are not counted out loud."""


@dataclass(frozen=True)
class Gap:
    """How far somebody is from a level of a skill: target minus current, never below nothing."""

    skill_id: UUID
    label: str
    current: int
    target: int
    source: str = ""
    """Who says at which level they are, or `several`."""

    @property
    def remaining(self) -> int:
        """Return the levels to go."""
        return max(0, self.target - self.current)


def gaps(
    targets: Iterable[tuple[UUID, str, int]], levels: Mapping[UUID, int], sources: Mapping[UUID, str] | None = None
) -> list[Gap]:
    """Return the gap to each target (skill, name, level), the largest first, then by name.

    >>> from uuid import UUID
    >>> one, other = UUID(int=1), UUID(int=2)
    >>> [(gap.label, gap.remaining) for gap in gaps([(one, "Haskell", 3), (other, "SQL", 4)], {one: 2})]
    [('SQL', 4), ('Haskell', 1)]
    """
    said = sources or {}
    found = [
        Gap(skill_id, label, levels.get(skill_id, 0), level, said.get(skill_id, ""))
        for skill_id, label, level in targets
    ]
    return sorted(found, key=lambda gap: (-gap.remaining, gap.label.casefold(), gap.label))


def to_go(found: Iterable[Gap]) -> int:
    """Return how many levels are left in all."""
    return sum(gap.remaining for gap in found)


def largest(found: Sequence[Gap], wanted: Mapping[UUID, int], most: int) -> list[Gap]:
    """Return the largest gaps that are no goal yet at their level, as many as there may be."""
    return [gap for gap in found if gap.remaining and wanted.get(gap.skill_id, 0) < gap.target][:most]


def about(count: int) -> int:
    """Round a number of people down to fives, so that nobody's choice shows in it; 0 stands for fewer than five.

    >>> [about(count) for count in (0, 4, 5, 9, 10)]
    [0, 0, 5, 5, 10]
    """
    return count // FEW * FEW


@dataclass(frozen=True)
class Aim:
    """A skill that somebody wants at a level."""

    skill_id: UUID
    label: str
    level: int


@dataclass(frozen=True)
class Wanted:
    """A skill that an academy needs: at which level, of how many people."""

    skill_id: UUID
    label: str
    level: int
    people: int
    academy: str


@dataclass(frozen=True)
class Step:
    """A way from one skill to another: how near (0 to 1), and each link of it as (name, relation, back, name)."""

    start_id: UUID
    end_id: UUID
    closeness: float
    links: tuple[tuple[str, str, bool, str], ...]


@dataclass(frozen=True)
class Way:
    """From what somebody wants or can do to what is needed; without `step` it is the same skill."""

    start_id: UUID
    start: str
    need: Wanted
    step: Step | None
    remaining: int


@dataclass(frozen=True)
class Sides:
    """Where goals and needs meet, goals that nobody needs, needs near what somebody can do, and needs they meet."""

    overlap: tuple[Way, ...]
    unneeded: tuple[Aim, ...]
    unaimed: tuple[Way, ...]
    met: tuple[Wanted, ...]


def sides(
    goals: Sequence[Aim], levels: Mapping[UUID, tuple[str, int]], needs: Sequence[Wanted], steps: Iterable[Step]
) -> Sides:
    """Lay goals beside needs. `levels` are what somebody can do, as (name, level); `steps` lead to needs.

    A goal and a need meet where they are one skill or a step joins them, the nearest first; then what more people
    are needed for, then what is soonest reached. A need that is no goal is near where a step comes from a skill
    that somebody has, or where they have it at a lower level.
    """
    ways: dict[tuple[UUID, UUID], Step] = {}
    for step in steps:
        key = (step.start_id, step.end_id)
        if key not in ways or step.closeness > ways[key].closeness:
            ways[key] = step
    aims = {goal.skill_id: goal for goal in goals}
    overlap, met, unaimed = [], [], []
    for need in needs:
        current = levels.get(need.skill_id, ("", 0))[1]
        left = max(0, need.level - current)
        if left == 0:
            met.append(need)
        joined = [_way(goal.skill_id, goal.label, need, ways, left) for goal in goals]
        found = [way for way in joined if way is not None]
        overlap += found
        if found or need.skill_id in aims or left == 0:
            continue
        near = [_way(skill_id, label, need, ways, left) for skill_id, (label, _level) in levels.items()]
        unaimed += sorted((way for way in near if way is not None), key=_order)[:1]
    reached = {way.start_id for way in overlap}
    return Sides(
        tuple(sorted(overlap, key=_order)),
        tuple(sorted((goal for goal in goals if goal.skill_id not in reached), key=lambda goal: goal.label.casefold())),
        tuple(sorted(unaimed, key=_order)),
        tuple(sorted(met, key=lambda need: (need.label.casefold(), need.academy))),
    )


def _way(start: UUID, label: str, need: Wanted, ways: Mapping[tuple[UUID, UUID], Step], left: int) -> Way | None:
    if start == need.skill_id:
        return Way(start, label, need, None, left)
    step = ways.get((start, need.skill_id))
    return Way(start, label, need, step, left) if step else None


def _order(way: Way) -> tuple[float, int, int, str, str, str]:
    near = way.step.closeness if way.step else 2.0
    return (-near, -way.need.people, way.remaining, way.need.label.casefold(), way.start.casefold(), way.need.academy)


def lines_of(text: str) -> list[tuple[str, int | None]]:
    r"""Read skills with levels, one a line, such as `Haskell: 3`; None stands for a level that is not from 1 to 5.

    A line without a level means 3, on one's own.

    >>> lines_of("Haskell: 4\n\nlead others\nSQL: nine")
    [('Haskell', 4), ('lead others', 3), ('SQL', None)]
    """
    found: dict[str, int | None] = {}
    for line in text.splitlines():
        name, _colon, level = line.rpartition(":") if ":" in line else (line, "", "3")
        words = " ".join(name.split())
        if words or line.strip():
            plain = level.strip()
            found[words] = int(plain) if plain in {"1", "2", "3", "4", "5"} else None
    return list(found.items())


def by_academy(needs: Iterable[Wanted]) -> dict[str, list[Wanted]]:
    """Sort needs by whose they are."""
    found: dict[str, list[Wanted]] = defaultdict(list)
    for need in needs:
        found[need.academy].append(need)
    return dict(found)
