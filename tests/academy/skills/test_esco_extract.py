"""The built-in framework. Every number here was counted in the source tables with awk, not with our code."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "academy" / "skills" / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def nodes() -> list[dict[str, str]]:
    return rows("esco-1.2.0-nodes.csv")


@pytest.fixture(scope="module")
def edges() -> list[dict[str, str]]:
    return rows("esco-1.2.0-edges.csv")


def test_it_has_every_labelled_skill_and_group_that_is_connected(nodes: list[dict[str, str]]) -> None:
    # 2,530 labelled skills (1,517 s, 828 k, 185 blank) less six that nothing joins (3 k, 3 blank).
    assert Counter(node["kind"] for node in nodes) == {"skill": 1_699, "knowledge": 825, "group": 640}
    assert len({node["key"] for node in nodes}) == 3_164
    assert len({node["uri_tail"] for node in nodes}) == 3_164


def test_every_node_has_a_clean_label(nodes: list[dict[str, str]]) -> None:
    assert all(node["label"] and node["label"] == " ".join(node["label"].split()) for node in nodes)


def test_it_has_every_relation_between_labelled_nodes(edges: list[dict[str, str]]) -> None:
    assert Counter(edge["relation"] for edge in edges) == {
        "broader_group": 2_944,
        "broader_skill": 1_220,
        "optional": 523,
        "essential": 56,
    }


def test_it_is_one_component(nodes: list[dict[str, str]], edges: list[dict[str, str]]) -> None:
    joined = defaultdict(list)
    for edge in edges:
        joined[edge["a"]].append(edge["b"])
        joined[edge["b"]].append(edge["a"])
    seen, ahead = set(), [nodes[0]["key"]]
    while ahead:
        key = ahead.pop()
        if key not in seen:
            seen.add(key)
            ahead += joined[key]
    assert seen == {node["key"] for node in nodes}


def test_known_skills_and_relations_are_there(nodes: list[dict[str, str]], edges: list[dict[str, str]]) -> None:
    haskell = next(node for node in nodes if node["label"] == "Haskell")
    assert haskell["kind"] == "knowledge"
    labels = {node["key"]: node["label"] for node in nodes}
    around = {
        (edge["relation"], labels[edge["b"] if edge["a"] == haskell["key"] else edge["a"]])
        for edge in edges
        if haskell["key"] in {edge["a"], edge["b"]}
    }
    assert around == {
        ("broader_skill", "computer programming"),
        ("broader_group", "software and applications development and analysis"),
        ("optional", "use functional programming"),
    }


def test_the_licence_lines_ship_beside_the_data_and_it_stays_small() -> None:
    text = (DATA / "LICENCES.md").read_text(encoding="utf-8")
    assert "This service uses the ESCO classification of the European Commission." in text
    assert "modified extract" in text
    assert sum(path.stat().st_size for path in DATA.glob("esco-*")) < 400_000
