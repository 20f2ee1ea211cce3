"""Mail as a job: written in the transaction that causes it, sent after it, known by a stable Message-ID.

What was sent is noted in the mail log: to whom (masked), about what and when; never what it said.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy import String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock, jobs
from academy.kernel.db import Table, key
from academy.kernel.ids import encode, first_of, new_id

if TYPE_CHECKING:
    from academy.kernel.app import Kernel
    from academy.kernel.config import Settings

KIND = "mail.send"
TIMEOUT = 20
HERE = {"127.0.0.1", "::1", "localhost"}
KEPT = timedelta(days=90)


class SentMail(Table):
    """A letter that a mail server took, or that was written to a file or the console. Kept for 90 days."""

    __tablename__ = "mail_log"

    id: Mapped[key]
    message: Mapped[UUID]
    """What its Message-ID is made of: the id of its job."""
    at: Mapped[datetime]
    about: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(254))
    """The address, masked."""
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """By which the letters to one address are found by whoever knows it."""


class NotPrivate(Exception):
    """The mail server offers no TLS, so the password was not sent."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to one person. `calendar` is an iCalendar text, `method` its METHOD (REQUEST, CANCEL).

    `about` is one word for the mail log, such as "workshop". `regarding` names what the letter stands or falls with:
    `take_back` keeps it from being sent once that is gone.
    """

    to_name: str
    to_address: str
    subject: str
    text: str
    calendar: str | None = None
    method: str | None = None
    about: str = ""
    regarding: str = ""


class Transport(Protocol):
    """Where mail goes."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Hand one message over; raises when it was not taken."""


def post(session: Session, letter: Letter, *, unique_key: str | None = None, run_at: datetime | None = None) -> None:
    """Promise a mail from within a transaction."""
    payload = {name: getattr(letter, name) for name in Letter.__dataclass_fields__}
    jobs.enqueue(session, KIND, payload, unique_key=unique_key, run_at=run_at)


def take_back(session: Session, regarding: UUID) -> None:
    """Let no letter be sent any more that regards this and still waits, perhaps set aside for now."""
    jobs.forget(session, [KIND], name="regarding", values=[str(regarding)])


def compose(letter: Letter, *, sender: str, message_id: str) -> EmailMessage:
    """Build the message; line breaks in names and subjects become spaces, so no header can be injected."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(display_name=_line(letter.to_name), addr_spec=letter.to_address)
    message["Subject"] = _line(letter.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.calendar is not None and letter.method is not None:
        message.add_alternative(
            letter.calendar.encode(),
            maintype="text",
            subtype="calendar",
            params={"method": letter.method, "charset": "utf-8", "name": "invite.ics"},
            cte="base64",
        )
    return message


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class ConsoleTransport:
    """Prints mail, for development."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Write the message to standard error."""
        print(f"--- mail {name}\n{message.as_string()}\n---", file=sys.stderr, flush=True)  # noqa: T201


class FileTransport:
    """Writes each mail to a file named by its id: sent twice is written once."""

    def __init__(self, settings: Settings) -> None:
        """Keep mail under the instance folder."""
        self._folder = settings.instance / "mail"

    def send(self, message: EmailMessage, name: str) -> None:
        """Write the message as NAME.eml."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{name}.eml").write_bytes(message.as_bytes())


class SmtpTransport:
    """Hands mail to an SMTP server, with TLS from the start (smtps) or where it is offered.

    Where a password is sent, or TLS asked for, the server's certificate is checked. A password never goes to
    another machine in the clear. Without one, TLS against listeners is all that is wanted: any certificate does.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the server's address."""
        self._url = urlsplit(settings.smtp_url)

    def send(self, message: EmailMessage, name: str) -> None:
        """Send the message; `name` is in its Message-ID already."""
        del name
        url = self._url
        host = url.hostname or "127.0.0.1"
        if url.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                host, url.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            client = smtplib.SMTP(host, url.port or 25, timeout=TIMEOUT)
        with client:
            client.ehlo()
            if url.scheme == "smtp" and client.has_extn("starttls"):
                client.starttls(context=ssl.create_default_context() if url.username else None)
                client.ehlo()
            elif url.scheme == "smtp" and url.username and host not in HERE:
                raise NotPrivate(NotPrivate.__doc__)
            if url.username:
                client.login(unquote(url.username), unquote(url.password or ""))
            client.send_message(message)


def transport_of(settings: Settings) -> Transport:
    """Choose the transport that the settings name."""
    if settings.mail == "console":
        return ConsoleTransport()
    if settings.mail == "file":
        return FileTransport(settings)
    return SmtpTransport(settings)


def send(kernel: Kernel, letter: Letter, message: UUID) -> None:
    """Hand a letter over now, outside of any transaction; raises what went wrong."""
    host = urlsplit(kernel.settings.base_url).hostname or "localhost"
    name = encode(message)
    composed = compose(letter, sender=kernel.settings.mail_from, message_id=f"<{name}@{host}>")
    kernel.mail.send(composed, name)


def note(session: Session, letter: Letter, message: UUID) -> None:
    """Note in the mail log that a letter was handed over."""
    address = letter.to_address
    session.add(
        SentMail(
            id=new_id(),
            message=message,
            at=clock.now(),
            about=letter.about,
            recipient=masked(address),
            digest=digest_of(address),
        )
    )


def masked(address: str) -> str:
    """Hide most of an address: a…@example.org."""
    local, _at, domain = address.strip().rpartition("@")
    return f"{local[:1]}…@{domain}"


def digest_of(address: str) -> str:
    """Return by what the mail log knows an address."""
    return hashlib.sha256(address.strip().casefold().encode()).hexdigest()


def _send(kernel: Kernel, job_id: UUID, value: Mapping[str, Any]) -> UUID:
    send(kernel, Letter(**value), job_id)
    return job_id


def _note(session: Session, payload: Mapping[str, Any], job_id: UUID) -> None:
    note(session, Letter(**payload), job_id)


def _forget(session: Session, _payload: Mapping[str, Any], _value: None) -> None:
    session.execute(delete(SentMail).where(SentMail.id < first_of(clock.now() - KEPT)))


JOB = jobs.JobKind(KIND, read=lambda _session, payload: payload, outside=_send, apply=_note, forget=True)
FORGET = jobs.JobKind("mail.forget", apply=_forget, every=timedelta(days=1))
