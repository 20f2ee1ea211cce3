"""A room in a real browser: a server that can be killed, tabs, and what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.engine import new_token, token_hash
from forums.posts.models import Post
from tests.factories import forums
from tests.serving import Server, cookie_of, start_server

expect.set_options(timeout=20_000)


@dataclass
class Own:
    """A room of three, of one test's own, on a server that can be killed and come back to where it was."""

    kernel: Kernel
    folder: Path
    database_url: str
    server: Server
    browser: Browser
    space: UUID
    people: list[UUID]
    settings: dict[str, str] = field(default_factory=dict)
    """How the server is started: its mode, and what is in its environment."""

    @property
    def url(self) -> str:
        """Where the room is."""
        return f"{self.server.url}/spaces/{encode(self.space)}"

    def again(self) -> None:
        """Start the server anew on the same port."""
        self.server = start_server(self.database_url, self.folder, port=self.server.port, **self.settings)

    def visit(self, person: int, *, live: bool = True) -> Page:
        """Open the room as a person with a browser profile of their own."""
        return self.tab(self.profile(person), live=live)

    def profile(self, person: int) -> BrowserContext:
        """Sign a person in with a browser profile of their own."""
        token = new_token()
        hashed, person_id = token_hash(token), self.people[person]
        self.kernel.commit(lambda s: people_actions.sign_in(s, person_id=person_id, token_hash=hashed, agent="test"))
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": "academy", "value": cookie_of(token), "url": self.server.url}])
        return context

    def tab(self, context: BrowserContext, *, live: bool = True) -> Page:
        """Open the room in one more tab."""
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(self.url)
        if live:
            page.wait_for_selector("html[data-live=on]")
        return page

    def stored(self) -> list[str]:
        """Return the words of the room as the database has them, in order."""
        with self.kernel.reading() as session:
            return list(session.scalars(select(Post.body_md).where(Post.space_id == self.space).order_by(Post.no)))

    def say(self, person: int, body: str) -> UUID:
        """Post by a process that the server never hears of."""
        return forums.say(self.kernel, self.people[person], self.space, body).id


@dataclass
class Served:
    """The server of this file's rooms; it comes back to life for whoever comes after one who killed it."""

    kernel: Kernel
    folder: Path
    database_url: str
    server: Server


def say(page: Page, body: str) -> None:
    page.fill("#f-body", body)
    page.press("#f-body", "Enter")


def come_back(page: Page, how: str = "focus") -> None:
    """Let the window get the focus, or the network, again, in a moment, as that may load the page anew."""
    page.evaluate(f"setTimeout(() => dispatchEvent(new Event('{how}')), 50) && 0")


def bodies(page: Page) -> list[str]:
    return [body.strip() for body in page.locator("#msgs .msg .body").all_inner_texts()]


def bar(page: Page) -> str:
    """Return what the bar of the connection says, "" where it is hidden."""
    shown = page.locator(".net")
    return shown.inner_text().strip() if shown.is_visible() else ""


def shows(page: Page, *expected: str) -> None:
    """Wait until the room shows these messages after the first, each once and in this order."""
    expect(page.locator("#msgs .msg .body")).to_have_text(["Welcome, everybody", *expected])
