"""The colours of tokens.css keep their promise of contrast in every theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[3] / "academy" / "web" / "static" / "academy" / "tokens.css"

# Which blocks of the file a page takes, in the file's order, for each way a theme can come about: the person's own
# choice (data attributes) or the system's (media queries).
CHOSEN = {
    "light": [":root"],
    "dark": [":root", ':root[data-theme="dark"]'],
    "light more": [":root", ':root[data-contrast="more"]:not([data-theme="dark"])'],
    "dark more": [":root", ':root[data-theme="dark"]', ':root[data-contrast="more"][data-theme="dark"]'],
}
SYSTEM = {
    "light": [":root"],
    "dark": [":root", 'dark|:root:not([data-theme="light"])'],
    "light more": [":root", 'more|:root:not([data-theme="dark"]):not([data-contrast="normal"])'],
    "dark more": [
        ":root",
        'dark|:root:not([data-theme="light"])',
        'dark more|:root:not([data-theme="light"]):not([data-contrast="normal"])',
    ],
}

# (what it is, text, ground, least contrast): body text 7, other text 4.5, edges, marks and focus 3 (WCAG 1.4.3, 1.4.11)
PAIRS = [
    ("body text on the page", "ink", "bg", 7),
    ("body text on a card", "ink", "surface", 7),
    ("body text on an inset", "ink", "sunken", 7),
    ("body text on the prominent card", "ink", "brand-soft", 7),
    ("body text in the live bar", "ink", "warm-soft", 7),
    ("secondary text on the page", "ink-2", "bg", 7),
    ("secondary text on a card", "ink-2", "surface", 7),
    ("secondary text on an inset", "ink-2", "sunken", 4.5),
    ("secondary text on the prominent card", "ink-2", "brand-soft", 4.5),
    ("small print on the page", "ink-3", "bg", 4.5),
    ("small print on a card", "ink-3", "surface", 4.5),
    ("small print on an inset", "ink-3", "sunken", 4.5),
    ("words on the filled button", "on-brand", "brand", 4.5),
    ("words on the filled button under the pointer", "on-brand", "brand-hover", 4.5),
    ("a link on the page", "brand-text", "bg", 4.5),
    ("a link on a card", "brand-text", "surface", 4.5),
    ("a link on an inset", "brand-text", "sunken", 4.5),
    ("the current place in the navigation", "brand-text", "brand-soft", 4.5),
    ("a warm tag", "warm-text", "warm-soft", 4.5),
    ("warm words on a card", "warm-text", "surface", 4.5),
    ("a mentor's tag", "plum-text", "plum-soft", 4.5),
    ("a lead's tag", "sky-text", "sky-soft", 4.5),
    ("a good tag", "good-text", "good-soft", 4.5),
    ("an error's words on a card", "bad-text", "surface", 4.5),
    ("an error's words in the summary", "bad-text", "bad-soft", 4.5),
    ("a count", "ink", "warm-soft-2", 4.5),
    ("initials", "ink", "brand-soft-2", 4.5),
    ("the skip link", "bg", "ink", 7),
    ("a control's edge on a card", "line-strong", "surface", 3),
    ("a control's edge on the page", "line-strong", "bg", 3),
    ("a wrong field's edge", "bad", "surface", 3),
    ("focus on the page", "focus", "bg", 3),
    ("focus on a card", "focus", "surface", 3),
    ("focus on the prominent card", "focus", "brand-soft", 3),
    ("presence", "brand-fill", "surface", 3),
    ("the filled part of a progress bar beside a card", "brand-fill", "surface", 3),
    ("the line of now", "warm", "surface", 3),
    ("a chart's mark", "brand", "surface", 3),
    ("the path on its hill", "brand", "hill-3", 3),
]
MORE = [
    ("body text on the page", "ink", "bg", 12),
    ("body text on a card", "ink", "surface", 12),
    ("secondary text on a card", "ink-2", "surface", 12),
    ("small print on a card", "ink-3", "surface", 12),
    ("a warm tag", "warm-text", "warm-soft", 8),
    ("a mentor's tag", "plum-text", "plum-soft", 8),
    ("a lead's tag", "sky-text", "sky-soft", 8),
    ("a good tag", "good-text", "good-soft", 8),
    ("a card's edge", "line", "surface", 3),
    ("a card's edge on the page", "line", "bg", 3),
]


def blocks() -> dict[str, dict[str, str]]:
    """Hex colours of each block, keyed by selector, with a prefix for the media query that holds it."""
    text = re.sub(r"/\*.*?\*/", "", CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    found: dict[str, dict[str, str]] = {}
    media = open_selector = ""
    for line in text.splitlines():
        if line.startswith("@media"):
            media = " ".join(w for w in ("dark", "more") if f": {w})" in line) + "|"
        elif line == "}" and media and not open_selector:
            media = ""
        elif line.rstrip().endswith("{"):
            open_selector = media + line.strip().removesuffix("{").strip()
            found.setdefault(open_selector, {})
        elif line.strip() == "}":
            open_selector = ""
        elif match := re.fullmatch(r"\s*--([\w-]+): (#[0-9a-f]{6});", line):
            found[open_selector][match[1]] = match[2]
    return found


def theme(selectors: list[str]) -> dict[str, str]:
    known = blocks()
    taken: dict[str, str] = {}
    for selector in selectors:
        taken |= known[selector]
    return taken


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_measured_as_the_guidelines_define_it():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("name", list(CHOSEN))
def test_a_theme_is_the_same_whether_the_person_or_the_system_chose_it(name):
    assert theme(CHOSEN[name]) == theme(SYSTEM[name])


@pytest.mark.parametrize("name", list(CHOSEN))
@pytest.mark.parametrize(("what", "front", "ground", "least"), PAIRS, ids=[p[0] for p in PAIRS])
def test_every_pair_has_enough_contrast(name, what, front, ground, least):
    colours = theme(CHOSEN[name])
    assert contrast(colours[front], colours[ground]) >= least


@pytest.mark.parametrize("name", ["light more", "dark more"])
@pytest.mark.parametrize(("what", "front", "ground", "least"), MORE, ids=[p[0] for p in MORE])
def test_more_contrast_gives_more(name, what, front, ground, least):
    colours = theme(CHOSEN[name])
    assert contrast(colours[front], colours[ground]) >= least


def test_the_four_themes_differ():
    grounds = {(theme(s)["bg"], theme(s)["ink"]) for s in CHOSEN.values()}
    assert len(grounds) == 4


def test_style_sheets_use_roles_and_never_a_colour_of_their_own():
    root = CSS.parents[4]
    sheets = [s for s in root.glob("*/**/static/**/*.css") if s.name != "tokens.css" and ".venv" not in s.parts]
    assert len(sheets) >= 5
    for sheet in sheets:
        colours = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[\s;,)}])|\brgba?\(|\bhsla?\(", sheet.read_text(encoding="utf-8"))
        assert colours == [], sheet.name


def test_every_role_a_style_sheet_names_exists():
    root = CSS.parents[4]
    defined = set(re.findall(r"--([\w-]+):", CSS.read_text(encoding="utf-8"))) | {"edge"}
    for sheet in root.glob("*/**/static/**/*.css"):
        used = set(re.findall(r"var\(--([\w-]+)", sheet.read_text(encoding="utf-8")))
        assert used <= defined, sheet.name
