"""A cohort moves to a newer version of its track: old addresses, open pages and its workshops go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import GroupKind
from academy.tracks import actions
from academy.tracks.queries import published, walking
from tests.factories import cohorts, people, tracks, workshops

ClientOf = Callable[[UUID], FlaskClient]


def steps_of(kernel: Kernel, made: cohorts.World) -> dict[str, UUID]:
    with kernel.reading() as session:
        plan = walking.plan_for(session, people.viewer(kernel, made.lead), made.delivery)
    return {step.title: step.id for stage in plan.stages for step in stage.steps}


def newer(kernel: Kernel, made: cohorts.World, *, without: str = "") -> UUID:
    """Publish a version in which every module is another one, perhaps without one activity."""
    pack = tracks.pack(title="A better track")
    modules = [
        replace(m, title=f"{m.title}, better", activities=tuple(a for a in m.activities if a.title != without))
        for m in pack.modules
    ]
    return tracks.published(kernel, made.academy, replace(pack, modules=tuple(modules)))


def upgrade(kernel: Kernel, made: cohorts.World, to: UUID) -> None:
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.upgrade(s, viewer=lead, group_id=made.cohort, from_id=made.version, to_id=to))


def test_an_old_address_leads_to_the_same_activity_in_the_newer_version(kernel: Kernel, client_of: ClientOf) -> None:
    made = cohorts.world(kernel)
    ana = client_of(cohorts.enrolled(kernel, made))
    before = steps_of(kernel, made)
    upgrade(kernel, made, newer(kernel, made, without="Reflection 2"))
    after = steps_of(kernel, made)
    assert before["Reading 1"] != after["Reading 1"]
    answer = ana.get(f"/activities/{encode(before['Reading 1'])}?t=4&activity_id=x")
    assert (answer.status_code, answer.location) == (302, f"/activities/{encode(after['Reading 1'])}?t=4")
    assert ana.get(answer.location).status_code == 200
    assert ana.get(f"/activities/{encode(before['Reflection 2'])}").status_code == 404  # it is in no version they walk
    assert client_of(people.person(kernel)).get(f"/activities/{encode(before['Reading 1'])}").status_code == 404


def test_what_is_written_on_a_page_from_before_the_move_is_kept(kernel: Kernel, client_of: ClientOf) -> None:
    made = cohorts.world(kernel)
    ana = client_of(cohorts.enrolled(kernel, made))
    before = steps_of(kernel, made)
    upgrade(kernel, made, newer(kernel, made))
    after = steps_of(kernel, made)
    wrong = ana.post(f"/activities/{encode(before['Reflection 1'])}/reflect", data={"body": ""})
    assert wrong.status_code == 422
    sent = ana.post(f"/activities/{encode(before['Reflection 1'])}/reflect", data={"body": "Mine to keep"})
    assert sent.location == f"/activities/{encode(after['Reflection 1'])}"
    assert "Mine to keep" in ana.get(sent.location).text
    done = ana.post(f"/activities/{encode(before['Reading 1'])}/complete")
    assert done.location == f"/activities/{encode(after['Reflection 1'])}"


def test_a_cohort_that_stays_is_not_led_to_anothers_version(kernel: Kernel, client_of: ClientOf) -> None:
    made = cohorts.world(kernel)
    ben = client_of(cohorts.enrolled(kernel, made))
    other = people.group(kernel, GroupKind.COHORT, "Cohort Heron", made.academy)
    later = newer(kernel, made)
    tracks.delivered(kernel, other, later, made_on(kernel, made))
    with kernel.reading() as session:
        theirs = next(iter(published.activities_by_key(session, later).values()))
    answer = ben.get(f"/activities/{encode(theirs)}")
    assert answer.status_code == 302
    assert answer.location.removeprefix("/activities/") in {encode(one) for one in steps_of(kernel, made).values()}


def made_on(kernel: Kernel, made: cohorts.World):
    with kernel.reading() as session:
        return walking.plan_for(session, people.viewer(kernel, made.lead), made.delivery).starts_on


def test_a_workshop_follows_its_activity_and_one_whose_activity_is_gone_stays_by_itself(
    kernel: Kernel, client_of: ClientOf
) -> None:
    made = cohorts.world(kernel)
    ana = client_of(cohorts.enrolled(kernel, made))
    before = steps_of(kernel, made)
    place = workshops.Cohort(made.academy, made.cohort, made.lead, made.lead)
    kept = workshops.workshop(kernel, place, title="It follows", activity_id=before["Workshop 1"])
    alone = workshops.workshop(kernel, place, title="It stays", activity_id=before["Workshop 2"])
    upgrade(kernel, made, newer(kernel, made, without="Workshop 2"))
    after = steps_of(kernel, made)
    assert workshops.stored(kernel, kept).activity_id == after["Workshop 1"]
    assert workshops.stored(kernel, alone).activity_id == before["Workshop 2"]
    assert "It follows" in ana.get(f"/activities/{encode(after['Workshop 1'])}").text
    for one in (kept, alone):
        assert ana.get(f"/workshops/{encode(one)}").status_code == 200
