from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings

from matching import candidates
from matching.candidates import buddy_edges, mentor_pairs, ranked_pairs
from matching.graph import graph_from
from matching.people import Crowd, person_from
from matching.rules import Bars, Rules
from matching.scoring import BUDDY_WEIGHTS, MENTOR_WEIGHTS, Scorer, checked_weights, pair_score
from tests.matching.crowds import crowds
from tests.matching.test_scoring import SMALL

if TYPE_CHECKING:
    from matching.pairing import Edges
    from matching.people import Whole


def ready(people: list[dict[str, Any]], learners: int | None = None) -> tuple[Scorer, Bars]:
    crowd = Crowd([person_from(one) for one in people])
    weights = BUDDY_WEIGHTS if learners is None else MENTOR_WEIGHTS
    seekers, holders = range(len(crowd) if learners is None else learners), range(learners or 0, len(crowd))
    bars = Bars(crowd, Rules(minimum_minutes=30), places=learners is not None)
    return Scorer(graph_from(SMALL), crowd, seekers, holders, checked_weights(weights, weights)), bars


def cohort(count: int, chance: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "id": f"p{number}",
            "skills": [(key, chance.randint(1, 5)) for key in chance.sample("12345", 2)],
            "goals": [(key, chance.randint(1, 5)) for key in chance.sample("12345", 2)],
            "hours": [(60 * (start := chance.randrange(4)), 60 * start + 150)],
            "languages": chance.sample(["en", "pt"], chance.randint(1, 2)),
            "capacity": chance.randint(0, 3),
        }
        for number in range(count)
    ]


def rows(edges: Edges) -> dict[tuple[int, int], tuple[int, int, int]]:
    columns = (edges.a, edges.b, edges.weight, edges.first, edges.second)
    return {(a, b): (w, f, s) for a, b, w, f, s in zip(*(column.tolist() for column in columns), strict=True)}


@settings(max_examples=60, deadline=None)
@given(crowds(least=2))
def test_every_allowed_pair_of_some_people_is_weighed_once(people: list[dict[str, Any]]) -> None:
    scorer, bars = ready(people)
    some = np.arange(1, len(people))
    known = buddy_edges(scorer, bars, some)
    edges, beyond = known.edges, known.beyond
    expected = {}
    for a, b in combinations(some.tolist(), 2):
        one, other = np.array([a]), np.array([b])
        if not bars.between(one, other)[0]:
            forth, back = (scorer.utilities(scorer.pairs(*pair)) for pair in ((one, other), (other, one)))
            scores = (int(scorer.score(one, other)[0]), int(scorer.score(other, one)[0]))
            expected[a - 1, b - 1] = (int(pair_score(forth, back)[0]), *scores)
    assert rows(edges) == expected
    assert beyond.tolist() == [-1] * len(some)


def test_in_a_large_crowd_each_persons_best_pairs_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, bars = ready(cohort(40, random.Random(3)))
    every = np.arange(40)
    whole = buddy_edges(scorer, bars, every).edges
    monkeypatch.setattr(candidates, "EVERY", 10)
    monkeypatch.setattr(candidates, "NEAREST", 4)
    monkeypatch.setattr(candidates, "CHANCE", 2)
    known = buddy_edges(scorer, bars, every)
    edges, beyond = known.edges, known.beyond
    kept, all_pairs = rows(edges), rows(whole)
    assert kept.items() < all_pairs.items()
    for person in every.tolist():
        mine = sorted((w for pair, (w, *_) in all_pairs.items() if person in pair), reverse=True)
        held = sorted((w for pair, (w, *_) in kept.items() if person in pair), reverse=True)
        assert held[:4] == mine[:4]
        assert len(held) >= min(3, len(mine))
        left_out = [w for pair, (w, *_) in all_pairs.items() if person in pair and pair not in kept]
        assert max(left_out, default=-1) <= beyond[person] or not left_out


@pytest.mark.parametrize("least", [0, 2500])
def test_of_the_pairs_left_out_those_are_found_that_weigh_more_than_the_prices_of_both(
    least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    scorer, bars = ready(cohort(40, chance))
    every = np.arange(40)
    whole = rows(buddy_edges(scorer, bars, every).edges)
    monkeypatch.setattr(candidates, "EVERY", 10)
    monkeypatch.setattr(candidates, "NEAREST", 2)
    known = buddy_edges(scorer, bars, every)
    price = np.array([chance.randrange(3000, 9000) for _ in every])
    found, most = known.gaining(price, least)
    gains = {
        pair: 2 * w - int(price[list(pair)].sum())
        for pair, (w, first, second) in whole.items()
        if min(first, second) >= least
    }
    assert rows(found).items() <= whole.items()
    assert all(gains[pair] > 0 for pair in rows(found))
    for person in every.tolist():
        mine = [gain for pair, gain in gains.items() if person in pair]
        assert most[person] == max([0, *mine])
        if max(mine, default=0) > 0:
            assert max(gains[pair] for pair in rows(found) if person in pair) == max(mine)


def pairs_of(found: tuple[Whole, Whole, Whole, bool]) -> dict[tuple[int, int], int]:
    return {(a, b): w for a, b, w in zip(*(column.tolist() for column in found[:3]), strict=True)}


def test_likely_mentors_are_allowed_ones_with_their_scores_and_a_total_that_none_exceeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = cohort(60, random.Random(4))
    people[40:] = [{**one, "id": f"m{one['id']}"} for one in people[40:]]
    scorer, bars = ready(people, learners=40)
    capacity = np.array([one["capacity"] for one in people[40:]])
    learners = np.arange(40)
    every = pairs_of(mentor_pairs(scorer, bars, learners, capacity))
    assert mentor_pairs(scorer, bars, learners, capacity)[3] is True
    monkeypatch.setattr(candidates, "EVERY_PAIR", 1)
    monkeypatch.setattr(candidates, "HEAD", 2)
    monkeypatch.setattr(candidates, "SPREAD", 2)
    monkeypatch.setattr(candidates, "LIKELY", 4)
    found = mentor_pairs(scorer, bars, learners, capacity)
    likely = pairs_of(found)
    assert likely.items() < every.items()
    assert len(likely) == len(found[0])
    assert found[3] is False
    best = sum(max((w for (one, _), w in every.items() if one == learner), default=0) for learner in range(40))
    assert scorer.most(learners) >= best
    again = mentor_pairs(scorer, bars, learners, capacity)
    assert pairs_of(again) == likely


def test_a_ranking_names_the_best_allowed_mentors_and_the_chosen_one() -> None:
    people = cohort(20, random.Random(5))
    people[12:] = [{**one, "id": f"m{one['id']}", "capacity": 1} for one in people[12:]]
    scorer, bars = ready(people, learners=12)
    every = pairs_of(mentor_pairs(scorer, bars, np.arange(12), np.ones(8, dtype=np.int64)))
    worst = {one: min((p for p in every if p[0] == one), key=lambda p: every[p]) for one in {p[0] for p in every}}
    chosen = np.array(sorted(worst.values()))
    ranked = ranked_pairs(scorer, bars, chosen[:, 0], chosen[:, 1], 3)
    for learner in range(12):
        best = sorted((w for (one, _), w in every.items() if one == learner), reverse=True)
        assert all(every[learner, mentor] == score for mentor, score in ranked[learner])
        assert learner not in worst or worst[learner][1] in dict(ranked[learner])
        assert len(ranked[learner]) == min(3, len(best))
        assert [score for _, score in ranked[learner]][:2] == best[: len(ranked[learner])][:2]
