"""Small changes to an answer, against trying every way."""

from __future__ import annotations

import random
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from matching import repair
from matching.repair import Change

Weights = dict[tuple[str, str], int]


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[Weights, dict[str, int], dict[str, str], set[str]]:
    """Weights, places, who has whom now, and whose mentor stays; one mentee at least has none."""
    mentees = [f"e{number}" for number in range(draw(st.integers(1, 5)))]
    mentors = [f"m{number}" for number in range(draw(st.integers(1, 4)))]
    places = {mentor: draw(st.integers(0, 2)) for mentor in mentors}
    weights = {pair: draw(st.integers(0, 30)) for pair in product(mentees, mentors) if draw(st.booleans())}
    free, now = dict(places), {}
    for mentee in mentees[1:]:
        options = [mentor for mentor in mentors if free[mentor] and (mentee, mentor) in weights]
        if options:
            now[mentee] = draw(st.sampled_from(options))
            free[now[mentee]] -= 1
    return weights, places, now, {mentee for mentee in now if draw(st.integers(0, 3)) == 0}


def rows(weights: Weights) -> list[tuple[str, str, int]]:
    return [(*pair, points) for pair, points in weights.items()]


@settings(max_examples=300, deadline=None)
@given(cohorts(), st.integers(0, 4))
def test_nobody_loses_a_place_what_is_fixed_stays_and_few_others_change(
    cohort: tuple[Weights, dict[str, int], dict[str, str], set[str]], most: int
) -> None:
    weights, places, now, fixed = cohort
    changes = repair.mentors(rows(weights), places, now, fixed=fixed, most=most)
    after = now | {change.who: change.after for change in changes}
    assert all(change.before == now.get(change.who) for change in changes)
    assert all((who, mentor) in weights for who, mentor in after.items())
    assert all(list(after.values()).count(mentor) <= seats for mentor, seats in places.items())
    assert all(after[who] == now[who] for who in fixed)
    assert sum(change.before is not None for change in changes) <= most


@settings(max_examples=300, deadline=None)
@given(cohorts(), st.integers(0, 4))
def test_one_mentee_is_placed_wherever_trying_every_way_places_her(
    cohort: tuple[Weights, dict[str, int], dict[str, str], set[str]], most: int
) -> None:
    weights, places, now, fixed = cohort
    everybody = sorted({mentee for mentee, _ in weights} & ({*now} | {"e0"}))
    weights = {pair: points for pair, points in weights.items() if pair[0] in everybody}
    best = None
    for choice in product(*[[m for m in places if (mentee, m) in weights] for mentee in everybody]):
        after = dict(zip(everybody, choice, strict=True))
        if any(choice.count(mentor) > seats for mentor, seats in places.items()) or any(
            after[w] != now[w] for w in fixed
        ):
            continue
        changed = sum(after[who] != now[who] for who in now)
        if "e0" in after and changed <= most:
            best = max(best or 0, sum(weights[pair] for pair in after.items()))
    changes = repair.mentors(rows(weights), places, now, fixed=fixed, most=most)
    placed = any(change.who == "e0" for change in changes)
    assert placed == (best is not None)
    if best is not None:
        after = now | {change.who: change.after for change in changes}
        assert sum(weights[pair] for pair in after.items()) <= best


def test_the_way_with_the_greatest_total_is_taken() -> None:
    pairs = [("ana", "m", 5), ("ana", "n", 1), ("ben", "m", 4), ("ben", "n", 4), ("eve", "n", 9)]
    places = {"m": 1, "n": 2}
    assert repair.mentors(pairs, places, {"ben": "m", "eve": "n"}) == [
        Change("ana", None, "m"),
        Change("ben", "m", "n"),
    ]
    assert repair.mentors(pairs, places, {"ben": "m", "eve": "n"}, most=0) == [Change("ana", None, "n")]
    assert repair.mentors(pairs, places, {"ben": "m", "eve": "n"}, fixed={"ben"}) == [Change("ana", None, "n")]


def test_two_who_lost_their_buddies_come_together_or_through_others() -> None:
    pairs = [("a", "b", 5), ("c", "d", 5), ("b", "c", 5), ("a", "d", 1)]
    assert repair.buddies(pairs, [("b", "c")]) == [
        Change("a", None, "b"),
        Change("b", "c", "a"),
        Change("c", "b", "d"),
        Change("d", None, "c"),
    ]
    direct = [Change("a", None, "d"), Change("d", None, "a")]
    assert repair.buddies(pairs, [("b", "c")], most=0) == direct
    assert repair.buddies(pairs, [("b", "c")], fixed={frozenset("bc")}) == direct
    assert repair.buddies(pairs[:3], [("b", "c")], fixed={frozenset("bc")}) == []


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 8), st.randoms(use_true_random=False), st.integers(0, 4))
def test_pairs_stay_pairs_and_nobody_is_left_who_had_somebody(size: int, chance: random.Random, most: int) -> None:
    people = [f"p{number}" for number in range(size)]
    pairs = [(a, b, chance.randrange(20)) for a in people for b in people if a < b and chance.random() < 0.6]
    now, used = [], set()
    for a, b, _ in pairs:
        if not {a, b} & used and chance.random() < 0.6:
            now.append((a, b))
            used |= {a, b}
    fixed = {frozenset(pair) for pair in now if chance.random() < 0.3}
    changes = repair.buddies(pairs, now, fixed=fixed, most=most)
    before = {who: other for a, b in now for who, other in ((a, b), (b, a))}
    after = before | {change.who: change.after for change in changes}
    assert all(after[other] == who for who, other in after.items())
    assert {frozenset(pair) for pair in after.items()} <= {frozenset(row[:2]) for row in pairs}
    assert fixed <= {frozenset(pair) for pair in after.items()}
    gone = {frozenset(pair) for pair in before.items()} - {frozenset(pair) for pair in after.items()}
    assert len(gone) <= most
    if most == 0:
        free = [who for who in people if who not in after]
        assert not any({a, b} <= {*free} for a, b, _ in pairs)


def test_somebody_among_a_thousand_is_placed() -> None:
    size = 1000
    chance = random.Random(1)
    mentors = [f"m{number}" for number in range(size // 5)]
    pairs = [(f"e{n}", mentor, chance.randrange(10_000)) for n in range(size) for mentor in chance.sample(mentors, 8)]
    of: dict[str, list[str]] = {}
    for mentee, mentor, _ in pairs:
        of.setdefault(mentee, []).append(mentor)
    free, now = dict.fromkeys(mentors, 6), {}
    for mentee, options in list(of.items())[1:]:
        for mentor in options:
            if free[mentor]:
                now[mentee] = mentor
                free[mentor] -= 1
                break
    changes = repair.mentors(pairs, dict.fromkeys(mentors, 6), now)
    assert any(change.who == "e0" for change in changes)


class Counted(dict[str, int]):
    """Places that count how often they are looked at: once for each step that is weighed."""

    looks = 0

    def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]
        self.looks += 1
        return super().get(key, default)


def test_the_search_weighs_no_more_than_a_few_steps_for_each_pair_however_many_people_there_are() -> None:
    for size in (100, 1000):
        chance = random.Random(size)
        mentors = [f"m{number}" for number in range(size // 5)]
        pairs, now = [], {}
        for number in range(size):
            own = mentors[number // 5]
            others = chance.sample([mentor for mentor in mentors if mentor != own], 7)
            pairs += [(f"e{number}", mentor, chance.randrange(10_000)) for mentor in [own, *others]]
            now[f"e{number}"] = own
        del now["e0"]
        places = Counted(dict.fromkeys(mentors, 5), m0=4)
        repair.mentors(pairs, places, now)
        assert 0 < places.looks <= (repair.MOST + 1) * repair.TRIED * len(pairs)
