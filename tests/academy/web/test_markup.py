"""Markdown that somebody wrote: what it may become, and what nothing makes it become."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from academy.kernel.access import TooLong
from academy.web import markup
from academy.web.markup import render

ALLOWED = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"),
    *("h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"),
}

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](https://example.org/x.png)",
    "![a](javascript:alert(1))",
    "<a href='javascript:alert(1)'>a</a>",
    "[a](https://example.org 'title\" onmouseover=\"alert(1)')",
    "<svg/onload=alert(1)>",
    "`<b>`",
    "<iframe src=//evil.example></iframe>",
    "<style>*{display:none}</style>",
    "[x]: javascript:alert(1)\n\n[x]",
    '<https://example.org/"onclick="alert(1)>',
    "<javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "a\0b<\0script>",
]


class Seen(HTMLParser):
    """What a browser would find in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    handle_startendtag = handle_starttag


def tags(html: str) -> set[str]:
    return Seen(html).tags


def attributes(html: str) -> set[str]:
    return set(Seen(html).attributes)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_comes_through(text: str) -> None:
    html = render(text)
    assert tags(html) <= ALLOWED
    assert attributes(html) <= {"href", "rel", "start"}
    for address in Seen(html).attributes.get("href", []):
        assert re.match(r"https?://|mailto:|[^:]*$", address), address


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>\"'`*_[]()!#&;:/\\ \nabjsx=0\0", max_size=200))
def test_no_text_becomes_anything_else_either(text: str) -> None:
    html = render(text)
    assert tags(html) <= ALLOWED
    assert attributes(html) <= {"href", "rel", "start"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello **you** and _me_", "<p>Hello <strong>you</strong> and <em>me</em></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("~~no~~", "<p><s>no</s></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>'),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("", ""),
    ],
)
def test_what_is_meant_comes_through(text: str, html: str) -> None:
    assert render(text).replace("<br />", "<br>") == html


def test_a_link_says_nothing_about_where_it_came_from() -> None:
    assert (
        render("[a](https://example.org/)")
        == '<p><a href="https://example.org/" rel="nofollow noopener noreferrer">a</a></p>'
    )


@pytest.mark.parametrize(("level", "shown"), [("#", "h3"), ("##", "h3"), ("###", "h4"), ("######", "h4")])
def test_headings_begin_below_those_of_the_page(level: str, shown: str) -> None:
    assert render(f"{level} Words") == f"<{shown}>Words</{shown}>"


def test_headings_of_a_reading_begin_at_the_second_level() -> None:
    assert render("# A\n## B\n### C\n#### D", headings_from=2) == "<h2>A</h2>\n<h2>B</h2>\n<h3>C</h3>\n<h4>D</h4>"


def test_what_is_too_long_is_refused_kindly() -> None:
    with pytest.raises(TooLong, match="kept"):
        render("a" * 8001)
    assert render("a" * 8000)


@pytest.mark.parametrize(
    "text", ["[" * 8000, "![" * 4000, "[](" * 2600, "[a](b" * 1600, "*" * 8000, "> " * 4000, "`" * 7999, "_a" * 4000]
)
def test_no_text_holds_the_server_up(text: str) -> None:
    started = time.process_time()
    try:
        render(text)
    except TooLong:
        pass
    assert time.process_time() - started < 2.0  # unguarded, the worst of these take many times that


@given(st.text("abzÀß漢字09 ,.;:?!'()/%+=–—…’“”-*_`[<&>\\~#|\n\t\"\xa0", max_size=60))
@settings(max_examples=500)
def test_words_that_need_no_parser_become_what_it_would_make_of_them(text: str) -> None:
    assert render(text) == markup._rendered(text, 3)


@pytest.mark.parametrize(
    "text",
    [
        "(1) is first",
        "I think so, too!",
        "a - b",
        "Is it (really) 5 % more?",
        "https://example.org/a=b",
        "x. 1. y",
        "ª1.",
    ],
)
def test_a_plain_sentence_needs_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = markup._rendered(text, 3)
    monkeypatch.setattr(markup, "_rendered", None)
    assert render(text) == made == f"<p>{text}</p>"
