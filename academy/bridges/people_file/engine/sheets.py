"""A file of people, or of another table, as text: its columns, its rows with their lines, cells that no sheet runs.

Pure: no database, no clock. What the cells mean is decided where they meet the academy (`queries`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from academy.kernel.access import Invalid

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("mail", "email address", "mail address", "address"),
    "name": ("full name", "display name"),
    "external_id": ("id", "employee id", "personnel number", "staff id"),
    "zone": ("time zone", "tz"),
    "locale": ("page language",),
    "pronouns": (),
    "languages": ("language", "spoken languages"),
    "manager": ("manager email", "manager id", "reports to", "line manager"),
    "skills": ("skill",),
    "goals": ("goal",),
    "role": ("roles",),
}
"""The columns of the ground floor, in the order in which they are written, each with what else it may be called."""

DELIMITERS = ",;\t"
CLEAR = "-"
"""A cell that empties what is there; an empty cell changes nothing."""

RUNS = r"=+\-@\t\r\n＝＋－＠"
"""What a cell begins with that spreadsheets take for a formula, or skip on the way to one; for a set of characters."""
QUOTE = "'"
_BEGINS = r"((?:\A|[;\t]) *)"  # half of Europe parts cells by semicolons: there one begins after each
_ASKS = re.compile(rf"{_BEGINS}(?=[{RUNS}]|'['{RUNS}])")
_DONE = re.compile(rf"{_BEGINS}'(?=['{RUNS}])")

MOST_CELL = 8_000
"""Characters in one cell."""


class NoTable(Invalid):
    """A file that holds no table to speak of; `why` says so where nothing could have been changed anyway."""

    def __init__(self, detail: str = "", *, why: str = "") -> None:
        """Keep the sentence for whoever brings a file in, and the shorter one."""
        super().__init__(detail, errors={"file": [detail]})
        self.why = why


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row: the line of the file where it begins, its column or '', and a sentence."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Row:
    """One person's row: the line of the file where it begins (from 1), and its filled cells by column.

    A cell that is there and empty stands for "-", which empties what there was.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A file as it was read: `columns` it has, `unknown` headers that nothing is done with, `rows`, `problems`."""

    columns: Sequence[str]
    unknown: Sequence[str]
    rows: list[Row]
    problems: list[Problem] = field(default_factory=list)


def defused(cell: str) -> str:
    """Write a cell so that no spreadsheet runs it: an apostrophe goes before what would begin a formula.

    >>> defused("=1+1"), defused("Ana;=1+1"), defused("'=1"), defused("'n Sync")
    ("'=1+1", "Ana;'=1+1", "''=1", "'n Sync")
    """
    return _ASKS.sub(rf"\1{QUOTE}", cell)


def undone(cell: str) -> str:
    """Take back what `defused` did; any other cell stays as it is.

    >>> undone("'=1+1"), undone("Ana;'=1+1"), undone("''=1"), undone("'n Sync")
    ('=1+1', 'Ana;=1+1', "'=1", "'n Sync")
    """
    return _DONE.sub(r"\1", cell)


def key_of(header: str) -> str:
    """Return a header without what may differ: case, spaces, underscores, hyphens.

    >>> key_of(" E-Mail_Address ")
    'emailaddress'
    """
    return "".join(c for c in header.casefold() if c not in " _-\t\N{NO-BREAK SPACE}")


def headers(more: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Map every way to write a header to its column; `more` are the columns of upper packages."""
    known = {**COLUMNS, **more}
    return {key_of(word): name for name, others in known.items() for word in (name, *others)}


def text_of(body: bytes) -> str:
    """Decode a file; raises `NoTable` with the line that is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        why = f"Line {line} is not UTF-8. Save the file as “CSV UTF-8”"
        raise NoTable(f"{why} and bring it in again. Nothing was changed.", why=f"{why}.") from error


def read(body: bytes, more: Mapping[str, Sequence[str]] | None = None) -> Sheet:
    """Read a people file: as `rows_of`, and its people can be told by an address or an external id."""
    sheet = rows_of(body, headers(more or {}), "email,name,manager")
    if "email" not in sheet.columns and "external_id" not in sheet.columns:
        why = "The first line names no column email or external_id, so nobody can be told by it."
        raise no_table(why, "email,name,manager")
    return sheet


def rows_of(body: bytes, known: Mapping[str, str], such_as: str) -> Sheet:
    """Read a table: UTF-8, with `,`, `;` or tabs, whichever gives the most columns that are known.

    `known` maps every way to write a header (`key_of`) to its column. Raises `NoTable` where there is no table to
    speak of, with columns `such_as` these; what is wrong with a single row is among the sheet's problems, and that
    row is not among its rows.
    """
    text = text_of(body)
    delimiter = max(DELIMITERS, key=lambda d: len({known.get(key_of(h)) for h in _first(text, d)} - {None}))
    table = _table(text, delimiter)
    try:
        first = next(table)
    except StopIteration:
        raise no_table("The file is empty.", such_as) from None
    if isinstance(first, Problem):
        raise no_table(first.sentence, such_as)
    names = [known.get(key_of(header)) for header in first[1]]
    columns = [name for name in names if name is not None]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise no_table(f"The column {twice[0]} is there twice.", such_as)
    unknown = [header.strip() for header, name in zip(first[1], names, strict=True) if name is None and header.strip()]
    sheet = Sheet(columns, unknown, [])
    for found in table:
        if isinstance(found, Problem):
            sheet.problems.append(found)
            continue
        line, cells = found
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            sentence = f"This row has {len(cells)} cells and the first line names {len(names)}. Is a quote missing?"
            sheet.problems.append(Problem(line, "", sentence))
            continue
        row = Row(line, dict(_cells(names, cells)))
        long = next((name for name, cell in row.cells.items() if len(cell) > MOST_CELL), None)
        if long is not None:
            sheet.problems.append(Problem(line, long, f"A cell has at most {MOST_CELL:,} characters."))
        elif row.cells:
            sheet.rows.append(row)
    return sheet


def _cells(names: Sequence[str | None], cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, raw in zip(names, cells, strict=False):
        cell = raw.strip()
        if name is not None and cell:
            yield name, "" if cell == CLEAR else undone(cell).strip()


def _first(text: str, delimiter: str) -> list[str]:
    found = next(_table(text, delimiter), None)
    return [] if found is None or isinstance(found, Problem) else found[1]


def _table(text: str, delimiter: str) -> Iterator[tuple[int, list[str]] | Problem]:
    """Read rows with the line on which each begins; a quoted cell may hold line breaks, an empty line is no row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line, "", f"This row can't be read ({error}). Are its quotes closed?")
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def no_table(why: str, such_as: str) -> NoTable:
    """Say why a file can't be read at all."""
    head = f"The first line names the columns, such as {such_as}."
    return NoTable(f"{why} Nothing was changed. {head}", why=f"{why} {head}")


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Write a people file line by line: with a BOM, so that spreadsheets know it as UTF-8, and cells defused.

    A text that is only "-" is written so that it does not mean "empty this".
    """
    held = io.StringIO(newline="")
    writer = csv.writer(held)

    def taken() -> str:
        text = held.getvalue()
        held.seek(0)
        held.truncate()
        return text

    writer.writerow(columns)
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + taken()
    for row in rows:
        writer.writerow([defused(row.get(column, "")) for column in columns])
        yield taken()
