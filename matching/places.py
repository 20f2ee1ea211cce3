"""The best mentors for mentees, each with so many places: as many as possible, then the greatest total weight.

Then the most pairs kept, then the most even load, by a convex cost (a mentor's k-th mentee costs k), then a tie key.
Exact, in whole numbers. As a flow of least cost, by OR-tools where it is installed (the extra `fast`): A. Goldberg,
"An efficient implementation of a scaling minimum-cost flow algorithm", 1997. Else as an assignment where each mentor
stands once per place: R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems", 1987, as scipy computes it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import maximum_flow, min_weight_full_bipartite_matching

from matching.instance import TooLarge
from matching.pairing import TIE_BITS, tie_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matching.pairing import Picked, Whole

EXACT = 2**51
"""Sums up to here stay whole numbers in a float, with room to subtract."""
FLOW = "ortools.graph.python.min_cost_flow"
"""Loaded when first needed: it is an extra, and takes a while."""
FAST = find_spec("ortools") is not None
MOST = 40_000_000
"""Entries of the assignment, one for each pair and place of its mentor, that fit into memory (40 bytes each)."""
MORE = "pip install 'capability-academy[fast]'"


@dataclass(frozen=True)
class Places:
    """Allowed pairs of a mentee and a mentor, as arrays of one length, each pair once.

    `mentee` and `mentor` are places in the two lists of names; `capacity` how many mentees each mentor can take; `low`
    what the pair is worth to whoever of the two it serves less; `kept` says which pairs were pairs before.
    """

    mentees: Sequence[str]
    mentors: Sequence[str]
    capacity: Whole
    mentee: Whole
    mentor: Whole
    weight: Whole
    low: Whole
    kept: Picked

    def only(self, which: Picked | Whole) -> Places:
        """Return some of the pairs, by a mask or by their numbers."""
        return replace(
            self, **{name: getattr(self, name)[which] for name in ("mentee", "mentor", "weight", "low", "kept")}
        )


def best_places(places: Places, *, floor: bool = False, fast: bool = FAST, heaviest: Whole | None = None) -> Whole:
    """Return the numbers of the best pairs, sorted; with `floor`, the greatest floor comes before the total.

    `heaviest` is what `heaviest_places` returns, where that is known. Raises TooLarge where there is no OR-tools, or
    costs are beyond its range, and the assignment is beyond `MOST`.
    """
    if not len(places.weight):
        return np.empty(0, dtype=np.int64)
    if floor:
        numbers = _above_floor(places)
        return numbers[heaviest_places(places.only(numbers), fast=fast)]
    return _fairest(places, heaviest_places(places, fast=fast) if heaviest is None else heaviest, fast=fast)


def heaviest_places(places: Places, *, fast: bool = FAST) -> Whole:
    """Return the best pairs but for the worst-off person, who may then hang on what people are called."""
    if not len(places.weight):
        return np.empty(0, dtype=np.int64)
    value, step = _values(places)
    found = _by_flow(places, value, step) if fast else None
    return np.sort(_by_assignment(places, value, step) if found is None else found)


def prices_of(places: Places, chosen: Whole) -> tuple[Whole, Whole]:
    """Price a place with each mentor, and say what each mentee has of her own beyond its price, 0 for who has none.

    Of the heaviest pairs, `chosen`, none gives anybody more than she has: the prices prove that they are the heaviest,
    and only pairs that give as much stand in any other answer as heavy. Bellman and Ford: a mentor's place is worth
    what somebody would gain by it who then leaves another's; free places cost nothing.
    """
    mentors = len(places.mentors)
    held, own = np.full(len(places.mentees), mentors), np.zeros(len(places.mentees), dtype=np.int64)
    held[places.mentee[chosen]], own[places.mentee[chosen]] = places.mentor[chosen], places.weight[chosen]
    order = np.argsort(places.mentor, kind="stable")
    wanted, starts = np.unique(places.mentor[order], return_index=True)
    gain, source = (places.weight - own[places.mentee])[order], held[places.mentee][order]
    price = np.zeros(mentors + 1, dtype=np.int64)
    for _ in range(mentors + 1 if len(wanted) else 0):
        asked = np.maximum(np.maximum.reduceat(gain + price[source], starts), price[wanted])
        if (asked == price[wanted]).all():
            break
        price[wanted] = asked
    return price[:-1], own - price[held]


def _fairest(places: Places, found: Whole, *, fast: bool) -> Whole:
    """Return, of the answers that are as good but for the tie key, the one whose worst-off has the most.

    So that the worst-off person does not hang on what people are called.
    """
    price, own = prices_of(places, found)
    numbers = np.flatnonzero(places.weight - price[places.mentor] >= own[places.mentee])
    while len(found):
        numbers = numbers[places.low[numbers] > places.low[found].min()]
        above = places.only(numbers)
        if not len(numbers) or most_placed(above) < len(found):
            break
        again = numbers[heaviest_places(above, fast=fast)]
        if _worth(places, again) < _worth(places, found):
            break
        found = again
    return found


def _worth(places: Places, chosen: Whole) -> tuple[int, int, int]:
    """Return weight, pairs kept and evenness of load: a mentor's k-th mentee costs k."""
    load = np.bincount(places.mentor[chosen])
    return int(places.weight[chosen].sum()), int(places.kept[chosen].sum()), -int((load * (load + 1)).sum())


def most_placed(places: Places) -> int:
    """Return how many mentees can have a mentor at the same time: a flow from mentees to mentors (Y. Dinitz, 1970)."""
    people, mentors = len(places.mentees), len(places.mentors)
    source, sink = people + mentors, people + mentors + 1
    tail = np.r_[np.full(people, source), places.mentee, people + np.arange(mentors)].astype(np.int32)
    head = np.r_[np.arange(people), people + places.mentor, np.full(mentors, sink)].astype(np.int32)
    room = np.r_[np.ones(people + len(places.mentee), dtype=np.int32), _seats(places)].astype(np.int32)
    net = csr_matrix((room, (tail, head)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(net, source, sink).flow_value)


def _above_floor(places: Places) -> Whole:
    """Return the numbers of the pairs above the greatest floor with which as many are placed."""
    size, levels = most_placed(places), np.unique(places.low)
    fits, fails = 0, len(levels)
    while fails - fits > 1:
        tried = (fits + fails) // 2
        if most_placed(places.only(places.low >= levels[tried])) == size:
            fits = tried
        else:
            fails = tried
    return np.flatnonzero(places.low >= levels[fits])


def _values(places: Places) -> tuple[Whole, int]:
    """Fold weight, pairs kept and tie key into one whole number per pair; also say what one step of load costs.

    What stands first is never outweighed by all that follows. Where numbers would grow beyond `EXACT`, the tie key is
    given up first, then the even load, then the pairs kept: never the weight.
    """
    people = len(places.mentees) + 1
    steps = people * int(_seats(places).max(initial=1)) + 1
    sums = people * (int(places.weight.max()) + 1) * people
    even = sums * steps < EXACT
    bits = min(TIE_BITS // 2, max(0, (EXACT // (sums * steps)).bit_length() - people.bit_length() - 1)) if even else 0
    one = people << bits  # beyond any sum of ties
    value = places.weight * people + places.kept if sums < EXACT else places.weight
    if not even:
        return value, 0
    names = zip(places.mentee.tolist(), places.mentor.tolist(), strict=True)
    ties = np.zeros(len(value), dtype=np.int64)
    if bits:
        ties[:] = [tie_key(places.mentees[i], places.mentors[j]) >> (TIE_BITS - bits) for i, j in names]
    return value * (steps * one) + ties, one


def _seats(places: Places) -> Whole:
    """Count the mentees that each mentor can get: as many as she takes, and as want her."""
    return np.minimum(places.capacity, np.bincount(places.mentor, minlength=len(places.mentors)))


def _by_assignment(places: Places, value: Whole, step: int) -> Whole:
    """Solve as an assignment of mentees to single places; raises TooLarge."""
    seats, people = _seats(places), len(places.mentees)
    start = np.r_[0, np.cumsum(seats)]
    everybody = np.arange(people)  # a column of one's own stands for nobody
    order = np.lexsort((places.mentor, places.mentee))
    mentor, times = places.mentor[order], seats[places.mentor[order]]
    if (entries := int(times.sum())) > MOST:
        raise TooLarge(
            f"these people are too many for the solver that is installed: {entries:,} choices of a place, and it can "
            f"weigh {MOST:,}; with OR-tools ({MORE}) there is no such bound."
        )
    lowest = int(min(0, (value[order] - step * (times - 1)).min()))
    more = people * (int(value.max(initial=0)) - lowest + 1)  # one more mentee placed beats everything else
    row_ends = np.cumsum(np.bincount(places.mentee, minlength=people))
    times = np.insert(times, row_ends, 1)
    first = np.insert(start[mentor], row_ends, start[-1] + everybody)
    worth = np.insert(value[order] - lowest + more + 1.0, row_ends, 1.0)
    ends = np.cumsum(times)
    turn = np.arange(ends[-1], dtype=np.int32) - np.repeat((ends - times).astype(np.int32), times)
    columns = np.repeat(first.astype(np.int32), times) + turn
    cost = np.repeat(-worth, times) + step * turn.astype(np.float64)
    rows = np.r_[0, ends[row_ends + everybody]].astype(np.int32)
    matrix = csr_array((cost, columns, rows), shape=(people, int(start[-1]) + people))
    who, where = min_weight_full_bipartite_matching(matrix)
    who, where = who[where < start[-1]], where[where < start[-1]]
    key, one = len(places.mentors), np.searchsorted(start, where, "right") - 1
    return np.asarray(order[np.searchsorted(places.mentee[order] * key + mentor, who * key + one)])


def _by_flow(places: Places, value: Whole, step: int) -> Whole | None:
    """Solve as a flow from a source through mentees and mentors to a sink; None where costs are beyond its range."""
    min_cost_flow = importlib.import_module(FLOW)

    people, mentors = len(places.mentees), len(places.mentors)
    source, sink = people + mentors, people + mentors + 1
    seats = _seats(places)
    turn = np.arange(seats.sum()) - np.repeat(np.cumsum(seats) - seats, seats)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        np.full(people, source), np.arange(people), np.ones(people), np.zeros(people)
    )
    pairs = flow.add_arcs_with_capacity_and_unit_cost(
        places.mentee, people + places.mentor, np.ones(len(value), dtype=np.int64), -value
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        people + np.repeat(np.arange(mentors), seats), np.full(len(turn), sink), np.ones(len(turn)), step * turn
    )
    flow.set_nodes_supplies([source, sink], [people, -people])
    status = flow.solve_max_flow_with_min_cost()
    return np.flatnonzero(flow.flows(pairs) > 0) if status == flow.OPTIMAL else None
