"""A room in Chromium as the lane looks at it: what somebody said there, what came live, and what it showed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Request, WebSocket, expect

from academy.kernel.app import Kernel
from tests.live import signed_in
from tests.visits import NETWORK, RoomPage, Visit

SECONDS = 90_000  # milliseconds until everything has arrived
FORGIVEN = re.compile(f"{NETWORK.pattern}|status of 401")  # plain requests are refused once a sign-in has ended
# Complains of each change after which a message stands twice or out of its turn, however soon another one mends it.
WATCH = """
new MutationObserver(() => {
  const shown = [...document.querySelectorAll("#msgs > .msg:not(.is-sending, .is-failed)")].map((li) => Number(li.dataset.no));
  if (shown.some((no, i) => i && no <= shown[i - 1])) console.error(`out of turn: ${shown}`);
}).observe(document, { childList: true, subtree: true });
"""


@dataclass
class Screen(RoomPage):
    """Somebody's own browser with a room in it.

    `heard` are the numbers of the room's events that came by socket as they happened, `sockets` counts the sockets that
    the server let in, `posted` the messages that went by plain requests, and `loads` how often the page was loaded.
    """

    name: str
    space: str
    said: list[str] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    sockets: int = 0
    posted: int = 0
    loads: int = 0

    def enter(self) -> None:
        """Open the room."""
        self.visit.go(f"/spaces/{self.space}")
        self.live()

    def enter_anew(self) -> None:
        """Open the room in another tab, which is looked at from now on."""
        self.visit.page = self.visit.context.new_page()
        self.enter()

    def say(self, text: str) -> None:
        """Write something of one's own and press Enter."""
        self.said.append(text)
        super().say(text)

    def missed(self) -> set[int]:
        """Return the numbers between the first and the last event that came live which did not."""
        return set(range(min(self.heard), max(self.heard))) - set(self.heard)

    def _listen(self, page: Page) -> None:
        page.on("websocket", self._opened)
        page.on("load", self._loaded)
        page.on("request", self._asked)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self.sockets += frame.startswith("40")  # the server lets it in
            if frame.startswith('42["space:event"') and f'"{self.space}"' in frame:
                self.heard += map(int, re.findall(r'"seq":(\d+)', frame))

    def _loaded(self, _page: Page) -> None:
        self.loads += 1

    def _asked(self, request: Request) -> None:
        self.posted += request.method == "POST" and request.url.endswith(f"{self.space}/posts")


@contextmanager
def screen(
    browser: Browser, url: str, kernel: Kernel, space: str, person: Any, name: str, **options: Any
) -> Iterator[Screen]:
    """Let somebody open a room; in the end their console may have spoken of the network and of nothing else."""
    context = browser.new_context(**options)
    try:
        context.add_init_script(WATCH)
        visit = Visit(url, context, context.new_page())
        found = Screen(visit, name, space)
        found._listen(visit.page)
        context.on("page", found._listen)
        visit.take(signed_in(kernel, person))
        found.enter()
        yield found
    finally:
        context.close()
    visit.clean(forgive=FORGIVEN)


def arrived(screens: Sequence[Screen], count: int) -> None:
    """Wait until every screen shows so many messages and none is on its way."""
    for one in screens:
        expect(one.messages()).to_have_count(count, timeout=SECONDS)
        expect(one.page.locator("#msgs > .is-sending, #msgs > .is-failed")).to_have_count(0, timeout=SECONDS)
