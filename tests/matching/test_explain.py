from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest

from matching.adjacency import nearness
from matching.buddies import solve as buddies
from matching.explain import Speaker, facts
from matching.graph import graph_from
from matching.mentors import solve as mentors
from matching.scoring import MENTOR_WEIGHTS
from tests.matching import reference

if TYPE_CHECKING:
    from matching.types import GraphData, MentorsRequest, Parts, PersonData, Unplaced

ACCURACY = 0.02
"""What the shipped graph's nearness differs from the exact solution at most; see test_adjacency."""
STRENGTHS = {"broader_group": 0.3, "broader_skill": 0.6, "optional": 0.8, "essential": 1.0}
TUESDAY_9, TUESDAY_12 = 1440 + 540, 1440 + 720
NAMES = {"maria": "Maria", "ana": "Ana", "ben": "Ben"}


def key_of(graph: GraphData, label: str) -> str:
    (key,) = [key for key, name, kind in graph["nodes"] if name == label and kind != "group"]
    return key


@pytest.fixture
def haskell(esco: GraphData) -> MentorsRequest:
    """The example of the brief: Maria in Lisbon, Ana in London, both on UTC that week."""
    return {
        "graph": esco,
        "learners": [
            {
                "id": "maria",
                "goals": [(key_of(esco, "Haskell"), 3)],
                "hours": [(TUESDAY_9, TUESDAY_12)],
                "languages": ["en"],
            }
        ],
        "mentors": [
            {
                "id": "ana",
                "skills": [
                    (key_of(esco, "use functional programming"), 4),
                    (key_of(esco, "show empathy"), 5),
                ],
                "hours": [(0, 10_080)],
                "languages": ["en"],
            }
        ],
    }


def parts_of(request: MentorsRequest) -> Parts:
    return mentors(request)["matches"][0]["parts"]


def test_the_reasons_read_as_plain_words(haskell: MentorsRequest) -> None:
    speaker = Speaker(names=NAMES, about="maria", viewer="ana")
    assert speaker.reasons(parts_of(haskell)) == [
        "wants Haskell 3",
        "you have use functional programming 4, one step away",
        "you share Tuesday mornings",
    ]
    assert Speaker(names=NAMES).reasons(parts_of(haskell)) == [
        "Maria wants Haskell 3",
        "Ana has use functional programming 4, one step away",
        "they share Tuesday mornings",
    ]
    assert Speaker(names=NAMES, viewer="maria", about="ana").reasons(parts_of(haskell)) == [
        "you want Haskell 3",
        "has use functional programming 4, one step away",
        "you share Tuesday mornings",
    ]


def test_hours_follow_the_readers_clock(haskell: MentorsRequest) -> None:
    assert Speaker(names=NAMES).reasons(parts_of(haskell), utc_offset=540)[-1] == ("they share Tuesday evenings")


def test_the_facts_hold_every_name_and_number(haskell: MentorsRequest) -> None:
    graph = haskell["graph"]
    wanted, held = key_of(graph, "Haskell"), key_of(graph, "use functional programming")
    assert facts(parts_of(haskell)) == [
        {
            "kind": "wants",
            "person": "maria",
            "skill": wanted,
            "label": "Haskell",
            "level": 3,
            "own_level": 0,
        },
        {
            "kind": "has",
            "person": "ana",
            "wanted": wanted,
            "skill": held,
            "label": "use functional programming",
            "level": 4,
            "steps": 1,
            "path": ["Haskell", "use functional programming"],
            "relations": ["optional"],
        },
        {
            "kind": "hours",
            "minutes": 180,
            "slots": [{"weekday": 1, "part": "morning", "minutes": 180}],
        },
        {"kind": "languages", "languages": ["en"]},
        {"kind": "zone", "minutes": 0},
    ]


def test_changing_one_skill_changes_the_explanation(haskell: MentorsRequest) -> None:
    before = Speaker(names=NAMES).reasons(parts_of(haskell))
    graph = haskell["graph"]
    haskell["mentors"][0]["skills"] = [(key_of(graph, "Lisp"), 2)]
    assert Speaker(names=NAMES).reasons(parts_of(haskell)) == [
        before[0],
        "Ana has Lisp 2, 2 steps away",
        before[2],
    ]


def test_a_skill_held_itself_is_no_step_away(haskell: MentorsRequest) -> None:
    haskell["mentors"][0]["skills"] = [(key_of(haskell["graph"], "Haskell"), 5)]
    assert Speaker(names=NAMES).reasons(parts_of(haskell))[1] == "Ana has Haskell 5"


def test_words_go_through_the_callers_translation(haskell: MentorsRequest) -> None:
    speaker = Speaker(
        names=NAMES,
        gettext=lambda string, /, **variables: f"<{string % variables}>",
        ngettext=lambda singular, plural, num, /, **_: f"[{singular}|{plural}|{num}]",
    )
    assert speaker.reasons(parts_of(haskell)) == [
        "<Maria wants Haskell 3>",
        "<<Ana has use functional programming 4>, [one step away|%(num)s steps away|1]>",
        "<they share <Tuesday mornings>>",
    ]


def buddy_parts(graph: GraphData, ana: dict[str, Any], ben: dict[str, Any]) -> Parts:
    common: dict[str, Any] = {"hours": [(TUESDAY_9, TUESDAY_12)], "languages": ["en"]}
    people: Any = [{"id": "ana", **common, **ana}, {"id": "ben", **common, **ben}]
    return buddies({"graph": graph, "people": people})["groups"][0]["pairs"][0]["parts"]


def test_buddies_hear_what_they_both_want_and_what_one_has(languages: GraphData) -> None:
    parts = buddy_parts(languages, {"goals": [("1", 3)]}, {"goals": [("1", 4), ("4", 2)], "skills": [("1", 2)]})
    assert Speaker(names=NAMES, viewer="ben").reasons(parts) == [
        "you both want Haskell",
        "Ana wants Haskell 3",
        "you have Haskell 2",
        "you share Tuesday mornings",
    ]
    assert Speaker(names=NAMES).reasons(parts)[0] == "both want Haskell"


def test_goals_near_each_other_are_told_once_with_their_distance(languages: GraphData) -> None:
    parts = buddy_parts(languages, {"goals": [("1", 3)]}, {"goals": [("2", 4)]})
    said = Speaker(names=NAMES).reasons(parts, goals=5)
    # Seen from Haskell, which has two relations, the other is nearer than the other way round.
    assert said == [
        "Ana wants Haskell 3",
        "Ben wants functional programming 4, one step away",
        "they share Tuesday mornings",
    ]


def test_skills_too_far_away_are_no_reason() -> None:
    graph: GraphData = {
        "version": "long chain",
        "nodes": [[key, key.upper(), "skill"] for key in "abcde"],
        "edges": [[a, b, "essential"] for a, b in pairwise("abcde")],
    }
    assert Speaker(names=NAMES).reasons(buddy_parts(graph, {"goals": [("a", 3)]}, {"skills": [("e", 5)]})) == [
        "they share Tuesday mornings"
    ]
    assert Speaker(names=NAMES).reasons(buddy_parts(graph, {"goals": [("a", 3)]}, {"skills": [("d", 5)]})) == [
        "Ana wants A 3",
        "Ben has D 5, 3 steps away",
        "they share Tuesday mornings",
    ]


def unplaced(**changes: Any) -> Unplaced:
    base: Any = {
        "person": "ana",
        "code": "none_allowed",
        "considered": 3,
        "allowed": 0,
        "reasons": {},
        "only": {},
        "earlier": 0,
    }
    base.update(changes)
    answer: Unplaced = base
    return answer


def test_why_somebody_was_not_placed_is_told_without_names() -> None:
    speaker = Speaker(names=NAMES)
    assert speaker.why_unplaced(unplaced(code="nobody_else")) == ["there is nobody else to match with"]
    assert speaker.why_unplaced(unplaced(code="taken", allowed=2)) == [
        "2 people would fit, but are matched with somebody else"
    ]
    said = speaker.why_unplaced(
        unplaced(
            reasons={"blocked": 1, "declined_before": 2, "no_shared_language": 1, "too_few_shared_hours": 1},
            earlier=2,
        )
    )
    assert said == [
        "2 people are ruled out by earlier choices",
        "1 person shares no language",
        "1 person works at other hours",
    ]


def cohort(graph: GraphData, count: int, chance: random.Random) -> list[PersonData]:
    keys = [key for key, label, kind in graph["nodes"] if kind != "group" and "program" in label]
    made: list[PersonData] = []
    for number in range(count):
        start = chance.choice([0, 60, 120, 400])
        made.append(
            {
                "id": f"p{number:02}",
                "skills": [(key, chance.randint(1, 5)) for key in chance.sample(keys, 3)],
                "goals": [(key, chance.randint(1, 5)) for key in chance.sample(keys, 3)],
                "hours": [(day * 1440 + start, day * 1440 + start + 300) for day in range(3)],
                "languages": chance.sample(["en", "pt", "fi"], 2),
                "utc_offset": chance.choice([-300, 0, 60, 330]),
            }
        )
    return made


def test_every_name_and_number_can_be_recomputed_from_the_raw_input(esco: GraphData) -> None:
    net = nx.Graph()
    labels = {key: label for key, label, _ in esco["nodes"]}
    for a, b, relation in sorted(esco["edges"], key=lambda edge: STRENGTHS[edge[2]]):
        net.add_edge(a, b, relation=relation, weight=STRENGTHS[relation], cost=1 / STRENGTHS[relation])
    people = cohort(esco, 12, random.Random(3))
    by_id = {person["id"]: person for person in people}
    request: MentorsRequest = {"graph": esco, "learners": people[:6], "mentors": people[6:]}
    answer = mentors(request)
    assert len(answer["matches"]) == 6
    told = 0
    ranks_of = {
        skill: nx.pagerank(net, alpha=0.6, personalization={skill: 1}, tol=1e-13, max_iter=500)
        for skill in sorted({skill for person in people[:6] for skill, _ in person["goals"]})
    }
    # Scores are recomputed from the nearness that is used; how far that is from the exact one is told by its own tests.
    near: Counter[tuple[str, str]] = Counter()
    for skill, found in nearness(graph_from(esco), ranks_of).items():
        near.update({(skill, key): value for key, value in found.items()})
    for match in answer["matches"]:
        parts = match["parts"]
        learner, mentor = by_id[match["learner"]], by_id[match["mentor"]]
        raws = []
        have, offer = dict(learner["skills"]), dict(mentor["skills"])
        for skill, wanted in sorted(learner["goals"]):
            own = have.get(skill, 0)
            if wanted <= own:
                continue
            ranks = ranks_of[skill]
            covers = {
                held: ranks[held] / ranks[skill] * (min(level, wanted) - own) / (wanted - own)
                for held, level in offer.items()
                if level > own
            }
            raws.append(max(covers.values(), default=0.0))
            (part,) = [goal for goal in parts["goals"] if goal["skill"] == skill]
            assert (part["person"], part["label"]) == (learner["id"], labels[skill])
            assert (part["level"], part["own_level"]) == (wanted, own)
            if part["held"] is None:
                assert raws.pop() < ACCURACY
                raws.append(0.0)
                continue
            held = part["held"]
            assert covers[held["skill"]] == pytest.approx(raws[-1], abs=ACCURACY)
            assert (held["person"], held["level"]) == (mentor["id"], offer[held["skill"]])
            assert held["label"] == labels[held["skill"]]
            assert part["raw"] == pytest.approx(raws.pop(), abs=ACCURACY)
            raws.append(part["raw"])
            path = held["path"]
            assert path is not None
            nodes = [node["key"] for node in path["nodes"]]
            assert nodes[0] == skill
            assert nodes[-1] == held["skill"]
            assert [node["label"] for node in path["nodes"]] == [labels[key] for key in nodes]
            assert path["steps"] == len(nodes) - 1
            assert path["relations"] == [net[a][b]["relation"] for a, b in pairwise(nodes)]
            assert sum(net[a][b]["cost"] for a, b in pairwise(nodes)) == pytest.approx(
                nx.dijkstra_path_length(net, skill, held["skill"], weight="cost")
            )
            told += 1
        minutes = len(minutes_of(learner) & minutes_of(mentor))
        assert parts["hours"]["minutes"] == minutes
        shared = set(learner["languages"]) & set(mentor["languages"])
        assert set(parts["languages"]) == shared
        weights = dict(MENTOR_WEIGHTS)
        expected = reference.utility(reference.components(learner, mentor, people[6:], near), weights)
        assert abs(match["score"] - expected) < 2
        (side,) = parts["sides"]
        from_parts = sum(round(one["weight"] * 10_000) * round(one["raw"] * 1_000_000) for one in side["components"])
        assert match["score"] == side["score"] == math.floor(from_parts / 1_000_000 + 0.5)
    assert told >= 6


def minutes_of(person: PersonData) -> set[int]:
    return {minute for start, end in person["hours"] for minute in range(start, end)}


def test_every_explanation_on_the_shipped_framework_has_a_labelled_path(esco: GraphData) -> None:
    answer = buddies({"graph": esco, "people": cohort(esco, 14, random.Random(1))})
    assert answer["unknown_skills"] == []
    paths = [
        goal["held"]["path"]
        for group in answer["groups"]
        for match in group["pairs"]
        for goal in match["parts"]["goals"]
        if goal["held"]
    ]
    assert len(paths) >= 7
    for path in paths:
        assert path is not None
        assert all(node["label"].strip() for node in path["nodes"])


def test_answers_survive_json_and_are_explained_alike(haskell: MentorsRequest) -> None:
    answer = mentors(haskell)
    again = json.loads(json.dumps(answer))
    assert again == answer
    assert mentors(json.loads(json.dumps(copy.deepcopy(haskell)))) == answer
    assert facts(again["matches"][0]["parts"]) == facts(parts_of(haskell))


def test_pages_can_explain_without_loading_a_numeric_library() -> None:
    program = (
        "import sys, matching.types, matching.explain, matching.hours;"
        "print(sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(ran.stdout.replace("'", '"')))
    assert "matching" in loaded
    assert not loaded & {"networkx", "numpy", "scipy", "flask", "sqlalchemy", "academy"}
