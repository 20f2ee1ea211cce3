"""Mail as a job: written in the transaction that causes it, sent after it, known by a stable Message-ID."""

from __future__ import annotations

import smtplib
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from academy.kernel import clock, jobs
from academy.kernel.ids import encode

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel
    from academy.kernel.config import Settings

KIND = "mail.send"
TIMEOUT = 20
HERE = {"127.0.0.1", "::1", "localhost"}


class NotPrivate(Exception):
    """The mail server offers no TLS, so the password was not sent."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to one person. `calendar` is an iCalendar text, `method` its METHOD (REQUEST, CANCEL)."""

    to_name: str
    to_address: str
    subject: str
    text: str
    calendar: str | None = None
    method: str | None = None


class Transport(Protocol):
    """Where mail goes."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Hand one message over; raises when it was not taken."""


def post(session: Session, letter: Letter, *, unique_key: str | None = None, run_at: datetime | None = None) -> None:
    """Promise a mail from within a transaction."""
    payload = {name: getattr(letter, name) for name in Letter.__dataclass_fields__}
    jobs.enqueue(session, KIND, payload, unique_key=unique_key, run_at=run_at)


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


def _send(kernel: Kernel, job_id: UUID, value: Mapping[str, Any]) -> None:
    letter = Letter(**value)
    host = urlsplit(kernel.settings.base_url).hostname or "localhost"
    name = encode(job_id)
    message = compose(letter, sender=kernel.settings.mail_from, message_id=f"<{name}@{host}>")
    kernel.mail.send(message, name)


JOB = jobs.JobKind(KIND, read=lambda _session, payload: payload, outside=_send, forget=True)
