"""The mail server: tried out with a letter, and what it said in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from flask_babel import gettext as _

from academy.kernel import mail
from academy.kernel.ids import new_id
from academy.kernel.jobs import NOBODY_CAME_BACK
from academy.kernel.mail import Letter
from academy.web.i18n import later

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

ADDRESS = re.compile(r"[\w.+%-]+@([\w.-]+)")
LONGEST = 300

_REFUSED = later("The mail server refused the connection. Look at ACADEMY_SMTP_URL: its host and port.")
_SLOW = later("The mail server did not answer in time. Look at ACADEMY_SMTP_URL, or at a firewall in between.")
_UNTRUSTED = later("The mail server's certificate could not be trusted. Look at the host in ACADEMY_SMTP_URL.")
SAID = {
    "ConnectionRefusedError": _REFUSED,
    "SMTPConnectError": _REFUSED,
    "SMTPServerDisconnected": later(
        "The mail server hung up. It may be starting anew; if not, look at ACADEMY_SMTP_URL."
    ),
    "TimeoutError": _SLOW,
    "gaierror": later("The mail server's name is not known. Look at the host in ACADEMY_SMTP_URL."),
    "OSError": later("The mail server is out of reach. Look at ACADEMY_SMTP_URL and at the network."),
    "SMTPAuthenticationError": later(
        "The mail server did not take the sign-in. Look at user and password in ACADEMY_SMTP_URL."
    ),
    "NotPrivate": later(
        "The mail server offers no TLS, so the password was not sent. Write smtps:// in ACADEMY_SMTP_URL."
    ),
    "SSLError": _UNTRUSTED,
    "SSLCertVerificationError": _UNTRUSTED,
    "SMTPRecipientsRefused": later("The mail server does not take mail for this address."),
    "SMTPSenderRefused": later("The mail server does not take mail from this sender. Look at ACADEMY_MAIL_FROM."),
    "SMTPDataError": later("The mail server did not take the letter."),
}
"""What each kind of failure means, in plain words."""


@dataclass(frozen=True)
class Outcome:
    """What became of a letter: its id, and why it was not taken where it was not."""

    message: UUID
    problem: str = ""

    @property
    def taken(self) -> bool:
        """Whether it was handed over."""
        return not self.problem


def try_out(kernel: Kernel, letter: Letter) -> Outcome:
    """Hand a letter over now and say what happened. Takes up to 20 seconds where nobody answers."""
    message = new_id()
    try:
        mail.send(kernel, letter, message)
    except Exception as error:
        kind = type(error).__name__
        logger.info("mail_trial_failed", kind=kind, exc_info=None if kind in SAID else error)
        return Outcome(message, f"{kind}: {error}")
    return Outcome(message)


def where(kernel: Kernel) -> str:
    """Say where mail goes."""
    if kernel.settings.mail == "smtp":
        return _("handed to the mail server")
    if kernel.settings.mail == "console":
        return _("printed to the console (ACADEMY_MAIL=console)")
    return _("written to a file in %(folder)s (ACADEMY_MAIL=file)", folder=kernel.settings.instance / "mail")


def explained(problem: str) -> str:
    """Say in plain words what went wrong, and where to look."""
    kind = problem.partition(": ")[0]
    if problem == NOBODY_CAME_BACK:
        return _("Whoever did this ended each time before it was done.")
    if not problem:
        return _("Somebody set it aside.")
    return str(SAID[kind]) if kind in SAID else _("It went wrong on our side (%(kind)s).", kind=kind)


def quoted(problem: str) -> str:
    """Return the words of what went wrong, addresses masked and cut short."""
    text = ADDRESS.sub(lambda found: f"…@{found[1]}", " ".join(problem.split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
