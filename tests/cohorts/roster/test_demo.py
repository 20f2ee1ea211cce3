"""The demo academy as `academy demo` makes it: whole, living, dated from today, and silent."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from academy.kernel import migrate

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def demo(demo_template, tmp_path):
    """A copy of the demo's database, opened for reading."""
    file = tmp_path / "academy.db"
    shutil.copyfile(demo_template, file)
    connection = sqlite3.connect(file)
    yield connection
    connection.close()


def one(demo, query):
    return demo.execute(query).fetchone()[0]


def test_about_sixty_people_live_in_seven_zones_and_three_cohorts(demo):
    assert 55 <= one(demo, "select count(*) from people") <= 70
    assert one(demo, "select count(distinct zone) from people") == 7
    assert one(demo, "select count(*) from cohorts") == 3
    assert one(demo, "select count(*) from tracks") == 2


def test_the_three_cohorts_are_in_different_weeks(demo):
    assert one(demo, "select count(distinct starts_on) from deliveries") == 3


def test_no_mail_was_promised_and_no_job_has_failed(demo):
    assert one(demo, "select count(*) from jobs where kind = 'mail.send'") == 0
    assert one(demo, "select count(*) from jobs where failed_at is not null or error is not null") == 0


def test_every_explanation_that_names_another_skill_has_a_labelled_path(demo):
    told = 0
    for (facts,) in demo.execute("select facts from matches"):
        for part in json.loads(facts):
            for goal in part["goals"]:
                held = goal["held"]
                if held is None or held["skill"] == goal["skill"]:
                    continue
                told += 1
                nodes = held["path"]["nodes"]
                assert [nodes[0]["key"], nodes[-1]["key"]] == [goal["skill"], held["skill"]]
                assert all(node["label"].strip() for node in nodes)
                assert held["path"]["steps"] == len(nodes) - 1 == len(held["path"]["relations"])
    assert told > 20


def test_every_learner_has_a_buddy_and_the_mentor_has_offers_waiting(demo):
    alone = """
        select count(*) from memberships m join groups g on g.id = m.group_id and g.kind = 'cohort'
        where m.role = 'learner' and not exists (
          select 1 from memberships p join pairs on pairs.group_id = p.group_id and pairs.kind = 'buddy'
          where p.person_id = m.person_id)
    """
    assert one(demo, alone) == 0
    waiting = "select count(*) from offers o join people p on p.id = o.person_id where o.state = 'pending' and p.email = 'mentor@demo.academy'"
    assert one(demo, waiting) >= 1


def test_each_cohort_has_workshops_behind_it_and_one_within_a_week(demo):
    now = datetime.now(UTC)
    for (cohort,) in demo.execute("select id from cohorts").fetchall():
        starts = [
            datetime.fromisoformat(at).replace(tzinfo=UTC)
            for (at,) in demo.execute("select starts_at from workshops where group_id = ?", (cohort,))
        ]
        assert any(at < now for at in starts)
        assert any(now < at < now + timedelta(days=7) for at in starts)


def test_every_room_talks_and_no_post_comes_from_the_future(demo):
    silent = "select count(*) from cohorts c where (select count(*) from posts p where p.space_id = c.space_id) < 20"
    assert one(demo, silent) == 0
    latest = datetime.fromisoformat(one(demo, "select max(at) from posts")).replace(tzinfo=UTC)
    assert latest <= datetime.now(UTC)


def test_both_boards_are_alive_and_some_questions_are_solved_and_some_wait(demo):
    assert one(demo, "select count(*) from boards") == 2
    assert one(demo, "select count(*) from spaces where kind = 'thread'") >= 12
    assert one(demo, "select count(*) from spaces where solved_no is not null") >= 3
    assert one(demo, "select count(*) from spaces where kind = 'thread' and replies = 0") >= 1
    wrong = """
        select count(*) from spaces s where s.replies <> (
          select count(*) from posts p where p.space_id = s.id and p.no > 1 and p.removed_at is null)
        or s.last_at <> (select max(p.at) from posts p where p.space_id = s.id)
    """
    assert one(demo, wrong) == 0


def test_outside_demo_mode_the_demo_is_refused_with_one_line(tmp_path: Path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(migrate.ROOT),
        "ACADEMY_INSTANCE": str(tmp_path),
        "ACADEMY_DEMO": "0",
    }
    command = [sys.executable, "-c", "from academy.kernel.cli import main; main()", "demo"]
    done = subprocess.run(command, env=environment, cwd=migrate.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "ACADEMY_DEMO=1" in done.stderr
    assert not (tmp_path / "academy.db").exists()
