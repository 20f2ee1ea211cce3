"""Questions about what leads decided of matching. Callers have checked that the viewer may propose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session, aliased

from academy.people.models import Person
from academy.people.queries import Face
from mentoring.choices.models import Choice, MatchingSettings, PairChoice
from mentoring.choices.policy import DEFAULTS


@dataclass(frozen=True)
class Weighing:
    """How pairs of one kind are weighed in a group; `version` is 0 where nobody has changed it yet."""

    weights: Mapping[str, int]
    floor: bool
    version: int


@dataclass(frozen=True)
class Chosen:
    """Which pairs are locked and which excluded, each as a set of two ids."""

    locked: frozenset[frozenset[UUID]]
    excluded: frozenset[frozenset[UUID]]


@dataclass(frozen=True)
class ChoiceLine:
    """One choice as leads read it: a learner first, then her mentor; `made` as `choices_of` was asked."""

    one: Face
    other: Face
    choice: str
    by: str
    at: datetime
    made: bool

    @property
    def pair(self) -> frozenset[UUID]:
        """Name whom it is about."""
        return frozenset((self.one.id, self.other.id))


def weighing(kind: str, weights: Mapping[str, int] | None, floor: bool | None, version: int | None) -> Weighing:
    """Read a row of settings, or say what counts where there is none. Components that came later count nothing yet."""
    names = DEFAULTS[kind]
    if weights is None:
        return Weighing(dict(names), floor=False, version=0)
    return Weighing({name: weights.get(name, 0) for name in names}, floor=bool(floor), version=version or 0)


def weighing_of(session: Session, group_id: UUID, kind: str) -> Weighing:
    """Return how pairs of one kind are weighed in a group. One statement."""
    row = session.execute(
        select(MatchingSettings.weights, MatchingSettings.floor, MatchingSettings.version).where(
            MatchingSettings.group_id == group_id, MatchingSettings.kind == kind
        )
    ).one_or_none()
    return weighing(kind, *row) if row else weighing(kind, None, None, None)


def chosen(session: Session, group_id: UUID, kind: str) -> Chosen:
    """Return which pairs are locked and excluded in a group. One statement."""
    found: dict[str, set[frozenset[UUID]]] = {choice.value: set() for choice in Choice}
    for row in session.execute(
        select(PairChoice.choice, PairChoice.one_id, PairChoice.other_id).where(
            PairChoice.group_id == group_id, PairChoice.kind == kind
        )
    ):
        found[row.choice].add(frozenset((row.one_id, row.other_id)))
    return Chosen(frozenset(found[Choice.LOCKED]), frozenset(found[Choice.EXCLUDED]))


def choices_of(
    session: Session, group_id: UUID, kind: str, *, made: ColumnElement[bool] | None = None
) -> list[ChoiceLine]:
    """Return what was decided about pairs of one kind in a group, by whom and when, the latest first. One statement.

    `made` says of a `PairChoice`, as SQL, whether the two are together where that is asked.
    """
    one, other, by = aliased(Person), aliased(Person), aliased(Person)
    rows = session.execute(
        select(
            PairChoice.choice,
            PairChoice.at,
            (false() if made is None else made).label("made"),
            by.name.label("by"),
            *(
                getattr(person, column).label(f"{column}_{name}")
                for person, name in ((one, "one"), (other, "other"))
                for column in ("id", "name", "pronouns", "zone")
            ),
        )
        .join(one, one.id == PairChoice.one_id)
        .join(other, other.id == PairChoice.other_id)
        .join(by, by.id == PairChoice.by_id)
        .where(PairChoice.group_id == group_id, PairChoice.kind == kind)
        .order_by(PairChoice.at.desc(), PairChoice.id.desc())
    )
    return [
        ChoiceLine(
            Face(row.id_one, row.name_one, row.pronouns_one, row.zone_one),
            Face(row.id_other, row.name_other, row.pronouns_other, row.zone_other),
            row.choice,
            row.by,
            row.at,
            bool(row.made),
        )
        for row in rows
    ]
