"""`python -m benchmarks.matching`: what the matcher takes and gives, beside plain networkx, and from people's profiles.

Instances are made from a seed. Seconds are of the processor (`time.process_time`), so that other work on the machine
counts little; memory is the most that a process held, each instance in a process of its own. `--quick` leaves
networkx at 1,000 people out, which takes minutes; with `--write` what was measured is kept in benchmarks/matching.json,
and its tables are put into docs/matching.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from benchmarks import profiles
from benchmarks.tables import put
from matching.instance import Buddies, Mentors
from matching.solving import solve

SEED = 1
HEAVIEST = 10_000
DEGREE = 20  # mentors whom a mentee may have
CAPACITY = 5
PLAIN = 200
PLAIN_SLOW = 1_000
BUDDIES = (30, 200, 1_000)
MENTORS = ((1_000, 200), (10_000, 2_000), (100_000, 20_000))
MEGABYTE = 1024  # ru_maxrss counts kilobytes
REPEATS = 3
"""Ours is so short that the least of some counts."""
AT_LEAST = {PLAIN: 10, PLAIN_SLOW: 40}
"""How many times as fast it is to be."""
KEPT = Path(__file__).parent / "matching.json"
BESIDE = "| people | seconds | networkx, seconds | times | at least | totals |\n|---|---|---|---|---|---|"
HEAD = (
    "| instance | pairs allowed | solver | placed | total | worst-off | gap | seconds | memory, MB |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def buddies(people: int) -> Buddies:
    """Make a group in which everybody may be with everybody, trios left out."""
    weight = np.random.default_rng(SEED).integers(0, HEAVIEST, people * (people - 1) // 2).tolist()
    a, b = (ends.tolist() for ends in np.triu_indices(people, 1))
    return Buddies([f"p{at:06}" for at in range(people)], list(zip(a, b, weight, strict=True)), people % 2)


def mentors(mentees: int, count: int) -> Mentors:
    """Make mentees who each may have some of the mentors."""
    rng = np.random.default_rng(SEED)
    key = np.unique(np.repeat(np.arange(mentees), DEGREE) * count + rng.integers(0, count, mentees * DEGREE))
    weight = rng.integers(0, HEAVIEST, len(key)).tolist()
    pairs = list(zip((key // count).tolist(), (key % count).tolist(), weight, strict=True))
    names = [f"e{at:06}" for at in range(mentees)], [f"m{at:06}" for at in range(count)]
    return Mentors(*names, [CAPACITY] * count, pairs)


def timed(instance: Buddies | Mentors, *, floor: bool = False) -> tuple[dict[str, Any], float]:
    """Solve, and say how many seconds of the processor it took."""
    started = time.process_time()
    return dict(solve(instance, floor=floor)), time.process_time() - started


def plain(instance: Buddies) -> tuple[int, float]:
    """Solve with networkx alone: what it reaches and takes."""
    net: nx.Graph = nx.Graph()
    net.add_weighted_edges_from(instance.pairs)
    started = time.process_time()
    found = nx.max_weight_matching(net, maxcardinality=True)
    seconds = time.process_time() - started
    return 2 * sum(net[a][b]["weight"] for a, b in found), seconds


def beside(people: int) -> dict[str, Any]:
    """Solve one instance here and with networkx alone."""
    instance = buddies(people)
    answer, ours = min((timed(instance) for _ in range(REPEATS)), key=lambda one: one[1])
    total, theirs = plain(instance)
    return {
        "people": people,
        "seconds": round(ours, 3),
        "networkx_seconds": round(theirs, 2),
        "times": round(theirs / ours),
        "at_least": AT_LEAST[people],
        "total": answer["total"],
        "networkx_total": total,
    }


def row(what: list[str]) -> dict[str, Any]:
    """Solve one instance in this process and say how it went."""
    kind, *sizes, floor = what
    instance = buddies(*map(int, sizes)) if kind == "buddies" else mentors(*map(int, sizes))
    answer, seconds = timed(instance, floor=floor == "floor")
    kept = {key: answer[key] for key in ("solver", "placed", "total", "worst", "gap")}
    return {
        "instance": f"{kind} {' x '.join(f'{int(size):,}' for size in sizes)}{', floor' if floor == 'floor' else ''}",
        "pairs": len(instance.pairs),
        **kept,
        "seconds": round(seconds, 2),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE,
    }


def in_own_process(what: list[str]) -> dict[str, Any]:
    """Return the row that another process makes."""
    command = [sys.executable, "-m", "benchmarks.matching", "--row", json.dumps(what)]
    made: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return made


def line_of(one: dict[str, Any]) -> str:
    """Write a row of either table."""
    if "people" in one:
        same = "equal" if one["total"] == one["networkx_total"] else f"{one['total']:,}, {one['networkx_total']:,}"
        return (
            f"| {one['people']:,} | {one['seconds']:.2f} | {one['networkx_seconds']:.2f} | {one['times']:,} "
            f"| {one['at_least']} | {same} |"
        )
    gap = "unknown" if one["gap"] is None else f"{one['gap']:.2%}"
    return (
        f"| {one['instance']} | {one['pairs']:,} | {one['solver']} | {one['placed']:,} | {one['total']:,} "
        f"| {one['worst']:,} | {gap} | {one['seconds']:.2f} | {one['megabytes']:,} |"
    )


def main() -> None:
    """Print what was measured, and keep it with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without networkx at 1,000 people")
    parser.add_argument("--most", type=int, default=MENTORS[-1][0], help="leave out instances of more people")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(json.dumps(row(json.loads(asked.row))))
        return
    ratios, rows = [], []
    print(HEAD)
    kinds = [["buddies", str(people)] for people in BUDDIES if people <= asked.most]
    kinds += [["mentors", str(mentees), str(count)] for mentees, count in MENTORS if mentees <= asked.most]
    for kind in kinds:  # first, as a process counts the memory of whoever started it as its own
        for floor in ("", "floor"):
            rows.append(in_own_process([*kind, floor]))
            print(line_of(rows[-1]), flush=True)
    print()
    lines = profiles.measured(asked.most)
    timed(buddies(PLAIN))  # libraries are loaded and warm
    print(f"\n{BESIDE}")
    for people in (PLAIN,) if asked.quick else (PLAIN, PLAIN_SLOW):
        ratios.append(beside(people))
        print(line_of(ratios[-1]), flush=True)
    if asked.write:
        kept = {
            "machine": platform.machine(),
            "python": platform.python_version(),
            "beside": ratios,
            "rows": rows,
            "profiles": lines,
        }
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        put("networkx", [BESIDE, *map(line_of, ratios)])
        put("profiles", lines)
        put("weights", [HEAD, *map(line_of, rows)])


if __name__ == "__main__":
    main()
