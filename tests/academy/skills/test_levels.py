"""Levels from several voices: the rule by hand, its properties, and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.kernel import clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import Kernel
from academy.skills import actions, queries
from academy.skills.engine import OLD, WEIGHTS, Said, combined
from tests.factories import people, skills

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANA, BEN, CYD = uuid4(), uuid4(), uuid4()


def said(source: str, level: int, by: UUID | None = None, days: int = 1) -> Said:
    return Said(source, by, level, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("statements", "level"),
    [
        ([], None),
        ([said("self", 2)], 2),
        # self 1 x 2, mentor 3 x 4: 14 / 4 = 3.5, rounded up
        ([said("self", 2), said("mentor", 4, BEN)], 4),
        # self 1 x 2, peer 2 x 3: 8 / 3 = 2.67
        ([said("self", 2), said("peer", 3, BEN)], 3),
        # two buddies are one source, (3 + 4) / 2 = 3.5; with self 1 x 1 it is (1 + 7) / 3 = 2.67
        ([said("self", 1), said("peer", 3, BEN), said("peer", 4, CYD)], 3),
        # self 1 x 5, manager 2 x 2: 9 / 3 = 3
        ([said("self", 5), said("manager", 2, BEN)], 3),
        # the newest word of one voice holds: mentor 2, not 5; (4 + 3 x 2) / 4 = 2.5
        ([said("self", 4), said("mentor", 5, BEN, days=90), said("mentor", 2, BEN)], 3),
        # self of three years ago counts half: (0.5 x 5 + 2 x 2) / 2.5 = 2.6
        ([said("self", 5, days=1100), said("peer", 2, BEN)], 3),
        # an old buddy counts half within peers: (0.5 x 5 + 1 x 2) / 1.5 = 3; the source counts whole as one is new
        ([said("peer", 5, BEN, days=1100), said("peer", 2, CYD)], 3),
        # 360 is 3, an assessment 4: (3 x 2 + 4 x 4) / 7 = 3.14
        ([said("360", 2), said("assessment", 4)], 3),
        # the last day on which it counts whole, and the first on which it does not: 3.5 up, (2 + 1.5 x 4) / 2.5 = 3.2
        ([said("self", 2), said("mentor", 4, BEN, days=730)], 4),
        ([said("self", 2), said("mentor", 4, BEN, days=731)], 3),
    ],
)
def test_a_level_is_what_was_worked_out_by_hand(statements: list[Said], level: int | None) -> None:
    assert combined(statements, NOW) == level


VOICES = st.builds(
    Said,
    st.sampled_from(sorted(WEIGHTS)),
    st.sampled_from([None, ANA, BEN, CYD]),
    st.integers(1, 5),
    st.integers(0, 2000).map(lambda days: NOW - timedelta(days=days)),
)


@given(st.lists(VOICES, min_size=1, max_size=12))
def test_it_lies_between_the_least_and_the_greatest_word(found: list[Said]) -> None:
    level = combined(found, NOW)
    assert level is not None
    assert min(one.level for one in found) <= level <= max(one.level for one in found)


@given(st.lists(VOICES, min_size=1, max_size=12, unique_by=lambda one: (one.source, one.by)), st.randoms())
def test_the_order_of_words_does_not_matter(found: list[Said], random: object) -> None:
    before = combined(found, NOW)
    random.shuffle(found)
    assert combined(found, NOW) == before


@given(VOICES)
def test_one_word_alone_is_the_level(one: Said) -> None:
    assert combined([one], NOW) == one.level


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    skills.esco(kernel)
    return people.person(kernel, "Ana")


def level_of(kernel: Kernel, person: UUID, label: str) -> tuple[int, str] | None:
    with kernel.reading() as session:
        found = queries.skills_of(session, [person])[person]
    return next(((one.level, one.source) for one in found if one.label == label), None)


def test_what_others_say_is_put_together_with_ones_own_word(kernel: Kernel, ana: UUID) -> None:
    ben, skill = people.person(kernel, "Ben"), skills.skill(kernel, "show empathy")
    skills.has(kernel, ana, {"show empathy": 2})
    assert level_of(kernel, ana, "show empathy") == (2, "self")
    said = {"person_id": ana, "skill_id": skill, "source": "mentor", "actor_id": ben}
    kernel.commit(lambda s: actions.set_skill(s, level=4, **said))
    assert level_of(kernel, ana, "show empathy") == (4, "several")
    kernel.commit(lambda s: actions.set_skill(s, level=1, **said))  # a new word replaces the earlier one
    assert level_of(kernel, ana, "show empathy") == (1, "several")  # (2 + 3) / 4 = 1.25
    kernel.commit(lambda s: actions.take_back(s, person_id=ana, skill_id=skill, actor_id=ben))
    assert level_of(kernel, ana, "show empathy") == (2, "self")
    with pytest.raises(Missing):
        kernel.commit(lambda s: actions.take_back(s, person_id=ana, skill_id=skill, actor_id=ben))


def test_a_skill_that_is_taken_off_is_gone_with_every_word_about_it(kernel: Kernel, ana: UUID) -> None:
    skill = skills.skill(kernel, "show empathy")
    skills.has(kernel, ana, {"show empathy": 2})
    skills.has(kernel, ana, {"show empathy": 5}, source="evidence")
    kernel.commit(lambda s: actions.drop_skill(s, person_id=ana, skill_id=skill))
    assert level_of(kernel, ana, "show empathy") is None
    skills.has(kernel, ana, {"show empathy": 1})
    assert level_of(kernel, ana, "show empathy") == (1, "self")


def test_what_was_said_two_years_ago_counts_half_from_then_on(kernel: Kernel, ana: UUID) -> None:
    ben, skill = people.person(kernel, "Ben"), skills.skill(kernel, "show empathy")
    now = clock.now()
    with clock.travel(now - OLD + timedelta(days=1)):
        kernel.commit(
            lambda s: actions.set_skill(s, person_id=ana, skill_id=skill, level=4, source="mentor", actor_id=ben)
        )
    skills.has(kernel, ana, {"show empathy": 2})
    kernel.commit(actions.grow_old)
    assert level_of(kernel, ana, "show empathy") == (4, "several")
    with clock.travel(now + timedelta(days=2)):
        kernel.commit(actions.grow_old)
    assert level_of(kernel, ana, "show empathy") == (3, "several")


def test_a_source_that_is_none_is_refused(kernel: Kernel, ana: UUID) -> None:
    with pytest.raises(Invalid):
        skills.has(kernel, ana, {"show empathy": 2}, source="hearsay")
