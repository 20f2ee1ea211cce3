"""Cut the built-in ESCO framework out of the full ESCO tables.

    python tools/build_esco.py FOLDER [OUTPUT_FOLDER]

FOLDER holds the tables ``esco_skills.csv``, ``esco_skill_groups.csv``, ``esco_broader.csv`` and
``esco_skill_skill.csv``.
Kept is the labelled part only: every node with an English label that relations join to the largest connected
component, and every relation between two such nodes. So each path in an explanation can be read aloud.

Written are two plain CSV files (UTF-8, header row, LF):

- ``esco-1.2.0-nodes.csv``: key, uri_tail, label, kind (skill, knowledge, group), reuse_level
- ``esco-1.2.0-edges.csv``: a, b, relation (essential, optional: b is so for a; broader_skill, broader_group:
  b is broader than a)

The full address of a node is ``http://data.europa.eu/esco/`` + ``skill/`` + uri_tail; the uri_tail of a
group carries its own path already.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

OUTPUT = Path(__file__).resolve().parent.parent / "academy" / "skills" / "data"
KINDS = {"k": "knowledge", "s": "skill", "": "skill"}
"""ESCO's type to our kind. Blank ones are skills: all of them lie under the groups S and T, none under K."""


class Node(NamedTuple):
    """A row of the nodes file."""

    key: str
    uri_tail: str
    label: str
    kind: str
    reuse_level: str


class Edge(NamedTuple):
    """A row of the edges file."""

    a: str
    b: str
    relation: str


def main(arguments: list[str]) -> int:
    """Read the folder named first, write into the second (or the package), print what was written."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write("usage: python tools/build_esco.py FOLDER [OUTPUT_FOLDER]\n")
        return 2
    source = Path(arguments[0])
    output = Path(arguments[1]) if len(arguments) > 1 else OUTPUT
    nodes = labelled_nodes(source)
    edges = [edge for edge in relations(source) if edge.a in nodes and edge.b in nodes]
    kept = largest_component(nodes, edges)
    kept_nodes = sorted((nodes[key] for key in kept), key=_order)
    kept_edges = sorted(
        {edge for edge in edges if edge.a in kept},
        key=lambda edge: (_order(nodes[edge.a]), _order(nodes[edge.b]), edge.relation),
    )
    output.mkdir(parents=True, exist_ok=True)
    _write(output / "esco-1.2.0-nodes.csv", Node._fields, kept_nodes)
    _write(output / "esco-1.2.0-edges.csv", Edge._fields, kept_edges)
    sys.stdout.write(f"{len(kept_nodes)} nodes, {len(kept_edges)} edges written to {output}\n")
    return 0


def labelled_nodes(source: Path) -> dict[str, Node]:
    """Skills and groups that have a label, by key; runs of spaces in a label become one."""
    nodes = {}
    for row in _read(source / "esco_skills.csv"):
        if label := " ".join(row["label"].split()):
            nodes[row["key"]] = Node(row["key"], row["uri_tail"], label, KINDS[row["type"]], row["reuse_level"])
    for row in _read(source / "esco_skill_groups.csv"):
        if label := " ".join(row["label"].split()):
            nodes[row["key"]] = Node(row["key"], row["uri_tail"], label, "group", "")
    return nodes


def relations(source: Path) -> list[Edge]:
    """Every relation of the tables; a parent whose key begins with g is a group."""
    broader = [
        Edge(row["child"], row["parent"], "broader_group" if row["parent"].startswith("g") else "broader_skill")
        for row in _read(source / "esco_broader.csv")
    ]
    related = [
        Edge(row["skill"], row["related_skill"], row["relation"]) for row in _read(source / "esco_skill_skill.csv")
    ]
    return broader + related


def largest_component(nodes: dict[str, Node], edges: list[Edge]) -> set[str]:
    """Keys of the largest set of nodes that the edges join."""
    joined = defaultdict(set)
    for edge in edges:
        joined[edge.a].add(edge.b)
        joined[edge.b].add(edge.a)
    best: set[str] = set()
    left = set(nodes)
    while left:
        found = {left.pop()}
        edge_of_search = set(found)
        while edge_of_search:
            edge_of_search = set().union(*(joined[key] for key in edge_of_search)) - found
            found |= edge_of_search
        left -= found
        best = max(best, found, key=len)
    return best


def _order(node: Node) -> tuple[bool, int]:
    """Skills by number, then groups by number."""
    return (node.kind == "group", int(node.key.removeprefix("g")))


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, header: tuple[str, ...], rows: list[Node] | list[Edge]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
