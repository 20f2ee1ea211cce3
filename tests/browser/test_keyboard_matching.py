"""A lead brings a cohort's people together by keyboard alone: proposes, decides, weighs, asks why not, publishes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from academy.kernel.ids import encode
from tests.browser.looking import context
from tests.browser.test_keyboard import press, tab_to
from tests.factories import mentoring as make
from tests.live import kernel_on
from tests.live import signed_in as cookie_for
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]


def test_a_lead_proposes_decides_weighs_and_publishes_by_keyboard(
    chromium: Browser, tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    url = f"sqlite:///{tmp_path / 'academy.db'}"
    kernel = kernel_on(url, tmp_path)
    made = make.world(kernel)
    for name in ("Ana Lima", "Ben Okri", "Chi Nguyen", "Dov Katz"):
        make.learner(made, name)
    cookie = cookie_for(kernel, made.lead)
    kernel.database.engine.dispose()
    with serving(url, tmp_path) as address, context(chromium, address, None) as profile:
        profile.add_cookies([{"name": "academy", "value": cookie, "url": address}])
        page = profile.new_page()
        page.goto(f"{address}/groups/{encode(made.cohort)}/matches")
        press(page, "main form[action$='/matches'] button")
        expect(page.locator("main .pairs .pair")).to_have_count(2, timeout=60_000)

        first = page.locator("main .pairs .pair").first.locator(".who b").all_inner_texts()
        press(page, "main .pairs .pair:first-child button[value^=locked]")
        expect(page.locator("main .pairs .pair", has_text=first[0])).to_contain_text("Kept together")

        tab_to(page, "main details.weigh summary")
        page.keyboard.press("Enter")
        tab_to(page, "main details.weigh input[name=floor]")
        page.keyboard.press("Space")
        press(page, "main details.weigh form .cta button")
        expect(page.locator("main .pairs .pair")).to_have_count(2, timeout=60_000)
        expect(page.locator("main .pairs .pair", has_text=first[0])).to_contain_text(first[1])

        press(page, "main a[href*='/matches/why']")
        for field, number in (("one", 1), ("other", 2)):
            tab_to(page, f"main select[name={field}]")
            for _ in range(number):
                page.keyboard.press("ArrowDown")
        press(page, "main form .btn")
        expect(page.locator("main")).to_contain_text("Hours in common")
        page.go_back()
        page.go_back()

        press(page, "main form.publish button")
        expect(page.locator("main")).to_contain_text("Published")
