"""A run on its way: how far it is, stopping it, what a restart leaves, and the runs before it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from academy.kernel import clock, offload
from academy.kernel.access import Missing, Refused
from academy.kernel.ids import encode
from academy.kernel.jobs import Job, lease_due
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from mentoring.matches import jobs
from mentoring.matches.actions import deciding, runs
from mentoring.matches.models import Match, Run, RunState
from mentoring.matches.pages.preview import preview
from tests.factories import mentoring as make
from tests.factories import people

STUCK = "tests.academy.kernel.engine:stuck"


def _state(kernel, run_id):
    with kernel.reading() as session:
        run = session.get(Run, run_id)
        return run.state, run.step


def _count(kernel, table, *where):
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def _until(seen, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if seen():
            return True
        time.sleep(0.05)
    return False


def _address(world, kind="buddy"):
    return f"/groups/{encode(world.cohort)}/matches?kind={kind}"


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_run_tells_how_far_it_is_and_stopping_it_ends_the_matcher_and_keeps_what_was_proposed(
    kernel, client_of, monkeypatch
):
    world = make.world(kernel)
    make.learner(world, "Ana Silva"), make.learner(world, "Ben Okafor")
    before = make.proposed(world, "buddy")
    run_id = make.asked(world, "buddy")
    monkeypatch.setattr(jobs, "ENGINE", STUCK)
    worker = threading.Thread(target=kernel.runner.run_due, daemon=True)
    begun = time.monotonic()
    worker.start()
    assert _until(lambda: _state(kernel, run_id) == (RunState.ASKED, "matching"))
    lead = client_of(world.lead)
    page = lead.get(_address(world)).text
    assert '<li class="is-now" aria-current="step">' in page
    assert "Finding the best for all" in page
    stopped = lead.post(f"/runs/{encode(run_id)}/cancel", follow_redirects=True).text
    assert "Stopped. What was proposed before is still here." in stopped
    assert "Ben Okafor" in stopped
    worker.join(20)
    assert not worker.is_alive()
    assert time.monotonic() - begun < 40
    assert _state(kernel, run_id)[0] == RunState.CANCELLED
    assert _state(kernel, before)[0] == RunState.PROPOSED
    assert _count(kernel, Job, Job.kind == "matches.solve", Job.done_at.is_(None)) == 0
    assert _count(kernel, Entry, Entry.kind == "RunCancelled") == 1
    assert "It was done already" in lead.post(f"/runs/{encode(run_id)}/cancel", follow_redirects=True).text
    assert make.publish(world, before)


def test_an_answer_that_comes_after_the_run_was_stopped_is_not_kept(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    run_id = make.asked(world, "buddy")
    answer = make.answer_of(world, run_id)
    viewer = world.viewer(world.lead)
    assert kernel.commit(lambda s: runs.cancel_run(s, viewer=viewer, run_id=run_id)) is True
    assert kernel.commit(lambda s: runs.cancel_run(s, viewer=viewer, run_id=run_id)) is False
    assert kernel.commit(lambda s: runs.keep_answer(s, run_id=run_id, **answer)) is False
    assert kernel.commit(lambda s: runs.note_step(s, run_id=run_id, step="matching")) is False
    assert _count(kernel, Match) == 0
    assert _count(kernel, Notice) == 0
    kernel.runner.run_due()
    assert _state(kernel, run_id)[0] == RunState.CANCELLED


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_an_answer_that_is_too_long_fails_once_and_says_what_would_help(kernel, client_of, monkeypatch):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    run_id = make.asked(world, "buddy")
    monkeypatch.setattr(offload, "ANSWER_MAX", 200)
    kernel.runner.run_due()
    assert _state(kernel, run_id)[0] == RunState.FAILED
    with kernel.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == "matches.solve")).one()
    assert (job.attempts, job.failed_at, job.done_at is None) == (1, None, False)
    lead = client_of(world.lead)
    page = lead.get(_address(world)).text
    assert "more to write down about so many people" in page
    assert "could not be worked out" not in page
    notices = lead.get("/notices").text
    assert "could not be worked out" in notices
    assert "You can ask again" not in notices


def test_only_who_may_propose_stops_a_run(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    run_id = make.asked(world, "buddy")
    for person, refusal in ((learner, Refused), (people.person(kernel), Missing)):
        viewer = world.viewer(person)
        with pytest.raises(refusal):
            kernel.commit(lambda s, v=viewer: runs.cancel_run(s, viewer=v, run_id=run_id))


def test_what_is_decided_while_a_run_is_worked_out_replaces_it_and_its_answer_is_not_kept(kernel):
    world = make.world(kernel)
    ana, ben, _ = (make.learner(world) for _ in range(3))
    run_id = make.asked(world, "buddy")
    answer = make.answer_of(world, run_id)
    viewer = world.viewer(world.lead)
    assert kernel.commit(
        lambda s: deciding.decide(
            s, viewer=viewer, group_id=world.cohort, kind="buddy", one_id=ana, other_id=ben, choice="excluded"
        )
    )
    assert kernel.commit(lambda s: runs.keep_answer(s, run_id=run_id, **answer)) is False
    assert _state(kernel, run_id)[0] == RunState.REPLACED
    kernel.runner.run_due()
    assert _count(kernel, Run, Run.state == RunState.PROPOSED) == 1


def test_a_run_whose_server_ended_in_the_middle_is_worked_out_by_the_next_one_and_kept_once(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    run_id = make.asked(world, "buddy")
    answer = make.answer_of(world, run_id)
    assert [job.kind for job in kernel.commit(lease_due)] == ["matches.solve"]  # and then the server is gone
    assert kernel.runner.run_due() == 0
    with clock.travel(clock.now() + timedelta(seconds=121)):
        assert kernel.runner.run_due() >= 1
    assert _state(kernel, run_id)[0] == RunState.PROPOSED
    assert kernel.commit(lambda s: runs.keep_answer(s, run_id=run_id, **answer)) is False
    assert _count(kernel, Match) == 1


def test_a_proposal_is_still_shown_after_many_runs_that_were_stopped(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Ana Silva"), make.learner(world, "Ben Okafor")
    make.proposed(world, "buddy")
    viewer = world.viewer(world.lead)
    for _ in range(12):
        run_id = make.asked(world, "buddy")
        kernel.commit(lambda s, r=run_id: runs.cancel_run(s, viewer=viewer, run_id=r))
    page = client_of(world.lead).get(_address(world)).text
    assert "Ben Okafor" in page
    assert "The last working out was stopped." in page


def test_stopping_asks_the_database_about_once_a_second(kernel):
    world = make.world(kernel)
    run_id = make.asked(world, "buddy")
    going = jobs._going(kernel, run_id)
    assert going("") is True
    assert going("scoring") is True
    assert _state(kernel, run_id) == (RunState.ASKED, "scoring")
    viewer = world.viewer(world.lead)
    kernel.commit(lambda s: runs.cancel_run(s, viewer=viewer, run_id=run_id))
    assert going("scoring") is False
    assert going("matching") is False
    assert offload.TICK == 1


def test_the_runs_before_are_listed_with_what_changed_from_one_to_the_next(kernel, client_of):
    world = make.world(kernel)
    names = ["Ana Silva", "Ben Okafor", "Chidi Eze", "Dora Meyer"]
    goals = [{"Haskell": 3}, {"Haskell": 3}, {"SQL": 3}, {"SQL": 3}]
    ana, ben, _chidi, _dora = (make.learner(world, name, seeks=goal) for name, goal in zip(names, goals, strict=True))
    lead, address = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches/runs?kind=buddy"
    assert "Nothing has been proposed here yet." in lead.get(address).text
    make.proposed(world, "buddy")
    assert "What changed</h2>" not in lead.get(address).text
    same = make.proposed(world, "buddy")
    viewer = world.viewer(world.lead)
    kernel.commit(
        lambda s: deciding.decide(
            s, viewer=viewer, group_id=world.cohort, kind="buddy", one_id=ana, other_id=ben, choice="excluded"
        )
    )
    kernel.runner.run_due()
    page = lead.get(address).text
    assert "New pairs (2)" in page
    assert "Pairs that are gone (2)" in page
    assert "<li>Ana Silva, Ben Okafor</li>" in page
    assert page.count("asked by Ling Chen") == 3
    before = lead.get(f"{address}&run={encode(same)}").text
    assert "New pairs (0)" in before
    assert "Pairs that stayed (2)" in before
    assert lead.get(f"{address}&run={encode(world.cohort)}").status_code == 404


def test_of_equal_answers_the_pairs_of_the_last_proposal_are_kept(kernel):
    world = make.world(kernel)
    for _ in range(6):
        make.learner(world)
    make.proposed(world, "buddy")
    with kernel.reading() as session:
        pairs = [set(one["people"]) for match in session.scalars(select(Match)) for one in match.parts]
    again = make.asked(world, "buddy")
    with kernel.reading() as session:
        asked = jobs.asking.request_for(session, again)["request"]["ask"]
    assert {frozenset(pair) for pair in asked["previous"]} == {frozenset(pair) for pair in pairs}
    assert asked["compare"] is True


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"optimal": True, "gap": 0}, "Proved"),
        ({"optimal": False, "gap": 0.004}, "at most 0.4 %"),
        ({"optimal": False, "gap": None}, "is not known"),
        ({}, ""),
    ],
)
def test_how_sure_an_answer_is_stands_in_words(app, said, words):
    with app.test_request_context():
        assert words in preview(said).sure
        assert bool(preview(said).sure) is bool(words)


def test_what_the_floor_costs_is_measured_and_said(app):
    floor, plain = {"placed": 9, "total": 99_900, "worst": 3_510}, {"placed": 9, "total": 100_000, "worst": 3_000}
    with app.test_request_context():
        off = preview({"floor": floor, "plain": plain, "floor_on": False}).floor
        on = preview({"floor": floor, "plain": plain, "floor_on": True}).floor
        same = preview({"floor": plain, "plain": plain}).floor
        alone = preview({"floor": None, "plain": plain}).floor
    assert "would cost 0.1 % of the total for 17 % more for them" in off
    assert "costs 0.1 % of the total for 17 % more for them" in on
    assert "changes nothing here" in same
    assert alone == ""
