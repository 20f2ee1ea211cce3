"""Why two people were matched, in facts and in plain words, from a score's stored parts alone.

Standard library only: pages call this while they render. Facts hold ids, labels and numbers; the words go
through the caller's ``gettext`` and ``ngettext`` (flask_babel's fit as they are), so they can be translated.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from matching.hours import named, slots
from matching.types import EARLIER_CHOICES, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matching.types import (
        GoalCover,
        GoalEnd,
        Parts,
        SharedGoal,
        SkillPath,
        Slot,
        Unplaced,
    )
    from matching.words import Gettext, Ngettext

MOST_STEPS_TOLD = 3
"""A skill further away than this is no reason that anybody would believe."""
_HELPED = (Reason.NO_CAPACITY, Reason.NO_SHARED_LANGUAGE, Reason.TOO_FEW_SHARED_HOURS)
"""What one more person could help with, by themselves."""


class Wants(TypedDict):
    """A goal: ``level`` is wanted, ``own_level`` there already (0: nothing yet)."""

    kind: Literal["wants"]
    person: str
    skill: str
    label: str
    level: int
    own_level: int


class Has(TypedDict):
    """The skill that covers the goal ``wanted`` best; ``path`` holds the labels from the goal to it."""

    kind: Literal["has"]
    person: str
    wanted: str
    skill: str
    label: str
    level: int
    steps: int
    path: list[str]
    relations: list[str]


class SharedGoals(TypedDict):
    """Two people's goals that lie near each other; equal skills are 0 steps apart."""

    kind: Literal["shared_goals"]
    people: list[str]
    skills: list[str]
    labels: list[str]
    levels: list[int]
    steps: int
    path: list[str]
    relations: list[str]


class SharedHours(TypedDict):
    """Shared working hours a week: in all, and by part of day, the longest first."""

    kind: Literal["hours"]
    minutes: int
    slots: list[Slot]


class SharedLanguages(TypedDict):
    """Languages that both speak, as codes."""

    kind: Literal["languages"]
    languages: list[str]


class Clocks(TypedDict):
    """How many minutes their clocks are apart."""

    kind: Literal["zone"]
    minutes: int


Fact = Wants | Has | SharedGoals | SharedHours | SharedLanguages | Clocks


def facts(parts: Parts, utc_offset: int = 0) -> list[Fact]:
    """List the facts behind a score, the strongest first within each kind.

    Each covered goal gives a ``wants`` followed by its ``has``; goals that nothing covers come after them,
    as a ``wants`` alone. ``utc_offset`` (minutes) is the reader's clock in the week that the hours stand for.
    """
    covered = sorted((goal for goal in parts["goals"] if goal["held"]), key=lambda goal: -goal["raw"])
    found: list[Fact] = [*_shared_goals(parts["shared_goals"])]
    for goal in covered:
        found += [_wants(goal), _has(goal)]
    found += [_wants(goal) for goal in parts["goals"] if not goal["held"]]
    hours = parts["hours"]
    found.append({"kind": "hours", "minutes": hours["minutes"], "slots": slots(hours["intervals"], utc_offset)})
    found.append({"kind": "languages", "languages": parts["languages"]})
    found.append({"kind": "zone", "minutes": parts["zone_minutes"]})
    return found


def english(string: str, /, **variables: object) -> str:
    """Leave the English as it is: a ``gettext``."""
    return string % variables if variables else string


def english_plural(singular: str, plural: str, num: int, /, **variables: object) -> str:
    """Leave the English as it is: an ``ngettext``."""
    return (singular if num == 1 else plural) % {"num": num, **variables}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Says facts to one reader.

    ``names`` holds the people's names by id. ``viewer`` is the reader, called "you". ``about`` is whoever the
    row or card is about: her name is left out ("wants Haskell 3").
    """

    names: Mapping[str, str]
    viewer: str | None = None
    about: str | None = None
    gettext: Gettext = english
    ngettext: Ngettext = english_plural
    languages: Callable[[str], str] = str
    """Names a language by its code."""

    def reasons(self, parts: Parts, utc_offset: int = 0, *, goals: int = 1) -> list[str]:
        """Give the reasons for a match, to be joined with "; ": at most ``goals`` shared and covered goals each.

        For example ``["wants Haskell 3", "Ana has functional programming 4, one step away", "you share
        Tuesday mornings"]``. Skills more than ``MOST_STEPS_TOLD`` steps away are not named.
        """
        said: list[str] = []
        told = Counter[str]()
        all_facts = facts(parts, utc_offset)
        for at, fact in enumerate(all_facts):
            if fact["kind"] == "shared_goals" and told["shared"] < goals and _near(fact):
                told["shared"] += 1
                said += self._say_shared(fact)
            elif fact["kind"] == "has" and told["covered"] < goals and _near(fact):
                told["covered"] += 1
                wants = all_facts[at - 1]
                if wants["kind"] == "wants":
                    said.append(self.say_wants(wants["person"], wants["label"], wants["level"]))
                said.append(self.say_has(fact))
            elif fact["kind"] == "hours" and fact["slots"]:
                said.append(self.say_hours(parts["people"], fact))
        # Two reasons may begin with the same wish; it is said once.
        return list(dict.fromkeys(said))

    def say_wants(self, person: str, label: str, level: int) -> str:
        """Say a goal, for example "Maria wants Haskell 3"."""
        gettext = self.gettext
        if person == self.viewer:
            return gettext("you want %(skill)s %(level)s", skill=label, level=level)
        if person == self.about:
            return gettext("wants %(skill)s %(level)s", skill=label, level=level)
        return gettext("%(name)s wants %(skill)s %(level)s", name=self.names[person], skill=label, level=level)

    def say_has(self, fact: Has) -> str:
        """Say a skill held and how far it is: "Ana has functional programming 4, one step away"."""
        gettext = self.gettext
        person, skill, level = fact["person"], fact["label"], fact["level"]
        if person == self.viewer:
            said = gettext("you have %(skill)s %(level)s", skill=skill, level=level)
        elif person == self.about:
            said = gettext("has %(skill)s %(level)s", skill=skill, level=level)
        else:
            said = gettext("%(name)s has %(skill)s %(level)s", name=self.names[person], skill=skill, level=level)
        return self._at_distance(said, fact["steps"])

    def say_hours(self, people: Sequence[str], fact: SharedHours) -> str:
        """When they both work, for example "you share Tuesday mornings"; at most two parts of the week."""
        gettext = self.gettext
        times = named(fact["slots"], gettext)
        when = gettext("%(first)s and %(second)s", first=times[0], second=times[1]) if times[1:] else times[0]
        if self.viewer in people:
            return gettext("you share %(times)s", times=when)
        return gettext("they share %(times)s", times=when)

    def why_unplaced(self, unplaced: Unplaced) -> list[str]:
        """Why somebody was not placed, to be joined with "; ".

        Blocks and refusals are told as one, as earlier choices, and no name is given: a reader must not learn
        who blocked or declined whom.
        """
        gettext, ngettext = self.gettext, self.ngettext
        if unplaced["code"] == "nobody_else":
            return [gettext("there is nobody else to match with")]
        if unplaced["code"] == "taken":
            return [
                ngettext(
                    "%(num)s person would fit, but is matched with somebody else",
                    "%(num)s people would fit, but are matched with somebody else",
                    unplaced["allowed"],
                )
            ]
        counts = Counter({name: count for name, count in unplaced["reasons"].items() if name not in EARLIER_CHOICES})
        counts["choice"] = unplaced["earlier"]
        said = {
            Reason.OWN_MANAGER: ngettext(
                "%(num)s person is a manager or direct report",
                "%(num)s people are managers or direct reports",
                counts[Reason.OWN_MANAGER],
            ),
            "choice": ngettext(
                "%(num)s person is ruled out by an earlier choice",
                "%(num)s people are ruled out by earlier choices",
                counts["choice"],
            ),
            Reason.EXCLUDED: ngettext(
                "%(num)s person was excluded by whoever runs this group",
                "%(num)s people were excluded by whoever runs this group",
                counts[Reason.EXCLUDED],
            ),
            Reason.EX_PAIR: ngettext(
                "%(num)s person was a partner before",
                "%(num)s people were partners before",
                counts[Reason.EX_PAIR],
            ),
            Reason.ALREADY_PAIRED: ngettext(
                "%(num)s person is a partner already",
                "%(num)s people are partners already",
                counts[Reason.ALREADY_PAIRED],
            ),
            Reason.NO_SHARED_LANGUAGE: ngettext(
                "%(num)s person shares no language",
                "%(num)s people share no language",
                counts[Reason.NO_SHARED_LANGUAGE],
            ),
            Reason.TOO_FEW_SHARED_HOURS: ngettext(
                "%(num)s person works at other hours",
                "%(num)s people work at other hours",
                counts[Reason.TOO_FEW_SHARED_HOURS],
            ),
            Reason.NO_CAPACITY: ngettext(
                "%(num)s person has no free place",
                "%(num)s people have no free place",
                counts[Reason.NO_CAPACITY],
            ),
        }
        return [text for reason, text in said.items() if counts[reason]]

    def would_place(self, unplaced: Unplaced, *, mentors: bool, utc_offset: int = 0) -> str:
        """Say what would place somebody, for example "one more mentor who speaks Portuguese"; nobody is named.

        What rules out the most others by itself would help first; ``utc_offset`` (minutes) is the reader's clock.
        """
        gettext, lacking = self.gettext, _lacking(unplaced)
        if lacking is None:
            return gettext("one more free place with a mentor") if mentors else gettext("one more learner")
        spoken = unplaced["languages"] if Reason.NO_SHARED_LANGUAGE in lacking else []
        worked = unplaced.get("hours", []) if Reason.TOO_FEW_SHARED_HOURS in lacking else []
        times = named(slots(worked, utc_offset), gettext)
        when = gettext("%(first)s and %(second)s", first=times[0], second=times[1]) if times[1:] else "".join(times)
        tongues = " / ".join(self.languages(code) for code in spoken)
        return self._mentor_who(tongues, when) if mentors else self._learner_who(tongues, when)

    def _mentor_who(self, languages: str, times: str) -> str:
        gettext = self.gettext
        if languages and times:
            return gettext(
                "one more mentor who speaks %(languages)s and whose hours include %(times)s",
                languages=languages,
                times=times,
            )
        if languages:
            return gettext("one more mentor who speaks %(languages)s", languages=languages)
        if times:
            return gettext("one more mentor whose hours include %(times)s", times=times)
        return gettext("one more mentor who is new to them")

    def _learner_who(self, languages: str, times: str) -> str:
        gettext = self.gettext
        if languages and times:
            return gettext(
                "one more learner who speaks %(languages)s and whose hours include %(times)s",
                languages=languages,
                times=times,
            )
        if languages:
            return gettext("one more learner who speaks %(languages)s", languages=languages)
        if times:
            return gettext("one more learner whose hours include %(times)s", times=times)
        return gettext("one more learner who is new to them")

    def _say_shared(self, fact: SharedGoals) -> list[str]:
        gettext = self.gettext
        if fact["steps"] == 0:
            label = fact["labels"][0]
            if self.viewer in fact["people"]:
                return [gettext("you both want %(skill)s", skill=label)]
            return [gettext("both want %(skill)s", skill=label)]
        first, second = (
            self.say_wants(person, label, level)
            for person, label, level in zip(fact["people"], fact["labels"], fact["levels"], strict=True)
        )
        return [first, self._at_distance(second, fact["steps"])]

    def _at_distance(self, said: str, steps: int) -> str:
        if steps == 0:
            return said
        away = self.ngettext("one step away", "%(num)s steps away", steps)
        return self.gettext("%(skill)s, %(away)s", skill=said, away=away)


def _lacking(unplaced: Unplaced) -> set[str] | None:
    """Say what one more person would have to bring, a language or hours; None where anybody, or a place, would do."""
    if unplaced["code"] != "none_allowed":
        return None
    most = max(_HELPED, key=lambda reason: unplaced["only"].get(reason, 0))
    if unplaced["only"].get(most):
        return None if most == Reason.NO_CAPACITY else {most}
    return {reason.value for reason in _HELPED[1:]} & set(unplaced["reasons"])


def _near(fact: Has | SharedGoals) -> bool:
    return fact["steps"] <= MOST_STEPS_TOLD


def _wants(goal: GoalCover | GoalEnd) -> Wants:
    return {
        "kind": "wants",
        "person": goal["person"],
        "skill": goal["skill"],
        "label": goal["label"],
        "level": goal["level"],
        "own_level": goal["own_level"],
    }


def _has(goal: GoalCover) -> Has:
    held = goal["held"]
    if held is None:
        message = f"nothing covers {goal['label']}"
        raise ValueError(message)
    steps, labels, relations = _path(held["path"], held["label"])
    return {
        "kind": "has",
        "person": held["person"],
        "wanted": goal["skill"],
        "skill": held["skill"],
        "label": held["label"],
        "level": held["level"],
        "steps": steps,
        "path": labels,
        "relations": relations,
    }


def _shared_goals(shared: Sequence[SharedGoal]) -> list[SharedGoals]:
    """Nearest first; two goals that are each other's nearest make one fact."""
    found: dict[frozenset[tuple[str, str]], SharedGoals] = {}
    for pair in sorted(shared, key=lambda pair: -pair["nearness"]):
        ends = (pair["first"], pair["second"])
        steps, labels, relations = _path(pair["path"], pair["first"]["label"])
        found.setdefault(
            frozenset((end["person"], end["skill"]) for end in ends),
            {
                "kind": "shared_goals",
                "people": [end["person"] for end in ends],
                "skills": [end["skill"] for end in ends],
                "labels": [end["label"] for end in ends],
                "levels": [end["level"] for end in ends],
                "steps": steps,
                "path": labels,
                "relations": relations,
            },
        )
    return list(found.values())


def _path(path: SkillPath | None, label: str) -> tuple[int, list[str], list[str]]:
    """Take a path apart; a skill that the graph does not know is only ever matched with itself."""
    if path is None:
        return 0, [label], []
    return path["steps"], [node["label"] for node in path["nodes"]], path["relations"]
