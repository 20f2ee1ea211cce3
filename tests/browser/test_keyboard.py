"""A learner's whole way by keyboard alone: a day of somebody who is here, and the first week of somebody new."""

from __future__ import annotations

import email
import re
import shutil
import time
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.accounts.actions import invitations
from academy.kernel.ids import decode
from academy.kernel.viewer import Viewer
from academy.people.models import Person, Role
from academy.people.queries import roles_of
from tests.browser.conftest import Demo, Site
from tests.browser.looking import context
from tests.browser.pages import EMAIL
from tests.live import kernel_on
from tests.serving import serving

PASSWORD = "academy-demo"
DONE = re.compile("Done|Keep the change")
"""What a finished activity says, or a reflection, which can be gone over; which comes first depends on the weekday."""
FARTHEST = 150
"""Presses of the Tab key after which somebody has given up."""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-0")]


@pytest.fixture
def own_site(demo_academy: Demo, tmp_path: Path) -> Iterator[Site]:
    """Serve a copy of the demo academy for this test alone."""
    shutil.copyfile(demo_academy.file, tmp_path / "demo.db")
    with serving(f"sqlite:///{tmp_path / 'demo.db'}", tmp_path, ACADEMY_JOBS="off", ACADEMY_DEMO="1") as address:
        yield Site(address, demo_academy.tokens, demo_academy.ids)


FOCUS = """
(wanted) => {
  const here = document.activeElement;
  if (!here || here === document.body || !here.matches(wanted)) return null;
  // A field may show its focus on the box that it fills.
  for (let shown = here, up = 0; shown && up < 3; shown = shown.parentElement, up += 1) {
    const style = getComputedStyle(shown);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return "shown";
  }
  return "hidden";
}
"""


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is wanted has the focus, and see that the focus is shown."""
    for _press in range(FARTHEST):
        found = page.evaluate(FOCUS, wanted)
        if found:
            assert found == "shown", f"{wanted} has the focus and nothing shows it"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by {FARTHEST} presses of Tab on {page.url}")


def press(page: Page, wanted: str, key: str = "Enter") -> None:
    """Go to something and press it; wait for the page that follows."""
    tab_to(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_learner_gets_everywhere_by_keyboard(chromium: Browser, own_site: Site):
    with context(chromium, own_site.address, None) as profile:
        page = profile.new_page()

        page.goto(own_site.url("/sign-in"))
        tab_to(page, "#f-email")
        page.keyboard.type(EMAIL["learner"])
        tab_to(page, "#f-password")
        page.keyboard.type(PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page).to_have_url(own_site.url("/"))

        # The first Tab offers to skip what is the same on every page.
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()

        press(page, "main .next .btn-p")
        assert "/activities/" in page.url
        activity = page.url
        _complete(page)
        page.goto(activity)
        expect(page.locator("main")).to_contain_text(DONE)

        press(page, "nav a[href='/spaces']")
        press(page, f"main a[href^='/spaces/{own_site.ids['room']}']")
        said = "Good morning, everybody. I read with you today."
        tab_to(page, "textarea[name=body]")
        page.keyboard.type(said)
        page.keyboard.press("Enter")
        expect(page.locator("#msgs")).to_contain_text(said)
        expect(page.locator("textarea[name=body]")).to_be_focused()
        page.reload()
        expect(page.locator("#msgs")).to_contain_text(said)

        page.goto(own_site.url("/"))
        press(page, "nav a[href='/workshops']")
        press(page, f"main a[href^='/workshops/{own_site.ids['workshop']}']")
        tab_to(page, "main input[name=answer]")
        page.keyboard.press("ArrowRight")
        chosen = page.locator("main input[name=answer]:checked").get_attribute("value")
        press(page, "main form.rsvp button")
        expect(page.locator(".said")).to_be_visible()
        expect(page.locator("main input[name=answer]:checked")).to_have_value(str(chosen))


def test_a_learner_asks_and_answers_on_a_board_by_keyboard(chromium: Browser, own_site: Site):
    with context(chromium, own_site.address, own_site.tokens["learner"]) as profile:
        page = profile.new_page()
        page.goto(own_site.url("/"))
        press(page, "nav a[href='/boards']")
        press(page, f"main a[href='/boards/{own_site.ids['board']}']")
        press(page, "main .head .btn-p")
        tab_to(page, "#f-title")
        page.keyboard.type("How do you end a long meeting?")
        tab_to(page, "#f-body")
        page.keyboard.type("Mine never do.")
        press(page, "main form .btn-p")
        expect(page.locator("h1")).to_have_text("How do you end a long meeting?")

        page.goto(own_site.url("/boards/{board}"))
        press(page, f"main .threads a[href^='/spaces/{own_site.ids['thread']}']")
        said = "Thank you, I try it tomorrow."
        tab_to(page, "textarea[name=body]")
        page.keyboard.type(said)
        page.keyboard.press("Enter")
        expect(page.locator("#msgs")).to_contain_text(said)
        expect(page.locator(".is-sending")).to_have_count(0)
        page.reload()
        expect(page.locator("#msgs")).to_contain_text(said)
        press(page, "main a.to-board")
        expect(page.locator(".threads li:not(:has(.tag-warm)) h3").first).to_contain_text("My one-to-ones")


def _complete(page: Page) -> None:
    """Do what the activity asks: write a reflection, or say that it is done."""
    if page.locator("textarea[name=body]").count():
        tab_to(page, "textarea[name=body]")
        page.keyboard.type("I waited before I answered.")
    press(page, "main form .btn-p")


NEW = "noor.haddad@people.example"
PASSPHRASE = "seven quiet herons"


@pytest.fixture
def letters(demo_academy: Demo, tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    """Serve a copy of the demo academy whose letters go to files, with Noor invited into a cohort by its lead."""
    url = f"sqlite:///{tmp_path / 'demo.db'}"
    shutil.copyfile(demo_academy.file, tmp_path / "demo.db")
    kernel = kernel_on(url, tmp_path)
    cohort_id = decode(demo_academy.ids["cohort"])

    def invite(session: Session) -> None:
        lead = session.scalars(select(Person.id).where(Person.email_key == EMAIL["lead"])).one()
        viewer = Viewer(person_id=lead, sign_in_id=lead, name="", roles=roles_of(session, lead))
        invitations.invite(
            session, viewer=viewer, group_id=cohort_id, address=NEW, name="Noor Haddad", role=Role.LEARNER
        )

    kernel.commit(invite)
    kernel.database.engine.dispose()
    with serving(url, tmp_path, ACADEMY_DEMO="1", ACADEMY_MAIL="file") as address:
        yield Site(address, demo_academy.tokens, demo_academy.ids), tmp_path / "mail"


def _link_mailed_to(folder: Path, address: str) -> str:
    """Wait for a letter and return the address in it that leads into the academy."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for file in folder.glob("*.eml"):
            letter = email.message_from_bytes(file.read_bytes(), policy=default)
            if address in str(letter["To"]):
                found = re.search(r"https?://[^/\s]+(/\S+)", letter.get_content())
                assert found is not None, letter.get_content()
                return found.group(1)
        time.sleep(0.2)
    raise AssertionError(f"no letter to {address}")


def _type(page: Page, wanted: str, words: str) -> None:
    tab_to(page, wanted)
    page.keyboard.type(words)


def test_somebody_new_lives_her_first_week_by_keyboard(chromium: Browser, letters: tuple[Site, Path]):
    site, mail = letters
    with context(chromium, site.address, None) as profile:
        page = profile.new_page()

        # Monday: the letter, an account, and the one thing to do.
        page.goto(site.url(_link_mailed_to(mail, NEW)))
        _type(page, "#f-password", PASSPHRASE)
        tab_to(page, "#f-zone")
        page.keyboard.type("Lisbon")
        press(page, "main form .btn-p")
        if "/sign-in" in page.url:
            _type(page, "#f-email", NEW)
            _type(page, "#f-password", PASSPHRASE)
            with page.expect_navigation():
                page.keyboard.press("Enter")
        page.goto(site.url("/"))
        expect(page.locator(".me b")).to_have_text("Noor Haddad")
        press(page, "main .next .btn-p")
        assert "/activities/" in page.url
        _complete(page)

        # Tuesday: what she is good at, and what she wants to learn.
        press(page, "nav a[href='/people']")
        press(page, "main a[href='/skills']")
        _type(page, "main input[name=q]", "show empahty")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Did you mean")
        press(page, "main a[href='/skills?q=show%20empathy']")
        press(page, "main .found a")
        press(page, "main form[action='/me/goals'] button")
        page.goto(site.url("/me/skills"))
        expect(page.locator("main")).to_contain_text("show empathy")

        # Wednesday: hello to the others.
        page.goto(site.url("/"))
        press(page, "nav a[href='/spaces']")
        press(page, f"main a[href^='/spaces/{site.ids['room']}']")
        _type(page, "textarea[name=body]", "Hello, I am Noor, and I am new here.")
        page.keyboard.press("Enter")
        expect(page.locator("#msgs")).to_contain_text("Hello, I am Noor")

        # Thursday: a workshop, and her own calendar.
        page.goto(site.url("/"))
        press(page, "main a[href='/calendar']")
        press(page, f"main a[href^='/workshops/{site.ids['workshop']}']")
        tab_to(page, "main input[name=answer]")
        page.keyboard.press("ArrowRight")
        press(page, "main form.rsvp button")
        expect(page.locator(".said")).to_be_visible()

        # Friday: what the academy keeps of her, and out on every device.
        page.goto(site.url("/me"))
        press(page, "main a[href='/me/data']")
        expect(page.locator("main h1")).to_be_visible()
        page.goto(site.url("/me"))
        press(page, "main a[href='/me/devices']")
        expect(page.locator("main h1")).to_be_visible()
        tab_to(page, "button[popovertarget=display]")
        page.keyboard.press("Enter")
        press(page, "form[action='/sign-out'] button")
        assert page.url == site.url("/sign-in")
