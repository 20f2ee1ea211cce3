"""How pages are looked at: a fresh profile, what a load brought, and what axe says."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import brotli
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.serving import cookie_of

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
THEMES = (("light", "no-preference"), ("light", "more"), ("dark", "no-preference"), ("dark", "more"))
"""(color scheme, contrast)"""
WIDTHS = (1280, 390)
HEIGHT = 900
NARROW = 320

SETTLED = """
() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(async () => {
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  requestAnimationFrame(done);
})))
"""
LISTEN = """
window.__reports = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.__reports.push(`${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`));
"""


@contextmanager
def context(browser: Browser, address: str, token: str | None, **options: Any) -> Iterator[BrowserContext]:
    """Open a fresh browser profile, signed in where there is a token."""
    made = browser.new_context(
        viewport={"width": WIDTHS[0], "height": HEIGHT},
        timezone_id="Europe/Lisbon",
        reduced_motion="reduce",
        **options,
    )
    made.set_default_timeout(30_000)
    if token:
        made.add_cookies([{"name": "academy", "value": cookie_of(token), "url": address}])
    try:
        yield made
    finally:
        made.close()


@dataclass
class Load:
    """What one load of a page brought: bytes by kind as brotli would send them, and what the browser minded."""

    status: int = 0
    bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    scripts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def kilobytes(self, kind: str) -> float:
        """Return the weight of one kind in KB."""
        return round(self.bytes[kind] / 1024, 1)


def load(page: Page, url: str, *, status: int = 200) -> Load:
    """Open a page and note what came with it."""
    found = Load()
    answers: list[Response] = []

    def hear(message: ConsoleMessage) -> None:
        own_status = status >= 400 and f"status of {status}" in message.text
        if message.type in {"error", "warning"} and not own_status:
            found.complaints.append(f"console {message.type}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: found.complaints.append(f"script error: {error}"))
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(LISTEN)
    answer = page.goto(url, wait_until="load")
    assert answer is not None
    found.status = answer.status
    return _weigh(page, found, answers)


def _weigh(page: Page, found: Load, answers: list[Response]) -> Load:
    for answer in answers:
        kind = answer.request.resource_type
        if answer.status >= 400 and kind != "document":
            found.complaints.append(f"{answer.status} {answer.url}")
        if kind not in {"document", "stylesheet", "script", "font"} or 300 <= answer.status < 400:
            continue
        body = answer.body()
        found.bytes[kind] += len(body) if kind == "font" else _compressed(body)
        if kind == "script":
            found.scripts.add(re.sub(r"\.[0-9a-f]{10}\.", ".", answer.url.rsplit("/static/", 1)[-1]))
    found.complaints += [f"policy: {report}" for report in page.evaluate("window.__reports")]
    return found


@cache
def _compressed(body: bytes) -> int:
    return len(brotli.compress(body))


def script_budget(scripts: set[str]) -> int:
    """Return how many KB of scripts a page may have, by what it needs."""
    htmx = any("htmx" in name for name in scripts)
    live = any("socket.io" in name for name in scripts)
    return {(False, False): 5, (True, False): 18, (False, True): 22, (True, True): 32}[htmx, live]


@cache
def _axe() -> str:
    return AXE.read_text() + "\n;0"


def prepare_axe(page: Page) -> None:
    """Put axe into the page by way of the debugger, which no policy of the page's stands in."""
    page.evaluate(_axe())


def axe(page: Page) -> list[str]:
    """Return what axe finds wrong with the whole page, every rule on."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))")
    return [
        f"{violation['id']}: {node['target']}: {re.sub(chr(10), ' ', node['failureSummary'])[:300]}"
        for violation in json.loads(found)
        for node in violation["nodes"]
    ]


def emulate(page: Page, scheme: str, contrast: str, width: int) -> None:
    """Let the page see a theme, a contrast and a width."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme, contrast=contrast)
    page.evaluate(SETTLED)


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth"))
