"""Mail: what the letter says and what no letter can be made to say; a real server takes it."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import select

from academy.kernel import clock, mail
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.kernel.ids import encode
from academy.kernel.jobs import Job, Runner
from academy.kernel.mail import Letter, NotPrivate, SentMail, SmtpTransport

INVITATION = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Café – Übung\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def letter(**changes: Any) -> Letter:
    return Letter(
        **{"to_name": "Ana", "to_address": "ana@example.org", "subject": "Hello", "text": "Words.", **changes}
    )


def composed(**changes: Any) -> EmailMessage:
    message = mail.compose(letter(**changes), sender="academy@example.org", message_id="<1@example.org>")
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


@dataclass
class Sink:
    """A real SMTP server that keeps what it takes."""

    port: int = 0
    taken: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    refuse: int = 0

    async def handle_DATA(self, server: Server, session: SmtpSession, envelope: Envelope) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 not now"
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 taken"


@pytest.fixture
def sink() -> Iterator[Sink]:
    found = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found.port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    yield found
    controller.stop()


def smtp(port: int, login: str = "") -> SmtpTransport:
    return SmtpTransport(
        Settings(database_url="sqlite:///x", secret_key="k" * 16, smtp_url=f"smtp://{login}127.0.0.1:{port}")
    )


@pytest.fixture
def sending(kernel: Kernel, sink: Sink) -> Iterator[Kernel]:
    before, kernel.mail = kernel.mail, smtp(sink.port)
    yield kernel
    kernel.mail = before


def runner(kernel: Kernel) -> Runner:
    return Runner(kernel, [mail.JOB])


@pytest.mark.parametrize(
    "hostile",
    [
        "Hi\r\nBcc: everybody@example.org",
        "Hi\nBcc: everybody@example.org",
        "Hi\rBcc: x@example.org",
        "Hi\u2028Bcc: x@example.org",
        "Hi\x00\x1bBcc: x@example.org",
        "Hi\x85Bcc: x@example.org",
    ],
)
def test_no_line_break_in_a_name_or_subject_makes_a_header(hostile: str) -> None:
    message = composed(subject=hostile, to_name=hostile)
    assert message["Bcc"] is None
    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    assert message["Subject"] == hostile.translate({ord(c): " " for c in "\r\n\u2028\x00\x1b\x85"}).replace("  ", " ")
    assert [a.addr_spec for a in message["To"].addresses] == ["ana@example.org"]


@pytest.mark.parametrize(
    "address", ["ana@example.org\r\nBcc: x@example.org", "ana@example.org, ben@example.org", "", "ana"]
)
def test_an_address_that_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises((ValueError, IndexError, email.errors.MessageError)):
        composed(to_address=address)


def test_names_and_words_of_every_script_arrive() -> None:
    message = composed(to_name="Łukasz O’Neil, the “other”", subject="Ein Gespräch – 会議", text="Grüße, 田中\n")
    assert message["To"].addresses[0].display_name == "Łukasz O’Neil, the “other”"
    assert message["Subject"] == "Ein Gespräch – 会議"
    assert message.get_content().splitlines() == ["Grüße, 田中"]


def test_an_invitation_is_a_calendar_part_with_its_method() -> None:
    message = composed(calendar=INVITATION, method="REQUEST")
    assert message.get_content_type() == "multipart/alternative"
    text, calendar = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert calendar["Content-Type"].params["charset"] == "utf-8"
    assert calendar.get_payload(decode=True) == INVITATION.encode()


def test_a_promised_mail_reaches_a_real_server(sending: Kernel, sink: Sink) -> None:
    sending.commit(
        lambda s: mail.post(
            s, letter(text="See you.\n.\nA line that is one dot.\n", calendar=INVITATION, method="REQUEST")
        )
    )
    assert runner(sending).run_due() == 1
    [(sender, recipients, message)] = sink.taken
    assert (sender, recipients) == ("academy@localhost", ["ana@example.org"])
    assert message["Subject"] == "Hello"
    assert message.get_body(("plain",)).get_content().splitlines() == ["See you.", ".", "A line that is one dot."]
    with sending.reading() as session:
        job = session.scalars(select(Job)).one()
    assert message["Message-ID"] == f"<{encode(job.id)}@127.0.0.1>"


def test_a_mail_of_an_undone_transaction_is_never_sent(sending: Kernel, sink: Sink) -> None:
    def undone(session: Any) -> None:
        mail.post(session, letter())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        sending.commit(undone)
    assert runner(sending).run_due() == 0
    assert sink.taken == []


def test_a_mail_that_was_not_taken_is_sent_again_under_the_same_message_id(sending: Kernel, sink: Sink) -> None:
    ids = []

    class Noting:
        def send(self, message: EmailMessage, name: str) -> None:
            ids.append(message["Message-ID"])
            smtp(sink.port).send(message, name)

    sending.mail = Noting()
    sink.refuse = 1
    sending.commit(lambda s: mail.post(s, letter(), unique_key="invitation-1"))
    assert runner(sending).run_due() == 1
    assert sink.taken == []
    with clock.travel(clock.now() + timedelta(seconds=6)):
        assert runner(sending).run_due() == 1
    assert len(sink.taken) == 1
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_mail_waits_for_its_hour_and_is_dated_when_it_goes(sending: Kernel, sink: Sink) -> None:
    at = datetime(2031, 3, 30, 1, 30, tzinfo=UTC)
    sending.commit(lambda s: mail.post(s, letter(), run_at=at))
    assert runner(sending).run_due() == 0
    with clock.travel(at):
        assert runner(sending).run_due() == 1
    assert sink.taken[0][2]["Date"] == "Sun, 30 Mar 2031 01:30:00 +0000"


def test_a_password_goes_to_a_server_on_this_machine(sink: Sink) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def check(server: Server, session: SmtpSession, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port, authenticator=check, auth_require_tls=False)
    controller.start()
    try:
        smtp(port, "post%40example.org:p%3Ass@").send(mail.compose(letter(), sender="a@b.org", message_id="<1@b>"), "1")
    finally:
        controller.stop()
    assert seen == [(b"post@example.org", b"p:ss")]
    assert len(sink.taken) == 1


def test_a_password_never_goes_to_another_machine_in_the_clear(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "HERE", frozenset())
    with pytest.raises(NotPrivate):
        smtp(sink.port, "ana:secret@").send(mail.compose(letter(), sender="a@b.org", message_id="<1@b>"), "1")
    assert sink.taken == []


def test_a_file_transport_writes_a_mail_sent_twice_once(tmp_path: Any) -> None:
    transport = mail.transport_of(
        Settings(database_url="sqlite:///x", secret_key="k" * 16, instance=tmp_path, mail="file")
    )
    message = mail.compose(letter(), sender="a@b.org", message_id="<1@b>")
    transport.send(message, "abc")
    transport.send(message, "abc")
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "abc.eml"
    assert email.message_from_bytes(file.read_bytes())["Subject"] == "Hello"


def test_a_console_transport_prints_the_mail(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    transport = mail.transport_of(
        Settings(database_url="sqlite:///x", secret_key="k" * 16, instance=tmp_path, mail="console")
    )
    transport.send(mail.compose(letter(), sender="a@b.org", message_id="<1@b>"), "abc")
    assert "Subject: Hello" in capsys.readouterr().err


def logged(kernel: Kernel) -> list[tuple[Any, ...]]:
    with kernel.reading() as session:
        return [tuple(row) for row in session.execute(select(SentMail.about, SentMail.recipient, SentMail.message))]


def test_the_log_says_that_a_letter_was_sent_and_nothing_of_what_it_said(sending: Kernel, sink: Sink) -> None:
    sending.commit(lambda s: mail.post(s, letter(about="workshop")))
    with sending.reading() as session:
        [job_id] = session.scalars(select(Job.id))
    runner(sending).run_due()
    assert logged(sending) == [("workshop", "a…@example.org", job_id)]
    with sending.reading() as session:
        [row] = session.execute(select(SentMail.__table__)).all()
        assert row.digest == mail.digest_of(" Ana@Example.org ")
        assert not {"Hello", "Words.", "Ana", "ana@example.org"} & {str(value) for value in row}


def test_a_letter_that_was_refused_is_in_the_log_once_it_is_taken(sending: Kernel, sink: Sink) -> None:
    sink.refuse = 1
    sending.commit(lambda s: mail.post(s, letter()))
    runner(sending).run_due()
    assert logged(sending) == []
    with clock.travel(clock.now() + timedelta(seconds=6)):
        runner(sending).run_due()
    assert len(logged(sending)) == 1


def test_the_log_forgets_after_ninety_days(sending: Kernel, sink: Sink) -> None:
    forget = Runner(sending, [mail.FORGET])
    with clock.travel(clock.now() - timedelta(days=91)):
        sending.commit(lambda s: mail.post(s, letter()))
        runner(sending).run_due()
    sending.commit(lambda s: mail.post(s, letter()))
    runner(sending).run_due()
    assert len(logged(sending)) == 2
    forget.promise()
    forget.run_due()
    assert len(logged(sending)) == 1


@pytest.mark.parametrize(
    ("address", "shown"), [("ana@example.org", "a…@example.org"), (" b@x.org", "b…@x.org"), ("odd", "…@odd")]
)
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert mail.masked(address) == shown
