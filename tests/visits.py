"""Somebody in front of a real browser: a context of their own, whose console and policy reports are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

SECONDS = 20_000  # milliseconds for anything to happen: the machine may be busy
expect.set_options(timeout=SECONDS)

NETWORK = re.compile(r"ERR_(CONNECTION|EMPTY_RESPONSE|SOCKET|INTERNET|NETWORK)|WebSocket connection to|Failed to fetch")
"""What a browser says when a connection is lost."""


@dataclass(eq=False)
class Visit:
    """One person's browser. `problems` is everything that the console complained about."""

    url: str
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(SECONDS)
        self.watch(self.page)
        self.context.on("page", self.watch)

    def watch(self, page: Page) -> None:
        """Keep what a page's console says, policy violations included."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text}")

    def clean(self, *, forgive: re.Pattern[str] | None = None) -> None:
        """Fail when the console complained of anything but what is forgiven."""
        found = [said for said in self.problems if forgive is None or not forgive.search(said)]
        assert found == [], found  # said here too: asserts of this module are not rewritten

    def go(self, path: str) -> Page:
        """Open a page."""
        self.page.goto(urljoin(self.url, path))
        return self.page

    def sign_in(self, email: str, password: str) -> None:
        """Sign in by the form, as people do."""
        self.go("/sign-in")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(urljoin(self.url, "/"))

    def take(self, cookie: str) -> None:
        """Be signed in already, on this browser."""
        self.context.add_cookies([{"name": "academy", "value": cookie, "url": self.url}])

    def badge(self, key: str) -> int:
        """Return the number beside an entry of the main navigation."""
        number = self.page.locator(f'.rail [data-count~="{key}"] [data-n]')
        return int(number.text_content() or 0) if self.page.locator(f'.rail [data-count~="{key}"]').is_visible() else 0

    def expect_badge(self, key: str, number: int) -> None:
        """Wait until the number beside an entry of the main navigation is this one."""
        badge = self.page.locator(f'.rail [data-count~="{key}"]')
        if number:
            expect(badge.locator("[data-n]")).to_have_text(str(number))
            expect(badge).to_be_visible()
        else:
            expect(badge).to_be_hidden()


@dataclass
class RoomPage:
    """A room on somebody's screen."""

    visit: Visit

    @property
    def page(self) -> Page:
        return self.visit.page

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.page.locator("[data-composer] textarea")

    def messages(self) -> Locator:
        """Every message, those on their way too."""
        return self.page.locator("#msgs > .msg")

    def message(self, text: str) -> Locator:
        """The message with these words."""
        return self.messages().filter(has=self.page.locator(".body", has_text=text))

    def words(self) -> list[str]:
        """The words of every message, from the top."""
        return [text.strip() for text in self.page.locator("#msgs > .msg .body").all_inner_texts()]

    def live(self) -> None:
        """Wait until the room hears."""
        expect(self.page.locator("html[data-live=on]")).to_have_count(1)

    def say(self, text: str) -> None:
        """Write and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def act(self, text: str, **role: Any) -> None:
        """Open a message's menu and choose from it."""
        message = self.message(text)
        message.hover()
        message.locator("details.acts > summary").click()
        message.locator("details.acts .menu").get_by_role(**role).click()
