"""Scores and rules once more, one pair at a time and by the words of the documentation: nothing of the code under test."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

STEP = {1: Fraction(1), 2: Fraction(1), 3: Fraction(666_667, 1_000_000), 4: Fraction(333_333, 1_000_000)}
Near = dict[tuple[str, str], int]


def rounded(value: Fraction) -> int:
    """Half up."""
    return floor(value + Fraction(1, 2))


def mean(values: Sequence[int]) -> int:
    return rounded(Fraction(sum(values), len(values))) if values else 0


def open_goals(person: dict[str, Any]) -> list[tuple[str, int, int]]:
    own = dict(person["skills"])
    return [(skill, level, own.get(skill, 0)) for skill, level in person["goals"] if level > own.get(skill, 0)]


def best_cover(goal: tuple[str, int, int], holder: dict[str, Any], near: Near) -> tuple[int, int]:
    """The raw value, in millionths, and the level of the skill that covers a goal best."""
    skill, wanted, own = goal
    found = []
    for held, level in sorted(holder["skills"]):
        if level > own:
            close = near.get((skill, held), 0)
            raw = rounded(Fraction(close * (min(level, wanted) - own), wanted - own))
            if raw:
                found.append((raw, close, level))
    best = max(found, key=lambda one: one[:2], default=(0, 0, 0))
    return best[0], best[2]


def minutes(person: dict[str, Any]) -> set[int]:
    return {minute % 10_080 for start, end in person["hours"] for minute in range(start, end)}


def components(
    seeker: dict[str, Any], other: dict[str, Any], holders: list[dict[str, Any]], near: Near
) -> dict[str, int]:
    """Every component, in millionths, seen from the seeker; `holders` are everybody who was looked at."""
    goals = open_goals(seeker)
    covers = [best_cover(goal, other, near) for goal in goals]
    rare = []
    for goal, (raw, _level) in zip(goals, covers, strict=True):
        helpers = sum(best_cover(goal, holder, near)[0] >= 100_000 for holder in holders)
        few = 1_000_000 - rounded(Fraction(max(helpers - 1, 0) * 1_000_000, max(len(holders) - 1, 1)))
        rare.append(rounded(Fraction(raw * few, 1_000_000)) if raw >= 100_000 else 0)
    steps = [
        rounded(STEP.get(level - goal[2], Fraction(0)) * 1_000_000)
        for goal, (raw, level) in zip(goals, covers, strict=True)
        if raw
    ]
    theirs = [skill for skill, _, _ in open_goals(other)]
    shared = min(len(minutes(seeker) & minutes(other)), 240)
    languages = (set(seeker["languages"]), set(other["languages"]))
    fewer = min(map(len, languages))
    apart = abs(seeker["utc_offset"] - other["utc_offset"]) % 1440
    return {
        "help": mean([raw for raw, _ in covers]),
        "shared_goals": mean([max((near.get((skill, one), 0) for one in theirs), default=0) for skill, _, _ in goals]),
        "level": mean(steps),
        "rarity": mean(rare),
        "hours": rounded(Fraction(shared * 1_000_000, 240)),
        "languages": rounded(Fraction(len(languages[0] & languages[1]) * 1_000_000, fewer)) if fewer else 0,
        "zone": 1_000_000 - rounded(Fraction(min(apart, 1440 - apart) * 1_000_000, 720)),
    }


def utility(found: dict[str, int], weights: dict[str, float]) -> Fraction:
    """The weighted sum, * 10,000."""
    return sum((Fraction(str(weight)) * found[name] for name, weight in weights.items()), Fraction(0)) / 100


def pair(one: Fraction, other: Fraction) -> int:
    """The mean of the average and the smaller of two utilities."""
    return rounded(((one + other) / 2 + min(one, other)) / 2)
