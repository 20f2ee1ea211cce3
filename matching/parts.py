"""What a score was made of, as plain values to be stored beside a match: for the few pairs that are proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matching.hours import intervals_from
from matching.scoring import apart, pair_score, score_of
from matching.types import MILLION, SCORE_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matching.people import Whole
    from matching.scoring import Covers, Scorer
    from matching.types import Component, GoalCover, GoalEnd, Hours, Parts, Person, SharedGoal

BUDDY, MENTOR = "buddy", "mentor"


def buddy_parts(scorer: Scorer, one: Whole, other: Whole) -> list[Parts]:
    """Take apart what pairs of buddies are worth to both: two arrays of one length, places among the seekers."""
    forth, back = scorer.pairs(one, other), scorer.pairs(other, one)
    score = pair_score(scorer.utilities(forth), scorer.utilities(back))
    first, second = _Half(scorer, one, other, forth), _Half(scorer, other, one, back)
    return [_parts(BUDDY, [first, second], at, points, shared=True) for at, points in enumerate(score.tolist())]


def mentor_parts(scorer: Scorer, learners: Whole, mentors: Whole) -> list[Parts]:
    """Take apart what mentors are worth to learners: two arrays of one length, places among seekers and holders."""
    raws = scorer.pairs(learners, mentors)
    score = score_of(scorer.utilities(raws))
    half = _Half(scorer, learners, mentors, raws)
    return [_parts(MENTOR, [half], at, points, shared=False) for at, points in enumerate(score.tolist())]


def hours_of(people: Sequence[Person]) -> Hours:
    """Intersect the working hours of all of these people."""
    shared = people[0].hours
    for person in people[1:]:
        shared &= person.hours
    return {"minutes": shared.bit_count(), "intervals": intervals_from(shared)}


class _Half:
    """What many pairs are worth to the first of each."""

    def __init__(self, scorer: Scorer, seekers: Whole, holders: Whole, raws: dict[str, Whole]) -> None:
        self.scorer, self.raws = scorer, {name: values.tolist() for name, values in raws.items()}
        self.score = score_of(scorer.utilities(raws)).tolist()
        self.seekers, self.holders = seekers.tolist(), holders.tolist()
        terms, self.covers = scorer.covered(seekers, holders)
        goals = scorer.wants.count[seekers]
        self.end = np.cumsum(goals).tolist()
        self.terms, self.goals = terms.tolist(), goals.tolist()

    def components(self, at: int) -> list[Component]:
        weights = self.scorer.weights
        return [
            {"name": name, "weight": weight / SCORE_SCALE, "raw": self.raws[name][at] / MILLION}
            for name, weight in weights.items()
        ]

    def people(self, at: int) -> tuple[Person, Person]:
        scorer = self.scorer
        return (
            scorer.crowd.people[scorer.seekers[self.seekers[at]]],
            scorer.crowd.people[scorer.holders[self.holders[at]]],
        )

    def each_goal(self, at: int) -> range:
        return range(self.end[at] - self.goals[at], self.end[at])

    def goal_covers(self, at: int) -> list[GoalCover]:
        seeker, holder = self.people(at)
        return [self._cover(goal, seeker, holder, self.covers) for goal in self.each_goal(at)]

    def shared_goals(self, at: int) -> list[SharedGoal]:
        scorer = self.scorer
        seeker, holder = self.people(at)
        wanted = {skill: (level, own) for skill, level, own in holder.goals}
        found: list[SharedGoal] = []
        for goal in self.each_goal(at):
            nearest = scorer.nearest_goal(self.terms[goal], self.holders[at])
            if nearest is None:
                continue
            place, near = nearest
            skill = scorer.skills[place]
            first = self._end(self.terms[goal], seeker)
            found.append(
                {
                    "first": first,
                    "second": _end(scorer, holder, skill, *wanted[skill]),
                    "nearness": near / MILLION,
                    "path": scorer.graph.path(first["skill"], skill),
                }
            )
        return found

    def _end(self, term: int, seeker: Person) -> GoalEnd:
        skill, level, own = self.scorer.terms[term].tolist()
        return _end(self.scorer, seeker, self.scorer.skills[skill], level, own)

    def _cover(self, goal: int, seeker: Person, holder: Person, covers: Covers) -> GoalCover:
        scorer, term = self.scorer, self.terms[goal]
        end = self._end(term, seeker)
        part: GoalCover = {**end, "held": None, "raw": 0.0, "helpers": scorer.helpers(term)}
        if covers.raw[goal]:
            skill = scorer.skills[int(covers.skill[goal])]
            part["raw"] = int(covers.raw[goal]) / MILLION
            part["held"] = {
                "person": holder.id,
                "skill": skill,
                "label": scorer.graph.label(skill),
                "level": int(covers.level[goal]),
                "nearness": int(covers.near[goal]) / MILLION,
                "path": scorer.graph.path(end["skill"], skill),
            }
        return part


def _parts(purpose: str, halves: list[_Half], at: int, score: int, *, shared: bool) -> Parts:
    one, other = halves[0].people(at)
    clocks = (np.array([person.utc_offset]) for person in (one, other))
    return {
        "purpose": purpose,
        "people": [one.id, other.id],
        "score": score,
        "sides": [
            {"person": half.people(at)[0].id, "score": half.score[at], "components": half.components(at)}
            for half in halves
        ],
        "goals": [cover for half in halves for cover in half.goal_covers(at)],
        "shared_goals": [goal for half in halves for goal in half.shared_goals(at)] if shared else [],
        "hours": hours_of([one, other]),
        "languages": sorted(one.languages & other.languages),
        "zone_minutes": int(apart(*clocks)[0]),
    }


def _end(scorer: Scorer, person: Person, skill: str, level: int, own: int) -> GoalEnd:
    return {"person": person.id, "skill": skill, "label": scorer.graph.label(skill), "level": level, "own_level": own}
