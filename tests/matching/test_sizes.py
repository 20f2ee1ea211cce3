"""How long an answer is: it grows with the people, not with their pairs."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from matching import buddies, mentors

if TYPE_CHECKING:
    from matching.types import GraphData

SKILLS = "1245"


def crowd(size: int, chance: random.Random, first: str = "p") -> list[Any]:
    """Make people of whom every other one has no hours, so that nobody fits them."""
    return [
        {
            "id": f"{first}{at:05}",
            "skills": [(chance.choice(SKILLS), 4)],
            "goals": [(chance.choice(SKILLS), 5)],
            "hours": [(540, 900)] if at % 2 else [],
            "languages": ["en"],
            "blocks": [f"p{(at + 1) % size:05}"],
            "capacity": 5,
        }
        for at in range(size)
    ]


def answer_of(purpose: str, size: int, graph: GraphData) -> Any:
    people = crowd(size, random.Random(size))
    if purpose == "buddy":
        return buddies.solve({"graph": graph, "people": people, "max_trios": size})
    offering = crowd(size // 5, random.Random(1), first="m")
    return mentors.solve({"graph": graph, "learners": people, "mentors": offering, "ranked": 8})


@pytest.mark.parametrize("purpose", ["buddy", "mentorship"])
def test_twice_as_many_people_have_an_answer_twice_as_long(purpose: str, languages: GraphData) -> None:
    small, large = (answer_of(purpose, size, languages) for size in (200, 400))
    assert (len(small["unplaced"]), len(large["unplaced"])) == (100, 200)
    for part in ("unplaced", "groups" if purpose == "buddy" else "ranked"):
        assert len(json.dumps(large[part])) < 2.2 * len(json.dumps(small[part])), part
    assert len(json.dumps(large)) < 2.2 * len(json.dumps(small))


def test_who_could_not_be_placed_is_told_without_an_id_of_anybody_else(languages: GraphData) -> None:
    answer = answer_of("buddy", 20, languages)
    for one in answer["unplaced"]:
        assert one["earlier"] > 0
        rest = json.dumps({name: value for name, value in one.items() if name != "person"})
        assert not any(f"p{at:05}" in rest for at in range(20))


def test_only_who_is_proposed_brings_what_the_score_is_made_of(languages: GraphData) -> None:
    answer = answer_of("mentorship", 40, languages)
    assert len(answer["matches"]) == 20
    assert all(len(ranking) == 4 for who, ranking in answer["ranked"].items() if int(who[1:]) % 2)
    assert {frozenset(one) for ranking in answer["ranked"].values() for one in ranking} == {
        frozenset({"mentor", "score"})
    }
