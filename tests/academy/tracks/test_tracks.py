"""Tracks: versions, plans, completion and private reflections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing, Refused
from academy.kernel.ids import encode
from academy.people.models import Role
from academy.tracks import actions
from academy.tracks.engine import read_pack, week_of
from academy.tracks.models import Completion, ModuleVersion, Reflection, TrackPart
from academy.tracks.queries import walking
from tests.factories import cohorts, people, tracks


def plan_of(kernel, person, delivery):
    with kernel.reading() as session:
        return walking.plan_for(session, people.viewer(kernel, person), delivery)


@pytest.fixture
def ground(kernel):
    academy = tracks.academy(kernel)
    cohort = people.group(kernel, parent=academy)
    ana = people.member(kernel, cohort, people.person(kernel, "Ana"))
    delivery = tracks.delivered(kernel, cohort, tracks.published(kernel, academy), date(2026, 11, 2))
    return academy, cohort, ana, delivery


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
class TestOnBothDatabases:
    def test_a_plan_shows_every_activity_in_order_and_nothing_done(self, kernel, ground):
        *_, ana, delivery = ground
        plan = plan_of(kernel, ana, delivery)
        assert [[s.title for s in stage.steps] for stage in plan.stages] == [
            ["Reading 1", "Reflection 1", "Workshop 1"],
            ["Reading 2", "Reflection 2", "Workshop 2"],
        ]
        assert [stage.done for stage in plan.stages] == [0, 0]
        assert plan.next_step[1].title == "Reading 1"

    def test_completion_is_ones_own_and_done_twice_is_done_once(self, kernel, ground):
        _, cohort, ana, delivery = ground
        ben = people.member(kernel, cohort, people.person(kernel, "Ben"))
        first = plan_of(kernel, ana, delivery).stages[0].steps[0].id
        for _ in range(2):
            kernel.commit(lambda s: actions.complete(s, viewer=people.viewer(kernel, ana), activity_id=first))
        assert plan_of(kernel, ana, delivery).stages[0].done == 1
        assert plan_of(kernel, ben, delivery).stages[0].done == 0

    def test_a_reflection_is_kept_for_its_writer_and_counts_as_done(self, kernel, ground):
        academy, _, ana, delivery = ground
        step = plan_of(kernel, ana, delivery).stages[0].steps[1]
        kernel.commit(
            lambda s: actions.reflect(s, viewer=people.viewer(kernel, ana), activity_id=step.id, body="  I waited. ")
        )
        lead = people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)
        with kernel.reading() as session:
            assert walking.task_for(session, people.viewer(kernel, ana), step.id).reflection == "I waited."
            assert walking.task_for(session, people.viewer(kernel, lead), step.id).reflection == ""

    def test_somebody_outside_the_cohort_finds_neither_plan_nor_activity(self, kernel, ground):
        *_, ana, delivery = ground
        eve = people.person(kernel, "Eve")
        first = plan_of(kernel, ana, delivery).stages[0].steps[0].id
        with pytest.raises(Missing):
            plan_of(kernel, eve, delivery)
        with pytest.raises(Missing):
            kernel.commit(lambda s: actions.complete(s, viewer=people.viewer(kernel, eve), activity_id=first))

    def test_a_new_version_keeps_the_modules_that_did_not_change(self, kernel, ground):
        academy, *_ = ground
        newer = tracks.published(kernel, academy, tracks.pack(modules=3))
        with kernel.reading() as session:
            parts = session.execute(
                select(TrackPart.position, ModuleVersion.number)
                .join(ModuleVersion, ModuleVersion.id == TrackPart.module_version_id)
                .where(TrackPart.track_version_id == newer)
                .order_by(TrackPart.position)
            ).all()
            used = session.scalars(select(TrackPart.module_version_id).distinct()).all()
        assert [tuple(p) for p in parts] == [(1, 1), (2, 1), (3, 1)]
        assert len(used) == 3


def test_an_empty_reflection_is_refused_kindly_and_nothing_is_stored(kernel, ground):
    *_, ana, delivery = ground
    step = plan_of(kernel, ana, delivery).stages[0].steps[1]
    with pytest.raises(Invalid, match="Nobody but you will read it"):
        kernel.commit(lambda s: actions.reflect(s, viewer=people.viewer(kernel, ana), activity_id=step.id, body=" "))
    with kernel.reading() as session:
        assert session.scalar(select(Reflection)) is None


def test_weeks_follow_the_calendar_of_the_zone():
    late_sunday = datetime(2026, 11, 8, 23, 30, tzinfo=UTC)
    assert week_of(date(2026, 11, 2), "Europe/Lisbon", late_sunday) == 1
    assert week_of(date(2026, 11, 2), "Asia/Kolkata", late_sunday) == 2
    assert week_of(date(2026, 11, 9), "Europe/Lisbon", late_sunday) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title =", "can't be read"),
        ('title = "x"', "no key"),
        ('key="k"\ntitle="t"\nsummary="s"\nweeks=0', "whole number from 1 to 104"),
        (
            'key="k"\ntitle="t"\nsummary="s"\nweeks=1\n[[modules]]\nkey="m"\ntitle="t"\nsummary="s"\nweek=2',
            "week 2 of 1",
        ),
        (
            (
                'key="k"\ntitle="t"\nsummary="s"\nweeks=1\n[[modules]]\nkey="m"\ntitle="t"\nsummary="s"\nweek=1\n'
                '[[modules.activities]]\nkind="dance"'
            ),
            "kind 'dance'",
        ),
    ],
)
def test_a_broken_pack_is_refused_with_a_sentence_that_names_the_place(text, says):
    with pytest.raises(Invalid, match=says):
        read_pack(text)


def test_pages_walk_a_learner_through_reading_and_reflection(kernel, ground, client_of):
    *_, ana, delivery = ground
    client = client_of(ana)
    plan = plan_of(kernel, ana, delivery)
    reading, reflection = (step.id for step in plan.stages[0].steps[:2])
    track = client.get(f"/deliveries/{encode(delivery)}").text
    assert "Reading 1" in track
    assert "Text of reading 1." in client.get(f"/activities/{encode(reading)}").text
    done = client.post(f"/activities/{encode(reading)}/complete")
    assert done.location == f"/activities/{encode(reflection)}"
    page = client.post(
        f"/activities/{encode(reflection)}/reflect", data={"body": "<b>Bold</b> words"}, follow_redirects=True
    )
    assert "&lt;b&gt;Bold&lt;/b&gt; words" in page.text
    assert "Only you can read this" in page.text
    empty = client.post(f"/activities/{encode(reflection)}/reflect", data={"body": ""})
    assert empty.status_code == 422


def test_the_week_of_a_plan_is_counted_from_its_first_day(kernel, ground):
    *_, ana, delivery = ground
    with clock.travel(datetime(2036, 11, 12, 12, tzinfo=UTC)):
        assert plan_of(kernel, ana, delivery).week == 524  # 3,663 days on: 523 whole weeks and two days


def _upgraded(kernel, made, newer):
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.upgrade(s, viewer=lead, group_id=made.cohort, from_id=made.version, to_id=newer))


def test_a_cohort_is_moved_to_a_newer_version_and_everybody_keeps_what_they_did(kernel):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made)
    eve = people.person(kernel)
    viewer = people.viewer(kernel, ana)
    steps = _plan(kernel, made, ana).stages[0].steps
    kernel.commit(lambda s: actions.complete(s, viewer=viewer, activity_id=steps[0].id))
    kernel.commit(lambda s: actions.reflect(s, viewer=viewer, activity_id=steps[1].id, body="Mine."))
    changed = tracks.pack(modules=3, title="A better track")
    first = changed.modules[0]
    better = replace(first, title="A better module", activities=(*first.activities[:2],))
    newer = tracks.published(kernel, made.academy, replace(changed, modules=(better, *changed.modules[1:])))
    _upgraded(kernel, made, newer)
    plan = _plan(kernel, made, ana)
    assert [(s.title, s.done) for s in plan.stages[0].steps] == [("Reading 1", True), ("Reflection 1", True)]
    assert plan.stages[0].steps[0].id != steps[0].id
    assert len(plan.stages) == 3
    with kernel.reading() as session:
        assert walking.task_for(session, viewer, plan.stages[0].steps[1].id).reflection == "Mine."
        assert session.scalars(select(Completion).where(Completion.person_id == eve)).all() == []


def test_a_cohort_that_was_moved_meanwhile_is_not_moved_again(kernel):
    made = cohorts.world(kernel)
    newer = tracks.published(kernel, made.academy, tracks.pack(modules=3))
    _upgraded(kernel, made, newer)
    with pytest.raises(Conflict):
        _upgraded(kernel, made, newer)


def test_a_cohort_is_not_moved_to_another_track_or_by_a_learner(kernel):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made)
    other = tracks.published(kernel, made.academy, tracks.pack("another"))
    with pytest.raises(Missing):
        _upgraded(kernel, made, other)
    newer = tracks.published(kernel, made.academy, tracks.pack(modules=3))
    with pytest.raises(Refused):
        kernel.commit(
            lambda s: actions.upgrade(
                s, viewer=people.viewer(kernel, ana), group_id=made.cohort, from_id=made.version, to_id=newer
            )
        )


def _plan(kernel, made, person):
    with kernel.reading() as session:
        return walking.plan_for(session, people.viewer(kernel, person), made.delivery)
