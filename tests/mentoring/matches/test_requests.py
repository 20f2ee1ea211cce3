"""What the matcher is given: plain values, gathered from what people said of themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from academy.people import actions as people_actions
from academy.people.models import Role
from matching.hours import utc_hours
from mentoring.matches.actions.asking import coming_week, request_for
from mentoring.pairs.queries import pairs_of
from tests.factories import mentoring as make
from tests.factories import people


def _request(made, kind):
    run_id = make.asked(made, kind)
    with made.kernel.reading() as session:
        return request_for(session, run_id)["request"]


def test_hours_are_minutes_of_one_utc_week():
    # Lisbon is at UTC in winter and an hour ahead in summer.
    tuesday = [(1, 9 * 60, 12 * 60)]
    assert utc_hours(tuesday, "Europe/Lisbon", date(2026, 11, 30)) == [[1440 + 540, 1440 + 720]]
    assert utc_hours(tuesday, "Europe/Lisbon", date(2026, 7, 6)) == [[1440 + 480, 1440 + 660]]
    assert utc_hours([(0, 0, 120)], "Asia/Kolkata", date(2026, 11, 30)) == [[-330, -210]]
    assert utc_hours([(6, 22 * 60, 24 * 60)], "America/New_York", date(2026, 11, 30)) == [[10080 + 180, 10080 + 300]]


def test_hours_follow_the_clock_within_the_week_in_which_it_changes():
    # On Sunday 29 March 2026 clocks in Berlin go from 02:00 to 03:00.
    week = date(2026, 3, 23)
    assert utc_hours([(5, 540, 600), (6, 540, 600)], "Europe/Berlin", week) == [
        [5 * 1440 + 480, 5 * 1440 + 540],
        [6 * 1440 + 420, 6 * 1440 + 480],
    ]
    assert utc_hours([(6, 120, 180)], "Europe/Berlin", week) == []


def test_the_week_that_is_compared_is_the_coming_one():
    assert coming_week(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == date(2026, 11, 30)
    assert coming_week(datetime(2026, 11, 29, 23, 59, tzinfo=UTC)) == date(2026, 11, 30)


def test_a_request_carries_what_people_said_and_nothing_that_names_them(kernel):
    world = make.world(kernel)
    learner = make.learner(world, "Maria Lopes", zone="Europe/Lisbon", languages=["pt", "en"])
    mentor = make.mentor(world, "Ana Silva", capacity=3, knows={"SQL": 5, "Haskell": 2})
    kernel.commit(lambda s: people_actions.set_manager(s, person_id=learner, manager_id=mentor))
    kernel.commit(lambda s: people_actions.block(s, person_id=mentor, blocked_id=learner))
    request = _request(world, "mentorship")
    (seeker,), (holder,) = request["ask"]["learners"], request["ask"]["mentors"]
    assert (seeker["id"], seeker["goals"], seeker["languages"]) == (str(learner), [("haskell", 3)], ["en", "pt"])
    assert seeker["manager_id"] == str(mentor)
    assert (holder["id"], holder["skills"], holder["capacity"]) == (str(mentor), [("haskell", 2), ("sql", 5)], 3)
    assert holder["blocks"] == [str(learner)]
    plain = json.dumps(request)
    assert "Maria" not in plain
    assert "Silva" not in plain


def test_only_mentors_who_offer_places_are_asked_for(kernel):
    world = make.world(kernel)
    make.learner(world)
    offering, paused = make.mentor(world), make.mentor(world, capacity=0)
    people.member(kernel, world.cohort, people.person(kernel), Role.MENTOR)
    request = _request(world, "mentorship")
    assert {one["id"]: one["capacity"] for one in request["ask"]["mentors"]} == {str(offering): 1, str(paused): 0}


def test_places_that_are_taken_or_waited_for_are_not_given_again(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    mentor = make.mentor(world, capacity=3)
    make.published(world, "mentorship")
    make.accept(world, make.offers_to(world, mentor)[0])
    new = make.learner(world)
    request = _request(world, "mentorship")
    assert [one["id"] for one in request["ask"]["learners"]] == [str(new)]
    assert [one["capacity"] for one in request["ask"]["mentors"]] == [1]


def test_pairs_that_go_on_and_pairs_that_ended_are_told_apart(kernel):
    world = make.world(kernel)
    ana, ben, _chidi = (make.learner(world, name) for name in ("Ana", "Ben", "Chidi"))
    make.published(world, "buddy")
    with kernel.reading() as session:
        (line,) = pairs_of(session, world.viewer(ana))
    kernel.commit(
        lambda s: people_actions.leave(s, group_id=line.group_id, person_id=ben, role=Role.LEARNER, actor_id=None)
    )
    request = _request(world, "buddy")
    assert [str(ana), str(ben)] in [
        sorted(pair, key=[str(ana), str(ben)].index)
        for pair in request["ask"]["ex_pairs"]
        if set(pair) == {str(ana), str(ben)}
    ]
    assert len(request["ask"]["ex_pairs"]) == 2
    assert len(request["ask"]["current_pairs"]) == 1
    assert [one["id"] for one in request["ask"]["people"]] == [str(ben)]


def test_a_refusal_counts_for_good(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    make.decline(world, make.offers_to(world, mentor)[0])
    request = _request(world, "mentorship")
    assert request["ask"]["mentors"][0]["declined"] == [str(learner)]


def test_the_same_people_give_the_same_answer(kernel):
    world = make.world(kernel)
    for _ in range(7):
        make.learner(world)
    first = make.answer_of(world, make.asked(world, "buddy"))["answer"]
    second = make.answer_of(world, make.asked(world, "buddy"))["answer"]
    assert first["solved"].pop("seconds") >= 0
    assert second["solved"].pop("seconds") >= 0
    assert first == second


@pytest.mark.timeout(120)
def test_the_web_process_never_loads_the_numeric_libraries(tmp_path, sqlite_template):
    database = tmp_path / "academy.db"
    database.write_bytes(sqlite_template.read_bytes())
    script = f"""
import sys, wsgi
from pathlib import Path
from academy.kernel.config import Settings
app = wsgi.create_app(Settings(database_url="sqlite:///{database}", secret_key="a secret for tests only",
    instance=Path({str(tmp_path)!r}), async_mode="threading", jobs="off", mail="file", log_level="error", testing=True))
from academy.kernel import offload
graph = {{"version": "1", "nodes": [["h", "Haskell", "knowledge"]], "edges": []}}
person = lambda name: {{"id": name, "goals": [["h", 3]], "hours": [[0, 120]], "languages": ["en"]}}
ask = {{"graph": graph, "people": [person("a"), person("b")]}}
answer = offload.solve("mentoring.matches.engine:solve", {{"purpose": "buddy", "ask": ask}})
assert [group["members"] for group in answer["groups"]] == [["a", "b"]], answer
loaded = sorted({{"numpy", "scipy", "networkx", "alembic"}} & set(sys.modules))
print("loaded:", loaded)
offload.stop()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert "loaded: []" in done.stdout
