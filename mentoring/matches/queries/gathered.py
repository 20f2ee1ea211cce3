"""Everything that the matcher is told of a group's people, in one statement: rows of one shape, each with its name."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Integer, Select, String, Text, Uuid, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session, aliased

from academy.people.models import (
    Availability,
    Group,
    GroupAncestor,
    GroupKind,
    Membership,
    Person,
    PersonLanguage,
    Role,
)
from academy.people.policy import runs
from academy.skills.models import Goal, PersonSkill, Skill
from mentoring.choices.models import MatchingSettings
from mentoring.choices.queries import Weighing, weighing
from mentoring.matches.models import MatchRole, Offer, OfferState
from mentoring.matches.policy import ROLE_IN_GROUP, Row, rules_of, standing_of
from mentoring.pairs.models import PairKind
from mentoring.pairs.queries import mentorships_held
from mentoring.profiles.models import MentorProfile

if TYPE_CHECKING:
    from mentoring.matches.policy import Standing

DAY, HOUR = 100_000_000, 10_000
"""In the number of a row about hours, what a weekday and a minute after midnight are multiplied by."""


@dataclass(frozen=True)
class Said:
    """What somebody said of themselves: skills and goals by key with their levels, hours as the zone's, languages."""

    zone: str
    skills: list[tuple[str, int]]
    goals: list[tuple[str, int]]
    hours: list[tuple[int, int, int]]
    languages: list[str]


@dataclass(frozen=True)
class Gathered:
    """A group's people as the matcher is told of them, what rules them out, and how it is weighed.

    `places` is how many more people each mentor takes, with the offers that wait; who offers no mentoring is left out.
    """

    said: dict[UUID, Said]
    learners: frozenset[UUID]
    teaching: frozenset[UUID]
    places: dict[UUID, int]
    rules: Standing
    weighing: Weighing


def gathered(session: Session, group_id: UUID, kind: str) -> Gathered:
    """Gather a group's learners, and its mentors where mentors are asked for. One statement, however many they are."""
    roles = {ROLE_IN_GROUP[MatchRole.LEARNER]}
    if kind == PairKind.MENTORSHIP:
        roles.add(ROLE_IN_GROUP[MatchRole.MENTOR])
    # Said anew in each part: PostgreSQL plans that better than a common table expression, whose rows it does not count.
    here, person = aliased(Membership), aliased(Person)
    ids = (
        select(here.person_id)
        .join(person, person.id == here.person_id)
        .where(here.group_id == group_id, here.role.in_(roles), runs(here), person.deactivated_at.is_(None))
    )
    parts = [*rules_of(group_id, kind, ids), *_said(ids), *_weighed(group_id, kind)]
    if kind == PairKind.MENTORSHIP:
        parts += _places(group_id, ids)
    rows: list[Any] = list(session.execute(union_all(*parts)))
    words: dict[str, dict[UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
    levels: dict[str, dict[UUID, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    numbers: dict[str, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    settings: dict[str, tuple[str, int]] = {}
    for what, one, _other, word, number in rows:
        if one is None:
            settings[what] = (word or "", number or 0)
            continue
        if word is not None and number is not None:
            levels[what][one].append((word, number))
        elif word is not None:
            words[what][one].append(word)
        elif number is not None:
            numbers[what][one].append(number)
    rules = standing_of(rows)
    learners, teaching = (
        frozenset(one for one, found in rules.roles.items() if role in roles & found)
        for role in (Role.LEARNER, Role.MENTOR)
    )
    return Gathered(
        said={
            one: Said(
                zone,
                sorted(levels["skill"][one]),
                sorted(levels["goal"][one]),
                sorted((number // DAY, number % DAY // HOUR, number % HOUR) for number in numbers["hours"][one]),
                sorted(words["language"][one]),
            )
            for one, (zone,) in words["zone"].items()
        },
        learners=learners,
        teaching=teaching,
        places={
            one: max(0, capacity - sum(numbers["mentees"][one]) - sum(numbers["held"][one]))
            for one, (capacity,) in numbers["capacity"].items()
            if one in teaching
        },
        rules=rules,
        weighing=_weighing(kind, settings),
    )


_NOBODY, _NOTHING, _NONE = cast(null(), Uuid()), cast(null(), String()), cast(null(), Integer())


def _said(ids: Select[UUID]) -> list[Select[*Row]]:
    minutes = Availability.weekday * DAY + Availability.start_minute * HOUR + Availability.end_minute
    found: list[Select[*Row]] = [
        select(literal("zone"), Person.id, _NOBODY, Person.zone, _NONE).where(Person.id.in_(ids)),
        select(literal("hours"), Availability.person_id, _NOBODY, _NOTHING, minutes).where(
            Availability.person_id.in_(ids)
        ),
        select(literal("language"), PersonLanguage.person_id, _NOBODY, PersonLanguage.language, _NONE).where(
            PersonLanguage.person_id.in_(ids)
        ),
    ]
    for name, table in (("skill", PersonSkill), ("goal", Goal)):
        found.append(
            select(literal(name), table.person_id, _NOBODY, Skill.key, table.level)
            .join(Skill, Skill.id == table.skill_id)
            .where(table.person_id.in_(ids))
        )
    return found


def _places(group_id: UUID, ids: Select[UUID]) -> list[Select[*Row]]:
    """Select what each mentor offers in the academy of a group, and how much of it is taken or asked for."""
    academy = (
        select(Group.id)
        .join(GroupAncestor, GroupAncestor.ancestor_id == Group.id)
        .where(GroupAncestor.group_id == group_id, Group.kind == GroupKind.ACADEMY)
        .scalar_subquery()
    )
    return [
        select(literal("capacity"), MentorProfile.person_id, _NOBODY, _NOTHING, MentorProfile.capacity).where(
            MentorProfile.group_id == academy, MentorProfile.person_id.in_(ids)
        ),
        mentorships_held(academy, ids, literal("mentees"), Membership.person_id, _NOBODY, _NOTHING, func.count()),
        select(literal("held"), Offer.person_id, _NOBODY, _NOTHING, func.count())
        .where(Offer.state == OfferState.PENDING, Offer.person_id.in_(ids))
        .group_by(Offer.person_id),
    ]


def _weighed(group_id: UUID, kind: str) -> list[Select[*Row]]:
    mine = (MatchingSettings.group_id == group_id, MatchingSettings.kind == kind)
    weights, floor = cast(MatchingSettings.weights, Text), case((MatchingSettings.floor, 1), else_=0)
    return [
        select(literal("weights"), _NOBODY, _NOBODY, weights, MatchingSettings.version).where(*mine),
        select(literal("floor"), _NOBODY, _NOBODY, _NOTHING, floor).where(*mine),
    ]


def _weighing(kind: str, settings: dict[str, tuple[str, int]]) -> Weighing:
    if "weights" not in settings:
        return weighing(kind, None, None, None)
    weights, version = settings["weights"]
    return weighing(kind, json.loads(weights), bool(settings["floor"][1]), version)
