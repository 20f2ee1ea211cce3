"""Two graphs: a small one written by hand, and the built-in framework read without the code under test."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from matching.types import GraphData

DATA = Path(__file__).resolve().parents[2] / "academy" / "skills" / "data"


@pytest.fixture
def languages() -> GraphData:
    """Haskell - functional programming - Lisp, all under a group with SQL; poetry stands alone."""
    return {
        "version": "by hand",
        "nodes": [
            ["1", "Haskell", "knowledge"],
            ["2", "functional programming", "skill"],
            ["3", "Lisp", "knowledge"],
            ["4", "SQL", "knowledge"],
            ["5", "poetry", "skill"],
            ["g1", "programming", "group"],
        ],
        "edges": [
            ["1", "2", "optional"],
            ["3", "2", "optional"],
            ["1", "g1", "broader_group"],
            ["2", "g1", "broader_group"],
            ["3", "g1", "broader_group"],
            ["4", "g1", "broader_group"],
        ],
    }


@pytest.fixture(scope="session")
def esco() -> GraphData:
    """The framework that ships."""
    with (DATA / "esco-1.2.0-nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = [[row["key"], row["label"], row["kind"]] for row in csv.DictReader(file)]
    with (DATA / "esco-1.2.0-edges.csv").open(encoding="utf-8", newline="") as file:
        edges = [[row["a"], row["b"], row["relation"]] for row in csv.DictReader(file)]
    return {"version": "esco-1.2.0", "nodes": nodes, "edges": edges}
