"""Make the files of occupations in academy/careers/data, and O*NET's elements, from the tables they are taken from.

    python tools/build_occupations.py FOLDER

FOLDER holds esco_ict_occupation_skill.csv and the O*NET tables onet_elements.csv, onet_occupations.csv and
onet_occupation_skill_knowledge.csv. Run it when one of them changes; it writes the same bytes for the same tables.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from math import floor
from pathlib import Path

ROOT = Path(__file__).parents[1]
SKILLS = ROOT / "academy" / "skills" / "data"
CAREERS = ROOT / "academy" / "careers" / "data"
IMPORTANT = Fraction(3)
"""O*NET's importance goes from 1 to 5; what is less than 3, "important", is left out."""


def rows(file: Path) -> list[dict[str, str]]:
    """Read a table."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def level(found: str) -> int:
    """Map O*NET's level from 0 to 7 evenly onto 1 to 5, rounded half up.

    >>> [level(one) for one in ("0", "3.5", "7")]
    [1, 3, 5]
    """
    return floor(1 + Fraction(found) * 4 / 7 + Fraction(1, 2))


def write(file: Path, head: list[str], lines: list[list[str]]) -> None:
    """Write a table."""
    with file.open("w", encoding="utf-8", newline="") as text:
        table = csv.writer(text, lineterminator="\n")
        table.writerow(head)
        table.writerows(lines)


def elements(folder: Path, taken: set[str]) -> None:
    """Write O*NET's elements; a name that ESCO or another element has too says where it is from."""
    found = rows(folder / "onet_elements.csv")
    often = Counter(one["name"].casefold() for one in found)
    lines = []
    for one in found:
        kind = "skill" if one["element"] < "2.C" else "knowledge"
        name = one["name"]
        if often[name.casefold()] > 1:
            name += f" (O*NET {kind})"
        elif name.casefold() in taken:
            name += " (O*NET)"
        lines.append([one["element"], name, kind])
    write(SKILLS / "onet-29.3-elements.csv", ["key", "label", "kind"], lines)


def main(folder: Path) -> None:
    """Write the files."""
    nodes = {row["key"]: row for row in rows(SKILLS / "esco-1.2.0-nodes.csv")}
    elements(folder, {row["label"].casefold() for row in nodes.values()})
    needed: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "esco_ict_occupation_skill.csv"):
        if row["skill"] in nodes:
            needed[row["occupation"]].append(row["skill"])
    esco = [[name, " ".join(sorted(keys, key=int))] for name, keys in sorted(needed.items())]
    write(CAREERS / "esco-1.2.0-ict-occupations.csv", ["label", "skills"], esco)
    asked: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "onet_occupation_skill_knowledge.csv"):
        if Fraction(row["importance"]) >= IMPORTANT:
            asked[row["soc"]].append(f"{row['element']}:{level(row['level'])}")
    titles = {row["soc"]: row["title"] for row in rows(folder / "onet_occupations.csv")}
    onet = [[soc, titles[soc], " ".join(sorted(found))] for soc, found in sorted(asked.items())]
    write(CAREERS / "onet-29.3-occupations.csv", ["key", "label", "skills"], onet)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
