"""A place for whoever fell out of an answer, by changing little of it: not everything is made anew.

Somebody without a place takes one; whoever had it takes another, and so on, until a place is free: an alternating path
(C. Berge, "Two theorems in graph theory", 1957). What is agreed stays, few others change, and nobody loses a place.
Plain values and the standard library: the candidates of one cohort are few.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

MOST = 4
"""Others whose match may change for one person."""
TRIED = 3
"""Ways to reach somebody that are followed from each step on."""


@dataclass(frozen=True)
class Change:
    """Somebody's match: what it was, or None where there was none, and what it becomes."""

    who: str
    before: str | None
    after: str


class _Path(NamedTuple):
    """Who displaces whom so far, in turn; `loss` is what it costs in all, less what it brings. It compares fast."""

    loss: int
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def mentors(
    pairs: Iterable[tuple[str, str, int]],
    places: Mapping[str, int],
    now: Mapping[str, str],
    *,
    fixed: Collection[str] = (),
    most: int = MOST,
) -> list[Change]:
    """Find mentors for the mentees who have none, in the order of their names; the changes for all of them.

    `pairs` are the allowed (mentee, mentor, weight), `places` how many mentees each mentor takes in all, `now` the
    mentor of each mentee, `fixed` the mentees whose mentor stays. For each one the way with the greatest total is
    taken; of equals the one that changes less. Others who change are at most `most` for all of them together.
    """
    weight: dict[str, dict[str, int]] = defaultdict(dict)
    for mentee, mentor, points in pairs:
        weight[mentee][mentor] = points
    held = dict(now)
    left = most
    for mentee in sorted(set(weight) - set(now)):
        found = _way(mentee, weight, places, held, set(fixed), left)
        if found is None:
            continue
        held |= dict(zip(found.people, found.places, strict=True))
        left -= len(found.people) - 1
    return [Change(who, now.get(who), held[who]) for who in sorted(held) if held[who] != now.get(who)]


def buddies(
    pairs: Iterable[tuple[str, str, int]],
    now: Iterable[Sequence[str]],
    *,
    fixed: Collection[frozenset[str]] = (),
    most: int = MOST,
) -> list[Change]:
    """Bring together the people who have no buddy; the changes of everybody's partner.

    `pairs` are the allowed (person, person, weight), `now` the present pairs, `fixed` those that stay. Each two are
    joined by the way with the greatest total; pairs that change are at most `most` in all.
    """
    weight: dict[str, dict[str, int]] = defaultdict(dict)
    for one, other, points in pairs:
        weight[one][other] = weight[other][one] = points
    before = {who: other for pair in now for who, other in (tuple(pair), tuple(pair)[::-1])}
    kept = {who for pair in fixed for who in pair}
    held = dict(before)
    left = most
    while True:
        free = sorted(set(weight) - set(held))
        found = [path for who in free if (path := _trail(who, weight, held, kept, left)) is not None]
        if not found:
            break
        best = min(found)
        for one, other in zip(best.people, best.places, strict=True):
            held[one], held[other] = other, one
        left -= len(best.people) - 1
    return [Change(who, before.get(who), held[who]) for who in sorted(held) if held[who] != before.get(who)]


def _way(
    start: str,
    weight: Mapping[str, Mapping[str, int]],
    places: Mapping[str, int],
    held: Mapping[str, str],
    fixed: Collection[str],
    most: int,
) -> _Path | None:
    """Find the best way to a mentor for one mentee, over at most so many others."""
    with_mentor: dict[str, set[str]] = defaultdict(set)
    for mentee, mentor in held.items():
        with_mentor[mentor].add(mentee)
    best: _Path | None = None
    reached = {start: [_Path(0, (start,))]}
    for turn in range(most + 1):
        onward: dict[str, list[_Path]] = defaultdict(list)
        for taken, mentor in _steps(reached, weight, held):
            if len(with_mentor[mentor]) < places.get(mentor, 0):
                best = _better(best, taken)
            elif turn < most:
                for who in with_mentor[mentor].difference(fixed, taken.people):
                    _displace(onward[who], taken, who, weight[who].get(mentor, 0))
        reached = onward
    return best


def _trail(
    start: str,
    weight: Mapping[str, Mapping[str, int]],
    held: Mapping[str, str],
    fixed: Collection[str],
    most: int,
) -> _Path | None:
    """Find the best way from one person without a buddy to another, over at most so many pairs."""
    best: _Path | None = None
    reached = {start: [_Path(0, (start,))]}
    for turn in range(most + 1):
        onward: dict[str, list[_Path]] = defaultdict(list)
        for taken, other in _steps(reached, weight, held):
            if other in taken.people:
                continue
            if other not in held:
                best = _better(best, taken)
            elif turn < most and other not in fixed and held[other] not in {*taken.people, *taken.places}:
                _displace(onward[held[other]], taken, held[other], weight[other].get(held[other], 0))
        reached = onward
    return best


def _steps(
    reached: Mapping[str, list[_Path]], weight: Mapping[str, Mapping[str, int]], held: Mapping[str, str]
) -> Iterator[tuple[_Path, str]]:
    """Let the last of each path take every place that she may have and that nobody on it has taken, and name it."""
    for who, paths in reached.items():
        for path in paths:
            for place, points in weight[who].items():
                if place not in path.places and place != held.get(who):
                    yield _Path(path.loss - points, path.people, (*path.places, place)), place


def _displace(paths: list[_Path], taken: _Path, who: str, points: int) -> None:
    """Let somebody lose a place worth so much to a path; of the paths that reach her the best few are kept."""
    loss = taken.loss + points
    if len(paths) == TRIED and loss > paths[-1].loss:
        return
    insort(paths, _Path(loss, (*taken.people, who), taken.places))
    del paths[TRIED:]


def _better(best: _Path | None, path: _Path) -> _Path:
    """Prefer the smaller loss, then fewer people, then the names that come first."""
    return path if best is None or (path.loss, len(path.people), path) < (best.loss, len(best.people), best) else best
