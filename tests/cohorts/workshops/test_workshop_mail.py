"""Invitations as they arrive: read with the email package, the icalendar library and a reader of our own."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import icalendar
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlalchemy import select

from academy.kernel import clock, jobs, mail
from academy.kernel.app import Kernel
from academy.people import actions as people
from academy.people.models import Person, Role
from cohorts.workshops import actions
from cohorts.workshops.engine import ical
from cohorts.workshops.jobs import mailing
from tests.cohorts.workshops import calendar_reader
from tests.factories import people as make
from tests.factories import workshops as factory

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


class Outbox:
    """Keeps what would be sent, as it goes over the wire."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage, name: str) -> None:
        del name
        read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.sent.append(read)

    def take(self) -> dict[str, EmailMessage]:
        """Return what came since the last look, by address: one mail each."""
        taken, self.sent = self.sent, []
        found = {message["To"].addresses[0].addr_spec: message for message in taken}
        assert len(found) == len(taken)
        return found


@pytest.fixture
def outbox(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    kept = Outbox()
    monkeypatch.setattr(kernel, "mail", kept)
    with clock.travel(NOW):
        yield kept


def address(kernel: Kernel, person_id: UUID) -> str:
    with kernel.reading() as session:
        return session.get_one(Person, person_id).email


def calendar_of(message: EmailMessage) -> calendar_reader.Component:
    (part,) = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    text = part.get_content()
    read = calendar_reader.read(text)
    assert part["Content-Type"].params["method"] == read.one("METHOD")
    assert part["Content-Type"].params["charset"] == "utf-8"
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")  # the other reader agrees
    assert isinstance(event, icalendar.Event)
    assert isinstance(event.start, datetime)
    assert str(event["uid"]) == read.part("VEVENT").one("UID")
    assert event.start.astimezone(UTC) == calendar_reader.instant(read, "DTSTART")
    return read


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def change(kernel: Kernel, cohort: factory.Cohort, workshop_id: UUID, version: int, **other: Any) -> None:
    viewer = make.viewer(kernel, cohort.lead)
    kernel.commit(
        lambda s: actions.move(
            s, viewer=viewer, workshop_id=workshop_id, version=version, **factory.written(cohort, **other)
        )
    )


def call_off(kernel: Kernel, cohort: factory.Cohort, workshop_id: UUID, version: int) -> None:
    viewer = make.viewer(kernel, cohort.lead)
    kernel.commit(lambda s: actions.cancel(s, viewer=viewer, workshop_id=workshop_id, version=version))


def test_everybody_gets_one_mail_with_their_own_time_and_only_themselves_in_it(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    sent = outbox.take()
    everybody = {address(kernel, p) for p in (*cohort.learners, cohort.facilitator)}
    assert set(sent) == everybody
    for to, message in sent.items():
        whole = message.as_string() + text_of(message) + str(calendar_of(message))
        assert not [other for other in everybody - {to} if other in whole]
        calendar = calendar_of(message)
        event = calendar.part("VEVENT")
        assert (calendar.one("METHOD"), event.one("STATUS"), event.one("SEQUENCE")) == ("REQUEST", "CONFIRMED", "0")
        assert event.one("UID") == str(workshop_id)
        ((parameters, attendee),) = event.all("ATTENDEE")
        assert attendee == f"mailto:{to}"
        assert parameters["RSVP"] == "TRUE"
        leads = to == address(kernel, cohort.facilitator)
        assert parameters["PARTSTAT"] == ("ACCEPTED" if leads else "NEEDS-ACTION")
        assert parameters["ROLE"] == ("CHAIR" if leads else "REQ-PARTICIPANT")
        ((_, organizer),) = event.all("ORGANIZER")
        assert organizer == "mailto:academy@localhost"
        assert event.all("DTSTART") == [({"TZID": "Europe/Berlin"}, "20270114T160000")]
        assert event.all("DTEND") == [({"TZID": "Europe/Berlin"}, "20270114T170000")]
        assert calendar_reader.instant(calendar, "DTSTART") == datetime(2027, 1, 14, 15, tzinfo=UTC)
        assert event.text("SUMMARY") == "Role-play circle"
        assert event.text("LOCATION") == "https://meet.example/kestrel"
        assert event.text("DESCRIPTION").startswith("1. Settle\n2. Show\n")
    new_york = sent[address(kernel, cohort.learners[2])]
    assert new_york["Subject"] == "Invitation: Role-play circle, Thu 14 Jan, 10:00"
    assert "Thursday 14 January 2027, 10:00 to 11:00 (New York time)" in text_of(new_york)
    assert "That is Thursday, 16:00 in Berlin" in text_of(new_york)
    lagos = sent[address(kernel, cohort.learners[1])]
    assert "16:00 to 17:00 (Lagos time)" in text_of(lagos)
    assert "That is" not in text_of(lagos)  # the same hour in January


def test_moving_and_cancelling_keep_the_uid_and_raise_the_sequence(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    ana = address(kernel, cohort.learners[0])
    seen = [calendar_of(outbox.take()[ana])]
    factory.answer(kernel, workshop_id, cohort.learners[0])
    change(kernel, cohort, workshop_id, 1, venue_url="https://meet.example/other")
    kernel.runner.run_due()
    placed = outbox.take()[ana]
    assert placed["Subject"].startswith("New place: ")
    seen.append(calendar_of(placed))
    ((parameters, _),) = seen[-1].part("VEVENT").all("ATTENDEE")
    assert parameters["PARTSTAT"] == "ACCEPTED"
    change(kernel, cohort, workshop_id, 2, venue_url="https://meet.example/other", wall_start="2027-01-15T09:00")
    kernel.runner.run_due()
    moved = outbox.take()[ana]
    assert "say again whether you are coming" in text_of(moved)
    seen.append(calendar_of(moved))
    ((parameters, _),) = seen[-1].part("VEVENT").all("ATTENDEE")
    assert parameters["PARTSTAT"] == "NEEDS-ACTION"
    assert calendar_reader.instant(seen[-1], "DTSTART") == datetime(2027, 1, 15, 8, tzinfo=UTC)
    call_off(kernel, cohort, workshop_id, 3)
    kernel.runner.run_due()
    seen.append(calendar_of(outbox.take()[ana]))
    assert [c.one("METHOD") for c in seen] == ["REQUEST"] * 3 + ["CANCEL"]
    assert [c.part("VEVENT").one("SEQUENCE") for c in seen] == ["0", "1", "2", "3"]
    assert {c.part("VEVENT").one("UID") for c in seen} == {str(workshop_id)}
    assert [c.part("VEVENT").one("STATUS") for c in seen] == ["CONFIRMED"] * 3 + ["CANCELLED"]


def test_another_title_updates_the_entry_with_a_fresh_stamp_and_another_agenda_sends_nothing(
    kernel: Kernel, outbox: Outbox
) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    ana = address(kernel, cohort.learners[0])
    first = calendar_of(outbox.take()[ana]).part("VEVENT")
    with clock.travel(NOW + timedelta(hours=1)):
        change(kernel, cohort, workshop_id, 1, title="Listening circle")
        kernel.runner.run_due()
        second = calendar_of(outbox.take()[ana]).part("VEVENT")
        change(kernel, cohort, workshop_id, 2, title="Listening circle", agenda_md="Other")
        kernel.runner.run_due()
    assert (first.one("SEQUENCE"), second.one("SEQUENCE")) == ("0", "0")
    assert first.one("DTSTAMP") < second.one("DTSTAMP")
    assert second.text("SUMMARY") == "Listening circle"
    assert outbox.take() == {}


def calendar_after(arrivals: list[calendar_reader.Component]) -> dict[str, str]:
    """What RFC 5546, 2.1.5 leaves in a calendar: by UID the highest SEQUENCE, then the latest DTSTAMP."""
    kept: dict[str, tuple[int, str, str]] = {}
    for calendar in arrivals:
        event = calendar.part("VEVENT")
        new = (int(event.one("SEQUENCE")), event.one("DTSTAMP"), event.one("STATUS"))
        if event.one("UID") not in kept or kept[event.one("UID")][:2] <= new[:2]:
            kept[event.one("UID")] = new
    return {uid: status for uid, (_, _, status) in kept.items()}


def test_reschedule_then_cancel_arriving_the_other_way_round_ends_cancelled(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    arrivals = []
    for step in range(3):
        if step == 1:
            change(kernel, cohort, workshop_id, 1, wall_start="2027-01-15T09:00")
        elif step == 2:
            call_off(kernel, cohort, workshop_id, 2)
        kernel.runner.run_due()
        arrivals.append(calendar_of(outbox.take()[address(kernel, cohort.learners[0])]))
    for order in ((0, 1, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0)):
        assert calendar_after([arrivals[place] for place in order]) == {str(workshop_id): "CANCELLED"}


def test_a_change_that_overtakes_an_unsent_invitation_sends_only_what_is_true(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    change(kernel, cohort, workshop_id, 1, wall_start="2027-01-15T09:00")
    kernel.runner.run_due()
    sent = outbox.take()
    assert {calendar_of(m).part("VEVENT").one("SEQUENCE") for m in sent.values()} == {"1"}


def test_a_leaver_alone_gets_a_cancellation_and_coming_back_invites_again(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    outbox.take()
    ana = cohort.learners[0]
    arrivals = []

    def leave(session: Any) -> None:
        people.leave(session, group_id=cohort.group_id, person_id=ana, role=Role.LEARNER, actor_id=None)

    with clock.travel(NOW + timedelta(hours=1)):
        kernel.commit(leave)
        kernel.runner.run_due()
        sent = outbox.take()
        assert set(sent) == {address(kernel, ana)}
        arrivals.append(calendar_of(sent[address(kernel, ana)]))
        assert arrivals[0].one("METHOD") == "CANCEL"
    with clock.travel(NOW + timedelta(hours=2)):
        make.member(kernel, cohort.group_id, ana)
        kernel.runner.run_due()
        sent = outbox.take()
        assert set(sent) == {address(kernel, ana)}
        arrivals.append(calendar_of(sent[address(kernel, ana)]))
    assert calendar_after(arrivals) == {str(workshop_id): "CONFIRMED"}
    assert calendar_after(arrivals[::-1]) == {str(workshop_id): "CONFIRMED"}


def test_muted_mail_is_never_sent_later(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=1)
    with kernel.quiet(mail.KIND):
        factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    assert outbox.take() == {}


def test_a_job_that_runs_twice_sends_each_mail_once(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=2)
    factory.workshop(kernel, cohort)
    with kernel.reading() as session:
        (payload,) = session.scalars(select(jobs.Job.payload).where(jobs.Job.kind == "workshops.invite"))
    for _ in range(2):
        with kernel.reading() as session:
            found = mailing._read(session, payload)
        assert found
        letters = mailing._write(kernel, cohort.lead, found)
        kernel.commit(lambda session: mailing._promise(session, payload, letters))
    kernel.runner.run_due()
    assert len(outbox.take()) == 3


def test_more_people_than_one_page_all_get_theirs(
    kernel: Kernel, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "PAGE", 4)
    cohort = factory.cohort(kernel, learners=11)
    factory.workshop(kernel, cohort)
    kernel.runner.run_due()
    assert set(outbox.take()) == {address(kernel, p) for p in (*cohort.learners, cohort.facilitator)}


HOSTILE = 'Evil"; RSVP=FALSE:\r\nATTENDEE:mailto:spy@evil.example\r\n END:VEVENT\\n,;^n \u202e\u2028 ' + "é𝔘" * 25


def test_hostile_words_stay_words(kernel: Kernel, outbox: Outbox) -> None:
    cohort = factory.cohort(kernel, learners=0, name=HOSTILE[:100])
    ana = factory.learner(kernel, cohort, name=HOSTILE[:110])
    factory.workshop(kernel, cohort, title=HOSTILE, agenda_md=f"{HOSTILE}\nBcc: spy@evil.example\n")
    kernel.runner.run_due()
    message = outbox.take()[address(kernel, ana)]
    assert [a.addr_spec for a in message["To"].addresses] == [address(kernel, ana)]
    assert message["Bcc"] is None
    assert message["Attendee"] is None
    calendar = calendar_of(message)
    assert [c.name for c in calendar.inside] == ["VTIMEZONE", "VEVENT"]
    event = calendar.part("VEVENT")
    assert event.inside == []
    ((parameters, attendee),) = event.all("ATTENDEE")
    assert attendee == f"mailto:{address(kernel, ana)}"
    assert parameters["RSVP"] == "TRUE"
    clean = 'Evil"; RSVP=FALSE: ATTENDEE:mailto:spy@evil.example END:VEVENT\\n,;^n ' + "é𝔘" * 25
    assert event.text("SUMMARY") == clean
    assert event.text("DESCRIPTION").startswith('Evil"; RSVP=FALSE:\nATTENDEE:mailto:spy@evil.example\n')
    assert "\u202e" not in message["Subject"]


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        ("2027-03-28T03:00", "Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("2027-03-28T01:59", "Europe/Berlin", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-10-31T10:00", "Europe/Berlin", datetime(2027, 10, 31, 9, tzinfo=UTC)),
        ("2027-11-07T10:00", "America/New_York", datetime(2027, 11, 7, 15, tzinfo=UTC)),
        ("2027-07-01T10:00", "Asia/Kathmandu", datetime(2027, 7, 1, 4, 15, tzinfo=UTC)),
        ("2027-01-01T00:00", "Pacific/Auckland", datetime(2026, 12, 31, 11, tzinfo=UTC)),
        ("2027-12-31T23:59", "America/Sao_Paulo", datetime(2028, 1, 1, 2, 59, tzinfo=UTC)),
        ("2027-07-01T10:00", "UTC", datetime(2027, 7, 1, 10, tzinfo=UTC)),
    ],
)
def test_the_time_zone_in_the_invitation_alone_gives_the_right_instant(wall: str, zone: str, instant: datetime) -> None:
    text = ical.calendar_text(
        ical.Invitation(
            method="REQUEST", uid="u", sequence=0, stamp=NOW, starts_at=instant, minutes=90, zone=zone, summary="s",
            description="", location="", url="https://x.example/", organizer=ical.Address(name="o", mail="o@x.example"),
            attendee=ical.Address(name="a", mail="a@x.example"),
        )
    )  # fmt: skip
    calendar = calendar_reader.read(text)
    assert calendar_reader.instant(calendar, "DTSTART") == instant
    assert calendar_reader.instant(calendar, "DTEND") == instant + timedelta(minutes=90)
    ((_, value),) = calendar.part("VEVENT").all("DTSTART")
    assert value.removesuffix("Z") == wall.replace("-", "").replace(":", "") + "00"


@pytest.fixture
def sink() -> Iterator[tuple[str, list[Any]]]:
    received: list[Any] = []

    class Keep(Message):
        def handle_message(self, message: Any) -> None:
            received.append(message)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}", received
    controller.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_over_a_real_smtp_server_the_invitation_arrives_whole(
    kernel: Kernel, sink: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch, outbox: Callable[..., Any]
) -> None:
    url, received = sink
    monkeypatch.setattr(kernel, "mail", mail.SmtpTransport(replace(kernel.settings, smtp_url=url)))
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort, title="Zuhören üben — 聞く")
    kernel.runner.run_due()
    assert len(received) == 2
    envelopes = {message["X-RcptTo"] for message in received}
    assert envelopes == {address(kernel, p) for p in (cohort.learners[0], cohort.facilitator)}
    for raw in received:
        message = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert message["X-RcptTo"] == message["To"].addresses[0].addr_spec
        event = calendar_of(message).part("VEVENT")
        assert event.one("UID") == str(workshop_id)
        assert event.text("SUMMARY") == "Zuhören üben — 聞く"
        assert message["Message-ID"].endswith("@127.0.0.1>")
    assert len({m["Message-ID"] for m in received}) == 2
