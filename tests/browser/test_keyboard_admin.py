"""An admin's and a lead's work by keyboard alone: settings, a role, work that failed; a cohort and its link."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.ids import new_id
from academy.kernel.jobs import Job
from tests.browser.conftest import Demo, Site
from tests.browser.looking import context
from tests.browser.test_keyboard import PASSWORD, press, tab_to
from tests.live import kernel_on
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]


@pytest.fixture
def failed_site(demo_academy: Demo, tmp_path: Path) -> Iterator[Site]:
    """Serve a copy of the demo academy in which a job was set aside."""
    url = f"sqlite:///{tmp_path / 'demo.db'}"
    shutil.copyfile(demo_academy.file, tmp_path / "demo.db")
    kernel = kernel_on(url, tmp_path)

    def fail(session: Session) -> None:
        now = clock.now()
        row = {"kind": "accounts.reset", "payload": {"address": "nobody@example.org"}, "run_at": now, "created_at": now}
        session.add(Job(id=new_id(), attempts=8, failed_at=now, error="SMTPServerDisconnected: gone", **row))

    kernel.commit(fail)
    kernel.database.engine.dispose()
    with serving(url, tmp_path, ACADEMY_JOBS="off", ACADEMY_DEMO="1") as address:
        yield Site(address, demo_academy.tokens, demo_academy.ids)


def write(page: Page, wanted: str, words: str) -> None:
    """Go to a field and write into it in place of what is there."""
    tab_to(page, wanted)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


def test_an_admin_settles_appoints_and_has_work_tried_again_by_keyboard(chromium: Browser, failed_site: Site):
    site = failed_site
    with context(chromium, site.address, site.tokens["admin"]) as profile:
        page = profile.new_page()
        page.goto(site.url("/"))
        press(page, "nav a[href='/admin']")

        press(page, "main a[href='/admin/settings']")
        write(page, "#f-name", "Fernhill and Daughters")
        press(page, "main form .btn-p")
        expect(page.locator(".brand").first).to_contain_text("Fernhill and Daughters")

        page.goto(site.url("/admin"))
        press(page, "main a[href='/admin/academies']")
        press(page, f"main a[href='/admin/academies/{site.ids['academy']}']")
        press(page, "main a[href^='/admin/roles/new']")
        write(page, "#f-q", "an")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        name = page.locator("main li:has(form[action='/admin/roles'] input[value=analyst]) b").first.inner_text()
        press(page, "main form[action='/admin/roles']:has(input[value=analyst]) button")
        assert "/me/proof" in page.url  # an open screen gives no role
        write(page, "main input[type=password]", PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        press(page, "main form[action='/admin/roles'] .btn-p")
        expect(page.locator("main li", has_text=name).filter(has_text="Analyst")).to_be_visible()

        page.goto(site.url("/admin"))
        press(page, "main a[href='/admin/jobs']")
        expect(page.locator("main")).to_contain_text("Writing a link for a new password")
        press(page, "main form[action$='/retry'] button")
        expect(page.locator("main")).to_contain_text("Nothing was given up.")


def test_a_lead_makes_a_cohort_and_its_link_by_keyboard(chromium: Browser, site: Site):
    with context(chromium, site.address, site.tokens["lead"]) as profile:
        page = profile.new_page()
        page.goto(site.url("/"))
        press(page, "nav a[href='/cohorts']")
        press(page, "main a[href='/cohorts/new']")
        write(page, "#f-name", "Cohort Wren")
        tab_to(page, "#f-track")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        tab_to(page, "#f-starts_on")
        page.keyboard.type("01182037")
        tab_to(page, "#f-seats")
        page.keyboard.type("12")
        press(page, "main form .btn-p")
        expect(page.locator("h1")).to_have_text("Cohort Wren")
        expect(page.locator("main")).to_contain_text("starts Sunday 18 January")

        press(page, "main a[href$='/links']")
        write(page, "#f-days", "5")
        press(page, "main form .btn-p")
        link = page.locator("main input[readonly]")
        assert "/join/" in link.input_value()
        tab_to(page, "main input[readonly]")
