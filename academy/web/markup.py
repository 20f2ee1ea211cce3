"""Markdown to safe HTML: markdown-it-py without raw HTML, then nh3's allow-list. Rendered once, on writing."""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt

from academy.kernel.access import TooLong

RENDERER = 1
"""Stored beside rendered text, so that a better renderer knows what to render again."""

MAX_CHARACTERS = 8000
MAX_BRACKETS = 400
MAX_MARKS = 1200
MAX_LINES = 800

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False, "typographer": False}).enable(
    ["strikethrough", "table"]
)
_WORDS = re.compile(r"(?:[^\W\d_]|\()(?:[^\W_]|[ ,.;:?!'()/%+=–—…’“”-])*(?<! )")
"""Words on one line with nothing in them that Markdown or HTML knows: most messages are, and need no parser."""
_TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"),
    *("h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"),
}
_SHIFT = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}


def render(text: str, *, headings_from: int = 3, limit: int = MAX_CHARACTERS) -> str:
    """Render Markdown that somebody wrote.

    Headings begin at level `headings_from` (2 or 3), as the page has levels of its own above. Raises
    `TooLong` beyond `limit` characters, and beyond the brackets, marks and lines that a person would write:
    parsing some patterns of those takes long, and holds up everybody else meanwhile.
    """
    if len(text) > limit:
        detail = f"This is longer than {limit} characters. It is kept here; shorten it and send it again."
        raise TooLong(detail, errors={"body": [detail]})
    if text.count("[") + text.count("]") + text.count("!") // 4 > MAX_BRACKETS and text.count("[") > MAX_BRACKETS // 2:
        detail = "This has more brackets than can be read. It is kept here; take some out and send it again."
        raise TooLong(detail, errors={"body": [detail]})
    if sum(text.count(mark) for mark in "*_~`") > MAX_MARKS or text.count("\n") > MAX_LINES:
        detail = "This has more lines or marks than can be read. It is kept here; make it plainer and send it again."
        raise TooLong(detail, errors={"body": [detail]})
    if _WORDS.fullmatch(text):
        return f"<p>{text}</p>"
    return _rendered(text, headings_from)


def _rendered(text: str, headings_from: int) -> str:
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.tag in _SHIFT:
            level = min(int(token.tag[1]) + headings_from - 2, 4) if headings_from == 2 else int(_SHIFT[token.tag][1])
            token.tag = f"h{max(level, headings_from)}"
    html: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    ).strip()
