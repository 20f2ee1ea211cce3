"""Why somebody fits who is asked after others: written down once they are asked."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.people.models import Membership
from mentoring.matches.actions import explaining, repairing
from mentoring.matches.models import Match
from tests.factories import mentoring as make

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

WAIT = "This is being written down. Look again in a moment."


@pytest.fixture
def asked_next(kernel):
    """Let a mentor say no, and the next one be asked; the matcher has explained nothing yet."""
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    first = make.mentor(world, "Ana Silva", knows={"Haskell": 5})
    second = make.mentor(world, "Ben Okafor")
    run_id = make.published(world, "mentorship")
    (offer,) = make.offers_to(world, first)
    make.decline(world, offer)
    assert kernel.commit(lambda s: repairing.repair_run(s, run_id=run_id))
    (offer,) = make.offers_to(world, second)
    return world, offer


def _match(kernel, offer):
    with kernel.reading() as session:
        return session.get(Match, offer.match_id)


def test_who_is_asked_after_a_no_reads_why_they_fit_once_the_matcher_has_written_it_down(kernel, client_of, asked_next):
    world, offer = asked_next
    before = _match(kernel, offer)
    assert (before.rank, before.parts, before.facts) == (1, [], [])
    asked, lead = client_of(offer.person_id), client_of(world.lead)
    page = f"/offers/{encode(offer.id)}"
    assert WAIT in asked.get(page).text
    assert "Maria Lopes" in asked.get("/offers").text
    matching = f"/groups/{encode(world.cohort)}/matches?kind=mentorship"
    assert "Ben Okafor" in lead.get(matching).text
    assert asked.get(f"/api/v1{page}").json["score"] == before.score
    kernel.runner.run_due()
    shown = asked.get(page).text
    assert WAIT not in shown
    assert "you have functional programming 4" in shown
    assert "has functional programming 4" in lead.get(matching).text
    after = _match(kernel, offer)
    assert after.score == after.parts[0]["score"] == asked.get(f"/api/v1{page}").json["score"]
    assert abs(after.score - before.score) <= 1000, "how rare the help is hangs on who may still be asked"
    assert sorted(after.facts[0]) == ["goals", "hours", "languages", "shared_goals", "zone_minutes"]


def test_who_is_proposed_first_is_explained_with_the_proposal(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    assert _match(kernel, offer).parts
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "matches.explain")) == 0


def test_what_was_explained_or_fell_away_meanwhile_is_left_as_it_is(kernel, asked_next):
    _, offer = asked_next
    match = _match(kernel, offer)
    with kernel.reading() as session:
        value = explaining.request_for(session, match.run_id, [match.id])
    assert value["matches"] == [str(match.id)]
    answer = {"parts": [{"purpose": "mentor", "people": [], "score": 1, "sides": [], "goals": []}]}

    def told(**values):
        kernel.commit(lambda s: s.execute(update(Match).where(Match.id == match.id).values(**values)) and None)
        kernel.commit(lambda s: explaining.keep_parts(s, value["matches"], answer))
        with kernel.reading() as session:
            return _match(kernel, offer).score, explaining.request_for(session, match.run_id, [match.id])

    assert told(parts=[{"score": 7}], facts=[{}]) == (match.score, None)
    assert told(parts=[], facts=[], state="dropped") == (match.score, None)
    assert told(state="offered")[0] == 1


def test_a_pair_of_whom_one_has_left_the_group_is_left_out(kernel, asked_next):
    world, offer = asked_next
    left = update(Membership).where(Membership.person_id == offer.person_id, Membership.group_id == world.cohort)
    kernel.commit(lambda s: s.execute(left.values(until_at=clock.now())) and None)
    kernel.runner.run_due()
    assert _match(kernel, offer).parts == []
    with kernel.reading() as session:
        assert session.scalars(select(Job.failed_at).where(Job.kind == "matches.explain")).all() == [None]
