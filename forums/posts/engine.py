"""What a post becomes before it is stored: safe HTML, and who is named in it. Pure; it runs off the hub."""

from __future__ import annotations

import html as markup_text
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from academy.kernel.access import Invalid, TooLong
from academy.kernel.ids import encode
from academy.web import markup

MOST = 4000
"""Characters in one post."""

MOST_LINES = 400
"""A table of two thousand empty rows is four thousand characters and takes 70 ms: no message needs that."""

MOST_HTML = 24_000
"""Characters of HTML that one post may become, as everybody in the room receives it."""

REACTIONS = ("💛", "🙌", "✨", "💡", "😂", "🙏")

_TOKEN = re.compile(r"""(<[a-zA-Z/!](?:[^>"]|"[^"]*")*>)""")
_QUIET = frozenset({"a", "code", "pre"})
_NAME = re.compile(r"</?([a-zA-Z0-9]+)")
_AT = re.compile(r"(?<!\w)@(?=\S)")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Draft:
    """A post that is ready to be stored: `body_md` as typed, `body_html` safe, `mentions` each person once."""

    body_md: str
    body_html: str
    mentions: tuple[UUID, ...] = ()


def compose(body: str, names: Sequence[tuple[UUID, str]] = ()) -> Draft:
    """Render what somebody wrote and find who is named in it.

    `names` are (person, display name) of everybody who may be named: `@` and the whole name, as it is
    written there; of names that begin alike the longest counts. Names inside code and links name nobody.
    Raises `Invalid` for an empty body, `TooLong` beyond 4,000 characters, 400 lines or 24,000 characters
    of HTML, the names in it included, and for what `markup.render` refuses.
    """
    typed = body.strip("\n").rstrip()
    if not any(c.isprintable() and not c.isspace() for c in typed):
        raise _empty()
    if len(typed) > MOST:
        detail = (
            f"This has {len(typed)} characters, and {MOST} fit into one message. "
            "What you wrote is kept; shorten it or send it in two parts."
        )
        raise TooLong(detail, errors={"body": [detail]})
    if typed.count("\n") >= MOST_LINES:
        detail = f"This has more than {MOST_LINES} lines. What you wrote is kept; send it in two parts."
        raise TooLong(detail, errors={"body": [detail]})
    html = markup.render(typed, limit=MOST)
    if not html:
        raise _empty()
    if len(html) > MOST_HTML:
        detail = "This has more formatting than fits into one message. What you wrote is kept; use less of it."
        raise TooLong(detail, errors={"body": [detail]})
    html, mentions = highlight(html, names) if names and "@" in typed else (html, ())
    if len(html) > MOST_HTML:
        detail = "This names more people than fit into one message. What you wrote is kept; name fewer of them."
        raise TooLong(detail, errors={"body": [detail]})
    return Draft(typed, html, mentions)


def _empty() -> Invalid:
    detail = "There is nothing in this message yet. Write something, then send it."
    return Invalid(detail, errors={"body": [detail]})


def highlight(html: str, names: Sequence[tuple[UUID, str]]) -> tuple[str, tuple[UUID, ...]]:
    """Mark the names in safe HTML; return it with the people named, in the order in which they are.

    Only the text between tags is touched, so that markup stays as the allow-list left it. Takes time linear in
    the text for any number of names.
    """
    people: dict[str, list[UUID]] = defaultdict(list)
    for person_id, name in names:
        people[markup_text.escape(name, quote=False)].append(person_id)
    lengths = sorted({len(name) for name in people}, reverse=True)
    found: dict[UUID, None] = {}

    def mark(text: str) -> str:
        pieces, done = [], 0
        for at in _AT.finditer(text):
            begin = at.end()
            name = next(
                (n for size in lengths if (n := text[begin : begin + size]) in people and _ends(text, begin, n)), ""
            )
            if not name or at.start() < done:
                continue
            ids = people[name]
            found.update(dict.fromkeys(ids))
            marked = f'<span class="mention" data-p="{" ".join(encode(i) for i in ids)}">@{name}</span>'
            pieces += [text[done : at.start()], marked]
            done = begin + len(name)
        return "".join([*pieces, text[done:]])

    quiet = 0
    parts = _TOKEN.split(html)
    for place, part in enumerate(parts):
        tag = _NAME.match(part) if place % 2 else None
        if tag is not None:
            quiet += (-1 if part.startswith("</") else 1) if tag[1] in _QUIET else 0
        elif not quiet:
            parts[place] = mark(part)
    return "".join(parts), tuple(found)


def _ends(text: str, begin: int, name: str) -> bool:
    """Say whether a name ends where it should: Ben is not in Benny."""
    return _WORD.match(text, begin + len(name)) is None


def plain(html: str) -> str:
    """Return the words of safe HTML on one line; a piece cut off inside a tag or an entity is left out."""
    text = re.sub(r"<[^>]*$|&#?\w*$", "", _TOKEN.sub(" ", html))
    return " ".join(markup_text.unescape(text).split())


def excerpt(html: str, length: int = 140) -> str:
    """Return the first words of safe HTML, at most `length` characters."""
    words = plain(html)
    if len(words) <= length:
        return words
    cut = words[:length].rsplit(" ", 1)[0] or words[:length]
    return cut + "…"
