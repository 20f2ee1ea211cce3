"""`academy match solve`: files in, files out, no database."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from academy.kernel.cli import academy
from matching import places, solving
from mentoring.matches import cli

INSTANCES = Path(__file__).resolve().parents[2] / "matching" / "instances"
SQUARE = {
    "kind": "buddies",
    "people": ["a", "b", "c", "d"],
    "pairs": [["a", "b", 5], ["c", "d", 5], ["a", "c", 5], ["b", "d", 5], ["a", "d", 5], ["b", "c", 5]],
}


def solve(*arguments: Any, given: str | None = None) -> Result:
    return CliRunner().invoke(cli.match, ["solve", *map(str, arguments)], input=given)


def timeless(text: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text)
    assert answer.pop("seconds") >= 0
    return answer


@pytest.mark.parametrize(
    ("name", "placed", "total", "worst"),
    [
        ("buddies_30", 28, 49_988, 782),
        ("buddies_29_odd", 28, 47_340, 782),
        ("mentors_1000x200_cap5", 983, 3_274_769, 667),
    ],
)
def test_known_instances_are_answered_into_a_file(
    tmp_path: Path, name: str, placed: int, total: int, worst: int
) -> None:
    ran = solve(INSTANCES / f"{name}.json.gz", "-o", tmp_path / "answer.json")
    assert (ran.exit_code, ran.output) == (0, "")
    answer = timeless((tmp_path / "answer.json").read_text())
    assert list(answer) == ["pairs", "trios", "placed", "total", "worst", "optimal", "gap", "solver"]
    assert [answer[key] for key in ("placed", "total", "worst", "optimal", "gap")] == [placed, total, worst, True, 0]


def test_plain_packed_and_piped_instances_are_answered_alike(tmp_path: Path) -> None:
    text = json.dumps(SQUARE)
    (tmp_path / "plain.json").write_text(text)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = (timeless(solve(tmp_path / name).output) for name in ("plain.json", "packed.json.gz"))
    assert plain == packed == timeless(solve("-", given=text).output)
    assert plain["placed"] == 4


def test_the_floor_puts_the_worst_off_first() -> None:
    fair = timeless(solve(INSTANCES / "buddies_30.json.gz", "--floor").output)
    assert (fair["placed"], fair["worst"], fair["total"]) == (28, 1280, 49_106)


@pytest.mark.parametrize("before", [["a", "b"], ["a", "c"], ["a", "d"]])
def test_an_earlier_answer_decides_among_equals(tmp_path: Path, before: list[str]) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps({"pairs": [before], "trios": []}))
    answer = timeless(solve("-", "--previous", earlier, given=json.dumps(SQUARE)).output)
    assert before in answer["pairs"]
    earlier.write_text(json.dumps(answer))
    assert timeless(solve("-", "--previous", earlier, given=json.dumps(SQUARE)).output) == answer


def test_no_time_still_gives_an_answer_that_says_so() -> None:
    people = [f"p{number:02}" for number in range(41)]
    pairs = [[a, b, (7919 * i * j) % 10_007] for i, a in enumerate(people) for j, b in enumerate(people) if i < j]
    given = json.dumps({"kind": "buddies", "people": people, "pairs": pairs})
    ran = solve("-", "--budget", "0.1", given=given)
    answer = timeless(ran.output)
    assert answer["placed"] == 41
    assert (answer["gap"] == 0) >= answer["optimal"]
    assert solve("-", "--budget", "0", given=given).exit_code == 2


def whole(*arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as it is installed, in a process of its own."""
    code = "from academy.kernel.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "match", "solve", *arguments],
        input=given,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        check=False,
    )


def test_it_needs_no_database(tmp_path: Path) -> None:
    ran = whole(
        "-",
        given=json.dumps(SQUARE).encode(),
        DATABASE_URL="postgresql+psycopg://127.0.0.1:1/nothing",
        ACADEMY_INSTANCE=str(tmp_path / "none"),
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["placed"] == 4
    assert not (tmp_path / "none").exists()


def test_what_is_wrong_is_one_line_with_the_file_and_the_place_and_exit_code_2(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**SQUARE, "pairs": [["a", "b", 5], ["b", "a", 4]]}))
    out = tmp_path / "answer.json"
    ran = whole(str(wrong), "-o", str(out))
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.decode() == f'academy: {wrong}: pairs[1]: "b" and "a" are in pairs[0] already\n'
    assert not out.exists()
    piped = solve("-", given="{")
    assert piped.exit_code == 2
    assert "standard input: not JSON: line 1, column 2: " in piped.output


@pytest.mark.parametrize(
    "arguments", [["nowhere.json"], ["-", "--previous", "nowhere.json"], ["-", "-o", "no-such-folder/answer.json"]]
)
def test_files_that_are_not_there_are_named(arguments: list[str]) -> None:
    ran = solve(*arguments, given=json.dumps(SQUARE))
    assert ran.exit_code == 2
    assert arguments[-1] in ran.output


def test_an_earlier_answer_that_is_none_is_refused(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text('{"pairs": [["a"]]}')
    ran = solve("-", "--previous", earlier, given=json.dumps(SQUARE))
    assert ran.exit_code == 2
    assert f'{earlier}: pairs[0]: ["a"] is not a list of 2 names' in ran.output


@pytest.mark.parametrize("arguments", [[], ["--floor"]])
def test_more_than_the_solver_takes_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setitem(solving.solve.__kwdefaults__, "fast", False)
    monkeypatch.setattr(places, "MOST", 3)
    many = {"kind": "mentors", "mentees": ["a", "b"], "mentors": {"m": 2}, "pairs": [["a", "m", 1], ["b", "m", 2]]}
    ran = solve("-", *arguments, given=json.dumps(many))
    assert ran.exit_code == 2
    assert ran.output == (
        "Error: these people are too many for the solver that is installed: 4 choices of a place, and it can weigh 3; "
        "with OR-tools (pip install 'capability-academy[fast]') there is no such bound.\n"
    )


def test_the_command_is_among_those_of_academy() -> None:
    listed = CliRunner().invoke(academy, ["match", "--help"])
    assert "solve" in listed.output
