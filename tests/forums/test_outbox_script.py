"""A browser that keeps nothing, or says nothing, in the middle of a room: what is written is shown and sent all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.forums.rooms import Own, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]

SILENT = "IDBFactory.prototype.open = () => ({});"
FORBIDDEN = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"
ONLY_WHEN_TOLD = """
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...named) {
  const told = {};
  window.answer = () => {
    const real = open.apply(this, named);
    for (const name of ["onupgradeneeded", "onsuccess", "onerror"]) {
      real[name] = (event) => { Object.assign(told, { result: real.result }); told[name]?.(event); };
    }
  };
  return told;
};
"""
NOTHING_KEPT = "This browser keeps nothing. Leave this page open until what you write is sent."
OFFLINE = "You are offline, and this browser keeps nothing: leave this page open until what you write is sent."
CONNECTING = "Connecting again. This browser keeps nothing: leave this page open until what you write is sent."
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (row) {
  const request = put.call(this, row);
  request.addEventListener("success", () => request.transaction.abort()); // a full disk is noticed at the end
  return request;
};
"""


@pytest.fixture(params=[SILENT, FORBIDDEN, FULL], ids=["never answers", "refuses", "is full"])
def forgetful(own: Own, request: pytest.FixtureRequest) -> Page:
    """Open the room in a browser that keeps nothing of what it is given."""
    profile = own.profile(0)
    profile.add_init_script(request.param)
    return own.tab(profile)


def test_what_a_browser_does_not_keep_is_shown_and_sent_once_and_in_order(own: Own, forgetful: Page) -> None:
    ben = own.visit(1)
    for words in ("One", "Two", "Three"):
        say(forgetful, words)
    shows(ben, "One", "Two", "Three")
    shows(forgetful, "One", "Two", "Three")
    expect(forgetful.locator(".is-sending")).to_have_count(0)
    expect(forgetful.locator(".net")).to_be_hidden()
    forgetful.reload()
    shows(forgetful, "One", "Two", "Three")
    expect(forgetful.locator("#f-body")).to_have_value("")
    assert own.stored() == ["Welcome, everybody", "One", "Two", "Three"]


def test_where_nothing_is_kept_the_page_says_so_and_is_not_left_unasked(own: Own, forgetful: Page) -> None:
    own.server.kill()
    forgetful.wait_for_selector("html[data-live=off]")
    say(forgetful, "First")
    expect(forgetful.locator(".is-sending .state")).to_have_text(NOTHING_KEPT)
    expect(forgetful.locator(".net")).to_have_text(f"{CONNECTING} 1 message is not sent yet.")
    expect(forgetful.locator(".net")).to_be_visible()
    forgetful.context.set_offline(True)
    expect(forgetful.locator(".net")).to_have_text(f"{OFFLINE} 1 message is not sent yet.")
    forgetful.context.set_offline(False)
    with forgetful.expect_event("dialog") as asked:
        forgetful.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    say(forgetful, "Second")
    shows(forgetful, "First", "Second")
    own.again()
    come_back(forgetful, "online")
    expect(forgetful.locator(".is-sending")).to_have_count(0)
    shows(forgetful, "First", "Second")
    assert own.stored() == ["Welcome, everybody", "First", "Second"]
    asked_again = []
    forgetful.on("dialog", lambda dialog: asked_again.append(dialog.accept()))
    forgetful.reload()
    shows(forgetful, "First", "Second")
    assert asked_again == []


def test_a_tab_that_dies_where_nothing_is_kept_has_its_last_words_in_the_draft(own: Own) -> None:
    profile = own.profile(0)
    profile.add_init_script(SILENT)
    ana = own.tab(profile)
    own.server.kill()
    ana.wait_for_selector("html[data-live=off]")
    say(ana, "Nearly lost")
    expect(ana.locator(".is-sending")).to_have_count(1)
    ana.close()
    own.again()
    ana = own.tab(profile)
    expect(ana.locator("#f-body")).to_have_value("Nearly lost")
    say(ana, "Nearly lost")
    shows(ana, "Nearly lost")
    expect(ana.locator(".is-sending")).to_have_count(0)
    ana.reload()
    expect(ana.locator("#f-body")).to_have_value("")
    assert own.stored() == ["Welcome, everybody", "Nearly lost"]


def test_a_browser_that_answers_late_sends_nothing_twice_and_forgets_nothing(own: Own) -> None:
    profile = own.profile(0)
    before = own.tab(profile)
    own.server.kill()
    before.wait_for_selector("html[data-live=off]")
    say(before, "Kept earlier")
    expect(before.locator(".is-sending")).to_have_count(1)
    before.close()
    own.again()
    ana = profile.new_page()
    ana.add_init_script(ONLY_WHEN_TOLD)
    ana.goto(own.url)
    ana.wait_for_selector("html[data-live=on]")
    say(ana, "Sent meanwhile")
    shows(ana, "Sent meanwhile")
    expect(ana.locator(".is-sending")).to_have_count(0)
    own.server.kill()
    ana.wait_for_selector("html[data-live=off]")
    say(ana, "Waits for the server")
    expect(ana.locator(".net")).to_contain_text(CONNECTING)
    ana.evaluate("answer()")
    expect(ana.locator(".net")).to_have_text(
        "Connecting again. What you write is kept and sent. 2 messages are not sent yet."
    )
    ana.close(run_before_unload=True)  # which asks nothing any more
    own.again()
    ana = own.tab(profile)
    expect(ana.locator(".is-sending")).to_have_count(0)
    expect(ana.locator("#msgs .msg")).to_have_count(4)
    ana.reload()
    ana.wait_for_selector("html[data-live=on]")
    expect(ana.locator("#msgs .msg")).to_have_count(4)
    expect(ana.locator("#f-body")).to_have_value("")
    assert sorted(own.stored()) == ["Kept earlier", "Sent meanwhile", "Waits for the server", "Welcome, everybody"]


def test_a_browser_that_closes_the_store_under_the_page_keeps_the_next_message_again(own: Own) -> None:
    ana = own.visit(0)
    expect(ana.locator(".is-sending")).to_have_count(0)
    ana.evaluate(
        "new Promise((done) => { indexedDB.deleteDatabase('academy-outbox').onsuccess = done; })"
    )  # as another version of this page would
    for said in (["One"], ["One", "Two"]):
        say(ana, said[-1])
        shows(ana, *said)
        expect(ana.locator(".is-sending")).to_have_count(0)
    own.server.kill()
    ana.wait_for_selector("html[data-live=off]")
    say(ana, "Three")
    expect(ana.locator(".is-sending .state")).to_have_text("Kept. It is sent when you are back.")
    shows(ana, "One", "Two", "Three")
    assert own.stored() == ["Welcome, everybody", "One", "Two"]
