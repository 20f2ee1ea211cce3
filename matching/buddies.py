"""Learning buddies: pairs of equals, and a trio where it places one more."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from matching.candidates import candidates, people_from, rules_from, unknown_skills, unplaced, why_not
from matching.graph import loaded
from matching.pairing import Edges, best_pairs
from matching.scoring import BUDDY_WEIGHTS, Scorer, checked_weights, hours_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matching.types import BuddiesAnswer, BuddiesRequest, BuddyGroup, PairMatch, Person

Pair = tuple[str, str]


def solve(request: BuddiesRequest) -> BuddiesAnswer:
    """Pair people up as buddies.

    First as many pairs as possible and, of all ways to make that many, one with the greatest sum of scores.
    Then each person left over joins a pair in which she is allowed with both and all three share a language
    and the minimum of hours: as many as possible, then the greatest sum of scores with the two. The same
    people, graph and seed give the same answer in whatever order they come.

    Raises UnknownGraph, or ValueError for a malformed person, graph or weight. O(n³) for n people, after one
    sparse solve per distinct goal.
    """
    graph = loaded(request.get("graph"), request.get("graph_version"))
    people = people_from(request["people"], request.get("seed", 0))
    rules = rules_from(request)
    weights = checked_weights(request.get("weights", BUDDY_WEIGHTS), BUDDY_WEIGHTS)
    scorer = Scorer(graph, people.values(), people.values(), weights)
    everyone = [(people[a], people[b]) for a, b in combinations(sorted(people), 2)]
    found = candidates(everyone, partial(why_not, rules=rules), scorer.buddies)
    worth = {pair: score.points for pair, score in found.scores.items()}

    pairs = match_pairs(tuple(people), worth)
    placed = {person for pair in pairs for person in pair}
    thirds = add_thirds(
        pairs,
        [person for person in people if person not in placed],
        worth,
        lambda trio: share_enough([people[person] for person in trio], rules.minimum_minutes),
    )
    groups: list[BuddyGroup] = []
    for pair in pairs:
        members = sorted((*pair, thirds[pair])) if pair in thirds else list(pair)
        matches: list[PairMatch] = [
            {
                "people": [a, b],
                "score": worth[a, b],
                "parts": scorer.parts("buddy", people[a], people[b], found.scores[a, b]),
            }
            for a, b in combinations(members, 2)
        ]
        groups.append(
            {
                "members": members,
                "score": sum(match["score"] for match in matches),
                "pairs": matches,
                "hours": hours_of(*(people[person] for person in members)),
            }
        )
    left = sorted(set(people) - placed - set(thirds.values()))
    considered = list(combinations(sorted(people), 2))
    return {
        "graph_version": graph.version,
        "groups": groups,
        "unplaced": [unplaced(person, [pair for pair in considered if person in pair], found) for person in left],
        "placed": len(people) - len(left),
        "trios": len(thirds),
        "total": sum(worth[pair] for pair in pairs),
        "unknown_skills": unknown_skills(graph, people.values()),
    }


def match_pairs(order: Sequence[str], worth: Mapping[Pair, int]) -> list[Pair]:
    """Find a matching with the most pairs and, of those, the greatest sum: exact, whole numbers only.

    ``order`` names everybody in the order that breaks ties; pairs come out sorted, each as it is named in
    ``worth``. See `matching.pairing`.

    >>> match_pairs("abcd", {("a", "b"): 1, ("b", "c"): 10, ("c", "d"): 1})
    [('a', 'b'), ('c', 'd')]
    """
    place = {person: at for at, person in enumerate(order)}
    rows = sorted((*sorted((place[a], place[b])), value, (a, b)) for (a, b), value in worth.items())
    a, b, weight = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3).T
    # Ties are broken by place, and so by the seed that the order is made from.
    names = [str(at) for at in range(len(order))]
    edges = Edges(names, a, b, weight, weight, weight, np.zeros(len(rows), dtype=bool))
    return sorted(rows[at][3] for at in best_pairs(edges).tolist())


def add_thirds(
    pairs: Sequence[Pair],
    left: Sequence[str],
    worth: Mapping[Pair, int],
    fits: Callable[[tuple[str, str, str]], bool],
) -> dict[Pair, str]:
    """Who of those left over joins which pair, at most one to each: the most people, then the greatest sum.

    Somebody may join where both of her pairs are in ``worth`` (named in sorting order) and ``fits`` agrees;
    her value there is the sum of the two. O((left + pairs)³).

    >>> add_thirds([("a", "b")], ["c"], {("a", "b"): 5, ("a", "c"): 1, ("b", "c"): 2}, lambda trio: True)
    {('a', 'b'): 'c'}
    """
    names = {f"pair {at}": pair for at, pair in enumerate(pairs)}
    joining: dict[Pair, int] = {}
    for person in left:
        for name, (a, b) in names.items():
            with_a, with_b = _named(a, person), _named(b, person)
            if with_a in worth and with_b in worth and fits((a, b, person)):
                joining[f"left {person}", name] = worth[with_a] + worth[with_b]
    order = [*(f"left {person}" for person in left), *names]
    return {names[name]: person.removeprefix("left ") for person, name in match_pairs(order, joining)}


def share_enough(people: Sequence[Person], minimum_minutes: int) -> bool:
    """Whether all of these people share a language and the minimum of working hours."""
    languages = frozenset.intersection(*(person.languages for person in people))
    return bool(languages) and hours_of(*people)["minutes"] >= minimum_minutes


def _named(a: str, b: str) -> Pair:
    return (a, b) if a < b else (b, a)
