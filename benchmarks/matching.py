"""`python -m benchmarks.matching`: what the matcher takes and gives, beside plain networkx.

Instances are made from a seed. Seconds are of the processor (`time.process_time`), so that other work on the machine
counts little; memory is the most that a process held, each instance in a process of its own. `--slow` adds networkx
at 1,000 people, which takes minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import networkx as nx
import numpy as np

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
HEAD = "| instance | pairs allowed | solver | placed | total | worst-off | gap | seconds | memory, MB |"


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


def row(what: list[str]) -> str:
    """Solve one instance in this process and say in a row of the table how it went."""
    kind, *sizes, floor = what
    instance = buddies(*map(int, sizes)) if kind == "buddies" else mentors(*map(int, sizes))
    answer, seconds = timed(instance, floor=floor == "floor")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE
    gap = "unknown" if answer["gap"] is None else f"{answer['gap']:.2%}"
    name = f"{kind} {' x '.join(f'{int(size):,}' for size in sizes)}{', floor' if floor == 'floor' else ''}"
    return (
        f"| {name} | {len(instance.pairs):,} | {answer['solver']} | {answer['placed']:,} | {answer['total']:,} "
        f"| {answer['worst']:,} | {gap} | {seconds:.2f} | {memory:,} |"
    )


def in_own_process(what: list[str]) -> str:
    """Return the row that another process prints."""
    command = [sys.executable, "-m", "benchmarks.matching", "--row", json.dumps(what)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="networkx at 1,000 people, too")
    parser.add_argument("--most", type=int, default=MENTORS[-1][0], help="leave out instances of more people")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(row(json.loads(asked.row)))
        return
    timed(buddies(PLAIN))  # libraries are loaded and warm
    for people in (PLAIN, PLAIN_SLOW) if asked.slow else (PLAIN,):
        instance = buddies(people)
        answer, ours = timed(instance)
        total, theirs = plain(instance)
        same = "equal totals" if total == answer["total"] else f"totals {answer['total']:,} and {total:,}"
        print(
            f"{people:,} people: {ours:.2f} s, networkx {theirs:.2f} s: {theirs / ours:.0f} times, {same}", flush=True
        )
    print()
    print(HEAD)
    print("|---|---|---|---|---|---|---|---|---|")
    kinds = [["buddies", str(people)] for people in BUDDIES if people <= asked.most]
    kinds += [["mentors", str(mentees), str(count)] for mentees, count in MENTORS if mentees <= asked.most]
    for kind in kinds:
        for floor in ("", "floor"):
            print(in_own_process([*kind, floor]), flush=True)


if __name__ == "__main__":
    main()
