"""Tables that a benchmark writes into a page of docs/, each between a mark with its name and the next end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parent.parent / "docs" / "matching.md"
END = "<!-- end -->\n"


def put(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace the table of that name."""
    begin, text = f"<!-- {name} -->\n", page.read_text("utf-8")
    before, _, rest = text.partition(begin)
    page.write_text(before + begin + "\n".join(lines) + "\n" + rest[rest.index(END) :], "utf-8")
