"""Gaps and sides, worked out by hand."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from academy.careers.engine import Aim, Step, Wanted, about, gaps, largest, lines_of, sides, to_go

A, B, C, D = (UUID(int=n) for n in range(1, 5))


def step(start: UUID, end: UUID, closeness: float = 0.8) -> Step:
    return Step(start, end, closeness, (("a", "optional", False, "b"),))


def test_gaps_are_target_minus_current_and_the_largest_come_first() -> None:
    found = gaps([(A, "Haskell", 3), (B, "SQL", 4), (C, "listening", 2), (D, "asking", 5)], {A: 2, C: 4, D: 1})
    assert [(gap.label, gap.current, gap.target, gap.remaining) for gap in found] == [
        ("asking", 1, 5, 4),
        ("SQL", 0, 4, 4),
        ("Haskell", 2, 3, 1),
        ("listening", 4, 2, 0),
    ]
    assert to_go(found) == 9
    assert [gap.label for gap in largest(found, {D: 5, B: 3}, 5)] == ["SQL", "Haskell"]


def test_a_goal_that_is_needed_comes_before_one_that_is_near() -> None:
    goals = [Aim(A, "asking", 4), Aim(B, "listening", 3), Aim(C, "weaving", 3)]
    needs = [Wanted(D, "moderating", 3, 40, "North"), Wanted(A, "asking", 4, 1, "North")]
    found = sides(goals, {}, needs, [step(B, D)])
    assert [(way.start, way.need.label, way.remaining) for way in found.overlap] == [
        ("asking", "asking", 4),
        ("listening", "moderating", 3),
    ]
    assert [goal.label for goal in found.unneeded] == ["weaving"]
    assert found.unaimed == ()


def test_among_near_ones_the_nearest_then_what_more_people_are_needed_for_comes_first() -> None:
    goals = [Aim(A, "asking", 4)]
    needs = [Wanted(B, "b", 3, 1, "North"), Wanted(C, "c", 3, 9, "North"), Wanted(D, "d", 3, 2, "North")]
    near = [step(A, B, 1.0), step(A, C, 0.6), step(A, D, 0.6)]
    assert [way.need.label for way in sides(goals, {}, needs, near).overlap] == ["b", "c", "d"]
    fewer = [needs[0], Wanted(C, "c", 3, 1, "North"), needs[2]]
    assert [way.need.label for way in sides(goals, {}, fewer, near).overlap] == ["b", "d", "c"]


def test_what_is_needed_near_ones_skills_and_no_goal_is_said_and_what_one_has_is_met() -> None:
    levels = {A: ("asking", 4), B: ("listening", 1)}
    needs = [Wanted(A, "asking", 3, 5, "North"), Wanted(B, "listening", 3, 5, "North"), Wanted(C, "c", 2, 5, "North")]
    found = sides([], levels, needs, [step(A, C)])
    assert [need.label for need in found.met] == ["asking"]
    assert [(way.start, way.need.label, way.step is None) for way in found.unaimed] == [
        ("listening", "listening", True),
        ("asking", "c", False),
    ]
    assert found.overlap == ()


@given(st.integers(0, 100_000))
def test_no_number_tells_of_fewer_than_five_people(count: int) -> None:
    assert about(count) % 5 == 0
    assert 0 <= count - about(count) < 5


def test_skills_are_read_one_a_line_and_levels_that_are_none_are_said() -> None:
    assert lines_of(" Haskell : 4\n\nPython (computer programming):2\nteam: lead: 3\nSQL\nR: 9\nC: ") == [
        ("Haskell", 4),
        ("Python (computer programming)", 2),
        ("team: lead", 3),
        ("SQL", 3),
        ("R", None),
        ("C", None),
    ]


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read(text: str) -> None:
    assert all(level is None or 1 <= level <= 5 for _name, level in lines_of(text))
