"""`python -m benchmarks.adjacency [FOLDER]`: what nearness of all skills takes, and how far it is from exact.

The shipped framework, and with a folder of ESCO's tables (`esco_skills.csv`, `esco_skill_groups.csv`,
`esco_skill_skill.csv`, `esco_broader.csv`) the whole of it, skills without a label under their ids. Exact is the sparse
LU solution, asked for the nodes with the most relations, where the error is greatest, and for others spread over the
framework. Seconds are of the processor.
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from matching.adjacency import RESTART, adjacency
from matching.graph import graph_from
from matching.types import MILLION

if TYPE_CHECKING:
    from matching.graph import SkillGraph
    from matching.types import GraphData

SHIPPED = Path(__file__).parents[1] / "academy" / "skills" / "data"
MOST, SPREAD = 100, 400
HEAD = "| framework | nodes | relations | seconds | memory, MB | kept, MB | greatest error | mean of seeds' greatest |"


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shipped() -> GraphData:
    """Read what ships."""
    nodes = [[row["key"], row["label"], row["kind"]] for row in rows(SHIPPED / "esco-1.2.0-nodes.csv")]
    edges = [[row["a"], row["b"], row["relation"]] for row in rows(SHIPPED / "esco-1.2.0-edges.csv")]
    return {"version": "shipped", "nodes": nodes, "edges": edges}


def whole(folder: Path) -> GraphData:
    """Read ESCO's own tables."""
    kinds = {"k": "knowledge"}
    nodes = [
        [row["key"], row["label"] or row["key"], kinds.get(row["type"], "skill")]
        for row in rows(folder / "esco_skills.csv")
    ]
    nodes += [[row["key"], row["label"] or row["key"], "group"] for row in rows(folder / "esco_skill_groups.csv")]
    groups = {key for key, _, kind in nodes if kind == "group"}
    edges = [[row["skill"], row["related_skill"], row["relation"]] for row in rows(folder / "esco_skill_skill.csv")]
    edges += [
        [row["child"], row["parent"], "broader_group" if row["parent"] in groups else "broader_skill"]
        for row in rows(folder / "esco_broader.csv")
    ]
    return {"version": "whole", "nodes": nodes, "edges": [edge for edge in edges if edge[0] != edge[1]]}


def errors(graph: SkillGraph, near: csc_array) -> list[float]:
    """Return the greatest difference from the exact solution, seed by seed."""
    weights = graph.matrix("weight")
    degree = np.maximum(weights.sum(axis=0), 1e-300)
    factor = splu(csc_array(eye_array(len(graph.order)) - (1 - RESTART) * weights.multiply(1 / degree[np.newaxis, :])))
    most = np.argsort(-np.diff(weights.indptr), kind="stable")[:MOST]
    spread = np.arange(0, len(graph.order), max(1, len(graph.order) // SPREAD))
    found = []
    for seed in sorted({*most.tolist(), *spread.tolist()}):
        start = np.zeros(len(graph.order))
        start[seed] = RESTART
        exact = factor.solve(start)
        found.append(float(np.abs(near[:, [seed]].toarray()[:, 0] / MILLION - exact / exact[seed]).max()))
    return found


def row(name: str, data: GraphData) -> str:
    """Measure one framework."""
    graph = graph_from(data)
    graph.matrix("weight")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    near = adjacency(graph)
    seconds = time.process_time() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    kept = (near.data.nbytes + near.indices.nbytes + near.indptr.nbytes) / 1e6
    off = errors(graph, near)
    cells = [name, f"{len(graph.order):,}", f"{graph.net.number_of_edges():,}", f"{seconds:.2f}", f"{memory:.0f}"]
    return f"| {' | '.join([*cells, f'{kept:.1f}', f'{max(off):.4f}', f'{sum(off) / len(off):.4f}'])} |"


def main() -> None:
    """Print a row for each framework."""
    sys.stdout.write(f"{HEAD}\n|{'---|' * 8}\n")
    sys.stdout.write(row("shipped extract", shipped()) + "\n")
    if sys.argv[1:]:
        sys.stdout.write(row("whole of ESCO", whole(Path(sys.argv[1]))) + "\n")


if __name__ == "__main__":
    main()
