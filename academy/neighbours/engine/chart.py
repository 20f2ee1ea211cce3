"""The drawing of a person's map: a forest of the best ways, laid out the same each time. Standard library only.

Every way begins at a skill that one has and goes to the right, a column for each step; ways that share their first
steps share their lines. Numbers are units of the drawing, 16 to the rem.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from academy.neighbours.engine.ways import Way

COLUMN, ROW = 168, 84
TOP, LINE, BELOW = 26, 17, 30
LETTERS, LINES = 21, 3
"""How a name under its dot is broken: letters in a line, and lines."""
MOST_ALONE = 12
"""Skills that no way begins at, as many as are drawn."""


@dataclass(frozen=True)
class Dot:
    """A skill at its place. `kind` is held, goal, both, step or far (a goal that no way leads to)."""

    id: Any
    kind: str
    x: int
    y: int
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Edge:
    """A line from one dot to the next, as a path."""

    path: str
    relation: str


@dataclass
class Chart:
    """A drawing."""

    width: int = 0
    height: int = 0
    dots: list[Dot] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def chart(names: Mapping[Any, str], held: Collection[Any], goals: Collection[Any], ways: Mapping[Any, Way]) -> Chart:
    """Lay out what somebody has, what they want and the ways between.

    `names` has everything that is drawn. Roots, branches and those alone stand in the order of their names. O(n log n).
    """

    def order(key: Any) -> tuple[str, str]:
        return (names[key].casefold(), str(key))

    children: dict[Any, dict[Any, str]] = {}
    roots = set()
    for way in ways.values():
        roots.add(way.start)
        here = way.start
        for step in way.steps:
            children.setdefault(here, {})[step.to] = step.relation
            here = step.to
    found = _Layout(names, set(held), set(goals), children)
    row = 0
    for root in sorted(roots, key=order):
        row = found.place(root, 0, row, order)
    far = sorted((goal for goal in goals if goal not in ways), key=order)
    for goal in far:
        found.dot(goal, 1, row)
        row += 1
    alone = sorted((skill for skill in held if skill not in found.at), key=order)[:MOST_ALONE]
    across = max(found.columns, 2)
    for number, skill in enumerate(alone):
        found.dot(skill, number % across, row + number // across)
    return found.drawn()


class _Layout:
    def __init__(self, names: Mapping[Any, str], held: set[Any], goals: set[Any], children: Any) -> None:
        self.names, self.held, self.goals, self.children = names, held, goals, children
        self.at: dict[Any, tuple[int, float]] = {}
        self.dots: list[tuple[Any, str]] = []
        self.columns = 0

    def dot(self, key: Any, column: int, row: float) -> None:
        self.at[key] = (column, row)
        self.columns = max(self.columns, column + 1)

    def place(self, key: Any, column: int, row: int, order: Any) -> int:
        """Place a dot and all that lies behind it, from a row on; return the first row that is free after it."""
        after = row
        rows = []
        for child in sorted(self.children.get(key, ()), key=order):
            after = self.place(child, column + 1, after, order)
            rows.append(self.at[child][1])
        after = max(after, row + 1)
        self.dot(key, column, (rows[0] + rows[-1]) / 2 if rows else row)
        return after

    def drawn(self) -> Chart:
        made = Chart()
        places = {
            key: (round((column + 0.5) * COLUMN), round(TOP + row * ROW)) for key, (column, row) in self.at.items()
        }
        for key, (x, y) in places.items():
            for child, relation in self.children.get(key, {}).items():
                to_x, to_y = places[child]
                middle = (x + to_x) // 2
                made.edges.append(Edge(f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}", relation))
            lines = tuple((text, y + BELOW + number * LINE) for number, text in enumerate(broken(self.names[key])))
            made.dots.append(Dot(key, self._kind(key), x, y, lines))
        made.dots.sort(key=lambda dot: (dot.y, dot.x))
        made.edges.sort(key=lambda edge: edge.path)
        made.width = self.columns * COLUMN
        made.height = max((y for _, y in places.values()), default=0) + BELOW + LINES * LINE
        return made

    def _kind(self, key: Any) -> str:
        if key in self.held:
            return "both" if key in self.goals else "held"
        if key in self.goals:
            led = any(key in children for children in self.children.values())
            return "goal" if led else "far"
        return "step"


def broken(name: str) -> Sequence[str]:
    """Break a name into the lines under its dot; what does not fit ends in three dots.

    >>> broken("software and applications development and analysis")
    ['software and', 'applications', 'development and…']
    """
    lines = wrap(name, LETTERS, break_long_words=True) or [""]
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], f"{lines[LINES - 1]}…"]
