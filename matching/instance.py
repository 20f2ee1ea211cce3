"""What to match, as a file: two JSON formats, read and checked, and the answer that comes out.

Standard library only: whoever reads a file needs no numeric library yet. The formats are described in
`docs/matching.md`. A weight is a whole number of at least 0, on whatever scale; scores of `matching.scoring` are
0 to 10,000.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn, TypedDict

HEAVIEST = 1_000_000_000
"""The greatest weight: sums over 100,000 people stay whole in a float."""
GZIP = b"\x1f\x8b"
SHOWN = 60  # characters of a name or value in a message
KINDS = {"buddies": ("kind", "people", "pairs", "max_trios"), "mentors": ("kind", "mentees", "mentors", "pairs")}
"""What may be asked, and what stands in the file for it: anything else is a slip of the pen, and would be missed."""


class BadInstance(ValueError):
    """What is wrong in a file and where, in one line."""


class TooLarge(ValueError):
    """More than the solver that is installed can weigh; the message is one sentence that says what would help."""


@dataclass(frozen=True)
class Buddies:
    """One group: people in sorting order, allowed pairs as (place, place, weight), the first place the smaller."""

    people: list[str]
    pairs: list[tuple[int, int, int]]
    max_trios: int


@dataclass(frozen=True)
class Mentors:
    """Mentees and mentors in sorting order, how many each mentor takes, pairs as (mentee's place, mentor's, weight)."""

    mentees: list[str]
    mentors: list[str]
    capacity: list[int]
    pairs: list[tuple[int, int, int]]


class Answer(TypedDict):
    """Who is matched, names and groups in sorting order.

    `total` counts a pair of buddies for both of them, a trio by its three pairs, a mentor's pair once. `worst` is the
    weight of the worst-off person placed, in a trio the mean of her two; None where nobody is placed. `gap` is how much
    of the best conceivable total may be missing (0 to 1, rounded up), None where that is not known.
    """

    pairs: list[list[str]]
    trios: list[list[str]]
    placed: int
    total: int
    worst: float | None
    optimal: bool
    gap: float | None
    solver: str
    seconds: float


def read(raw: bytes) -> Buddies | Mentors:
    """Read an instance, plain or as gzip; raises BadInstance."""
    data = _object(raw)
    kind = _get(data, "kind")
    if kind not in list(KINDS):
        raise BadInstance(f'kind: {_shown(kind)} is neither "buddies" nor "mentors"')
    strange = next((key for key in data if key not in KINDS[kind]), None)
    if strange is not None:
        raise BadInstance(f"{_shown(strange)}: is not known; {kind} have {', '.join(KINDS[kind])}")
    return _buddies(data) if kind == "buddies" else _mentors(data)


def read_kept(raw: bytes) -> set[frozenset[str]]:
    """Read which two were together in an earlier answer, in a trio too; raises BadInstance."""
    data = _object(raw)
    kept: set[frozenset[str]] = set()
    for key, size in (("pairs", 2), ("trios", 3)):
        for at, group in enumerate(_list(data.get(key, []) if key == "trios" else _get(data, key), key)):
            where = f"{key}[{at}]"
            if not isinstance(group, list) or len(group) != size:
                raise BadInstance(f"{where}: {_shown(group)} is not a list of {size} names")
            names = [_name(name, where) for name in group]
            if len(set(names)) < size:
                raise BadInstance(f"{where}: somebody is in it twice")
            kept |= {frozenset((a, b)) for a in names for b in names if a < b}
    return kept


def _buddies(data: dict[str, Any]) -> Buddies:
    people = _names(_get(data, "people"), "people")
    max_trios = _whole(data["max_trios"], "max_trios") if "max_trios" in data else len(people) % 2
    place = {name: at for at, name in enumerate(people)}
    pairs = [(min(a, b), max(a, b), weight) for a, b, weight in _pairs(data, place, place, "is not among people")]
    return Buddies(people, sorted(pairs), max_trios)


def _mentors(data: dict[str, Any]) -> Mentors:
    mentees = _names(_get(data, "mentees"), "mentees")
    places = _get(data, "mentors")
    if not isinstance(places, dict):
        raise BadInstance("mentors: must be an object of names, each with how many mentees she takes")
    mentors = _names(list(places), "mentors")
    capacity = [_whole(places[name], f"mentors[{_shown(name)}]") for name in mentors]
    first = {name: at for at, name in enumerate(mentees)}
    second = {name: at for at, name in enumerate(mentors)}
    return Mentors(mentees, mentors, capacity, sorted(_pairs(data, first, second, "is not among {}")))


def _pairs(
    data: dict[str, Any], first: dict[str, int], second: dict[str, int], missing: str
) -> list[tuple[int, int, int]]:
    """Check every pair; `first` and `second` are the same where a pair is the same in either order."""
    seen: dict[tuple[int, int], int] = {}
    found = []
    for at, row in enumerate(_list(_get(data, "pairs"), "pairs")):
        where = f"pairs[{at}]"
        if not isinstance(row, list) or len(row) != 3:
            raise BadInstance(f"{where}: {_shown(row)} is not a list of two names and a weight")
        one, other, weight = row
        a, b = first.get(_name(one, where)), second.get(_name(other, where))
        if a is None or b is None:
            who, whose = (one, "mentees") if a is None else (other, "mentors")
            raise BadInstance(f"{where}: {_shown(who)} {missing.format(whose)}")
        if one == other:
            raise BadInstance(f"{where}: {_shown(one)} is paired with herself")
        both = (min(a, b), max(a, b)) if first is second else (a, b)
        if both in seen:
            raise BadInstance(f"{where}: {_shown(one)} and {_shown(other)} are in pairs[{seen[both]}] already")
        seen[both] = at
        found.append((a, b, _whole(weight, where, "weight ")))
    return found


def _object(raw: bytes) -> dict[str, Any]:
    """Read JSON whose outermost value is an object."""
    if raw.startswith(GZIP):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInstance("not a whole gzip file") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInstance(f"not UTF-8: byte {error.start + 1}") from error
    try:
        data = json.loads(text, parse_constant=_no_number, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as error:
        raise BadInstance(f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise BadInstance("not an instance: lists within lists within lists") from error
    except BadInstance:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise BadInstance("not an instance: a number is too long to read") from error
    if not isinstance(data, dict):
        raise BadInstance(f"must be an object, not {_shown(data)}")
    return data


def _no_number(word: str) -> NoReturn:
    raise BadInstance(f"not JSON: {word} is no number")


def _no_key_twice(items: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(items)
    if len(made) < len(items):
        keys = [key for key, _value in items]
        raise BadInstance(f"{_shown(next(key for key in keys if keys.count(key) > 1))} stands twice in one object")
    return made


def _get(data: dict[str, Any], key: str) -> Any:
    if key not in data:
        raise BadInstance(f"{key}: is missing")
    return data[key]


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInstance(f"{where}: must be a list, not {_shown(value)}")
    return value


def _names(values: Any, where: str) -> list[str]:
    """Return names in sorting order, so that nothing hangs on the order of a file."""
    seen: dict[str, int] = {}
    for at, value in enumerate(_list(values, where)):
        name = _name(value, f"{where}[{at}]")
        if name in seen:
            raise BadInstance(f"{where}[{at}]: {_shown(name)} stands at {where}[{seen[name]}] already")
        seen[name] = at
    return sorted(seen)


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadInstance(f"{where}: {_shown(value)} is not a name in quotation marks")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise BadInstance(f"{where}: {_shown(value)} has half a character in it") from error
    return value


def _whole(value: Any, where: str, what: str = "") -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInstance(f"{where}: {what}{_shown(value)} is not a whole number")
    if value < 0:
        raise BadInstance(f"{where}: {what}{_shown(value)} is below 0")
    if value > HEAVIEST:
        raise BadInstance(f"{where}: {what}{_shown(value)} is more than {HEAVIEST:,}")
    return value


def _shown(value: Any) -> str:
    """Return a value as JSON in one short line."""
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
