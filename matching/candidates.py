"""Who may be matched with whom: a score for each allowed pair, the reasons for each that is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from matching.hours import minutes_from
from matching.types import HIGHEST_LEVEL, LOWEST_LEVEL, MINIMUM_MINUTES, Person, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matching.graph import SkillGraph
    from matching.scoring import Score
    from matching.types import PersonData, Settings, Unplaced


@dataclass(frozen=True, slots=True)
class Rules:
    """Hard constraints that the people themselves do not carry."""

    minimum_minutes: int = MINIMUM_MINUTES
    ex_pairs: frozenset[frozenset[str]] = frozenset()
    current_pairs: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Allowed pairs with their scores, and the missing edges with their reasons."""

    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    refused: dict[tuple[str, str], tuple[Reason, ...]] = field(default_factory=dict)


def rules_from(request: Settings) -> Rules:
    """Take the rules from a request."""
    return Rules(
        minimum_minutes=request.get("minimum_minutes", MINIMUM_MINUTES),
        ex_pairs=frozenset(frozenset(pair) for pair in request.get("ex_pairs", ())),
        current_pairs=frozenset(frozenset(pair) for pair in request.get("current_pairs", ())),
    )


def person_from(data: PersonData) -> Person:
    """Check and prepare one person.

    Raises ValueError for a level outside 1 to 5, an empty or reversed interval, or a negative capacity. When
    a skill or goal is named twice its highest level counts.
    """
    who = data["id"]
    skills = _levels(who, data.get("skills", ()))
    goals = _levels(who, data.get("goals", ()))
    capacity = data.get("capacity", 1)
    if capacity < 0:
        message = f"capacity of {who} is negative: {capacity}"
        raise ValueError(message)
    return Person(
        id=who,
        skills=tuple(sorted(skills.items())),
        goals=tuple(
            (skill, wanted, skills.get(skill, 0))
            for skill, wanted in sorted(goals.items())
            if wanted > skills.get(skill, 0)
        ),
        hours=minutes_from(data.get("hours", ())),
        languages=frozenset(data.get("languages", ())),
        utc_offset=data.get("utc_offset", 0),
        manager_id=data.get("manager_id"),
        blocks=frozenset(data.get("blocks", ())),
        declined=frozenset(data.get("declined", ())),
        capacity=capacity,
    )


def people_from(people: Iterable[PersonData], seed: int) -> dict[str, Person]:
    """Take the people from a request, by id, in the order in which ties are broken.

    That order depends on the ids and the seed alone, never on the order of the input. Raises ValueError when
    an id comes twice, and as ``person_from`` does.
    """
    ready = [person_from(data) for data in people]
    by_id = {person.id: person for person in ready}
    if len(by_id) != len(ready):
        message = "a person is named twice"
        raise ValueError(message)
    return {
        person_id: by_id[person_id]
        for person_id in sorted(by_id, key=lambda key: (blake2b(f"{seed}:{key}".encode(), digest_size=8).digest(), key))
    }


def unknown_skills(graph: SkillGraph, people: Iterable[Person]) -> list[str]:
    """Skills and open goals that the graph does not know; each is near to itself only."""
    keys: set[str] = set()
    for person in people:
        keys.update(skill for skill, _ in person.skills)
        keys.update(skill for skill, _, _ in person.goals)
    return sorted(key for key in keys if key not in graph)


def why_not(a: Person, b: Person, rules: Rules) -> tuple[Reason, ...]:
    """Every hard constraint that two people break, in the order of ``Reason``; none: they are allowed.

    Blocks, refusals and managers count in either direction.
    """
    if a.id == b.id:
        return (Reason.SELF,)
    pair = frozenset((a.id, b.id))
    broken = (
        (Reason.OWN_MANAGER, a.manager_id == b.id or b.manager_id == a.id),
        (Reason.BLOCKED, b.id in a.blocks or a.id in b.blocks),
        (Reason.DECLINED_BEFORE, b.id in a.declined or a.id in b.declined),
        (Reason.EX_PAIR, pair in rules.ex_pairs),
        (Reason.ALREADY_PAIRED, pair in rules.current_pairs),
        (Reason.NO_SHARED_LANGUAGE, not a.languages & b.languages),
        (Reason.TOO_FEW_SHARED_HOURS, (a.hours & b.hours).bit_count() < rules.minimum_minutes),
    )
    return tuple(reason for reason, applies in broken if applies)


def why_not_mentor(learner: Person, mentor: Person, rules: Rules) -> tuple[Reason, ...]:
    """As ``why_not``, and a mentor needs a free place."""
    reasons = why_not(learner, mentor, rules)
    return reasons if mentor.capacity else (*reasons, Reason.NO_CAPACITY)


def candidates(
    pairs: Iterable[tuple[Person, Person]],
    why: Callable[[Person, Person], tuple[Reason, ...]],
    score: Callable[[Person, Person], Score],
) -> Candidates:
    """Each pair's score, or its reasons. One call of ``why`` per pair, one of ``score`` per allowed pair."""
    found = Candidates()
    for a, b in pairs:
        reasons = why(a, b)
        if reasons:
            found.refused[a.id, b.id] = reasons
        else:
            found.scores[a.id, b.id] = score(a, b)
    return found


def unplaced(person: str, pairs: Sequence[tuple[str, str]], found: Candidates) -> Unplaced:
    """Why somebody was not placed; ``pairs`` are all pairs that she could have been half of."""
    refused = {
        (b if a == person else a): [reason.value for reason in found.refused[a, b]]
        for a, b in pairs
        if (a, b) in found.refused
    }
    # Oneself is nobody to be matched with: a learner who is a mentor too has one candidate fewer.
    refused = {other: reasons for other, reasons in refused.items() if reasons != [Reason.SELF.value]}
    allowed = sum(pair in found.scores for pair in pairs)
    considered = allowed + len(refused)
    counts = Counter(reason for reasons in refused.values() for reason in reasons)
    code = "taken" if allowed else "none_allowed" if considered else "nobody_else"
    return {
        "person": person,
        "code": code,
        "considered": considered,
        "allowed": allowed,
        "reasons": {reason.value: counts[reason.value] for reason in Reason if counts[reason.value]},
        "refused": dict(sorted(refused.items())),
    }


def _levels(who: str, pairs: Sequence[tuple[str, int]]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for skill, level in pairs:
        if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
            message = f"level of {skill} of {who} is not within 1 to 5: {level}"
            raise ValueError(message)
        levels[skill] = max(level, levels.get(skill, 0))
    return levels
