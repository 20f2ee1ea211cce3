"""Every page, for everybody who can open it: accessible in four themes and two widths, light, quiet, and whole without scripts."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Site
from tests.browser.looking import (
    NARROW,
    THEMES,
    WIDTHS,
    axe,
    context,
    emulate,
    load,
    prepare_axe,
    script_budget,
    sideways,
)
from tests.browser.pages import NOT_PAGES, PAGES, Page

GROUPS = 2
"""How many processes share the pages."""

CSS, FONT = 12, 36

MATRIX = [
    pytest.param(page, role, id=f"{page.name}-{role}", marks=pytest.mark.xdist_group(f"browser-{number % GROUPS}"))
    for number, (page, role) in enumerate((page, role) for page in PAGES for role in page.roles)
]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("page", "role"), MATRIX)
def test_a_page_is_accessible_light_and_quiet(chromium: Browser, site: Site, page: Page, role: str):
    with context(chromium, site.address, site.tokens.get(role)) as profile:
        tab = profile.new_page()
        came = load(tab, site.url(page.address), status=page.status)
        findings = [f"status {came.status}"] if came.status != page.status else []
        findings += came.complaints
        findings += _too_heavy(page, came.kilobytes("document"), "HTML", page.html)
        findings += _too_heavy(page, came.kilobytes("stylesheet"), "CSS", CSS)
        findings += _too_heavy(page, came.kilobytes("script"), "scripts", script_budget(came.scripts))
        findings += _too_heavy(page, came.kilobytes("font"), "fonts", FONT)
        findings += _in_every_state(tab)
        findings += _on_a_narrow_screen(tab)
    assert not findings, "\n".join(findings)


def _too_heavy(page: Page, found: float, what: str, most: int) -> list[str]:
    return [f"{page.name}: {found} KB of {what}, at most {most}"] if found > most else []


def _in_every_state(tab: Tab) -> list[str]:
    findings = []
    prepare_axe(tab)
    for width in WIDTHS:
        for scheme, contrast in THEMES:
            emulate(tab, scheme, contrast, width)
            findings += [f"{scheme}, contrast {contrast}, {width} px: {found}" for found in axe(tab)]
    return findings


def _on_a_narrow_screen(tab: Tab) -> list[str]:
    emulate(tab, "light", "no-preference", NARROW)
    narrow = sideways(tab)
    emulate(tab, "light", "no-preference", WIDTHS[0])
    tab.evaluate("document.documentElement.style.fontSize = '200%'")
    large = sideways(tab)
    found = {f"{NARROW} px": narrow, "twice the text size": large}
    return [f"{state}: {over} px wider than the window" for state, over in found.items() if over > 0]


@pytest.mark.parametrize(("page", "role"), [param for param in MATRIX if param.values[1] == param.values[0].roles[0]])
def test_a_page_reads_the_same_with_scripts_off(chromium: Browser, site: Site, page: Page, role: str):
    texts = []
    for scripts in (False, True):  # in this order: reading with scripts on moves the reading position
        with context(chromium, site.address, site.tokens.get(role), java_script_enabled=scripts) as profile:
            tab = profile.new_page()
            tab.goto(site.url(page.address), wait_until="load")
            assert tab.locator("h1").count() == 1
            assert tab.locator("h1").is_visible()
            texts.append(_lines(tab.locator("main").inner_text()))
    without, with_scripts = texts
    # Scripts hide what only forms need, and say who is here now; everything else reads the same without them.
    assert with_scripts
    assert sorted(with_scripts - without) == []


def _lines(text: str) -> set[str]:
    # A minute may pass between the two: what time it is elsewhere is the same for this purpose.
    found = {re.sub(r"\d\d:\d\d", "00:00", re.sub(r"\s+", " ", line)).strip() for line in text.splitlines()}
    return {line for line in found if line and not re.search(r"here now|Here now|Nobody just now", line)}


def test_every_page_stands_in_the_list(whole_app: Flask):
    matcher = whole_app.url_map.bind("localhost")
    listed = set()
    for page in PAGES:
        path = re.sub(r"\{\w+\}", "a" * 26, page.address).partition("?")[0]
        if page.status == 200:
            listed.add(matcher.match(path)[0])
    shown = {rule.rule: rule.endpoint for rule in whole_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = {rule: endpoint for rule, endpoint in shown.items() if not rule.startswith("/api/v1/")}  # those are JSON
    assert {rule for rule, endpoint in pages.items() if endpoint not in listed} == set(NOT_PAGES)


SPOIL = """
() => {
  const bad = document.createElement("div");
  const picture = document.createElement("img");
  picture.src = document.querySelector("link[rel=icon]").href;
  bad.append("Hardly to be read", picture);
  bad.style.setProperty("color", "#fafafa");
  bad.style.setProperty("background-color", "#ffffff");
  bad.style.setProperty("width", "2000px");
  document.querySelector("main").append(bad);
  try { bad.setAttribute("onclick", "go()"); } catch { /* refused, and reported */ }
}
"""


@pytest.mark.xdist_group("browser-1")
def test_a_page_that_breaks_the_rules_would_be_caught(chromium: Browser, site: Site):
    with context(chromium, site.address, None) as profile:
        tab = profile.new_page()
        assert load(tab, site.url("/about")).complaints == []
        tab.evaluate(SPOIL)
        tab.wait_for_selector("main img")
        reports = tab.evaluate("window.__reports")
        prepare_axe(tab)
        found = {finding.split(":")[0] for finding in axe(tab)}
        assert {"image-alt", "color-contrast"} <= found
        assert [report.split()[0] for report in reports] == ["require-trusted-types-for"]
        assert len(_on_a_narrow_screen(tab)) == 2
