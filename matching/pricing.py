"""All pairs of a crowd too large to weigh at once, looked through by prices until nobody could gain by any.

The best answer over some pairs prices a place with each mentor (`matching.places`). A learner gains by a mentor who,
less the price, gives her more than she has, less its price. Where nobody gains by anybody, there is no heavier answer
over all pairs; where somebody does, those pairs join and the answer is made anew: column generation, L. Ford,
D. Fulkerson, "A suggested computation for maximal multi-commodity network flows", Management Science 1958. Whatever
the prices are, what each learner could have most and the prices of all places bound every answer (weak duality).

Billions of pairs are looked through in whole thirds of a point that fit into 16 bits and are never below a pair's
score; what passes is scored exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from matching.candidates import were_together
from matching.people import half_up
from matching.places import FAST, Places, heaviest_places, prices_of
from matching.scoring import AT_ONCE
from matching.types import MILLION, SCORE_SCALE

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from matching.people import Whole
    from matching.rules import Bars
    from matching.scoring import Scorer

THIRDS = 3
ROUNDED = 2
"""Thirds of a point that rounding may add to a score."""
NEVER = np.iinfo(np.int16).min
GOALS = 80
"""Goals of one learner up to which sums fit."""
COVERED = 256
"""A goal that is covered counts so much, and one for each third of a step: both sums stay apart."""
ENTRIES = 150_000_000
"""Numbers in a table that fit into memory; beyond, pairs are not looked through."""
JOIN = 8
"""Pairs of a learner that join at a time."""
ROUNDS = 12
LARGE, FEW, SLOW = 20_000, 5, 2
"""Learners above whom an answer is made anew so many times at most, without a flow fewer, and only until it is `NEAR`
the bound."""
NEAR = 0.001
FAR = 800
"""Points less than she has now: a pair that gives a learner less still leaves, where there are so many learners."""
LOSS = -900
"""Points that the price of a place may exceed its worth by for somebody who has none at all."""


@dataclass(frozen=True)
class Widened:
    """The pairs that were weighed in the end, and the numbers of the heaviest answer among them.

    `bound` is a total that no answer over all allowed pairs exceeds. `proved` says that whatever is as heavy as that
    answer is made of these pairs alone.
    """

    places: Places
    chosen: Whole
    bound: int
    proved: bool


@dataclass(frozen=True)
class Gaining:
    """Allowed pairs by their places and scores; `most` is what nobody has more of beyond a price, by all learners.

    `whole` says that no pair that gives as much as was asked for is missing.
    """

    learner: Whole
    mentor: Whole
    score: Whole
    most: Whole
    whole: bool


class Overview:
    """What learners and mentors bring to each other, in thirds of a point, rounded up: tables from which sums come.

    Learners who share hours, languages and clock share a row of circumstances; a goal has a row of worths for each
    number of goals over which its mean is taken.
    """

    def __init__(self, scorer: Scorer, bars: Bars, learners: Whole, capacity: Whole) -> None:
        """Lay the learners out; tables are made when first looked into, if it `fits`."""
        self._scorer, self._bars, self._learners, self._full = scorer, bars, learners, capacity <= 0
        goals, self._count = scorer.wants.of(learners)
        keys, row = np.unique(goals * (GOALS + 1) + np.repeat(self._count, self._count), return_inverse=True)
        self._goals, self._over = keys // (GOALS + 1), keys % (GOALS + 1)
        ends = np.cumsum(self._count)[:-1]
        self._rows = np.split(row, ends)
        self._whom, self._whose = scorer.crowd.alike(learners + scorer.seekers.start)
        first = np.array([some[0] if len(some) else 0 for some in self._rows], dtype=np.int64)
        self._order = np.lexsort((first, self._whose))

    @property
    def fits(self) -> bool:
        """Say whether the tables fit into memory, and the sums into their numbers."""
        rows = max(len(self._goals), len(self._whom))
        return rows * len(self._full) <= ENTRIES and int(self._count.max(initial=0)) <= GOALS

    def gaining(self, price: Whole, own: Whole) -> Gaining:
        """Find who gains by whom at the prices of the mentors' places, or has as much as she has of her own now.

        `own` has a number of at least 0 for every seeker; prices are at least 0, at most the greatest score.
        """
        worth, steps = self._of_goals
        circumstances, levels = self._of_circumstances, self._of_levels
        most, asked = own.copy(), THIRDS * own
        priced = THIRDS * price.astype(np.int32)
        found: list[NDArray[np.intp]] = []
        counts = np.zeros(len(self._learners), dtype=np.int64)
        base, sums, alike = np.empty(0, np.int16), np.empty(len(price), np.int16), -1
        whole = True
        for at in self._order.tolist():
            if self._whose[at] != alike:
                alike = self._whose[at]
                base = np.maximum(circumstances[alike] - priced, NEVER).astype(np.int16)
            rows, learner = self._rows[at], self._learners[at]
            np.copyto(sums, base)
            for row in rows:
                sums += worth[row]
            some = np.flatnonzero(sums >= asked[learner] - (levels[-1] if len(rows) else 0))
            if not len(some):
                continue
            value = sums[some] + levels[sum(steps[row][some] for row in rows)] if len(rows) else sums[some]
            enough = value >= asked[learner]
            some, value = some[enough], value[enough]
            if len(some) > JOIN:
                top = np.argpartition(-value, JOIN)
                beyond = int(value[top[JOIN]]) // THIRDS
                most[learner] = max(most[learner], beyond)
                whole &= beyond < own[learner]
                some = some[top[:JOIN]]
            found.append(some)
            counts[at] = len(some)
        learner = np.repeat(self._learners[self._order], counts[self._order])
        mentor = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
        return self._exactly(learner, mentor, price, most, own, whole=whole)

    def _exactly(self, learner: Whole, mentor: Whole, price: Whole, most: Whole, own: Whole, *, whole: bool) -> Gaining:
        """Score what passed, and leave out what is barred by name or passed by rounding only."""
        score = self._scorer.score(learner, mentor)
        beyond = score - price[mentor]
        seekers, holders = self._scorer.seekers.start, self._scorer.holders.start
        real = (self._bars.between(learner + seekers, mentor + holders) == 0) & (beyond >= own[learner])
        np.maximum.at(most, learner[real], beyond[real])
        return Gaining(learner[real], mentor[real], score[real], most, whole=whole)

    @cached_property
    def _of_circumstances(self) -> NDArray[np.int16]:
        """Give what hours, languages and clocks are worth, for each who stands for others (row) with each mentor."""
        scorer, crowd = self._scorer, self._scorer.crowd
        mentors = np.arange(scorer.holders.start, scorer.holders.stop)
        made = np.empty((len(self._whom), len(mentors)), dtype=np.int16)
        for row, one in enumerate(self._whom[:, None]):
            raws = scorer.circumstances(one, mentors)
            worth = sum(scorer.weights[name] * raw for name, raw in raws.items())
            barred = (crowd.languages(one, mentors) == 0) | self._full
            barred |= crowd.minutes(one, mentors) < self._bars.minimum_minutes
            made[row] = np.where(barred, NEVER, _up(THIRDS * np.asarray(worth), MILLION) + ROUNDED)
        return made

    @cached_property
    def _of_goals(self) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """Give the worth of each goal's cover (row) by each mentor, and how good a step it is."""
        scorer, mentors = self._scorer, np.arange(len(self._full))
        worth = np.empty((len(self._goals), len(mentors)), dtype=np.int16)
        steps = np.empty(worth.shape, dtype=np.uint16)
        at_once = max(1, AT_ONCE // max(1, len(mentors), len(scorer.items)))
        for begin in range(0, len(self._goals), at_once):
            rows = slice(begin, begin + at_once)
            terms, of = np.unique(self._goals[rows], return_inverse=True)
            added = scorer.added(terms, mentors)
            both = THIRDS * (scorer.weights["help"] * added["help"] + scorer.weights["rarity"] * added["rarity"])
            worth[rows] = _up(both[of], MILLION * self._over[rows, None])
            third = half_up(THIRDS * added["level"], MILLION)
            steps[rows] = np.where(added["covered"] > 0, COVERED + third, 0)[of]
        return worth, steps

    @cached_property
    def _of_levels(self) -> NDArray[np.int16]:
        """Give what the mean of steps is worth, by what they sum up to; the last is the most."""
        covered, thirds = np.divmod(np.arange((GOALS + 1) * COVERED), COVERED)
        most = THIRDS * self._scorer.weights["level"]
        made = np.minimum(_up(most * thirds, THIRDS * np.maximum(covered, 1)) + 1, most)
        return np.where(covered > 0, made, 0).astype(np.int16)


def widened(
    scorer: Scorer,
    bars: Bars,
    learners: Whole,
    capacity: Whole,
    pairs: tuple[Whole, Whole, Whole],
    previous: Collection[frozenset[str]] = (),
) -> Widened:
    """From some allowed pairs (learner, mentor, score), go on to those by which somebody gains.

    `learners` are the places of those, at least one, who are to get one among the seekers; `capacity` is all mentors'.
    Up to `LARGE` learners until nobody gains, as a rule, and then it is proved; beyond, until it is `NEAR` that.
    """
    view = Overview(scorer, bars, learners, capacity)
    learner, mentor, score = pairs
    everybody = min(len(learners), int(capacity.sum()))
    rounds = ROUNDS if len(learners) <= LARGE else FEW if FAST else SLOW
    near = 0 if len(learners) <= LARGE else NEAR
    bound = scorer.most(learners) if not view.fits else len(learners) * SCORE_SCALE
    while True:
        places = places_of(scorer, capacity, (learner, mentor, score), previous)
        chosen = heaviest_places(places)
        rounds -= 1
        if not view.fits:
            return Widened(places, chosen, bound, proved=False)
        total, price = int(score[chosen].sum()), np.minimum(prices_of(places, chosen)[0], SCORE_SCALE)
        own = np.zeros(len(scorer.seekers), dtype=np.int64)
        np.maximum.at(own, learner, score - price[mentor])
        own[np.setdiff1d(learners, learner[chosen])] = LOSS
        found = view.gaining(price, own)
        bound = min(bound, int(np.maximum(found.most[learners], 0).sum() + (capacity * price).sum()))
        fresh = ~np.isin(found.learner * len(capacity) + found.mentor, learner * len(capacity) + mentor)
        gains = fresh & (found.score - price[found.mentor] > own[found.learner])
        done = bound - total <= near * bound and len(chosen) == everybody
        if done or not rounds or not gains.any():
            break
        kept = np.full(len(learner), not near)
        kept |= own[learner] - (score - price[mentor]) <= FAR
        kept[chosen] = True
        learner, mentor, score = (
            np.r_[mine[kept], more[gains]]
            for mine, more in ((learner, found.learner), (mentor, found.mentor), (score, found.score))
        )
    proved = total == bound and len(chosen) == everybody and found.whole
    if proved and fresh.any():
        learner, mentor, score = (
            np.r_[mine, more[fresh]]
            for mine, more in ((learner, found.learner), (mentor, found.mentor), (score, found.score))
        )
        places = places_of(scorer, capacity, (learner, mentor, score), previous)
        chosen = heaviest_places(places)
    return Widened(places, chosen, bound, proved=proved)


def places_of(
    scorer: Scorer,
    capacity: Whole,
    pairs: tuple[Whole, Whole, Whole],
    previous: Collection[frozenset[str]],
) -> Places:
    """Lay out pairs (learner, mentor, score); ties are broken by place, and so by the seed that orders people."""
    learner, mentor, score = pairs
    names = [[str(at) for at in range(some)] for some in (len(scorer.seekers), len(capacity))]
    kept = were_together(scorer.crowd, learner + scorer.seekers.start, mentor + scorer.holders.start, previous)
    return Places(names[0], names[1], capacity, learner, mentor, score, score, kept)


def _up(numerator: Whole, denominator: Whole | int) -> Whole:
    """Divide whole numbers, rounding up."""
    return -(-numerator // denominator)
