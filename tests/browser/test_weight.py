"""What a first visit takes: a page of an academy opens on a slow line too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Site
from tests.browser.looking import context

MOST_BYTES = 120 * 1024
MOST_REQUESTS = 12
HEAVIEST = (
    "/",
    "/spaces/{room}",
    "/spaces/{thread}",
    "/boards/{board}",
    "/deliveries/{delivery}",
    "/notices",
    "/me",
    "/activities/{video}",
)
"""Pages with the most of scripts, styles and pictures."""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-0")]


@pytest.mark.parametrize("address", HEAVIEST)
def test_a_first_visit_signed_in_is_light(chromium: Browser, site: Site, address: str) -> None:
    """Counted on the wire by Chromium itself: headers and compressed bodies of all that an empty cache fetches."""
    with context(chromium, site.address, site.tokens["learner"]) as visit:
        page = visit.new_page()
        wire = visit.new_cdp_session(page)
        fetched: dict[str, str] = {}
        sizes: dict[str, int] = {}
        wire.on("Network.requestWillBeSent", lambda e: fetched.__setitem__(e["requestId"], e["request"]["url"]))
        wire.on("Network.loadingFinished", lambda e: sizes.__setitem__(e["requestId"], int(e["encodedDataLength"])))
        wire.send("Network.enable")
        page.goto(site.url(address), wait_until="networkidle")
        # The pictures of a film's own buttons are in Chromium, at data: addresses.
        fetched = {request: url for request, url in fetched.items() if url.startswith("http")}
        told = {fetched[request]: size for request, size in sizes.items() if request in fetched}
    assert told[site.url(address)] > 0
    assert sum(told.values()) <= MOST_BYTES, told
    assert len(fetched) <= MOST_REQUESTS, sorted(fetched.values())
