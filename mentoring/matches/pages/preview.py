"""How good a proposal is, in numbers, words and a small picture; older runs may not have said all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from matching.types import SCORE_SCALE
from mentoring.matches.pages.explanation import component_names

LEFT, BOTTOM, TALL = 6, 78, 64
"""The picture's margins and its highest column, of 212 by 96."""
WIDE = 10
VERY_GOOD, GOOD = 0.01, 0.1
"""Shares of the best conceivable total that may be missing, up to which a proposal is called so."""


@dataclass(frozen=True)
class Column:
    """One column of the picture: where it stands, how high it is, and what it stands for in words."""

    x: int
    y: int
    height: int
    words: str


@dataclass(frozen=True)
class Preview:
    """A proposal's numbers as text, what they mean, and the picture of what everybody has; `columns` may be empty."""

    total: str
    worst: str
    sure: str
    floor: str
    columns: list[Column]
    spread: str
    weights: list[tuple[str, int]]
    solver: str


def preview(settings: Mapping[str, Any]) -> Preview:
    """Prepare what a run's settings say of its answer."""
    return Preview(
        total=points(settings.get("total")),
        worst=points(settings.get("worst")),
        sure=_sure(settings),
        floor=_floor(settings),
        columns=_columns(settings.get("spread", [])),
        spread=_spread(settings.get("spread", [])),
        weights=weights(settings.get("weights") or {}),
        solver=_solver(settings),
    )


def points(score: float | None) -> str:
    """Write a score as points, of which a pair may have 100; "" for none."""
    return "" if score is None else str(format_decimal(round(score * 100 / SCORE_SCALE, 1)))


def weights(parts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Name the components with their parts of 100, in the order in which they are kept."""
    names = component_names()
    return [(names.get(name, name), value) for name, value in parts.items()]


def _sure(settings: Mapping[str, Any]) -> str:
    if "optimal" not in settings:
        return ""
    if settings["optimal"]:
        return _("Proved: no other proposal places more people or is worth more.")
    if settings["gap"] is None:
        return _("A good proposal. How much better another one might be is not known.")
    gap, percent = settings["gap"], _percent(settings["gap"])
    if gap <= VERY_GOOD:
        words = _(
            "Very good: among proposals that place as many people as here, at most %(percent)s %% of the best "
            "conceivable total may be missing.",
            percent=percent,
        )
    elif gap <= GOOD:
        words = _(
            "Good: among proposals that place as many people as here, at most %(percent)s %% of the best "
            "conceivable total may be missing.",
            percent=percent,
        )
    else:
        words = _(
            "How good this is could only be bounded roughly: among proposals that place as many people as here, "
            "up to %(percent)s %% of the best conceivable total may be missing, and it may be far less.",
            percent=percent,
        )
    return words


def _floor(settings: Mapping[str, Any]) -> str:
    """Say what putting the worst-off person first costs, or would cost, measured on these people."""
    floor, plain = settings.get("floor"), settings.get("plain")
    if not floor or not plain or not plain["total"] or not plain["worst"]:
        return ""
    costs = _percent(1 - floor["total"] / plain["total"])
    gain = _percent(floor["worst"] / plain["worst"] - 1)
    if floor["worst"] <= plain["worst"]:
        return _("Putting the worst-off person first changes nothing here: they have as much either way.")
    if settings.get("floor_on"):
        return _(
            "The worst-off person comes first: that costs %(cost)s %% of the total for %(gain)s %% more for them.",
            cost=costs,
            gain=gain,
        )
    return _(
        "Putting the worst-off person first would cost %(cost)s %% of the total for %(gain)s %% more for them.",
        cost=costs,
        gain=gain,
    )


def _percent(share: float) -> str:
    """Write a share as percent: one digit after the point, more where it is smaller than that."""
    percent = share * 100
    return str(format_decimal(round(percent, 1 if percent >= 0.1 or percent <= 0 else 3)))


def _columns(spread: list[int]) -> list[Column]:
    most = max(spread, default=0)
    if not most:
        return []
    step = 100 // len(spread)
    heights = [round(count * TALL / most) if count == 0 else max(2, round(count * TALL / most)) for count in spread]
    return [
        Column(LEFT + at * WIDE, BOTTOM - height, height, _range(at * step, step, count))
        for at, (height, count) in enumerate(zip(heights, spread, strict=True))
        if count
    ]


def _range(start: int, step: int, count: int) -> str:
    return ngettext(
        "%(num)s person with %(first)s to %(last)s",
        "%(num)s people with %(first)s to %(last)s",
        count,
        first=start,
        last=start + step,
    )


def _spread(spread: list[int]) -> str:
    """Say the middle of what everybody has."""
    people = sum(spread)
    if not people:
        return ""
    seen = 0
    for at, count in enumerate(spread):
        seen += count
        if seen * 2 >= people:
            step = 100 // len(spread)
            return _("Half of them have %(points)s points or more, of 100.", points=at * step)
    return ""


def _solver(settings: Mapping[str, Any]) -> str:
    if "solver" not in settings:
        return ""
    return _(
        "%(solver)s, %(seconds)s seconds",
        solver=settings["solver"],
        seconds=format_decimal(round(settings["seconds"], 2)),
    )
