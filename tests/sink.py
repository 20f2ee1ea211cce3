"""A real SMTP server that keeps what it is given."""

from __future__ import annotations

import email
import socket
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller


class Sink:
    """Listens on a free port; `letters` are the messages in the order in which they came."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one message; aiosmtpd calls this by its name."""
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        return "250 OK"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """Where letters are taken."""
        return f"smtp://127.0.0.1:{self._port}"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the letters to one address."""
        return [letter for letter in list(self.letters) if address in str(letter["To"])]

    def wait(self, found: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until letters have come; fails when they do not."""
        until = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < until, [f"{letter['To']}: {letter['Subject']}" for letter in self.letters]
            time.sleep(0.05)
