"""Geometry of the pictures that the server draws: plain numbers in, SVG attribute values out.

The security policy allows no ``style`` attribute, so positions are SVG attributes or one of nine fixed levels that
the style sheet knows. The templates that use these are in ``academy/web/pictures.html``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Point = tuple[float, float]
State = Literal["done", "now", "todo"]

WIDTH: Final = 800.0
HEIGHT: Final = 240.0
MAX_STEPS: Final = 12

# Heights of the nine levels in units of the drawing, 16 to the rem; home.css places the markers on the same levels.
LEVEL_Y: Final = (80.0, 96.0, 108.8, 121.6, 134.4, 147.2, 160.0, 172.8, 185.6)
LOWEST: Final = len(LEVEL_Y) - 1

# A path is a walk, not a ramp: it dips a little where it would otherwise climb evenly.
_WOBBLE: Final = (0.0, -0.4, 0.6, -0.7, 0.8, -0.4, 0.3)
# Tangents of the curve through the points, as a share of the distance between a point's neighbours: a cardinal
# spline (Catmull and Rom, 1974) a little slacker than the classic sixth.
_SLACK: Final = 0.55 / 3

_NEAR_HILL: Final = (
    (0.0, 168.0), (110.0, 130.0), (220.0, 150.0), (330.0, 104.0), (430.0, 124.0), (540.0, 84.0), (640.0, 104.0),
    (730.0, 66.0), (800.0, 84.0),
)  # fmt: skip
_FAR_HILL: Final = (
    (0.0, 132.0), (130.0, 96.0), (250.0, 118.0), (380.0, 70.0), (480.0, 96.0), (590.0, 52.0), (690.0, 78.0),
    (800.0, 44.0),
)  # fmt: skip
_SUN: Final = (640, 58)


@dataclass(frozen=True)
class JourneyStep:
    """One place on the path: its state, its level (0 the top, 8 the foot) and its dot as a path."""

    state: State
    level: int
    dot: str


@dataclass(frozen=True)
class JourneyPicture:
    """Paths for a drawing of 800 by 240 units. `done` or `todo` is empty where nothing is behind or ahead."""

    steps: tuple[JourneyStep, ...]
    current: int | None
    done: str
    todo: str
    ridge: str
    near_hill: str
    far_hill: str
    sun: tuple[int, int]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _at(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def curve(points: Sequence[Point]) -> tuple[str, tuple[str, ...]]:
    """Smooth curve through `points`: the move to the first one, then one Bézier segment per further point."""
    segments = []
    for index in range(len(points) - 1):
        before, start = points[max(index - 1, 0)], points[index]
        end, after = points[index + 1], points[min(index + 2, len(points) - 1)]
        first = (start[0] + (end[0] - before[0]) * _SLACK, start[1] + (end[1] - before[1]) * _SLACK)
        second = (end[0] - (after[0] - start[0]) * _SLACK, end[1] - (after[1] - start[1]) * _SLACK)
        segments.append(f"C{_at(first)} {_at(second)} {_at(end)}")
    return f"M{_at(points[0])}", tuple(segments)


def _hill(points: Sequence[Point]) -> str:
    move, segments = curve(points)
    return f"{move}{''.join(segments)}L{_number(WIDTH)} {_number(HEIGHT)}L0 {_number(HEIGHT)}Z"


def levels(count: int) -> tuple[int, ...]:
    """Level of each of `count` steps: from the foot (8) up to the top (0), with small dips on the way."""
    if count == 1:
        return (LOWEST // 2,)
    climbed = []
    for index in range(count):
        even = LOWEST * (1 - index / (count - 1))
        inner = 0 < index < count - 1
        climbed.append(min(LOWEST, max(0, round(even + (_WOBBLE[index % len(_WOBBLE)] if inner else 0)))))
    return tuple(climbed)


def journey(count: int, current: int | None) -> JourneyPicture:
    """Picture of a path of `count` steps (1 to 12) on which `current` (from 0) is the person's step now.

    `current` None means that every step is done. Raises `ValueError` when either is out of range.
    """
    if not 1 <= count <= MAX_STEPS:
        message = f"a journey has 1 to {MAX_STEPS} steps, not {count}"
        raise ValueError(message)
    if current is not None and not 0 <= current < count:
        message = f"step {current} is not on a journey of {count}"
        raise ValueError(message)
    heights = levels(count)
    column = WIDTH / count
    places = [((index + 0.5) * column, LEVEL_Y[level]) for index, level in enumerate(heights)]
    ends = ((0.0, min(places[0][1] + 14, HEIGHT)), (WIDTH, places[-1][1] + 16))
    move, segments = curve([ends[0], *places, ends[1]])
    reached = count - 1 if current is None else current
    ahead = segments[reached + 1 : -1]
    states: list[State] = ["done" if index <= reached else "todo" for index in range(count)]
    if current is not None:
        states[current] = "now"
    return JourneyPicture(
        steps=tuple(
            JourneyStep(state, level, f"M{_at(place)}h0")
            for state, level, place in zip(states, heights, places, strict=True)
        ),
        current=current,
        done=move + "".join(segments[: reached + 1]),
        todo=f"M{_at(places[reached])}{''.join(ahead)}" if ahead else "",
        ridge=_hill([ends[0], *places, ends[1]]),
        near_hill=_hill(_NEAR_HILL),
        far_hill=_hill(_FAR_HILL),
        sun=_SUN,
    )


STRIP_WIDTH: Final = 240.0


@dataclass(frozen=True)
class StripSpan:
    """Part of a strip of 240 units, which stand for one whole day."""

    x: float
    width: float


@dataclass(frozen=True)
class OverlapStrip:
    """For each person the spans of one day in which they work, and the event's own span (None: another day)."""

    rows: tuple[tuple[StripSpan, ...], ...]
    event: StripSpan | None


Instants = tuple[datetime, datetime]


def _span(day: Instants, part: Instants) -> StripSpan | None:
    begin, end = max(day[0], part[0]), min(day[1], part[1])
    if begin >= end:
        return None
    scale = STRIP_WIDTH / (day[1] - day[0]).total_seconds()
    x = (begin - day[0]).total_seconds() * scale
    return StripSpan(round(x, 1), round((end - begin).total_seconds() * scale, 1))


def overlap(day: Instants, event: Instants, working: Sequence[Sequence[Instants]]) -> OverlapStrip:
    """Strips that show whether `event` falls into each person's working time on the viewer's `day`.

    All arguments are pairs of aware instants (from, until): `day` from the viewer's midnight to the next, so that a
    day of 23 or 25 hours is drawn in proportion; `working` holds one sequence per person, whose instants may lie on
    any date (only the part within `day` is drawn). Raises `ValueError` when `day` ends before it begins.
    """
    if day[0] >= day[1]:
        message = "the day ends before it begins"
        raise ValueError(message)
    rows = tuple(tuple(span for part in person if (span := _span(day, part))) for person in working)
    return OverlapStrip(rows, _span(day, event))
