"""`python -m benchmarks.profiles`: from people's profiles to who is with whom, beside greedy and Gale-Shapley.

People are made from a seed on the ESCO extract that ships: six skills and three goals each, the goals among few, so
that many want the same; weekdays of some hours by one of thirteen clocks; two languages. Measured is what the matcher
does with them: checking, nearness, scores of all pairs or the likely ones, the matching; for buddies the explanations,
too. Seconds are of the processor, memory the most that a process held, each size in a process of its own. `python -m
benchmarks.matching` measures this, too, and keeps it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from academy.skills.engine import built_in
from matching import buddies, mentors
from matching.candidates import buddy_edges
from matching.graph import graph_from
from matching.people import Crowd, people_from
from matching.rules import Bars, Rules
from matching.scoring import BUDDY_WEIGHTS, Scorer, checked_weights

if TYPE_CHECKING:
    from matching.pairing import Whole

SEED = 1
WANTED = 400
CAPACITY = 6
BUDDIES = (30, 200, 1_000, 5_000)
MENTORS = ((1_000, 200), (10_000, 2_000), (100_000, 20_000))
MEGABYTE = 1024  # ru_maxrss counts kilobytes
HEAD = "| people | by | placed | total | worst-off | gap | seconds | memory, MB |\n|---|---|---|---|---|---|---|---|"


def people(count: int, prefix: str, seed: int) -> list[Any]:
    """Make people."""
    chance = random.Random(seed)
    skills = [key for key, _, kind in built_in()["nodes"] if kind != "group"]
    made = []
    for number in range(count):
        clock = 60 * chance.randrange(-6, 7)
        begins, long = 540 - clock, chance.choice([60, 120, 240])
        made.append(
            {
                "id": f"{prefix}{number:06}",
                "skills": [(key, chance.randint(1, 5)) for key in chance.sample(skills, 6)],
                "goals": [(key, chance.randint(2, 5)) for key in chance.sample(skills[:WANTED], 3)],
                "hours": [(1440 * day + begins, 1440 * day + begins + long) for day in range(5)],
                "languages": ["en", chance.choice(["de", "fi", "pt"])],
                "utc_offset": clock,
                "capacity": CAPACITY,
            }
        )
    return made


def of_buddies(count: int, floor: bool) -> list[str]:
    """Match buddies, and by taking the best pair that is left again and again."""
    given = people(count, "p", SEED)
    graph = built_in()
    started = time.process_time()
    answer = buddies.solve({"graph": graph, "people": given, "floor": floor})["solved"]
    seconds = time.process_time() - started
    rows = [_row(f"{count:,} buddies{', floor' if floor else ''}", "matcher", answer, seconds)]
    if not floor:
        ready = people_from(given, 0)
        crowd, every = Crowd(list(ready.values())), range(count)
        scorer = Scorer(graph_from(graph), crowd, every, every, checked_weights(BUDDY_WEIGHTS, BUDDY_WEIGHTS))
        edges = buddy_edges(scorer, Bars(crowd, Rules()), np.arange(count)).edges
        taken = _greedy(edges.a, edges.b, edges.weight, np.ones(count, dtype=np.int64))
        low = np.minimum(edges.first, edges.second)[taken]
        sums = {
            "placed": 2 * len(taken),
            "total": 2 * int(edges.weight[taken].sum()),
            "worst": _least(low),
            "gap": None,
        }
        rows.append(_row("", "greedy", sums))
    return rows


def of_mentors(mentees: int, count: int, floor: bool) -> list[str]:
    """Match mentors, by taking the best pair that is left, and by deferred acceptance (Gale and Shapley 1962)."""
    given = {"learners": people(mentees, "e", SEED), "mentors": people(count, "m", SEED + 1)}
    started = time.process_time()
    asked = mentors.ready({"graph": built_in(), **given})
    found = mentors.find(asked, floor=floor)
    seconds = time.process_time() - started
    total = int(found.score.sum())
    gap = None if found.bound is None else (found.bound - total) / found.bound
    sums = {"placed": len(found.score), "total": total, "worst": _least(found.score), "gap": 0 if found.proved else gap}
    rows = [_row(f"{mentees:,} × {count:,} mentors{', floor' if floor else ''}", "matcher", sums, seconds)]
    if not floor:
        capacity, among = np.full(count, CAPACITY), found.among
        learner, mentor, score = among.mentee, among.mentor, among.weight
        room = np.r_[np.ones(mentees, dtype=np.int64), capacity]
        for name, taken in (
            ("greedy", _greedy(learner, mentor + mentees, score, room)),
            ("Gale-Shapley", _deferred(learner, mentor, score, capacity)),
        ):
            some = score[taken]
            sums = {"placed": len(some), "total": int(some.sum()), "worst": _least(some), "gap": None}
            rows.append(_row("", name, sums))
    return rows


def _greedy(one: Whole, other: Whole, weight: Whole, room: Whole) -> Whole:
    """Take the heaviest pair for which both have room, again and again."""
    left, taken = room.copy(), []
    for at in np.lexsort((other, one, -weight)).tolist():
        if left[one[at]] and left[other[at]]:
            left[[one[at], other[at]]] -= 1
            taken.append(at)
    return np.array(taken, dtype=np.int64)


def _deferred(learner: Whole, mentor: Whole, score: Whole, capacity: Whole) -> Whole:
    """Let learners ask in the order of their scores, and mentors keep the best who asked."""
    order = np.lexsort((mentor, -score, learner))
    ends = np.searchsorted(learner[order], np.arange(int(learner.max(initial=-1)) + 2))
    turn = ends[:-1].copy()
    held: list[list[int]] = [[] for _ in capacity]
    waiting = list(range(len(ends) - 1))
    while waiting:
        who = waiting.pop()
        if turn[who] == ends[who + 1]:
            continue
        at = int(order[turn[who]])
        turn[who] += 1
        kept = held[mentor[at]]
        kept.append(at)
        kept.sort(key=lambda pair: (-score[pair], learner[pair]))
        if len(kept) > capacity[mentor[at]]:
            waiting.append(int(learner[kept.pop()]))
    return np.array(sorted(at for kept in held for at in kept), dtype=np.int64)


def _least(values: Whole) -> float | None:
    return int(values.min()) if len(values) else None


def _row(name: str, by: str, sums: Any, seconds: float | None = None) -> str:
    gap = "" if sums["gap"] is None else f"{sums['gap']:.2%}"
    took = "" if seconds is None else f"{seconds:.1f}"
    memory = "" if seconds is None else f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE:,}"
    worst = "" if sums["worst"] is None else f"{sums['worst']:,}"
    return f"| {name} | {by} | {sums['placed']:,} | {sums['total']:,} | {worst} | {gap} | {took} | {memory} |"


def measured(most: int) -> list[str]:
    """Print the table for as many people at most, and return its lines."""
    cases = [["buddies", count, floor] for count in BUDDIES for floor in (False, True) if count <= most]
    cases += [["mentors", *sizes, False] for sizes in MENTORS if sizes[0] <= most]
    lines = [HEAD]
    print(HEAD)
    for case in cases:
        command = [sys.executable, "-m", "benchmarks.profiles", "--row", json.dumps(case)]
        made = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        lines += made.splitlines()
        print(made, flush=True)
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=MENTORS[-1][0], help="leave out more people than this")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        kind, *sizes, floor = json.loads(given.row)
        print("\n".join((of_buddies if kind == "buddies" else of_mentors)(*sizes, floor=floor)))
        return
    measured(given.most)


if __name__ == "__main__":
    main()
