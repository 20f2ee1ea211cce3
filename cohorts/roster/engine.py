"""Lists of people as leads have them: pasted addresses and roster files. Pure calculation."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

ROLES = ("learner", "mentor", "facilitator")
HEADERS = {
    "email": "email", "e-mail": "email", "mail": "email", "address": "email", "email address": "email", "role": "role",
}  # fmt: skip
MOST_ROWS = 2000
REASONS = ("agreed", "need", "mistake", "other")
"""Why a lead may move somebody up the waitlist."""

_ADDRESS = re.compile(r"[^\s<>,;\"@]+@[^\s<>,;\"@]+")


@dataclass(frozen=True)
class Row:
    """One person of a roster file."""

    line: int
    email: str
    role: str


@dataclass(frozen=True)
class Wrong:
    """A line of a roster file that can't be used: `code` says why."""

    line: int
    code: str
    value: str = ""


def read_addresses(text: str) -> tuple[list[str], list[str]]:
    """Find addresses in what was pasted; returns them, each once, and what could not be read as one.

    Between them may be commas, semicolons, line breaks or blanks; a name may stand before an address in angle brackets.
    """
    found: dict[str, str] = {}
    unread = []
    for piece in re.split(r"[,;\n]+", text):
        bracketed = re.search(r"<([^<>]*)>", piece)
        words = [bracketed.group(1).strip()] if bracketed else piece.split()
        if words and all(_ADDRESS.fullmatch(word) for word in words):
            for word in words:
                found.setdefault(word.casefold(), word)
        elif words:
            unread.append(" ".join(piece.split()))
    return list(found.values()), unread


def read_roster(text: str) -> tuple[list[Row], list[Wrong]]:
    """Read a roster file: CSV with a header line that names `email` and may name `role`.

    Columns are matched by name, others are left alone; commas, semicolons and tabs all separate.
    """
    lines = text.lstrip("\ufeff").splitlines()
    first = lines[0] if lines else ""
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    rows: list[Row] = []
    wrong: list[Wrong] = []
    seen: dict[tuple[str, str], int] = {}
    columns: dict[str, int] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                names = [HEADERS.get(cell.strip().casefold(), "") for cell in cells]
                columns = {name: place for place, name in reversed(list(enumerate(names))) if name}
                if "email" not in columns:
                    return [], [Wrong(reader.line_num, "no-header")]
                continue
            if len(rows) + len(wrong) >= MOST_ROWS:
                return [], [Wrong(reader.line_num, "too-many", str(MOST_ROWS))]
            _take(cells, columns, reader.line_num, rows, wrong, seen)
    except csv.Error:
        return [], [Wrong(reader.line_num, "unreadable")]
    if columns is None:
        return [], [Wrong(1, "no-header")]
    return rows, wrong


def _take(
    cells: list[str],
    columns: dict[str, int],
    line: int,
    rows: list[Row],
    wrong: list[Wrong],
    seen: dict[tuple[str, str], int],
) -> None:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    email, role = cell("email"), cell("role").casefold() or "learner"
    if not _ADDRESS.fullmatch(email):
        wrong.append(Wrong(line, "no-address", email))
    elif role not in ROLES:
        wrong.append(Wrong(line, "no-role", cell("role")))
    elif (email.casefold(), role) not in seen:
        seen[email.casefold(), role] = line
        rows.append(Row(line, email, role))
