"""Which pairs of a crowd are weighed against each other: every allowed one, or in a large crowd each person's best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matching.coverage import CHANCE, by_chance, covering
from matching.pairing import Edges
from matching.scoring import pair_score, score_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from matching.pairing import Picked
    from matching.people import Crowd, Whole
    from matching.rules import Bars, Flags
    from matching.scoring import Scorer

EVERY = 2_000
"""People up to whom every allowed pair is weighed."""
NEAREST = 32
"""Pairs of each person that are weighed above; whoever has fewer allowed ones keeps them all."""
JOIN = 4
"""Pairs of each person that join at a time where they gain."""
EVERY_PAIR = 4_000_000
"""Pairs of learners and mentors up to which each is weighed."""
HEAD, SPREAD = 8, 8
"""Mentors whom a learner looks at for each goal: the best ones, and some further down."""
LIKELY = 24
"""Of those, the ones that are weighed against each other."""
ROWS = 2_000_000
"""Pairs that are scored at once."""


def blocks(rows: int, columns: int) -> Iterator[Whole]:
    """Cut rows into blocks of a table that fit into memory at once."""
    step = max(1, ROWS // max(1, columns))
    for begin in range(0, rows, step):
        yield np.arange(begin, min(begin + step, rows))


def utilities(scorer: Scorer) -> Whole:
    """Give what every holder (column) is worth to every seeker (row)."""
    found = np.empty((len(scorer.seekers), len(scorer.holders)), dtype=np.int64)
    for rows in blocks(*found.shape):
        found[rows] = scorer.utilities(scorer.table(rows))
    return found


@dataclass(frozen=True)
class Known:
    """Weighed pairs among people, who are named by their places, and what is known of allowed pairs left out.

    `beyond` is what no pair of each person that is left out weighs more than; -1 where none is. `gaining` takes prices
    in half units of weight, and what a pair must be worth to both; it returns pairs that weigh more than the prices of
    both, some of each person's, and by how much she gains at most.
    """

    edges: Edges
    beyond: Whole
    gaining: Callable[[Whole, int], tuple[Edges, Whole]]


def buddy_edges(scorer: Scorer, bars: Bars, people: Whole, previous: Collection[frozenset[str]] = ()) -> Known:
    """Weigh the allowed pairs among some of a crowd's people, all of whom are seekers and holders alike.

    Every one up to `EVERY` people; above, each person's heaviest, some by chance, as many people want the same few and
    circles keep to themselves, and those by which more people are placed (`matching.coverage`). Places in the edges
    are places in `people`: ties are broken by who stands before whom.
    """
    worth = utilities(scorer)[np.ix_(people, people)]
    size = len(people)
    beyond = np.full(size, -1)

    def weighed(keys: Whole) -> Edges:
        a, b = keys // size, keys % size
        return Edges(
            [str(at) for at in range(size)],
            a,
            b,
            pair_score(worth[a, b], worth[b, a]),
            score_of(worth[a, b]),
            score_of(worth[b, a]),
            were_together(scorer.crowd, people[a], people[b], previous),
            lambda three: scorer.crowd.share(people[three], bars.minimum_minutes),
        )

    def between(one: Whole, other: Whole) -> Flags:
        return bars.between(people[one], people[other])

    def gaining(price: Whole, least: int) -> tuple[Edges, Whole]:
        keys, most = [np.empty(0, dtype=np.int64)], np.zeros(size, dtype=np.int64)
        for rows in blocks(size, size):
            gain = 2 * pair_score(worth[rows], worth[:, rows].T) - price[rows, None] - price
            fine = between(rows[:, None], np.arange(size)) == 0
            if least:
                fine &= score_of(np.minimum(worth[rows], worth[:, rows].T)) >= least
            gain = np.where(fine, gain, 0)
            most[rows] = gain.max(axis=1, initial=0)
            best = np.argpartition(-gain, JOIN, axis=1)[:, :JOIN]
            row = np.repeat(np.arange(len(rows)), JOIN)
            real = gain[row, best.ravel()] > 0
            keys.append(_keys(rows[row[real]], best.ravel()[real], size))
        return weighed(np.unique(np.concatenate(keys))), most

    keys = [np.empty(0, dtype=np.int64)]
    chance = np.random.default_rng(0)  # the same for the same people
    for rows in blocks(size, size):
        allowed = between(rows[:, None], np.arange(size)) == 0
        if size > EVERY:
            weight = np.where(allowed, pair_score(worth[rows], worth[:, rows].T), -1)
            best = np.argpartition(-weight, NEAREST, axis=1)[:, :NEAREST]
            least = np.take_along_axis(weight, best, axis=1)
            beyond[rows] = np.where(allowed.sum(axis=1) > NEAREST, least.min(axis=1), -1)
            row, column = np.repeat(np.arange(len(rows)), NEAREST)[least.ravel() >= 0], best[least >= 0]
            others = by_chance(allowed, CHANCE, chance)
            keys += [_keys(rows[row], column, size), _keys(rows[others[0]], others[1], size)]
        else:
            row, column = np.nonzero(allowed & (rows[:, None] < np.arange(size)))
            keys.append(_keys(rows[row], column, size))
    known = np.unique(np.concatenate(keys))
    if size > EVERY:
        a, b = known // size, known % size
        more = covering(np.r_[a, b], np.r_[b, a], np.arange(size), np.ones(size, dtype=np.int64), between)
        known = np.union1d(known, _keys(*more, size))
    return Known(weighed(known), beyond, gaining)


def _keys(one: Whole, other: Whole, size: int) -> Whole:
    """Number pairs, the same in either order."""
    return np.minimum(one, other) * size + np.maximum(one, other)


def were_together(crowd: Crowd, one: Whole, other: Whole, previous: Collection[frozenset[str]]) -> Picked:
    """Say which pairs of people are among earlier ones."""
    pairs = np.array(
        [
            (a, b)
            for pair in previous
            if len(pair) == 2
            for first, second in [tuple(pair)]
            for a in crowd.places.get(first, ())
            for b in crowd.places.get(second, ())
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    size = len(crowd)
    keys = np.r_[pairs[:, 0] * size + pairs[:, 1], pairs[:, 1] * size + pairs[:, 0]]
    return np.isin(one * size + other, keys)


def mentor_pairs(scorer: Scorer, bars: Bars, learners: Whole, capacity: Whole) -> tuple[Whole, Whole, Whole, bool]:
    """Weigh allowed pairs of some learners and all mentors: learner, mentor, score, by their places among each.

    Every pair up to `EVERY_PAIR`; above, `_likely` ones. Says, too, whether it is every pair.
    """
    mentors = np.arange(len(scorer.holders))
    if len(learners) * len(mentors) > EVERY_PAIR:
        return *_likely(scorer, bars, learners, capacity), False
    found = [np.empty((3, 0), dtype=np.int64)]
    for rows in blocks(len(learners), len(mentors)):
        some = learners[rows]
        score = score_of(scorer.utilities(scorer.table(some)))
        barred = bars.between(some[:, None] + scorer.seekers.start, mentors[None, :] + scorer.holders.start)
        row, column = np.nonzero(barred == 0)
        found.append(np.stack([some[row], column, score[row, column]]))
    learner, mentor, score = np.concatenate(found, axis=1)
    return learner, mentor, score, True


def _likely(scorer: Scorer, bars: Bars, learners: Whole, capacity: Whole) -> tuple[Whole, Whole, Whole]:
    """Weigh each learner's likely mentors: those best at one of her goals, and a few by chance who take who is left.

    For each skill that somebody wants the mentors who are best at it stand in a row, as long as those who want it need;
    a learner looks at its head and at places spread over it, so that not all look at the same.
    """
    best, length = _best_at(scorer, learners, capacity)
    goals, count = scorer.wants.of(learners)
    who = np.repeat(np.arange(len(learners)), count)
    skill = scorer.terms[goals, 0]
    chance = np.random.default_rng(0)  # the same for the same people
    head = np.tile(np.arange(HEAD), (len(goals), 1))
    spread = (chance.random((len(goals), SPREAD)) * length[skill][:, None]).astype(np.int64)
    turn = np.minimum(np.concatenate([head, spread], axis=1), length[skill][:, None] - 1)
    other = chance.integers(0, len(capacity), (len(learners), SPREAD))
    learner = np.r_[np.repeat(who, HEAD + SPREAD), np.repeat(np.arange(len(learners)), SPREAD)]
    mentor = np.r_[best[skill[:, None], turn].ravel(), other.ravel()]
    key = np.unique(learner * len(capacity) + mentor)
    learner, mentor = key // len(capacity), key % len(capacity)
    allowed = np.empty(len(key), dtype=bool)
    for some in blocks(len(key), 1):
        barred = bars.between(learners[learner[some]] + scorer.seekers.start, mentor[some] + scorer.holders.start)
        allowed[some] = (barred == 0) & (capacity[mentor[some]] > 0)
    learner, mentor = learner[allowed], mentor[allowed]
    score = scorer.score(learners[learner], mentor)
    order = np.lexsort((mentor, -score, learner))
    learner, mentor, score = learner[order], mentor[order], score[order]
    near = np.arange(len(learner)) - np.searchsorted(learner, learner) < LIKELY
    learner, mentor, score = learners[learner[near]], mentor[near], score[near]

    def between(one: Whole, other: Whole) -> Flags:
        return bars.between(one + scorer.seekers.start, other + scorer.holders.start)

    more = covering(learner, mentor, learners, capacity, between)
    return np.r_[learner, more[0]], np.r_[mentor, more[1]], np.r_[score, scorer.score(*more)]


def _best_at(scorer: Scorer, learners: Whole, capacity: Whole) -> tuple[Whole, Whole]:
    """Line up, for each skill (row), the mentors who are best at it; say how many of a row count."""
    wanted, learning = np.unique(scorer.terms[scorer.wants.of(learners)[0], 0], return_counts=True)
    mean = max(1.0, float(capacity.mean()))
    need = np.clip(np.ceil(2 * learning / mean).astype(np.int64), HEAD + SPREAD, len(capacity))
    best = np.zeros((len(scorer.skills), int(need.max(initial=1))), dtype=np.int64)
    length = np.ones(len(scorer.skills), dtype=np.int64)
    length[wanted] = need
    for some in blocks(len(wanted), max(len(capacity), len(scorer.items))):
        good = np.where(capacity[:, None] > 0, scorer.good_at(wanted[some]), -1).T
        for row, skill in zip(good, wanted[some].tolist(), strict=True):
            most = int(length[skill])
            top = np.argpartition(-row, most - 1)[:most]
            best[skill, :most] = top[np.argsort(-row[top], kind="stable")]
    return best, length


def ranked_pairs(
    scorer: Scorer, bars: Bars, learner: Whole, mentor: Whole, most: int
) -> dict[int, list[tuple[int, int]]]:
    """Rank each learner's allowed mentors with their scores, the best first, ties by place.

    The chosen one is always among them.
    """
    mentors, learners = np.arange(len(scorer.holders)), np.arange(len(scorer.seekers))
    chosen = dict(zip(learner.tolist(), mentor.tolist(), strict=True))
    found: dict[int, list[tuple[int, int]]] = {}
    for rows in blocks(len(learners) if most else 0, len(mentors)):
        score = score_of(scorer.utilities(scorer.table(rows)))
        barred = bars.between(rows[:, None] + scorer.seekers.start, mentors[None, :] + scorer.holders.start)
        order = np.argsort(np.where(barred == 0, -score, 1), axis=1, kind="stable")[:, :most]
        for row, ranking in zip(rows.tolist(), order, strict=True):
            allowed = ranking[barred[row - rows[0], ranking] == 0].tolist()
            if row in chosen and chosen[row] not in allowed:
                allowed = [*allowed[: most - 1], chosen[row]]
            found[row] = [(at, int(score[row - rows[0], at])) for at in allowed]
    return found
