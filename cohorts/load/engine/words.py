"""The names and messages of load data. A message is rendered once, by the renderer of real posts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from academy.kernel.ids import encode
from forums.posts.engine import compose

if TYPE_CHECKING:
    from uuid import UUID

_FIRST = """
Ada Amara Ana Anders Bao Beatriz Björn Carlos Chidi Chloé Daniela Dara Elif Emeka Eva Farid Fatima Femi Greta
Hana Hiro Ines Ingrid Isla Ivan Jamal Jana Jin Jonas Kaito Kavya Kofi Lars Leila Lena Liam Lucía Magda Malik
Maya Mei Mina Noor Nuno Olga Omar Otto Pilar Priya Quinn Rafael Rana Rosa Sami Sanna Sofia Tariq Tomasz Uma
Vera Wanjiru Yara Yusuf Zoë
"""
FIRST = _FIRST.split()
_LAST = """
Adeyemi Ahmed Almeida Andersson Baptiste Becker Castillo Chen Costa Dahl Dias Eriksen Fernández Fischer García
Haddad Hansen Hoang Ibrahim Ivanova Jansen Kamau Kaya Khan Kim Kowalski Kumar Larsen Lima Lindqvist Martins
Mbeki Mehta Moreau Müller Nakamura Nguyen Novak Okafor Oliveira Osei Patel Pereira Petrov Rossi Santos Sato
Schmidt Silva Singh Suzuki Tanaka Torres Vasquez Wagner Wang Weber Yılmaz Zhang
"""
LAST = _LAST.split()
_ZONES = """
Europe/Lisbon Europe/Berlin Europe/Warsaw Africa/Lagos Africa/Nairobi America/New_York America/Sao_Paulo
Asia/Kolkata Asia/Tokyo Australia/Sydney
"""
ZONES = _ZONES.split()

OPENINGS = (
    "I tried this with my team on Tuesday.",
    "Thank you for sharing that.",
    "This week's module made me stop and think.",
    "A small thing worked surprisingly well today.",
    "Does anybody else find this hard?",
    "I was sceptical at first.",
    "Here is what I noticed:",
    "Quick question before the workshop.",
)
MIDDLES = (
    "Asking *what would help you most* before offering advice changed the whole conversation.",
    "We began with five quiet minutes of writing, and people who rarely speak had **three** good ideas.",
    "I kept a list of what we took for granted:\n\n- nobody reads the report\n- the numbers are always late",
    "My manager asked how I knew, and for once I could show the data instead of guessing.",
    "> Listening is not waiting for your turn.\n\nThat line stayed with me all week.",
    "The chart looked right until we checked the axis: it began at `80`, not at `0`.",
    "I wrote down one thing that went well each day, and by Friday the mood in our stand-up had changed.",
    "It took longer than I thought, mostly because I answered before I had understood the question.",
    "There is a good short text about this at [the library](https://library.example.org/feedback).",
    "We agreed on three things: be on time, ask before helping, and say when we are lost.",
)
ENDINGS = (
    "",
    "What would you have done?",
    "I will try again on Monday.",
    "Happy to compare notes.",
    "Still thinking about it.",
    "Has somebody an example from a smaller team?",
)
TITLES = (
    "How do you begin a difficult conversation?",
    "Which book helped you most?",
    "Somebody in my team never speaks",
    "Feedback across time zones",
    "What to do when nobody agrees",
    "A short exercise for Mondays",
    "Listening when you are in a hurry",
    "How often do you meet one to one?",
    "Does anybody have a checklist for the first week?",
    "My notes from the workshop",
    "Saying no, kindly",
    "How do I read this chart?",
    "Practice partners wanted",
    "When the plan changes every day",
    "Asking for help without feeling small",
    "Three questions that worked",
)
STANDS_FOR = "Aaaa Zzzz"
"""A name that nobody has, where a message names somebody."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message as it is stored."""

    md: str
    html: str


def messages() -> list[Words]:
    """Return every plain message there is."""
    return [
        Words(draft.body_md, draft.body_html)
        for opening in OPENINGS
        for middle in MIDDLES
        for ending in ENDINGS
        for draft in [compose(f"{opening} {middle}\n\n{ending}".strip())]
    ]


def calls() -> list[Words]:
    """Return the messages that name somebody, with `STANDS_FOR` in the place of the name."""
    drafts = [compose(f"@{STANDS_FOR} {opening} {ending}".strip()) for opening in OPENINGS for ending in ENDINGS]
    return [Words(draft.body_md, draft.body_html) for draft in drafts]


def naming(words: Words, person_id: UUID, name: str) -> Words:
    """Put somebody's name into a message that names somebody, as the renderer would mark it."""
    marked = f'<span class="mention" data-p="{encode(person_id)}">@{name}</span>'
    return Words(words.md.replace(f"@{STANDS_FOR}", f"@{name}", 1), words.html.replace(f"@{STANDS_FOR}", marked, 1))


def name(random: Random) -> str:
    """Choose a whole name; in a big academy several people have the same."""
    return f"{random.choice(FIRST)} {random.choice(LAST)}"
