"""Tables that a benchmark writes into docs/matching.md, each between a mark with its name and the next end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parent.parent / "docs" / "matching.md"
END = "<!-- end -->\n"


def put(name: str, lines: Sequence[str]) -> None:
    """Replace the table of that name."""
    begin, text = f"<!-- {name} -->\n", PAGE.read_text("utf-8")
    before, _, rest = text.partition(begin)
    PAGE.write_text(before + begin + "\n".join(lines) + "\n" + rest[rest.index(END) :], "utf-8")
