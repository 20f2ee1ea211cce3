"""What a pair of people is worth to each of them: named components, each with its weight and raw value.

=============  ======  =====  ==============================================================================
component      mentor  buddy  raw value, seen from the learner or from one of two buddies
=============  ======  =====  ==============================================================================
help           0.45    0.30   mean over her open goals of how well the other's best skill covers each:
                              nearness * share of the level gap that it spans
shared_goals           0.30   mean over her open goals of the nearness of the other's nearest goal
level          0.15           mean over her goals that are covered of how good a step it is up to the level of
                              the skill that covers it best: 1 for one or two levels, ⅔, ⅓ and 0 for more
hours          0.20    0.20   shared minutes a week ÷ 240, at most 1
rarity         0.10    0.10   mean over her open goals of cover * how few others cover it: 1 where nobody else
                              could help, 0 where everybody could; covers below 0.1 are no help
languages      0.05    0.05   shared languages ÷ languages of whoever has fewer
zone           0.05    0.05   1 - difference of their clocks ÷ 12 hours
=============  ======  =====  ==============================================================================

An open goal is one whose wanted level is above the person's own. A holder of level *m* spans
``(min(m, wanted) - own) ÷ (wanted - own)`` of its gap, so one who is not ahead covers nothing. Means without any goal
are 0.

A person's *utility* is the weighted sum. Two buddies' score is the mean of the average and the smaller of their two
utilities, so that a pair that serves one of them alone is worth less; a mentor's pair is worth its utility to the
learner. Scores are * 10,000, rounded half up once, at the end.

Everything is counted in whole millionths, weights in whole ten-thousandths: a score can be recomputed from
its stored components to the last digit, on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from matching.adjacency import nearness_table
from matching.people import Lists, half_up, runs
from matching.types import MILLION, SCORE_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matching.graph import SkillGraph
    from matching.people import Crowd, Whole

MENTOR_WEIGHTS: Mapping[str, float] = {
    "help": 0.45,
    "level": 0.15,
    "hours": 0.2,
    "rarity": 0.1,
    "languages": 0.05,
    "zone": 0.05,
}
BUDDY_WEIGHTS: Mapping[str, float] = {
    "help": 0.3,
    "shared_goals": 0.3,
    "hours": 0.2,
    "rarity": 0.1,
    "languages": 0.05,
    "zone": 0.05,
}
PLENTY_MINUTES = 240
"""Shared minutes a week from which more make no better pair."""
HELP = MILLION // 10
"""Below this a cover is no help that anybody would notice."""
STEPS = np.array([0, MILLION, MILLION, 666_667, 333_333, 0], dtype=np.int64)
"""How good a step it is up to somebody so many levels above, in millionths."""
AT_ONCE = 4_000_000
"""Numbers in a table that is made at once."""
_DAY = 24 * 60
_HALF_DAY = _DAY // 2
_TWENTY = (1 << 20) - 1


def checked_weights(weights: Mapping[str, float], defaults: Mapping[str, float]) -> dict[str, int]:
    """Weights in ten-thousandths. Raises ValueError unless they name the same components and sum to 1."""
    whole = {name: round(weight * SCORE_SCALE) for name, weight in weights.items()}
    if set(whole) != set(defaults) or min(whole.values()) < 0 or sum(whole.values()) != SCORE_SCALE:
        message = f"weights of {', '.join(sorted(defaults))} that sum to 1 are needed, not {dict(weights)}"
        raise ValueError(message)
    return {name: whole[name] for name in defaults}


def score_of(utility: Whole) -> Whole:
    """Turn utilities (weights * raw values) into scores."""
    return half_up(utility, MILLION)


def pair_score(one: Whole, other: Whole) -> Whole:
    """Turn the utilities of two buddies into the score of their pair."""
    return half_up(one + other + 2 * np.minimum(one, other), 4 * MILLION)


@dataclass(frozen=True)
class Covers:
    """How goals are covered, as arrays of one shape: raw value, the skill that does it best, its level and nearness.

    ``skill`` is a place in the scorer's ``skills``; where ``raw`` is 0 nothing covers the goal, and the rest says
    nothing.
    """

    raw: Whole
    skill: Whole
    level: Whole
    near: Whole


class Scorer:
    """Says what people of a crowd are worth to each other, on one graph.

    ``seekers`` are the places of those whose goals count, ``holders`` of those whose skills and goals do; both are
    ranges, so that a place among them is a place in the crowd less ``start``. Nearness is computed once, for their
    skills only.
    """

    def __init__(
        self, graph: SkillGraph, crowd: Crowd, seekers: range, holders: range, weights: Mapping[str, int]
    ) -> None:
        """Prepare for the goals of the seekers and the skills of the holders."""
        self.graph, self.crowd, self.weights = graph, crowd, weights
        self.seekers, self.holders = seekers, holders
        looking, having = ([crowd.people[at] for at in some] for some in (seekers, holders))
        wanted = {skill for person in looking for skill, _, _ in person.goals}
        known = wanted | {skill for person in having for skill, _ in person.skills}
        known |= {skill for person in having for skill, _, _ in person.goals}
        self.skills = tuple(sorted(known))
        place = {skill: at for at, skill in enumerate(self.skills)}
        sought = sorted(wanted)
        self._row = np.zeros(len(self.skills), dtype=np.int64)
        self._row[[place[skill] for skill in sought]] = np.arange(len(sought))
        self._near = nearness_table(graph, sought, self.skills)
        terms = [[(place[skill], level, own) for skill, level, own in person.goals] for person in looking]
        items = [[(place[skill], level) for skill, level in person.skills] for person in having]
        self.terms = np.array(sorted({one for some in terms for one in some}), dtype=np.int64).reshape(-1, 3)
        self.items = np.array(sorted({one for some in items for one in some}), dtype=np.int64).reshape(-1, 2)
        of_term = {tuple(one): at for at, one in enumerate(self.terms.tolist())}
        of_item = {tuple(one): at for at, one in enumerate(self.items.tolist())}
        self.wants = Lists([of_term[one] for one in some] for some in terms)
        self.has = Lists([of_item[one] for one in some] for some in items)
        self.aims = Lists([place[skill] for skill, _, _ in person.goals] for person in having)

    def utilities(self, raws: Mapping[str, Whole]) -> Whole:
        """Sum up components to utilities: weights in ten-thousandths * raw values in millionths."""
        return np.asarray(sum(weight * raws[name] for name, weight in self.weights.items()), dtype=np.int64)

    def score(self, seekers: Whole, holders: Whole) -> Whole:
        """Give the scores of pairs for their seekers: two arrays of one length, places among each."""
        return score_of(self.utilities(self.pairs(seekers, holders)))

    def table(self, seekers: Whole) -> dict[str, Whole]:
        """Give the raw values of each component for some seekers (rows) and all holders (columns)."""
        sums = {name: self.wants.reduced(np.add, table, seekers) for name, table in self._goals.items()}
        count = dict.fromkeys(sums, self.wants.count[seekers][:, None])
        if "level" in sums:
            count["level"] = sums.pop("covered")
        made = {name: half_up(total, count[name]) for name, total in sums.items()}
        holders = np.arange(self.holders.start, self.holders.stop)
        return made | self.circumstances(seekers[:, None] + self.seekers.start, holders[None, :])

    def pairs(self, seekers: Whole, holders: Whole) -> dict[str, Whole]:
        """Give the raw values of each component for pairs: two arrays of one length, places among each."""
        size = (self.wants.count[seekers] * np.maximum(self.has.count[holders], 1)).cumsum()
        cuts = np.searchsorted(size, np.arange(AT_ONCE, size[-1] if len(size) else 0, AT_ONCE))
        parts = [
            self._pairs(one, other)
            for one, other in zip(np.split(seekers, cuts), np.split(holders, cuts), strict=True)
            if len(one)
        ]
        return {name: np.concatenate([part[name] for part in parts]) if parts else seekers for name in self.weights}

    def covers(self, terms: Whole, holders: Whole) -> Covers:
        """Find how goals (rows: numbers of ``terms``) are covered best by holders (columns).

        Of skills that cover a goal equally the nearer counts, then the first by key.
        """
        every = np.arange(len(self.items))
        packed = np.zeros((len(holders), len(terms)), dtype=np.int64)
        step = max(1, AT_ONCE // max(1, len(every), len(holders)))
        for begin in range(0, len(terms), step):
            some = terms[begin : begin + step]
            table = self._packed(some[None, :], every[:, None])
            packed[:, begin : begin + step] = self.has.reduced(np.maximum, table, holders)
        return self._covers(packed.T)

    def added(self, terms: Whole, holders: Whole) -> dict[str, Whole]:
        """Give what goals (rows: numbers of ``terms``) add to the sum behind each component with holders (columns).

        "covered" counts the goals that the mean of "level" is taken over; the other means are over all goals.
        """
        covers = self.covers(terms, holders)
        made = {"help": covers.raw, "rarity": self._rarity(terms[:, None], covers.raw)}
        if "level" in self.weights:
            made["level"], made["covered"] = self._steps(terms[:, None], covers)
        if "shared_goals" in self.weights:
            near = self._near[self._row[self.terms[terms, 0]]]
            made["shared_goals"] = self.aims.reduced(np.maximum, near.T.astype(np.int64), holders).T
        return made

    def good_at(self, skills: Whole) -> Whole:
        """Say how good holders (rows) are at skills (columns) that somebody wants: the best nearness * level."""
        near = self._near[self._row[skills]][:, self.items[:, 0]]
        return self.has.reduced(np.maximum, near.T * self.items[:, 1, None], np.arange(len(self.holders)))

    def most(self, seekers: Whole) -> int:
        """Return what the scores of seekers can't exceed together, whoever holds what."""
        best = np.zeros(len(self.terms), dtype=np.int64)
        every = np.arange(len(self.items))
        for begin in range(0, len(self.terms), step := max(1, AT_ONCE // max(1, len(every)))):
            some = np.arange(begin, min(begin + step, len(self.terms)))
            best[some] = (self._packed(some[:, None], every[None, :]) >> 40).max(axis=1, initial=0)
        count = self.wants.count[seekers]
        help_ = half_up(self.wants.reduced(np.add, best, seekers), count)
        most = {"help": help_, "rarity": help_, "level": np.where(help_ > 0, MILLION, 0)}
        utility = sum(weight * most.get(name, np.array(MILLION)) for name, weight in self.weights.items())
        return int(score_of(np.broadcast_to(utility, len(seekers))).sum())

    def helpers(self, term: int) -> int:
        """Count the holders who could help with a goal."""
        return int(self._helpers[term])

    def nearest_goal(self, term: int, holder: int) -> tuple[int, int] | None:
        """Find the goal of a holder that is nearest to a goal: its skill and nearness; of equals the first by key."""
        aims, _ = self.aims.of(np.array([holder]))
        near = self._near[self._row[self.terms[term, 0]], aims]
        if not near.any():
            return None
        best = int(near.argmax())
        return int(aims[best]), int(near[best])

    def covered(self, seekers: Whole, holders: Whole) -> tuple[Whole, Covers]:
        """Find how each goal of each seeker is covered by the holder beside her: goals one after the other."""
        terms, goals = self.wants.of(seekers)
        beside = np.repeat(holders, goals)
        items, many = self.has.of(beside)
        return terms, self._covers(runs(np.maximum, self._packed(np.repeat(terms, many), items), many))

    def _pairs(self, seekers: Whole, holders: Whole) -> dict[str, Whole]:
        goals = self.wants.count[seekers]
        terms, covers = self.covered(seekers, holders)
        made = {
            "help": half_up(runs(np.add, covers.raw, goals), goals),
            "rarity": half_up(runs(np.add, self._rarity(terms, covers.raw), goals), goals),
        }
        if "level" in self.weights:
            step, covered = self._steps(terms, covers)
            made["level"] = half_up(runs(np.add, step, goals), runs(np.add, covered, goals))
        if "shared_goals" in self.weights:
            aims, many = self.aims.of(np.repeat(holders, goals))
            near = runs(np.maximum, self._near[self._row[np.repeat(self.terms[terms, 0], many)], aims], many)
            made["shared_goals"] = half_up(runs(np.add, near, goals), goals)
        return made | self.circumstances(seekers + self.seekers.start, holders + self.holders.start)

    def _packed(self, terms: Whole, items: Whole) -> Whole:
        """Give raw value, nearness and skill as one number that grows with how good a cover is; 0 for none."""
        (skill, wanted, own), (held, level) = self.terms[terms].T, self.items[items].T
        skill, wanted, own, held, level = (array.T for array in (skill, wanted, own, held, level))
        near = self._near[self._row[skill], held].astype(np.int64)
        raw = np.where(level > own, half_up(near * (np.minimum(level, wanted) - own), wanted - own), 0)
        return np.where(raw > 0, raw << 40 | near << 20 | (_TWENTY - items), 0)

    def _covers(self, packed: Whole) -> Covers:
        item = np.where(packed > 0, _TWENTY - (packed & _TWENTY), 0)
        held = self.items[item] if len(self.items) else np.zeros((*packed.shape, 2), dtype=np.int64)
        return Covers(packed >> 40, held[..., 0], held[..., 1], packed >> 20 & _TWENTY)

    def _rarity(self, terms: Whole, raw: Whole) -> Whole:
        others = np.maximum(len(self.holders) - 1, 1)
        few = MILLION - half_up(np.maximum(self._helpers[terms] - 1, 0) * MILLION, others)
        return np.where(raw >= HELP, half_up(raw * few, MILLION), 0)

    def _steps(self, terms: Whole, covers: Covers) -> tuple[Whole, Whole]:
        covered = covers.raw > 0
        above = np.clip(covers.level - self.terms[terms, 2], 0, len(STEPS) - 1)
        return np.where(covered, STEPS[above], 0), covered.astype(np.int64)

    @cached_property
    def _goals(self) -> dict[str, Whole]:
        """Give what each goal (row) adds to the components with each holder (column)."""
        made = self.added(np.arange(len(self.terms)), np.arange(len(self.holders)))
        return {name: np.ascontiguousarray(table, dtype=np.int32) for name, table in made.items()}

    @cached_property
    def _helpers(self) -> Whole:
        """Count, for each goal, the holders who could help with it."""
        who = np.repeat(np.arange(len(self.holders)), self.has.count)
        holding = csr_array(
            (np.ones(len(who), dtype=np.int32), (self.has.flat, who)), (len(self.items), len(self.holders))
        )
        counts = []
        every = np.arange(len(self.items))
        step = max(1, AT_ONCE // max(1, len(self.items)))
        for begin in range(0, len(self.terms), step):
            some = np.arange(begin, min(begin + step, len(self.terms)))
            raw = self._packed(some[:, None], every[None, :]) >> 40
            reach = csr_array((raw >= HELP).astype(np.int32)) @ holding
            counts.append(np.diff(reach.indptr))
        return np.concatenate(counts).astype(np.int64) if counts else np.zeros(0, dtype=np.int64)

    def circumstances(self, one: Whole, other: Whole) -> dict[str, Whole]:
        """Give the raw values that do not depend on skills: places in the crowd, that broadcast."""
        crowd = self.crowd
        minutes = np.minimum(crowd.minutes(one, other), PLENTY_MINUTES)
        fewer = np.minimum(crowd.spoken[one], crowd.spoken[other])
        return {
            "hours": half_up(minutes * MILLION, PLENTY_MINUTES),
            "languages": half_up(crowd.languages(one, other) * MILLION, fewer),
            "zone": MILLION - half_up(apart(crowd.clocks[one], crowd.clocks[other]) * MILLION, _HALF_DAY),
        }


def apart(one: Whole, other: Whole) -> Whole:
    """Minutes between two clocks, the short way round."""
    minutes = np.abs(one - other) % _DAY
    short: Whole = np.minimum(minutes, _DAY - minutes)
    return short
