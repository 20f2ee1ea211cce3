"""What a pair of people is worth: named components, each with its weight and raw value.

=============  ======  =====  ==============================================================================
component      mentor  buddy  raw value
=============  ======  =====  ==============================================================================
goals          0.60           mean over the learner's open goals of how well the mentor's best skill covers
                              each: nearness * share of the level gap it spans
shared_goals           0.35   mean over both people's open goals of the nearness of the other's nearest one
complementary          0.25   mean over both people's open goals of how well the other's skills cover them
level                  0.10   1 - difference of their own levels ÷ 5, at the two goals nearest to each other
hours          0.20    0.20   shared minutes a week ÷ 240, at most 1
languages      0.10    0.05   shared languages ÷ languages of whoever has fewer
zone           0.10    0.05   1 - difference of their clocks ÷ 12 hours
=============  ======  =====  ==============================================================================

An open goal is one whose wanted level is above the person's own. A mentor of level *m* spans
``(min(m, wanted) - own) ÷ (wanted - own)`` of its gap, so one who is not ahead of the learner covers nothing.
Means without any goal are 0.

Everything is counted in whole millionths, weights in whole ten-thousandths: a score can be recomputed from
its stored components to the last digit, on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from matching.adjacency import nearness
from matching.hours import intervals_from
from matching.types import HIGHEST_LEVEL, MILLION, SCORE_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matching.graph import SkillGraph
    from matching.types import GoalCover, GoalEnd, Hours, Parts, Person, SharedGoal

MENTOR_WEIGHTS: Mapping[str, float] = {"goals": 0.6, "hours": 0.2, "languages": 0.1, "zone": 0.1}
BUDDY_WEIGHTS: Mapping[str, float] = {
    "shared_goals": 0.35,
    "complementary": 0.25,
    "hours": 0.2,
    "level": 0.1,
    "languages": 0.05,
    "zone": 0.05,
}
PLENTY_MINUTES = 240
"""Shared minutes a week from which more make no better pair."""
_DAY = 24 * 60
_HALF_DAY = _DAY // 2


@dataclass(frozen=True, slots=True)
class Score:
    """A pair's score * 10,000 and the raw values (millionths) it was made of, by component."""

    points: int
    raws: Mapping[str, int]


class Cover(NamedTuple):
    """What covers a goal best: the skill held, its level, its nearness and the resulting raw value."""

    skill: str
    level: int
    nearness: int
    raw: int


class GoalPair(NamedTuple):
    """A goal (skill, wanted level, own level) and the nearest goal of the other person."""

    goal: tuple[str, int, int]
    other: tuple[str, int, int]
    nearness: int


def half_up(numerator: int, denominator: int) -> int:
    """Divide two whole numbers, rounding half up; 0 when there is nothing to divide by.

    >>> half_up(5, 2), half_up(7, 3), half_up(1, 0)
    (3, 2, 0)
    """
    return (2 * numerator + denominator) // (2 * denominator) if denominator else 0


def points(weights: Mapping[str, int], raws: Mapping[str, int]) -> int:
    """Sum up the score * 10,000, rounded half up: weights in ten-thousandths, raw values in millionths.

    >>> points({"goals": 6000, "hours": 4000}, {"goals": 500_000, "hours": 125})
    3001
    """
    return half_up(sum(weight * raws[name] for name, weight in weights.items()), MILLION)


def checked_weights(weights: Mapping[str, float], defaults: Mapping[str, float]) -> dict[str, int]:
    """Weights in ten-thousandths. Raises ValueError unless they name the same components and sum to 1."""
    whole = {name: round(weight * SCORE_SCALE) for name, weight in weights.items()}
    if set(whole) != set(defaults) or min(whole.values()) < 0 or sum(whole.values()) != SCORE_SCALE:
        message = f"weights of {', '.join(sorted(defaults))} that sum to 1 are needed, not {dict(weights)}"
        raise ValueError(message)
    return {name: whole[name] for name in defaults}


class Scorer:
    """Scores pairs on one graph. Nearness is computed once, for the skills of these people only.

    Time: one sparse solve per distinct goal, then O(goals * skills) for each pair.
    """

    def __init__(
        self,
        graph: SkillGraph,
        seekers: Iterable[Person],
        holders: Iterable[Person],
        weights: Mapping[str, int],
    ) -> None:
        """``seekers`` are the people whose goals count, ``holders`` those whose skills and goals do."""
        goals = {skill for person in seekers for skill, _, _ in person.goals}
        held = {skill for person in holders for skill, _ in person.skills}
        self.graph = graph
        self.weights = weights
        self._near = nearness(graph, goals, goals | held)

    def mentor(self, learner: Person, mentor: Person) -> Score:
        """Score a mentor for a learner."""
        covers = [self._cover(goal, mentor) for goal in learner.goals]
        raws = {"goals": half_up(sum(cover.raw for cover in covers if cover), len(covers))}
        return self._score(raws | _circumstances(learner, mentor))

    def buddies(self, a: Person, b: Person) -> Score:
        """Score two learners for each other; the same whichever comes first."""
        covers = [self._cover(goal, b) for goal in a.goals] + [self._cover(goal, a) for goal in b.goals]
        pairs = self._goal_pairs(a, b) + self._goal_pairs(b, a)
        closest = max(pairs, key=_closeness, default=None)
        raws = {
            "shared_goals": half_up(sum(pair.nearness for pair in pairs), len(a.goals) + len(b.goals)),
            "complementary": half_up(sum(cover.raw for cover in covers if cover), len(covers)),
            "level": 0,
        }
        if closest:
            apart = abs(closest.goal[2] - closest.other[2])
            raws["level"] = MILLION - half_up(apart * MILLION, HIGHEST_LEVEL)
        return self._score(raws | _circumstances(a, b))

    def parts(self, purpose: str, a: Person, b: Person, score: Score) -> Parts:
        """List what the score was made of, as plain values to be stored: ``a`` is the learner of a mentor."""
        sides = [(a, b)] if purpose == "mentor" else [(a, b), (b, a)]
        return {
            "purpose": purpose,
            "people": [a.id, b.id],
            "score": score.points,
            "components": [
                {"name": name, "weight": weight / SCORE_SCALE, "raw": score.raws[name] / MILLION}
                for name, weight in self.weights.items()
            ],
            "goals": [self._goal_part(seeker, goal, holder) for seeker, holder in sides for goal in seeker.goals],
            "shared_goals": [
                self._shared_part(first, second, pair)
                for first, second in sides
                if purpose != "mentor"
                for pair in self._goal_pairs(first, second)
            ],
            "hours": hours_of(a, b),
            "languages": sorted(a.languages & b.languages),
            "zone_minutes": _apart(a, b),
        }

    def _score(self, raws: Mapping[str, int]) -> Score:
        return Score(points(self.weights, raws), raws)

    def _cover(self, goal: tuple[str, int, int], holder: Person) -> Cover | None:
        """Find the held skill that covers a goal best; of equal ones the nearer, then the first by key."""
        skill, wanted, own = goal
        near = self._near[skill]
        best: Cover | None = None
        for held, level in holder.skills:
            close = near.get(held, 0)
            raw = half_up(close * (min(level, wanted) - own), wanted - own) if level > own else 0
            if raw and (best is None or (raw, close) > (best.raw, best.nearness)):
                best = Cover(held, level, close, raw)
        return best

    def _goal_pairs(self, a: Person, b: Person) -> list[GoalPair]:
        """For each goal of ``a`` the nearest goal of ``b``, of equal ones the first by key."""
        pairs = []
        for goal in a.goals:
            near = self._near[goal[0]]
            other = max(b.goals, key=lambda theirs: near.get(theirs[0], 0), default=None)
            if other and near.get(other[0], 0):
                pairs.append(GoalPair(goal, other, near[other[0]]))
        return pairs

    def _goal_part(self, seeker: Person, goal: tuple[str, int, int], holder: Person) -> GoalCover:
        cover = self._cover(goal, holder)
        part: GoalCover = {**self._end(seeker, goal), "held": None, "raw": 0.0}
        if cover:
            part["raw"] = cover.raw / MILLION
            part["held"] = {
                "person": holder.id,
                "skill": cover.skill,
                "label": self.graph.label(cover.skill),
                "level": cover.level,
                "nearness": cover.nearness / MILLION,
                "path": self.graph.path(goal[0], cover.skill),
            }
        return part

    def _shared_part(self, first: Person, second: Person, pair: GoalPair) -> SharedGoal:
        return {
            "first": self._end(first, pair.goal),
            "second": self._end(second, pair.other),
            "nearness": pair.nearness / MILLION,
            "path": self.graph.path(pair.goal[0], pair.other[0]),
        }

    def _end(self, person: Person, goal: tuple[str, int, int]) -> GoalEnd:
        skill, wanted, own = goal
        return {
            "person": person.id,
            "skill": skill,
            "label": self.graph.label(skill),
            "level": wanted,
            "own_level": own,
        }


def hours_of(*people: Person) -> Hours:
    """Intersect the working hours of all of these people."""
    shared = people[0].hours
    for person in people[1:]:
        shared &= person.hours
    return {"minutes": shared.bit_count(), "intervals": intervals_from(shared)}


def _closeness(pair: GoalPair) -> tuple[int, int]:
    """Nearer first; of equally near goals those whose own levels are closer, whoever is named first."""
    return (pair.nearness, -abs(pair.goal[2] - pair.other[2]))


def _apart(a: Person, b: Person) -> int:
    """Minutes between two clocks, the short way round."""
    apart = abs(a.utc_offset - b.utc_offset) % _DAY
    return min(apart, _DAY - apart)


def _circumstances(a: Person, b: Person) -> dict[str, int]:
    """Raw values that do not depend on skills."""
    minutes = min((a.hours & b.hours).bit_count(), PLENTY_MINUTES)
    fewer = min(len(a.languages), len(b.languages))
    return {
        "hours": half_up(minutes * MILLION, PLENTY_MINUTES),
        "languages": half_up(len(a.languages & b.languages) * MILLION, fewer),
        "zone": MILLION - half_up(_apart(a, b) * MILLION, _HALF_DAY),
    }
