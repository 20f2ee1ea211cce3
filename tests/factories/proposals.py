"""Makers of proposals whose scores a test chooses, and of large ones, past the matcher."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from academy.kernel import clock
from academy.kernel.ids import new_id
from academy.people import actions as people_actions
from academy.people.models import Membership, Role
from mentoring.matches.actions import runs
from mentoring.matches.models import Match, MatchPerson, MatchState, Offer, OfferState, Run, RunState
from mentoring.profiles.models import MentorProfile
from tests.factories import mentoring as make
from tests.factories.mentoring import World

CANDIDATES, MENTEES = 8, 5
"""Candidates of each learner, and learners for each mentor, in a crowd."""


def _chosen(learner: UUID, mentor: UUID, score: int) -> dict[str, Any]:
    people = [str(learner), str(mentor)]
    parts = {"purpose": "mentor", "people": people, "score": score, "sides": []}
    return {"learner": people[0], "mentor": people[1], "score": score, "parts": parts}


def proposed(made: World, scores: Mapping[tuple[UUID, UUID], int], first: Mapping[UUID, UUID]) -> UUID:
    """Let the matcher propose mentors: `scores` (of 100) of each learner and candidate, `first` who is chosen."""
    run_id = make.asked(made, "mentorship")
    ranked = {
        learner: [
            {"mentor": str(mentor), "score": score * 100} for (one, mentor), score in scores.items() if one == learner
        ]
        for learner in first
    }
    answer = {
        "graph_version": "none",
        "placed": len(first),
        "unplaced": [],
        "solved": {"each": {}},
        "matches": [
            _chosen(pair[0], pair[1], score * 100) for pair, score in scores.items() if first.get(pair[0]) == pair[1]
        ],
        "ranked": {str(learner): sorted(rows, key=lambda row: -row["score"]) for learner, rows in ranked.items()},
    }
    made.kernel.commit(
        lambda s: runs.keep_answer(s, run_id=run_id, answer=answer, week="2026-11-23", weights={}, floor=False)
    )
    return run_id


def published(made: World, scores: Mapping[tuple[UUID, UUID], int], first: Mapping[UUID, UUID]) -> UUID:
    """Let mentors be proposed, as `proposed` does, and ask them."""
    run_id = proposed(made, scores, first)
    assert make.publish(made, run_id)
    return run_id


def crowd(made: World, size: int) -> tuple[list[UUID], UUID]:
    """Enroll so many learners, a mentor for each five with one place to spare, and ask all of them for one each.

    Return the learners and the run. Rows are written at once, as a thousand people would take minutes otherwise.
    """
    now = clock.now()

    def people_of(session: Any, number: int, role: Role) -> list[UUID]:
        ids = [
            people_actions.add_person(session, email=f"{new_id().hex}@example.org", name=f"Person {number}-{at}").id
            for at in range(number)
        ]
        rows = [{"id": new_id(), "group_id": made.cohort, "person_id": p, "role": role, "from_at": now} for p in ids]
        session.execute(insert(Membership), rows)
        return ids

    learners = made.kernel.commit(lambda s: people_of(s, size, Role.LEARNER))
    mentors = made.kernel.commit(lambda s: people_of(s, size // MENTEES, Role.MENTOR))
    run_id, chance = new_id(), random.Random(size)
    matches, members, offers = [], [], []
    for at, learner in enumerate(learners):
        own = mentors[at // MENTEES]
        others = chance.sample([mentor for mentor in mentors if mentor != own], min(CANDIDATES, len(mentors)) - 1)
        for rank, mentor in enumerate([own, *others]):
            match_id = new_id()
            state = MatchState.OFFERED if rank == 0 else MatchState.DRAFT
            matches.append(
                {
                    "id": match_id,
                    "run_id": run_id,
                    "kind": "mentorship",
                    "state": state.value,
                    "version": 1,
                    "rank": rank,
                    "score": chance.randrange(10_000),
                    "parts": [],
                    "facts": [],
                }
            )
            members += [
                {"match_id": match_id, "person_id": learner, "role": "learner"},
                {"match_id": match_id, "person_id": mentor, "role": "mentor"},
            ]
            if rank == 0:
                offers.append(
                    {
                        "id": new_id(),
                        "match_id": match_id,
                        "person_id": mentor,
                        "state": OfferState.PENDING.value,
                        "version": 1,
                        "offered_at": now,
                        "expires_at": now + timedelta(days=7),
                    }
                )

    def work(session: Any) -> None:
        session.execute(
            insert(MentorProfile),
            [{"person_id": m, "group_id": made.academy, "capacity": MENTEES + 1, "updated_at": now} for m in mentors],
        )
        session.add(
            Run(
                id=run_id,
                group_id=made.cohort,
                kind="mentorship",
                state=RunState.PUBLISHED.value,
                version=3,
                settings={"week": "2026-11-23"},
                asked_by=made.lead,
                asked_at=now,
                published_at=now,
            )
        )
        session.flush()
        session.execute(insert(Match), matches)
        session.execute(insert(MatchPerson), members)
        session.execute(insert(Offer), offers)

    made.kernel.commit(work)
    return learners, run_id
