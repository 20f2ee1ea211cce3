"""Cohorts: who may open them, who may enroll whom, and the last seat."""

from __future__ import annotations

from datetime import date

import pytest

from academy.kernel.access import Invalid, Missing, Refused
from academy.people.models import Role
from cohorts.roster import actions, queries
from forums.spaces.queries import views as spaces
from tests.factories import cohorts, people, tracks

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def test_a_lead_opens_a_cohort_with_its_room_and_track(kernel):
    made = cohorts.world(kernel)
    with kernel.reading() as session:
        line = queries.cohort_for(session, people.viewer(kernel, made.lead), made.cohort)
    assert (line.name, line.track, line.weeks, line.starts_on) == ("Cohort Kestrel", "A track", 2, date(2026, 11, 2))
    assert line.agreements == ("Stories stay in this room.",)
    assert line.learners == 0


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc/passwd", "localtime", "x" * 200])
def test_a_zone_that_is_none_opens_no_cohort(kernel, zone):
    made = cohorts.world(kernel)
    with pytest.raises(Invalid) as refused:
        kernel.commit(
            lambda s: actions.create_cohort(
                s,
                viewer=people.viewer(kernel, made.lead),
                academy_group_id=made.academy,
                track_version_id=made.version,
                name="Cohort Heron",
                starts_on=date(2026, 11, 2),
                zone=zone,
            )
        )
    assert list(refused.value.errors) == ["zone"]


def test_an_enrolled_learner_sees_the_room_and_an_outsider_does_not(kernel):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana")
    eve = people.person(kernel, "Eve")
    with kernel.reading() as session:
        assert spaces.space_for(session, people.viewer(kernel, ana), made.space).id == made.space
        with pytest.raises(Missing):
            spaces.space_for(session, people.viewer(kernel, eve), made.space)
        with pytest.raises(Missing):
            queries.cohort_for(session, people.viewer(kernel, eve), made.cohort)


def test_a_learner_enrolls_nobody(kernel):
    made = cohorts.world(kernel)
    ana, ben = cohorts.enrolled(kernel, made), people.person(kernel)
    with pytest.raises(Refused):
        kernel.commit(
            lambda s: actions.enroll(s, viewer=people.viewer(kernel, ana), cohort_id=made.cohort, person_ids=[ben])
        )


def test_an_outsider_does_not_learn_that_a_cohort_exists(kernel):
    made = cohorts.world(kernel)
    eve = people.person(kernel)
    with pytest.raises(Missing):
        kernel.commit(
            lambda s: actions.enroll(s, viewer=people.viewer(kernel, eve), cohort_id=made.cohort, person_ids=[eve])
        )


def test_a_facilitator_adds_learners_and_mentors_but_appoints_no_lead(kernel):
    made = cohorts.world(kernel)
    fay = cohorts.enrolled(kernel, made, role=Role.FACILITATOR)
    ben = people.person(kernel)
    viewer = people.viewer(kernel, fay)
    assert kernel.commit(
        lambda s: actions.enroll(s, viewer=viewer, cohort_id=made.cohort, person_ids=[ben], role=Role.MENTOR)
    )
    with pytest.raises(Exception, match="learners, mentors or facilitators"):
        kernel.commit(
            lambda s: actions.enroll(s, viewer=viewer, cohort_id=made.cohort, person_ids=[ben], role=Role.LEAD)
        )


def test_enrolling_twice_is_enrolling_once(kernel):
    made = cohorts.world(kernel)
    ben = people.person(kernel)
    lead = people.viewer(kernel, made.lead)
    counts = [
        kernel.commit(lambda s: actions.enroll(s, viewer=lead, cohort_id=made.cohort, person_ids=[ben, ben]))
        for _ in range(2)
    ]
    assert counts == [1, 0]


def test_a_removed_learner_no_longer_sees_the_room(kernel):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made)
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.remove(s, viewer=lead, cohort_id=made.cohort, person_id=ana, role=Role.LEARNER))
    with kernel.reading() as session, pytest.raises(Missing):
        spaces.space_for(session, people.viewer(kernel, ana), made.space)


def test_an_admin_enrolls_and_reads_no_room(kernel):
    made = cohorts.world(kernel)
    with kernel.reading() as session:
        top = people.queries.organization(session)
    dana = people.member(kernel, top.id, people.person(kernel, "Dana"), Role.ADMIN)
    ben = people.person(kernel)
    viewer = people.viewer(kernel, dana)
    assert kernel.commit(lambda s: actions.enroll(s, viewer=viewer, cohort_id=made.cohort, person_ids=[ben])) == 1
    with kernel.reading() as session, pytest.raises(Missing):
        spaces.space_for(session, viewer, made.space)


def test_a_running_cohort_stays_with_its_version(kernel):
    made = cohorts.world(kernel)
    newer = tracks.published(kernel, made.academy, tracks.pack(modules=3, title="A better track"))
    with kernel.reading() as session:
        line = queries.cohort_for(session, people.viewer(kernel, made.lead), made.cohort)
    assert newer != made.version
    assert line.track == "A track"


def test_many_cohorts_come_in_pages_each_once_the_latest_start_first(kernel):
    made = cohorts.world(kernel)
    lead = people.viewer(kernel, made.lead)
    for n in range(8):
        kernel.commit(
            lambda s, n=n: actions.create_cohort(
                s,
                viewer=lead,
                academy_group_id=made.academy,
                track_version_id=made.version,
                name=f"Cohort {n} of_100%",
                starts_on=date(2026, 12, 1 + n // 3),  # three begin on the same day
                zone="UTC",
            )
        )
    pages, after = [], None
    with kernel.reading() as session:
        whole, more = queries.cohorts_for(session, lead)
        while True:
            found, after = queries.cohorts_for(session, lead, after=after, limit=4)
            pages.append([line.id for line in found])
            if after is None:
                break
        by_name = {
            wanted: len(queries.cohorts_for(session, lead, wanted=wanted)[0])
            for wanted in ("KES", "of_", "%", "/", "_1")
        }
        nobodys = queries.cohorts_for(session, people.viewer(kernel, people.person(kernel, "Eve")))
    assert more is None
    assert [len(page) for page in pages] == [4, 4, 1]
    assert [one for page in pages for one in page] == [line.id for line in whole]
    assert [line.starts_on for line in whole] == sorted((line.starts_on for line in whole), reverse=True)
    assert by_name == {"KES": 1, "of_": 8, "%": 8, "/": 0, "_1": 8}
    assert nobodys == ([], None)


def test_cohorts_are_opened_in_an_academy_or_in_the_organization_and_not_in_a_cohort(kernel):
    made = cohorts.world(kernel)
    with kernel.reading() as session:
        assert queries.academies_below(session, [made.academy]) == [made.academy]
        assert queries.academies_below(session, [made.cohort]) == []
