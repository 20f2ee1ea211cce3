"""Looking through all pairs by prices: against weighing each, against the best over every pair, and the bound."""

from __future__ import annotations

import random
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import candidates, mentors, pricing
from matching.candidates import mentor_pairs
from matching.graph import graph_from
from matching.people import Crowd, person_from
from matching.places import Places, best_places, heaviest_places, prices_of
from matching.pricing import Overview, places_of, widened
from matching.rules import Bars, Rules
from matching.scoring import MENTOR_WEIGHTS, Scorer, checked_weights
from tests.matching.crowds import crowds
from tests.matching.test_scoring import SMALL

Weights = dict[str, float]
NONE = np.empty(0, dtype=np.int64)
UNEVEN: Weights = {"help": 0.1, "level": 0.6, "hours": 0.0, "rarity": 0.3, "languages": 0.0, "zone": 0.0}
ONLY_HOURS: Weights = {**dict.fromkeys(MENTOR_WEIGHTS, 0.0), "hours": 1.0}
ONLY_LEVEL: Weights = {**dict.fromkeys(MENTOR_WEIGHTS, 0.0), "level": 1.0}


def ready(learners: list[Any], offering: list[Any], weights: Any = MENTOR_WEIGHTS) -> tuple[Scorer, Bars, Any]:
    crowd = Crowd([person_from(one) for one in [*learners, *offering]])
    bars = Bars(crowd, Rules(minimum_minutes=30), places=True)
    seekers, holders = range(len(learners)), range(len(learners), len(crowd))
    scorer = Scorer(graph_from(SMALL), crowd, seekers, holders, checked_weights(weights, MENTOR_WEIGHTS))
    return scorer, bars, np.array([person.capacity for person in crowd.people[len(learners) :]], dtype=np.int64)


def cohort(count: int, chance: random.Random, prefix: str = "p") -> list[dict[str, Any]]:
    return [
        {
            "id": f"{prefix}{number}",
            "skills": [(key, chance.randint(1, 5)) for key in chance.sample("12345", 2)],
            "goals": [(key, chance.randint(1, 5)) for key in chance.sample("12345", chance.randrange(4))],
            "hours": [(60 * (start := chance.randrange(4)), 60 * start + 150)],
            "languages": chance.sample(["en", "pt"], chance.randint(1, 2)),
            "utc_offset": chance.choice([0, 60, -300]),
            "capacity": chance.randint(0, 3),
            "blocks": [f"p{chance.randrange(40)}"],
        }
        for number in range(count)
    ]


def every_pair(scorer: Scorer, bars: Bars, capacity: Any) -> dict[tuple[int, int], int]:
    learner, mentor, score, every = mentor_pairs(scorer, bars, np.arange(len(scorer.seekers)), capacity)
    assert every
    return {(a, b): w for a, b, w in zip(learner.tolist(), mentor.tolist(), score.tolist(), strict=True)}


def rank(places: Places, chosen: Any) -> list[int]:
    """Placed, total, kept, even load, worst-off."""
    load = np.bincount(places.mentor[chosen], minlength=len(places.mentors))
    sums = [int(some[chosen].sum()) for some in (places.weight, places.kept)]
    return [len(chosen), *sums, -int((load * load).sum()), int(places.weight[chosen].min(initial=10**6))]


@pytest.mark.parametrize("weights", [MENTOR_WEIGHTS, UNEVEN, ONLY_HOURS, ONLY_LEVEL])
@pytest.mark.parametrize("seed", range(6))
def test_exactly_the_pairs_that_give_as_much_beyond_their_price_are_found(weights: Weights, seed: int) -> None:
    chance = random.Random(seed)
    scorer, bars, capacity = ready(cohort(30, chance), cohort(20, chance, "m"), weights)
    worth = every_pair(scorer, bars, capacity)
    price = np.array([chance.choice([0, chance.randrange(10_001)]) for _ in range(20)])
    own = np.array([chance.choice([0, pricing.LOSS, chance.randrange(8_000)]) for _ in range(30)])
    expected = {(a, b): w for (a, b), w in worth.items() if w - price[b] >= own[a]}
    view = Overview(scorer, bars, np.arange(30), capacity)
    assert view.fits
    for join in (20, 2):
        with patch.object(pricing, "JOIN", join):
            found = view.gaining(price, own)
        given = dict(zip(zip(found.learner.tolist(), found.mentor.tolist(), strict=True), found.score, strict=True))
        assert given.items() <= expected.items()
        assert len(given) == len(found.score)
        assert given == expected or not found.whole
        assert found.whole or join == 2
        for learner in range(30):
            best = max((w - price[b] for (a, b), w in worth.items() if a == learner), default=-(10**6))
            assert found.most[learner] >= max(own[learner], best)
            assert join == 2 or found.most[learner] == max(own[learner], best)


@settings(max_examples=60, deadline=None)
@given(
    crowds(least=1, most=9),
    crowds(most=6, prefix="m"),
    st.sampled_from([MENTOR_WEIGHTS, UNEVEN]),
    st.integers(0, 2),
    st.data(),
)
def test_from_any_few_pairs_the_best_answer_over_all_is_reached_and_nothing_exceeds_the_bound(
    learners: list[Any], offering: list[Any], weights: Weights, join: int, data: st.DataObject
) -> None:
    scorer, bars, capacity = ready(learners, offering, weights)
    worth = every_pair(scorer, bars, capacity)
    rows = np.array([(a, b, w) for (a, b), w in worth.items()], dtype=np.int64).reshape(-1, 3)
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    ids = [one["id"] for one in learners], [one["id"] for one in offering]
    previous = [frozenset((ids[0][a], ids[1][b])) for a, b in worth if chance.random() < 0.3 and ids[0][a] != ids[1][b]]
    start = rows[[chance.random() < 0.3 for _ in rows]]
    everybody = np.arange(len(learners))
    with patch.object(pricing, "JOIN", 1 + 4 * join):
        wide = widened(scorer, bars, everybody, capacity, tuple(start.T), previous)
    whole = places_of(scorer, capacity, tuple(rows.T), previous)
    best, chosen = best_places(whole), best_places(wide.places, heaviest=wide.chosen)
    assert int(whole.weight[best].sum()) <= wide.bound
    assert len(chosen) <= len(best)
    if wide.proved:
        assert rank(wide.places, chosen) == rank(whole, best)


def test_a_crowd_is_solved_as_if_every_pair_were_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    proved = 0
    for seed in range(8):
        chance = random.Random(seed)
        request: Any = {
            "graph": SMALL,
            "learners": [{**one, "capacity": 0} for one in cohort(40, chance)],
            "mentors": [{**one, "capacity": 3} for one in cohort(20, chance, "m")],
            "minimum_minutes": 0,
        }
        exact = mentors.solve(request)
        monkeypatch.setattr(candidates, "EVERY_PAIR", 1)
        monkeypatch.setattr(candidates, "LIKELY", 2)
        answer = mentors.solve(request)
        chance.shuffle(request["learners"])
        chance.shuffle(request["mentors"])
        assert mentors.solve(request) == answer
        monkeypatch.undo()
        proved += answer["solved"]["optimal"]
        if answer["solved"]["optimal"]:
            assert [answer["solved"][name] for name in ("placed", "total", "worst", "gap")] == [
                *(exact["solved"][name] for name in ("placed", "total", "worst")), 0,
            ]  # fmt: skip
        gap = answer["solved"]["gap"]
        assert exact["total"] * (1 - gap) <= answer["total"] + 1
    assert proved >= 4


def test_a_large_crowd_is_looked_through_until_the_answer_is_near_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    scorer, bars, capacity = ready(cohort(40, chance), cohort(20, chance, "m"))
    worth = every_pair(scorer, bars, capacity)
    everybody = np.arange(40)
    best = places_of(scorer, capacity, tuple(np.array([(*pair, w) for pair, w in worth.items()]).T), ())
    most = int(best.weight[heaviest_places(best)].sum())
    start = tuple(np.array([(*pair, w) for pair, w in list(worth.items())[::7]]).T)
    monkeypatch.setattr(pricing, "LARGE", 10)
    gaps = []
    for few in (1, 2, 5):
        monkeypatch.setattr(pricing, "FEW", few)
        monkeypatch.setattr(pricing, "SLOW", few)
        wide = widened(scorer, bars, everybody, capacity, start)
        assert wide.bound >= most
        gaps.append(1 - int(wide.places.weight[wide.chosen].sum()) / wide.bound)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < gaps[0]


def test_what_does_not_fit_into_memory_is_bounded_by_what_the_skills_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    scorer, bars, capacity = ready(cohort(20, chance), cohort(10, chance, "m"))
    worth = every_pair(scorer, bars, capacity)
    rows = tuple(np.array([(*pair, w) for pair, w in worth.items()]).T)
    monkeypatch.setattr(pricing, "ENTRIES", 10)
    wide = widened(scorer, bars, np.arange(20), capacity, rows)
    assert wide.bound == scorer.most(np.arange(20))
    assert not wide.proved


def test_nothing_to_begin_with_and_nothing_to_find_is_answered() -> None:
    scorer, bars, capacity = ready([{"id": "ana"}], [{"id": "mo", "capacity": 2}])
    wide = widened(scorer, bars, np.arange(1), capacity, (NONE, NONE, NONE))
    assert (len(wide.chosen), wide.proved) == (0, False)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 5), st.randoms(use_true_random=False))
def test_prices_prove_that_an_answer_is_the_heaviest(people: int, count: int, chance: random.Random) -> None:
    pairs = [(a, b, chance.randrange(30)) for a in range(people) for b in range(count) if chance.random() < 0.6]
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    capacity = np.array([people] * count)
    names = [[str(at) for at in range(some)] for some in (people, count)]
    places = Places(*names, capacity, *rows, rows[2], np.zeros(len(pairs), dtype=bool))
    chosen = heaviest_places(places)
    price, own = prices_of(places, chosen)
    assert (price >= 0).all()
    assert (places.weight - price[places.mentor] <= own[places.mentee]).all()
    assert int(places.weight[chosen].sum()) == int(own.sum() + (capacity * price).sum())
