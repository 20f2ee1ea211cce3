"""The calendar page: what is one's own, in one's own days, as a list and as a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.bridges.calendars import actions as feeds
from academy.kernel import clock
from academy.kernel.app import Kernel
from cohorts.workshops import actions
from tests.factories import cohorts, people, workshops

Client = Callable[[UUID], FlaskClient]
NOW = datetime(2027, 1, 11, 8, tzinfo=UTC)


@pytest.fixture
def cohort(kernel: Kernel) -> workshops.Cohort:
    return workshops.cohort(kernel)


def scheduled(kernel: Kernel, of: workshops.Cohort, **other: object) -> UUID:
    lead = people.viewer(kernel, of.lead)
    written = workshops.written(of, **other)
    return kernel.commit(lambda s: actions.schedule(s, viewer=lead, group_id=of.group_id, **written)).id


def test_each_sees_a_workshop_on_their_own_day_and_hour(
    kernel: Kernel, client_of: Client, cohort: workshops.Cohort
) -> None:
    lisbon, lagos, new_york = cohort.learners
    with clock.travel(NOW):
        scheduled(kernel, cohort, wall_start="2027-01-15T01:00")
        for person, day, hour in (
            (lisbon, "Friday 15 January", "00:00"),
            (lagos, "Friday 15 January", "01:00"),
            (new_york, "Thursday 14 January", "19:00"),
        ):
            page = client_of(person).get("/calendar").text
            assert day in page
            assert f">{hour}</time>" in page
        page = client_of(new_york).get("/calendar?view=month&month=2027-01").text
    cell = page.split('<time datetime="2027-01-14"')[1].split("</td>")[0]
    assert "<b>19:00</b> Role-play circle" in cell
    assert 'scope="col"' in page


def test_what_is_declined_or_another_cohorts_is_not_there_and_what_is_called_off_says_so(
    kernel: Kernel, client_of: Client, client: FlaskClient, cohort: workshops.Cohort
) -> None:
    ana, ben, _ = cohort.learners
    other = workshops.cohort(kernel, name="Heron")
    with clock.travel(NOW):
        mine = scheduled(kernel, cohort, title="Ours")
        scheduled(kernel, other, title="Theirs")
        off = scheduled(kernel, cohort, title="Called off", wall_start="2027-01-20T10:00")
        lead = people.viewer(kernel, cohort.lead)
        kernel.commit(lambda s: actions.cancel(s, viewer=lead, workshop_id=off, version=1))
        viewer = people.viewer(kernel, ben)
        kernel.commit(lambda s: actions.answer(s, viewer=viewer, workshop_id=mine, state="declined", asked=None))
        page = client_of(ana).get("/calendar").text
        assert "Ours" in page
        assert "Theirs" not in page
        assert "cancelled" in page
        assert "Ours" not in client_of(ben).get("/calendar").text
        kernel.commit(lambda s: feeds.make_feed(s, person_id=ana, token="a-token-of-ana"))
        text = client.get("/calendar/a-token-of-ana.ics").text
    assert "SUMMARY:Ours" in text
    assert "STATUS:CANCELLED" in text
    assert "STATUS:TENTATIVE" in text, "not answered yet"
    assert "Theirs" not in text
    assert "DTSTART;TZID=Europe/Berlin:20270114T160000" in text


@pytest.mark.parametrize("month", ["", "2027-13", "0001-01", "9999-12", "x", "2027-01-01"])
def test_a_month_that_is_none_is_the_present_one(client_of: Client, cohort: workshops.Cohort, month: str) -> None:
    with clock.travel(NOW):
        answer = client_of(cohort.learners[0]).get("/calendar", query_string={"view": "month", "month": month})
    assert answer.status_code == 200
    assert "January 2027" in answer.text


def test_a_week_keeps_its_name_while_the_weeks_before_it_pass(kernel: Kernel, client: FlaskClient) -> None:
    made = cohorts.world(kernel, starts_on=date(2027, 1, 4))  # two weeks, a module each
    ana = cohorts.enrolled(kernel, made)
    kernel.commit(lambda s: feeds.make_feed(s, person_id=ana, token="a-token-of-ana"))

    def named(at: datetime) -> dict[str, str]:
        """Return the UID of each event by its title."""
        with clock.travel(at):
            text = client.get("/calendar/a-token-of-ana.ics").text.replace("\r\n ", "")
        events = [dict(line.split(":", 1) for line in part.splitlines() if ":" in line) for part in text.split("BEGIN")]
        return {one["SUMMARY"]: one["UID"] for one in events if "SUMMARY" in one}

    soon, later = named(datetime(2027, 1, 3, tzinfo=UTC)), named(datetime(2027, 2, 20, tzinfo=UTC))
    assert (len(soon), len(later)) == (2, 1), "the first week is too long ago by then"
    assert later.items() < soon.items()
