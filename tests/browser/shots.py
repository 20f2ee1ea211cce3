"""Pictures of every page: `python -m tests.browser.shots [name…]` writes shots/<page>-<role>-<theme>-<width>.png.

Each page is taken in light and dark, each with normal and more contrast, and in forced colours, at two widths,
from a demo academy that is filled anew.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from academy.kernel.db import Database
from tests.browser import demo
from tests.browser.looking import HEIGHT, SETTLED, WIDTHS, context
from tests.browser.pages import PAGES, Page, places, sign_in_everybody
from tests.conftest import QUIET_CHROMIUM, chromium_path
from tests.serving import ROOT, serving

LOOKS = {
    "light": {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"},
    "light-more": {"color_scheme": "light", "contrast": "more", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "contrast": "no-preference", "forced_colors": "none"},
    "dark-more": {"color_scheme": "dark", "contrast": "more", "forced_colors": "none"},
    "forced": {"color_scheme": "dark", "contrast": "more", "forced_colors": "active"},
}


def take(
    browser: Browser, address: str, token: str | None, page: Page, role: str, ids: dict[str, str], to: Path
) -> None:
    """Take one page in every look and width."""
    with context(browser, address, token) as profile:
        tab = profile.new_page()
        tab.goto(address + page.address.format(**ids), wait_until="load")
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": HEIGHT})
            for look, media in LOOKS.items():
                tab.emulate_media(**media)
                tab.evaluate(SETTLED)
                tab.screenshot(path=to / f"{page.name}-{role}-{look}-{width}.png", full_page=True)


def main(wanted: list[str]) -> None:
    """Fill the demo academy, serve it and take every page whose name is wanted, or all."""
    to = ROOT / "shots"
    to.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "demo.db"
        print("Filling the demo academy…", flush=True)
        demo.make(file)
        database = Database(f"sqlite:///{file}")
        tokens, ids = sign_in_everybody(database), places(database)
        database.engine.dispose()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET_CHROMIUM)
        with serving(f"sqlite:///{file}", Path(folder), ACADEMY_JOBS="off", ACADEMY_DEMO="1") as address:
            for page in PAGES:
                if wanted and not any(part in page.name for part in wanted):
                    continue
                for role in page.roles:
                    print(f"{page.name} ({role})", flush=True)
                    take(browser, address, tokens.get(role), page, role, ids, to)
        browser.close()
    print(f"The pictures are in {to.name}/.")


if __name__ == "__main__":
    main(sys.argv[1:])
