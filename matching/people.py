"""People as the matcher sees them: checked one by one, then laid out as arrays for calculating with all at once."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from matching.hours import minutes_from
from matching.types import HIGHEST_LEVEL, LOWEST_LEVEL, MINUTES_PER_WEEK, Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from matching.graph import SkillGraph
    from matching.types import PersonData

    Whole = NDArray[np.int64]
    Bits = NDArray[np.uint64]

WORD = 64


def person_from(data: PersonData) -> Person:
    """Check and prepare one person.

    Raises ValueError for a level outside 1 to 5, an empty or reversed interval, or a negative capacity. When
    a skill or goal is named twice its highest level counts.
    """
    who = data["id"]
    skills = _levels(who, data.get("skills", ()))
    goals = _levels(who, data.get("goals", ()))
    capacity = data.get("capacity", 1)
    if capacity < 0:
        message = f"capacity of {who} is negative: {capacity}"
        raise ValueError(message)
    return Person(
        id=who,
        skills=tuple(sorted(skills.items())),
        goals=tuple(
            (skill, wanted, skills.get(skill, 0))
            for skill, wanted in sorted(goals.items())
            if wanted > skills.get(skill, 0)
        ),
        hours=minutes_from(data.get("hours", ())),
        languages=frozenset(data.get("languages", ())),
        utc_offset=data.get("utc_offset", 0),
        manager_id=data.get("manager_id"),
        blocks=frozenset(data.get("blocks", ())),
        declined=frozenset(data.get("declined", ())),
        capacity=capacity,
    )


def people_from(people: Iterable[PersonData], seed: int) -> dict[str, Person]:
    """Take the people from a request, by id, in the order in which ties are broken.

    That order depends on the ids and the seed alone, never on the order of the input. Raises ValueError when
    an id comes twice, and as ``person_from`` does.
    """
    ready = [person_from(data) for data in people]
    by_id = {person.id: person for person in ready}
    if len(by_id) != len(ready):
        message = "a person is named twice"
        raise ValueError(message)
    return {
        person_id: by_id[person_id]
        for person_id in sorted(by_id, key=lambda key: (blake2b(f"{seed}:{key}".encode(), digest_size=8).digest(), key))
    }


def unknown_skills(graph: SkillGraph, people: Iterable[Person]) -> list[str]:
    """Skills and open goals that the graph does not know; each is near to itself only."""
    keys: set[str] = set()
    for person in people:
        keys.update(skill for skill, _ in person.skills)
        keys.update(skill for skill, _, _ in person.goals)
    return sorted(key for key in keys if key not in graph)


class Crowd:
    """Many people as arrays. Everybody is known by their place in ``people``.

    What is asked about two people takes arrays of places that broadcast against each other, and answers in their
    common shape: a row of places against a column of them gives a table.
    """

    def __init__(self, people: Sequence[Person]) -> None:
        """Lay out these people."""
        self.people = tuple(people)
        self.clocks = np.array([person.utc_offset for person in self.people], dtype=np.int64)
        self.spoken = np.array([len(person.languages) for person in self.people], dtype=np.int64)

    def __len__(self) -> int:
        """Count the people."""
        return len(self.people)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each id stands; who teaches and learns stands twice."""
        found: dict[str, list[int]] = {}
        for at, person in enumerate(self.people):
            found.setdefault(person.id, []).append(at)
        return found

    def minutes(self, one: Whole, other: Whole) -> Whole:
        """Count the minutes of the week at which two people both work."""
        step, weeks, week = self._weeks
        return step * _common(weeks[week[one]], weeks[week[other]])

    def languages(self, one: Whole, other: Whole) -> Whole:
        """Count the languages that two people share."""
        return _common(self._languages[one], self._languages[other])

    def alike(self, some: Whole) -> tuple[Whole, Whole]:
        """Say who of some stand for all with the same week, languages and clock, and which of those is whose."""
        keys = np.column_stack([self._weeks[2][some], self.clocks[some], self._languages[some].view(np.int64)])
        _, first, whose = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        return some[first], whose.reshape(-1)

    def share(self, groups: Whole, minutes: int) -> NDArray[np.bool_]:
        """Say which groups (rows of places) share a language, and so many minutes of the week, all of them at once."""
        step, weeks, week = self._weeks
        languages = np.bitwise_and.reduce(self._languages[groups], axis=1).any(axis=1)
        together = np.bitwise_and.reduce(weeks[week[groups]], axis=1)
        enough: NDArray[np.bool_] = languages & (
            step * np.bitwise_count(together).sum(axis=1, dtype=np.int64) >= minutes
        )
        return enough

    @cached_property
    def _weeks(self) -> tuple[int, Bits, Whole]:
        """Minutes per bit, each different week as bits, and which of them is whose.

        A bit stands for as many minutes as all beginnings and ends let it, as a rule a quarter of an hour.
        """
        number: dict[int, int] = {}
        whose = np.array([number.setdefault(person.hours, len(number)) for person in self.people], dtype=np.intp)
        step = MINUTES_PER_WEEK
        for hours in number:
            changes = (hours ^ (hours << 1)) & ((1 << MINUTES_PER_WEEK) - 1)
            while changes and step > 1:
                step = gcd(step, (changes & -changes).bit_length() - 1)
                changes &= changes - 1
        rows = [
            np.unpackbits(np.frombuffer(hours.to_bytes(MINUTES_PER_WEEK // 8, "little"), np.uint8), bitorder="little")
            for hours in number
        ]
        table = [row[::step] for row in rows]
        return step, _packed(np.array(table, dtype=bool).reshape(len(number), -1)), whose

    @cached_property
    def _languages(self) -> Bits:
        known = {code: at for at, code in enumerate(sorted(set().union(*(person.languages for person in self.people))))}
        table = np.zeros((len(self.people), max(1, len(known))), dtype=bool)
        for at, person in enumerate(self.people):
            table[at, [known[code] for code in person.languages]] = True
        return _packed(table)


class Lists:
    """A list of numbers for each of many, one after the other."""

    def __init__(self, lists: Iterable[Sequence[int]]) -> None:
        """Lay the lists out."""
        made = [list(one) for one in lists]
        self.count = np.array([len(one) for one in made], dtype=np.int64)
        self.start = np.cumsum(self.count) - self.count
        self.flat = np.array([value for one in made for value in one], dtype=np.int64)

    def of(self, whose: Whole) -> tuple[Whole, Whole]:
        """Return the numbers of some of them, one after the other, and how many each has."""
        count = self.count[whose]
        return self.flat[np.repeat(self.start[whose] - np.cumsum(count) + count, count) + np.arange(count.sum())], count

    def reduced(self, how: np.ufunc, table: Whole, whose: Whole) -> Whole:
        """Reduce the rows of a table that each of some names to one row for each of them; none become 0."""
        count = self.count[whose]
        order = np.argsort(-count, kind="stable")
        made = np.zeros((len(whose), *table.shape[1:]), dtype=table.dtype)
        # First rows of all, then second rows of those who have them: few long steps instead of many short ones.
        for turn in range(int(count.max(initial=0))):
            those = order[: np.searchsorted(-count[order], -turn)]
            rows = table[self.flat[self.start[whose[those]] + turn]]
            made[: len(those)] = how(made[: len(those)], rows) if turn else rows
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return made[back]


def runs(how: np.ufunc, values: Whole, count: Whole) -> Whole:
    """Reduce a long array to one value for each so many of its values; none become 0."""
    made = np.zeros(len(count), dtype=values.dtype)
    some = count > 0
    if some.any():
        made[some] = how.reduceat(values, np.cumsum(count[some]) - count[some])
    return made


def half_up(numerator: Whole, denominator: Whole | int) -> Whole:
    """Divide whole numbers, rounding half up; 0 where there is nothing to divide by.

    >>> half_up(np.array([5, 7, 3]), np.array([2, 3, 0])).tolist()
    [3, 2, 0]
    """
    twice = np.multiply(numerator, 2, dtype=np.int64)
    divided: Whole = (twice + denominator) // np.maximum(2 * np.asarray(denominator), 1)
    return np.where(np.asarray(denominator) > 0, divided, 0)


def _common(one: Bits, other: Bits) -> Whole:
    found: Whole = np.bitwise_count(one[..., 0] & other[..., 0]).astype(np.int64)
    for word in range(1, one.shape[-1]):
        found += np.bitwise_count(one[..., word] & other[..., word])
    return found


def _packed(table: NDArray[np.bool_]) -> Bits:
    """Pack rows of truths into words of 64 bits."""
    rows, bits = table.shape
    whole = np.zeros((rows, -(-bits // WORD) * WORD), dtype=bool)
    whole[:, :bits] = table
    return np.packbits(whole, axis=1).view(np.uint64)


def _levels(who: str, pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for skill, level in pairs:
        if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
            message = f"level of {skill} of {who} is not within {LOWEST_LEVEL} to {HIGHEST_LEVEL}: {level}"
            raise ValueError(message)
        levels[skill] = max(level, levels.get(skill, 0))
    return levels
