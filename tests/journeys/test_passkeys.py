"""A passkey in a real browser, by Chromium's virtual authenticator: added, signed in with, refused when it is not ours."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from academy.kernel.app import Kernel
from academy.people.engine import hash_password
from tests.browser.looking import axe, load, prepare_axe, script_budget
from tests.factories import factors, people
from tests.serving import start_server

PASSWORD = "an old bicycle in the rain"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def here(kernel: Kernel, tmp_path: Path) -> Iterator[str]:
    """Serve an academy with Ana in it at a name, as no passkey is for an IP address."""
    people.person(kernel, "Ana Silva", email="ana@example.org", password_hash=hash_password(PASSWORD))
    port = free_port()
    url = f"http://localhost:{port}"
    server = start_server(str(kernel.database.engine.url), tmp_path, port=port, ACADEMY_BASE_URL=url)
    yield url
    server.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def plug_in(page: Page) -> tuple[CDPSession, str]:
    """Give the browser a virtual authenticator."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    return wire, wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]


def by_password(page: Page, here: str) -> None:
    page.goto(f"{here}/sign-in")
    page.get_by_label("Email address").fill("ana@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, here: str) -> None:
    page.goto(f"{here}/me")
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_a_passkey_is_added_signs_in_and_is_refused_once_removed(page: Page, here: str):
    wire, device = plug_in(page)
    came = load(page, f"{here}/sign-in")
    assert came.complaints == []
    assert "academy/passkey.js" in came.scripts
    assert came.kilobytes("script") <= script_budget(came.scripts)
    by_password(page, here)
    expect(page).to_have_url(f"{here}/")
    page.goto(f"{here}/me/security")
    prepare_axe(page)
    assert axe(page) == []
    page.get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    prepare_axe(page)
    assert axe(page) == []
    assert len(wire.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    sign_out(page, here)

    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{here}/")
    sign_out(page, here)

    # After a right password it is the second step.
    by_password(page, here)
    expect(page).to_have_url(f"{here}/sign-in/second")
    prepare_axe(page)
    assert axe(page) == []
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_url(f"{here}/")

    # The device still has it; the academy has forgotten it.
    page.goto(f"{here}/me/security")
    expect(page.get_by_text("My laptop").first).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed")).to_be_visible()
    sign_out(page, here)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey was not accepted")).to_be_visible()
    assert page.goto(f"{here}/me").url.endswith("/sign-in?next=/me")


def test_a_device_that_does_not_know_its_owner_is_not_enough(page: Page, here: str):
    wire, device = plug_in(page)
    by_password(page, here)
    page.goto(f"{here}/me/security")
    wire.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")
    assert wire.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"] == []


def test_an_app_is_set_up_and_asked_for_with_scripts_off(chromium: Browser, here: str):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    by_password(page, here)
    page.goto(f"{here}/me/security")
    page.get_by_role("button", name="Set up an app").click()
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    expect(page.locator("svg.qr")).to_be_visible()
    page.get_by_label("Code that the app shows").fill(factors.shown(secret))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    context.clear_cookies()
    by_password(page, here)
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Use the code").click()
    expect(page).to_have_url(f"{here}/")
    context.close()
