"""Who may see what, and who may be brought together.

A run is its group's leads', an offer only the person's who is asked; the constraints here are those that the
matcher was given, looked up again at the moment when something comes of a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from academy.kernel.viewer import Viewer
from academy.people.models import Block, Membership, Person, Role
from academy.people.policy import runs
from matching.types import Reason
from mentoring.choices.models import Choice, PairChoice
from mentoring.matches.models import MatchPerson, MatchRole, Offer, OfferState
from mentoring.pairs.models import Pair, PairKind
from mentoring.pairs.queries import Together, together_of

WINDOW = timedelta(days=7)
"""How long somebody has to answer an offer."""
REMINDERS = (50, 80)
"""When to remind somebody who has not, in percent of that time."""
LONGEST_REASON = 1000
"""Characters of why somebody says no."""

PAIRED = 2
"""In a row about somebody in a pair: they have somebody now. 1 says that they are in it, 0 that they were."""
ROLE_IN_GROUP = {
    MatchRole.MENTOR.value: Role.MENTOR,
    MatchRole.LEARNER.value: Role.LEARNER,
    MatchRole.BUDDY.value: Role.LEARNER,
}
"""As what somebody who is proposed stands in the cohort, and will stand in the pair."""


def visible_offers(viewer: Viewer) -> ColumnElement[bool]:
    """Restrict offers to the viewer's own: neither the other person nor the lead sees an answer's words."""
    return Offer.person_id == viewer.person_id


@dataclass(frozen=True)
class Standing:
    """What rules out that people are brought together, as of now: the hard constraints.

    `roles` holds the group's members who are active; `paired` those who have a buddy or a mentor already
    (not in a pair that rests), `waiting` the learners whose candidate is being asked.
    """

    roles: Mapping[UUID, frozenset[str]]
    managers: Mapping[UUID, UUID | None]
    blocks: frozenset[tuple[UUID, UUID]]
    together: Together
    declined: frozenset[tuple[UUID, UUID]]
    excluded: frozenset[frozenset[UUID]]
    locked: frozenset[frozenset[UUID]]
    paired: frozenset[UUID]
    waiting: frozenset[UUID]

    @property
    def taken(self) -> frozenset[UUID]:
        """Name those who need nobody new."""
        return self.paired | self.waiting

    def bars(self, a: UUID, b: UUID) -> list[Reason]:
        """Name every constraint that two people break, in either direction."""
        pair = frozenset((a, b))
        broken = (
            (Reason.SELF, a == b),
            (Reason.OWN_MANAGER, self.managers.get(a) == b or self.managers.get(b) == a),
            (Reason.BLOCKED, (a, b) in self.blocks or (b, a) in self.blocks),
            (Reason.DECLINED_BEFORE, (a, b) in self.declined or (b, a) in self.declined),
            (Reason.EX_PAIR, pair in self.together.before),
            (Reason.ALREADY_PAIRED, pair in self.together.now),
            (Reason.EXCLUDED, pair in self.excluded),
        )
        return [reason for reason, applies in broken if applies]

    def fits(self, people: Mapping[UUID, str], *, offered: bool = False) -> bool:
        """Say whether a match still fits: everybody is here in their role, and nothing rules them out.

        What a lead has excluded counts no more once it is `offered`.
        """
        here = all(ROLE_IN_GROUP[role] in self.roles.get(person, ()) for person, role in people.items())
        counts = {Reason.EXCLUDED} if offered else set()
        return here and not any(set(self.bars(a, b)) - counts for a, b in combinations(people, 2))


def standing(session: Session, *, group_id: UUID, kind: str, person_ids: Iterable[UUID]) -> Standing:
    """Look up what rules people out, for pairs of one kind begun in a group. One statement."""
    asked = select(Person.id).where(Person.id.in_(set(person_ids))).cte("asked")
    rows = session.execute(union_all(*rules_of(group_id, kind, select(asked.c.id))))
    return standing_of(rows)


Row = tuple[str, UUID | None, UUID | None, str | None, int | None]
"""What a row says: its name, whom it is about and with whom, a word and a number."""


def rules_of(group_id: UUID, kind: str, ids: Select[UUID]) -> list[Select[*Row]]:
    """Select what rules people out, each part as rows of one shape (`Row`), to be asked in one statement.

    `ids` selects the people; who was with them in a pair comes too.
    """
    nobody, nothing, none = cast(null(), Uuid()), cast(null(), String()), cast(null(), Integer())
    learner = ROLE_IN_GROUP[MatchRole.LEARNER]
    goes_on = and_(Pair.ended_at.is_(None), Membership.until_at.is_(None))
    paired = and_(goes_on, Pair.paused_at.is_(None), Membership.role == learner, Membership.person_id.in_(ids))
    parts = [
        select(literal("role").label("what"), Membership.person_id, nobody, Membership.role, none)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.group_id == group_id, Membership.person_id.in_(ids), runs(), Person.deactivated_at.is_(None)),
        select(literal("manager"), Person.id, Person.manager_id, nothing, none).where(
            Person.id.in_(ids), Person.manager_id.is_not(None)
        ),
        select(literal("block"), Block.person_id, Block.blocked_id, nothing, none).where(
            Block.person_id.in_(ids), Block.blocked_id.in_(ids)
        ),
        select(literal("pair"), Pair.id, Membership.person_id, nothing, case((paired, PAIRED), (goes_on, 1), else_=0))
        .join(Membership, Membership.group_id == Pair.group_id)
        .where(Pair.kind == kind, Pair.group_id.in_(select(Membership.group_id).where(Membership.person_id.in_(ids)))),
        select(PairChoice.choice, PairChoice.one_id, PairChoice.other_id, nothing, none).where(
            PairChoice.group_id == group_id, PairChoice.kind == kind
        ),
    ]
    if kind == PairKind.MENTORSHIP:
        parts.append(
            select(Offer.state, Offer.person_id, MatchPerson.person_id, nothing, none)
            .join(MatchPerson, (MatchPerson.match_id == Offer.match_id) & (MatchPerson.role == MatchRole.LEARNER))
            .where(
                MatchPerson.person_id.in_(ids),
                or_(
                    Offer.state == OfferState.PENDING,
                    and_(Offer.state == OfferState.DECLINED, Offer.person_id.in_(ids)),
                ),
            )
        )
    return parts


def standing_of(rows: Iterable[Any]) -> Standing:
    """Read rows of `rules_of`; others among them are passed over."""
    roles: dict[UUID, set[str]] = {}
    two: dict[str, set[tuple[UUID, UUID]]] = {}
    paired: set[UUID] = set()
    pairs: list[tuple[UUID, UUID, bool]] = []
    for what, one, other, word, number in rows:
        if one is not None and what == "role":
            roles.setdefault(one, set()).add(word or "")
        elif one is not None and other is not None:
            two.setdefault(what, set()).add((one, other))
            if what == "pair":
                pairs.append((one, other, bool(number)))
                paired |= {other} if number == PAIRED else set()
    return Standing(
        roles={person: frozenset(found) for person, found in roles.items()},
        managers=dict(two.get("manager", ())),
        blocks=frozenset(two.get("block", ())),
        together=together_of(pairs),
        declined=frozenset(two.get(OfferState.DECLINED, ())),
        excluded=frozenset(frozenset(pair) for pair in two.get(Choice.EXCLUDED, ())),
        locked=frozenset(frozenset(pair) for pair in two.get(Choice.LOCKED, ())),
        paired=frozenset(paired),
        waiting=frozenset(learner for _mentor, learner in two.get(OfferState.PENDING, ())),
    )
