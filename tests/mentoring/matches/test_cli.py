"""`academy match solve`: files in, files out, no database."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner, Result

from academy.kernel.cli import academy
from matching import places, solving, trios
from mentoring.matches import cli
from tests.matching import brute

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


def odd(count: int) -> tuple[list[str], list[tuple[str, str, int]], str]:
    """People of an odd number who all may, with weights that take seconds to prove anything about from 41 on."""
    people = [f"p{number:02}" for number in range(count)]
    pairs = [(a, b, (7919 * int(a[1:]) * int(b[1:])) % 10_007) for a, b in combinations(people, 2)]
    return people, pairs, json.dumps({"kind": "buddies", "people": people, "pairs": pairs})


def test_an_answer_that_the_time_was_too_short_for_says_so_and_more_time_proves_its_gap_true() -> None:
    _, _, given = odd(41)
    short, long = (timeless(solve("-", "--budget", seconds, given=given).output) for seconds in ("0.1", "120"))
    assert (short["placed"], short["optimal"]) == (41, False)
    assert (long["placed"], long["optimal"], long["gap"]) == (41, True, 0)
    assert 0 <= short["gap"] < 0.1
    assert short["total"] <= long["total"] <= short["total"] / (1 - short["gap"])


def test_the_gap_of_an_answer_that_is_not_proved_is_true_by_trying_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    people, pairs, given = odd(9)
    monkeypatch.setattr(trios, "MANY", 0)  # as with more trios than can be weighed
    answer = timeless(solve("-", given=given).output)
    outcomes = brute.every_outcome(people, {frozenset((a, b)): weight for a, b, weight in pairs})
    best = brute.best(outcomes, 1, False)
    assert (answer["optimal"], answer["placed"], len(answer["trios"])) == (False, best.placed, best.trios)
    assert 0 <= answer["gap"] < 1
    assert answer["total"] <= best.total <= answer["total"] / (1 - answer["gap"])


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "0", "soon"])
@pytest.mark.parametrize("command", ["solve", "people"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, command: str, seconds: str) -> None:
    source = tmp_path / "source"
    source.write_text("email\nana@x.org\nben@x.org\n" if command == "people" else json.dumps(SQUARE))
    out = tmp_path / "out"
    ran = CliRunner().invoke(cli.match, [command, str(source), "--budget", seconds, "-o", str(out)])
    assert ran.exit_code == 2
    assert "Invalid value for '--budget': " in ran.output
    assert ran.output.endswith(
        ("is no number of seconds.\n", "is not a valid number of seconds.\n", "the range x>=0.1.\n")
    )
    assert not out.exists()


def pairs_of(text: str) -> list[list[str]]:
    found: list[list[str]] = json.loads(text)["pairs"]
    return found


def test_an_answer_goes_through_a_pipe_and_the_pipe_stays_one(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for output in (pipe, link):
            ran = solve("-", "-o", output, given=json.dumps(SQUARE))
            assert (ran.exit_code, ran.output) == (0, "")
            assert len(pairs_of(os.read(reader, 60_000).decode())) == 2
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]


@pytest.mark.parametrize("there", [True, False])
def test_an_answer_goes_to_where_a_link_leads_and_the_link_stays(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "answer.json", tmp_path / "link"
    if there:
        target.write_text("older")
        target.chmod(0o640)
    link.symlink_to(target)
    assert solve("-", "-o", link, given=json.dumps(SQUARE)).exit_code == 0
    assert link.is_symlink()
    assert len(pairs_of(target.read_text())) == 2
    assert [path.name for path in target.parent.iterdir()] == ["answer.json"]
    if there:
        assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_what_stands_in_the_file_that_takes_the_output_stays(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        out.write(b"before\n")
        out.flush()
        ran = whole("-", "-o", "/dev/stdout", given=json.dumps(SQUARE).encode(), out=out)
        out.write(b"after\n")
    assert (ran.returncode, ran.stderr) == (0, b"")
    before, answer, after = log.read_text().splitlines()
    assert (before, after, len(pairs_of(answer))) == ("before", "after", 2)


@pytest.mark.parametrize("name", ["given.json", "./given.json", "hard.json", "soft.json"])
def test_nothing_is_written_over_what_is_read(tmp_path: Path, name: str) -> None:
    given, earlier = tmp_path / "given.json", tmp_path / "earlier.json"
    earlier.write_text(json.dumps(SQUARE))
    given.write_text('{"pairs": [], "trios": []}')
    (tmp_path / "hard.json").hardlink_to(given)
    (tmp_path / "soft.json").symlink_to(given)
    output = f"{tmp_path}/{name}"
    for arguments in ([given], [earlier, "--previous", given]):
        ran = solve(*arguments, "-o", output)
        assert (ran.exit_code, ran.output) == (
            2,
            f"Error: {Path(output)}: is read as well; give the answer a file of its own.\n",
        )
    assert given.read_text() == '{"pairs": [], "trios": []}'


def test_nothing_is_written_over_what_comes_through_the_terminal_either(tmp_path: Path) -> None:
    given = tmp_path / "given.json"
    given.write_text(json.dumps(SQUARE))
    with given.open("rb") as file:
        ran = whole("-", "-o", str(given), source=file)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.decode() == f"academy: {given}: is read as well; give the answer a file of its own.\n"
    assert given.read_text() == json.dumps(SQUARE)


def whole(
    *arguments: str,
    given: bytes = b"",
    source: IO[bytes] | None = None,
    out: IO[bytes] | int = subprocess.PIPE,
    **environment: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as it is installed, in a process of its own."""
    code = "from academy.kernel.cli import main; main()"
    fed: dict[str, Any] = {"input": given} if source is None else {"stdin": source}
    return subprocess.run(
        [sys.executable, "-c", code, "match", "solve", *arguments],
        **fed,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdout=out,
        stderr=subprocess.PIPE,
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
    misspelt = solve("-", "-o", out, given=json.dumps({**SQUARE, "max_trio": 1}))
    assert (misspelt.exit_code, misspelt.output) == (
        2,
        'Error: standard input: "max_trio": is not known; buddies have kind, people, pairs, max_trios\n',
    )
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
