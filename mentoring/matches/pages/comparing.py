"""Why not these two, and what a swap would be worth: asked of the matcher while the page waits, for a few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import offload
from academy.kernel.app import kernel
from academy.neighbours import queries as neighbours
from matching.types import EARLIER_CHOICES, MINIMUM_MINUTES, Reason
from mentoring.matches.actions.asking import asking_for
from mentoring.matches.pages import explanation
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from academy.people.queries import Face
    from matching.types import WhyAnswer
    from mentoring.matches.actions.asking import Asking

ENGINE = "mentoring.matches.engine:compare"
PATIENCE = 12.0
"""Seconds that a page waits for the matcher."""
AWAY = frozenset({"timeout", "died", "busy"})
"""Failures that say nothing of the two people: worth another try."""


@dataclass(frozen=True)
class Rule:
    """One rule that two people keep or break, in words."""

    words: str
    kept: bool


@dataclass(frozen=True)
class Compared:
    """Two people side by side: the rules, what each has of the other, and whether they may be matched.

    Of a viewer's `own` pair nothing is said of what others chose, and nothing counts it.
    """

    faces: list[Face]
    rules: list[Rule]
    score: explanation.Score
    allowed: bool
    own: bool


def compare(group_id: UUID, kind: str, pairs: Iterable[tuple[Face, Face]], me: UUID) -> list[Compared] | None:
    """Compare pairs of people of a group, of a mentor's pair the learner first; None while the matcher is busy.

    `me` is who reads it: what others chose about her she is not told, and it reads as if it were not there.
    The caller has checked that the viewer may propose there, and that the two may be asked about.
    """
    both = list(pairs)
    with kernel().reading() as session:
        asking = asking_for(session, group_id, kind, also=[face.id for pair in both for face in pair])
    try:
        return [_compared(asking, kind, pair, me) for pair in both]
    except offload.SolveFailed as failure:
        if failure.kind in AWAY:
            return None
        raise


def _compared(asking: Asking, kind: str, pair: tuple[Face, Face], me: UUID) -> Compared:
    request: dict[str, Any] = {"purpose": kind, "ask": asking.ask, "people": [str(face.id) for face in pair]}
    try:
        answer = offload.solve(ENGINE, request, timeout=PATIENCE)
    except offload.SolveFailed as failure:
        if failure.kind != "UnknownGraph":
            raise
        with kernel().reading() as session:
            graph = neighbours.graph(session)
        request["ask"] = {**asking.ask, "graph": graph}
        answer = offload.solve(ENGINE, request, timeout=PATIENCE)
    return _told(asking, kind, pair, cast("WhyAnswer", answer), own=me in {face.id for face in pair})


def _told(asking: Asking, kind: str, pair: tuple[Face, Face], answer: WhyAnswer, *, own: bool) -> Compared:
    names = {str(face.id): face.name for face in pair}
    rules = [*_rules(kind, pair, answer, own=own), *_taken(asking, kind, pair)]
    return Compared(
        list(pair),
        rules,
        explanation.score(answer["parts"], names, named=True),
        allowed=all(rule.kept for rule in rules),
        own=own,
    )


def _rules(kind: str, pair: tuple[Face, Face], answer: WhyAnswer, *, own: bool) -> list[Rule]:
    """Say each rule as it is kept or broken. A block and a refusal are one: nobody learns who made it."""
    broken = set(answer["reasons"])
    minutes = answer["parts"]["hours"]["minutes"]
    said: list[tuple[set[Reason], str, str]] = [
        ({Reason.OWN_MANAGER}, _("One of them manages the other."), _("Neither manages the other.")),
        (
            {*EARLIER_CHOICES},
            _("An earlier choice rules them out."),
            _("No earlier choice rules them out."),
        ),
        ({Reason.EX_PAIR}, _("They were partners before."), _("They were no partners before.")),
        ({Reason.ALREADY_PAIRED}, _("They are partners already."), _("They are no partners yet.")),
        ({Reason.NO_SHARED_LANGUAGE}, _("They share no language."), _("They share a language.")),
        (
            {Reason.TOO_FEW_SHARED_HOURS},
            _(
                "They share %(minutes)s minutes a week; %(least)s are needed.",
                minutes=minutes,
                least=MINIMUM_MINUTES,
            ),
            _("They share %(minutes)s minutes a week.", minutes=minutes),
        ),
        ({Reason.EXCLUDED}, _("This pair was excluded here."), _("Nobody excluded this pair.")),
    ]
    if kind == PairKind.MENTORSHIP:
        name = pair[1].name
        said.append(
            (
                {Reason.NO_CAPACITY},
                _("%(name)s has no free place.", name=name),
                _("%(name)s has a free place.", name=name),
            )
        )
    return [
        Rule(bad if reasons & broken else good, not reasons & broken)
        for reasons, bad, good in said
        if not (own and reasons <= EARLIER_CHOICES)
    ]


def _taken(asking: Asking, kind: str, pair: tuple[Face, Face]) -> list[Rule]:
    """Say who needs nobody new."""
    if kind == PairKind.MENTORSHIP:
        return [
            Rule(_("%(name)s has a mentor already, or one is being asked.", name=face.name), kept=False)
            for face in pair[:1]
            if face.id in asking.taken
        ]
    return [
        Rule(_("%(name)s has a learning buddy already.", name=face.name), kept=False)
        for face in pair
        if face.id in asking.taken
    ]


def swapped(
    kind: str, groups: Iterable[list[Face]], one: UUID, other: UUID
) -> tuple[list[tuple[Face, Face]], list[tuple[Face, Face]]] | None:
    """Return the two pairs of a proposal as they are, and as they are once two people change places.

    Of a mentor's pair the learner stands first, and learners change places. None where that is no swap.
    """
    if kind == PairKind.MENTORSHIP:
        mine = {group[0].id: group for group in groups if len(group) == 2}
    else:
        mine = {face.id: group for group in groups if len(group) == 2 for face in group}
    if one not in mine or other not in mine or mine[one] is mine[other]:
        return None
    first, second = mine[one], mine[other]
    if kind == PairKind.MENTORSHIP:
        if first[1].id == second[1].id:
            return None
        now = [(first[0], first[1]), (second[0], second[1])]
        return now, [(second[0], first[1]), (first[0], second[1])]
    a, mate = sorted(first, key=lambda face: face.id != one)
    b, partner = sorted(second, key=lambda face: face.id != other)
    return [(a, mate), (b, partner)], [(b, mate), (a, partner)]
