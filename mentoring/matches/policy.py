"""Who may see what, and who may be brought together.

A run is its group's leads', an offer only the person's who is asked; the constraints here are those that the
matcher was given, looked up again at the moment when something comes of a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people import queries as people_queries
from academy.people.models import Membership, Person, Role
from matching.types import Reason
from mentoring.choices.queries import chosen
from mentoring.matches.models import MatchPerson, MatchRole, Offer, OfferState
from mentoring.pairs.models import PairKind
from mentoring.pairs.queries import Together, paired, together

WINDOW = timedelta(days=7)
"""How long somebody has to answer an offer."""
REMINDERS = (50, 80)
"""When to remind somebody who has not, in percent of that time."""
LONGEST_REASON = 1000
"""Characters of why somebody says no."""

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
    """Look up what rules people out, for pairs of one kind begun in a group. Eight statements at most."""
    ids = set(person_ids)
    now = clock.now()
    roles: dict[UUID, set[str]] = {}
    for row in session.execute(
        select(Membership.person_id, Membership.role)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.group_id == group_id,
            Membership.person_id.in_(ids),
            or_(Membership.until_at.is_(None), Membership.until_at > now),
            Person.deactivated_at.is_(None),
        )
    ):
        roles.setdefault(row.person_id, set()).add(row.role)
    waiting: set[UUID] = set()
    declined: set[tuple[UUID, UUID]] = set()
    if kind == PairKind.MENTORSHIP:
        for refusal in session.execute(
            select(Offer.person_id.label("mentor_id"), MatchPerson.person_id.label("learner_id"))
            .join(MatchPerson, MatchPerson.match_id == Offer.match_id)
            .where(
                Offer.state == OfferState.DECLINED,
                Offer.person_id.in_(ids),
                MatchPerson.role == MatchRole.LEARNER,
                MatchPerson.person_id.in_(ids),
            )
        ):
            declined.add((refusal.mentor_id, refusal.learner_id))
        waiting = pending_learners(session, ids)
    return Standing(
        roles={person: frozenset(found) for person, found in roles.items()},
        managers=people_queries.managers_of(session, list(ids)),
        blocks=frozenset(people_queries.blocks_among(session, list(ids))),
        together=together(session, kind, ids),
        declined=frozenset(declined),
        excluded=chosen(session, group_id, kind).excluded,
        paired=frozenset(paired(session, kind, ROLE_IN_GROUP[MatchRole.LEARNER], ids)),
        waiting=frozenset(waiting),
    )


def pending_learners(session: Session, person_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of these learners whose candidate is being asked."""
    rows = session.scalars(
        select(MatchPerson.person_id)
        .join(Offer, Offer.match_id == MatchPerson.match_id)
        .where(
            Offer.state == OfferState.PENDING,
            MatchPerson.role == MatchRole.LEARNER,
            MatchPerson.person_id.in_(set(person_ids)),
        )
    )
    return set(rows)
