"""Whatever is typed into whichever field is shown as text: nothing runs, and the security policy has nothing to stop."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from academy.kernel.ids import encode, new_id
from academy.people.models import Group, Person
from academy.tracks.models import Reflection
from cohorts.roster.models import Cohort
from cohorts.workshops.models import Workshop
from forums.posts.models import Post
from mentoring.matches.models import Offer
from mentoring.profiles.models import MentorProfile
from tests.browsing import Browsing, Form, dangers, forms_of, pattern, reachable
from tests.faults.rooms import Room
from tests.faults.wire import Wire, nonce, send
from tests.live import Live
from tests.visits import RoomPage, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("faults-text"), pytest.mark.timeout(400)]

RUN = "window.__xss=1"
CORPUS = {
    "a script": f"<script>{RUN}</script>",
    "an image that fails": f'"><img src=x onerror="{RUN}">',
    "a picture that loads": f"<svg/onload={RUN}>",
    "an attribute": f"' autofocus onfocus={RUN} x='",
    "the end of whatever it is in": f"</textarea></title></style></script>--><script>{RUN}</script>",
    "a link that runs": f"[click me](javascript:{RUN}) <javascript:{RUN}>",
    "a link with a break in it": f'[click me](java&#10;script:{RUN}) <a href="jav\tascript:{RUN}">x</a>',
    "a link to a page of its own": f"![x](data:text/html,<script>parent.{RUN.removeprefix('window.')}</script>)",
    "a template": "{{ 8888*9999 }}{% raise %}${8888*9999}#{8888*9999}<%= 8888*9999 %>",
    "text that was escaped already": f"&lt;script&gt;{RUN}&lt;/script&gt; &#60;img src=x onerror={RUN}&#62;",
    "a line that runs backwards": "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\ufeff",
    "a null byte": f"nu\0ll<\0script>{RUN}</script>",
    "line breaks for headers": "one\r\nBcc: victim@evil.example\r\nX-Injected: yes\r\n\r\n<b>two</b>",
    "big emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 4 + "Z̸̢̛a̷l̶g̵o̶",
    "line ends that only some know": f"a\u2028{RUN}\u2029\x0b\x0c\x85b",
    "a mention of markup": f"@Ana <b onclick={RUN}>@Ben</b> <iframe srcdoc='<script>{RUN}</script>'>",
}
EVERYTHING = "\r\n\r\n".join(CORPUS.values())
FREE = {"text", "search", "email", "url", "textarea", "password", "tel"}
SENSIBLE = {"date": "2031-01-16", "time": "16:00", "number": "30"}
ROLES = ("lead", "facilitator", "mentor", "learner", "admin")
LEFT_ALONE = ("/sign-out", "/close")  # they have nothing to type into, and would end what others type into


def filled(form: Form, changes: dict[str, str]) -> dict[str, str]:
    """Fill a form in sensibly, but for what is changed. What makes a send the same one again is made anew."""
    values: dict[str, str] = {}
    for name, kind, value in form.fields:
        if kind in SENSIBLE:
            values[name] = value or SENSIBLE[kind]
        elif name == "nonce":
            values[name] = nonce()
        elif name == "id":
            values[name] = encode(new_id())
        elif kind in FREE - {"url", "email"}:
            values[name] = value or "words"
        elif kind == "unset":
            values.setdefault(name, value)
    return {**values, **changes}


def check(answer: requests.Response, what: object) -> None:
    """Expect an answer that is none of a broken server, runs nothing, and leads nowhere else."""
    assert answer.status_code < 500, (what, answer.status_code)
    assert "X-Injected" not in answer.headers, what
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"], what
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    here, there = urlsplit(answer.url), urlsplit(urljoin(answer.url, answer.headers.get("Location", "/")))
    assert (there.scheme, there.netloc) == (here.scheme, here.netloc), (what, answer.headers["Location"])
    assert "\\" not in answer.headers.get("Location", "/"), what  # browsers take it for a slash
    if "text/html" in answer.headers["Content-Type"]:
        assert dangers(answer.text) == [], (what, answer.url)
        assert "88871112" not in answer.text, what  # what a template of theirs would have made of it


def forms_by_kind(browsing: Browsing, also: list[str]) -> dict[str, tuple[str, Form]]:
    """Return one form of each kind that somebody can reach, and the page on which it stands."""
    found: dict[str, tuple[str, Form]] = {}
    for path, answer in reachable(browsing, each=1, also=also).items():
        for form in forms_of(answer.text, answer.url):
            names = ",".join(sorted({name for name, _kind, _value in form.fields}))
            found.setdefault(f"{form.method} {pattern(form.action)} {names}", (path, form))
    return found


PATIENCE = 12
"""Seconds to wait for a door that was knocked at too often. One that guards passwords asks for more: that is its no."""


@dataclass(frozen=True)
class Typed:
    """What was typed where: so many forms, and the kinds of their addresses."""

    sends: int
    kinds: frozenset[str]


@pytest.fixture(scope="module")
def typed(live: Live) -> Typed:
    """Type the corpus into every field of every form that any role can reach, each answer checked."""
    sends, kinds = 0, set()
    also = [f"/activities/{live.ids['reflection']}", f"/posts/{live.ids['post']}/edit", f"/offers/{live.ids['offer']}"]
    # What must be taken comes first: other forms end things, roles and places that these need.
    for role, first in [(role, True) for role in ROLES] + [(role, False) for role in ROLES]:
        browsing = Browsing(live.url, live.cookie(live.who(role)))
        for kind, (path, form) in forms_by_kind(browsing, also).items():
            if first and kind.rsplit(" ", 1)[0] not in EXPECTED_FORMS:
                continue
            if kind in kinds or urlsplit(form.action).path.endswith(LEFT_ALONE):
                continue
            kinds.add(kind)
            for changes in _changes(form):
                answer = _send(browsing, form, filled(form, changes))
                check(answer, (role, path, kind, changes))
                sends += 1
    # At the end everybody bears a name of the corpus, on whatever page they are named.
    for role, name in zip(
        ROLES, ("an image that fails", "a script", "an attribute", "a template", "a picture that loads")
    ):
        browsing = Browsing(live.url, live.cookie(live.who(role)))
        about = {"name": CORPUS[name], "pronouns": CORPUS["a script"], "about": EVERYTHING[:900]}
        answer = browsing.submit("/me", "/me", about)
        assert answer.status_code == 303
        check(browsing.get("/me"), role)
        sends += 1
    return Typed(sends, frozenset(kind.rsplit(" ", 1)[0] for kind in kinds))


def _changes(form: Form) -> Iterator[dict[str, str]]:
    """Yield what to type: the whole corpus into each free field, something bad into each other one."""
    # The seven days of a week and the checkboxes of one question are one field each.
    alike = {re.sub(r"\d+", "", name): (name, kind) for name, kind, _value in form.fields}
    for name, kind in alike.values():
        if kind == "textarea":
            yield from ({name: text} for text in (CORPUS["a script"], EVERYTHING))
        elif kind in FREE:
            yield from ({name: text} for text in CORPUS.values())
        elif name != "csrf_token":
            yield from ({name: text} for text in (CORPUS["an image that fails"], CORPUS["a null byte"], "9" * 40, ""))


def _send(browsing: Browsing, form: Form, values: dict[str, str]) -> requests.Response:
    """Send a form; who was too quick waits as long as they are told, and sends it again."""
    if form.method == "get":
        sent = {**form.values(), **values}
        return browsing.session.get(form.action, params=sent, timeout=20, allow_redirects=False)
    answer = browsing.send(form, values)
    wait = float(answer.headers.get("Retry-After", 10))
    if answer.status_code == 429 and wait <= PATIENCE:
        time.sleep(wait)
        answer = browsing.send(form, values)
    return answer


EXPECTED_FORMS = {
    "post /me",
    "post /me/display",
    "post /me/skills",
    "post /me/goals",
    "post /mentoring",
    "post /cohorts",
    "post /cohorts/<id>/enroll",
    "post /workshops",
    "post /workshops/<id>/answer",
    "post /workshops/<id>/move",
    "post /workshops/<id>/cancel",
    "post /groups/<id>/matches",
    "post /offers/<id>/accept",
    "post /offers/<id>/decline",
    "post /spaces/<id>/posts",
    "post /posts/<id>/edit",
    "post /posts/<id>/react",
    "post /activities/<id>/reflect",
}
"""Forms that must have been found: a crawl that reaches too little would prove nothing."""

STORED: list[InstrumentedAttribute[object]] = [
    Person.name,
    Person.pronouns,
    Person.about,
    Group.name,
    Cohort.agreements,
    Workshop.title,
    Workshop.agenda_md,
    Post.body_md,
    Reflection.body,
    MentorProfile.offers,
    Offer.reason,
]
"""Where people's words are kept."""


def test_every_field_of_every_form_takes_hostile_text_or_refuses_it_kindly(typed: Typed) -> None:
    assert EXPECTED_FORMS - typed.kinds == set()
    assert typed.sends > 20 * len(EXPECTED_FORMS)


def test_what_was_typed_was_kept_so_that_showing_it_proves_something(live: Live, typed: Typed) -> None:
    assert typed.sends
    with live.kernel.reading() as session:
        for column in STORED:
            kept = session.scalar(select(func.count()).where(cast(column, String).contains(RUN)))
            assert kept, f"nothing hostile was kept in {column}"


def test_every_page_that_shows_it_runs_nothing_and_has_nothing_for_the_policy_to_stop(
    live: Live, typed: Typed, chromium: Browser
) -> None:
    assert typed.sends
    seen: set[str] = set()
    shown = 0
    for role in ROLES:
        cookie = live.cookie(live.who(role))
        pages = [path for path, answer in reachable(Browsing(live.url, cookie), each=2).items() if _hostile(answer)]
        context = chromium.new_context()
        visit = Visit(live.url, context, context.new_page())
        visit.take(cookie)
        for path in pages:
            if path in seen:
                continue  # it shows the same words to everybody
            seen.add(path)
            visit.go(path)
            expect(visit.page.locator("h1")).to_have_count(1)
            assert visit.page.evaluate("() => window.__xss") is None, (role, path)
            assert visit.page.title() != ""
            shown += 1
        context.close()
        visit.clean()
    assert shown >= 20


def _hostile(answer: requests.Response) -> bool:
    return any(mark in answer.text for mark in ("__xss", "\u202e", "8888*9999", "victim@evil.example"))


def test_hostile_text_that_arrives_live_runs_nothing(live: Live, room: Callable[..., Room], chromium: Browser) -> None:
    made = room("Ana", *(text.replace("\0", "") for text in CORPUS.values()))
    ana, *others = made.learners
    context = chromium.new_context()
    visit = Visit(live.url, context, context.new_page())
    visit.take(live.cookie(ana))
    visit.go(f"/spaces/{made.space}")
    screen = RoomPage(visit)
    screen.live()
    number = 0
    for person, text in zip(others, CORPUS.values(), strict=True):
        with Wire(live.url, live.cookie(person)) as wire:
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
            wire.client.emit("typing", {"space": made.space})
            said = send(wire, made.space, text)
            assert said["ok"], (text, said)
            answer = wire.ask(
                "post:send",
                {"space": made.space, "nonce": nonce(), "body": f"@Ana {text}", "reply_to": said["id"]},
            )
            assert answer["ok"]
            assert wire.ask("post:react", {"post": said["id"], "nonce": nonce(), "emoji": "💛"})["ok"]
            edited = wire.ask("post:edit", {"post": said["id"], "nonce": nonce(), "body": f"{text} (edited)"})
            assert edited["ok"]
            number += 2
            expect(screen.messages()).to_have_count(number)
    expect(screen.page.locator(".edited")).to_have_count(len(CORPUS))
    assert visit.page.evaluate("() => window.__xss") is None
    html = visit.page.locator("#msgs").evaluate("el => el.innerHTML")
    assert dangers(html) == []
    live_words = screen.words()
    names = screen.page.locator("#msgs h3").all_inner_texts()
    visit.page.reload()
    expect(screen.messages()).to_have_count(number)
    assert screen.words() == live_words
    assert screen.page.locator("#msgs h3").all_inner_texts() == names
    visit.go("/notices")
    assert visit.page.evaluate("() => window.__xss") is None
    assert visit.page.locator(".notice").count() > len(CORPUS) // 2
    context.close()
    visit.clean()


ADDRESSES = (
    "/sign-in?next={}",
    "/people?q={}",
    "/me/skills?q={}",
    "/workshops?group={}",
    "/workshops/new?group={}",
    "/workshops/new?group=GROUP&date={}&time={}&zone={}&minutes={}&title={}&agenda={}",
    "/groups/GROUP/matches?kind={}",
    "/notices?before={}",
    "/spaces/SPACE?before={}&at={}&reply={}",
    "/spaces/{}",
    "/posts/{}",
    "/people/{}",
    "/{}",
    "/static/{}",
    "/api/v1/spaces/SPACE/events?since={}&epoch={}",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_hostile_addresses_are_answered_without_running_or_leading_anywhere(live: Live, address: str) -> None:
    signed_in, nobody = Browsing(live.url, live.cookie(live.who("lead"))), Browsing(live.url)
    whole = address.replace("GROUP", live.ids["cohort"]).replace("SPACE", live.ids["room"])
    for text in [*CORPUS.values(), "//evil.example", "https://evil.example", "/\\evil.example", "\ud7ff", "9" * 400]:
        url = live.url + whole.replace("{}", quote(text, safe=""))
        for browsing in (signed_in, nobody):
            answer = browsing.session.get(url, timeout=20, allow_redirects=False)
            check(answer, url)


def test_a_sign_in_with_hostile_text_is_refused_and_shows_it_as_text(live: Live, chromium: Browser) -> None:
    context = chromium.new_context()
    visit = Visit(live.url, context, context.new_page())
    text = CORPUS["an image that fails"]
    visit.go(f"/sign-in?next={quote(text)}")
    visit.page.locator("input[name=email]").evaluate("el => { el.type = 'text'; }")
    visit.page.get_by_label("Email").fill(text)
    visit.page.get_by_label("Password").fill(text)
    visit.page.get_by_role("button", name="Sign in").click()
    expect(visit.page.locator("input[name=email]")).to_have_value(text)
    assert visit.page.evaluate("() => window.__xss") is None
    context.close()
    visit.clean(forgive=re.compile("status of 422"))


def test_no_letter_was_made_to_say_more_than_it_should(live: Live, typed: Typed) -> None:
    """Letters about hostile workshops carry no header of their author's making, and name nobody else."""
    assert typed.sends
    live.mail.wait(lambda: any("Bcc: victim" in str(letter["Subject"]) for letter in live.mail.letters))
    for letter in live.mail.letters:
        assert letter["Bcc"] is None
        assert letter["X-Injected"] is None
        assert len(letter["To"].addresses) == 1


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{CORPUS['a script']}</p>",
        f"<p>{CORPUS['an image that fails']}</p>",
        f"<p>{CORPUS['a picture that loads']}</p>",
        f"<input value='{CORPUS['an attribute']}'>",
        f'<a href="jav\tascript:{RUN}">x</a>',
        f'<a href=" JavaScript:{RUN}">x</a>',
        "<form action='data:text/html,x'>",
        "<p style='color: red'>",
        "<iframe src='/'></iframe>",
        "<meta http-equiv='refresh' content='0'>",
    ],
)
def test_the_check_sees_what_would_run_if_it_were_not_escaped(html: str) -> None:
    assert dangers(html) != []
