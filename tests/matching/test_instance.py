"""Files to match from: what is right is read, what is wrong gets one line that names the place."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import pytest

from matching.instance import HEAVIEST, BadInstance, Buddies, Mentors, read, read_kept

BUDDIES = {"kind": "buddies", "people": ["b", "a", "c"], "pairs": [["b", "a", 5], ["c", "b", 0]]}
MENTORS = {"kind": "mentors", "mentees": ["y", "x"], "mentors": {"n": 0, "m": 2}, "pairs": [["y", "m", 3]]}


def raw(base: dict[str, Any], **changes: Any) -> bytes:
    data = {key: value for key, value in {**base, **changes}.items() if value is not ...}
    return json.dumps(data).encode()


def test_buddies_come_in_sorting_order() -> None:
    assert read(raw(BUDDIES)) == Buddies(["a", "b", "c"], [(0, 1, 5), (1, 2, 0)], 1)


def test_an_even_group_has_no_trio_unless_it_says_so() -> None:
    four = ["b", "a", "c", "d"]
    made = read(raw(BUDDIES, people=four)), read(raw(BUDDIES, people=four, max_trios=3))
    assert [one.max_trios for one in made if isinstance(one, Buddies)] == [0, 3]


def test_mentors_come_in_sorting_order() -> None:
    assert read(raw(MENTORS)) == Mentors(["x", "y"], ["m", "n"], [2, 0], [(1, 0, 3)])


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: b"\xef\xbb\xbf" + data], ids=["gzip", "byte order mark"])
def test_packed_and_marked_files_are_read_alike(pack: Any) -> None:
    assert read(pack(raw(BUDDIES))) == read(raw(BUDDIES))


def test_the_order_of_a_file_is_forgotten() -> None:
    chance = random.Random(4)
    for _ in range(5):
        people, pairs = list(BUDDIES["people"]), [list(pair) for pair in BUDDIES["pairs"]]
        chance.shuffle(people)
        chance.shuffle(pairs)
        assert read(raw(BUDDIES, people=people, pairs=[[b, a, w] for a, b, w in pairs])) == read(raw(BUDDIES))


def pairs(*rows: Any) -> bytes:
    return raw(BUDDIES, pairs=list(rows))


LONG = "a\nb" * 100
BAD = [
    (b"", "not JSON: line 1, column 1: Expecting value"),
    (b'{"kind": "buddies",\n "people": ]}', "not JSON: line 2, column 12: Expecting value"),
    (b'{"kind": NaN}', "not JSON: NaN is no number"),
    (b'{"pairs": [["a", "b", -Infinity]]}', "not JSON: -Infinity is no number"),
    (b'{"kind": ' + b"9" * 5000 + b"}", "not an instance: a number is too long to read"),
    (b"[" * 200_000, "not an instance: lists within lists within lists"),
    (b'{"kind": "\xff"}', "not UTF-8: byte 11"),
    (gzip.compress(raw(BUDDIES))[:-9], "not a whole gzip file"),
    (b"\x1f\x8b and no more", "not a whole gzip file"),
    (b"[1]", "must be an object, not [1]"),
    (b'{"kind": "buddies", "kind": "mentors"}', '"kind" stands twice in one object'),
    (b'{"kind": "mentors", "mentors": {"m": 1, "m": 2}}', '"m" stands twice in one object'),
    (raw(BUDDIES, kind=...), "kind: is missing"),
    (raw(BUDDIES, kind="friends"), 'kind: "friends" is neither "buddies" nor "mentors"'),
    (raw(BUDDIES, kind=["buddies"]), 'kind: ["buddies"] is neither "buddies" nor "mentors"'),
    (raw(BUDDIES, max_trio=1), '"max_trio": is not known; buddies have kind, people, pairs, max_trios'),
    (raw(MENTORS, max_trios=1), '"max_trios": is not known; mentors have kind, mentees, mentors, pairs'),
    (raw(BUDDIES, people=...), "people: is missing"),
    (raw(BUDDIES, pairs=...), "pairs: is missing"),
    (raw(BUDDIES, people={"a": 1}), 'people: must be a list, not {"a": 1}'),
    (raw(BUDDIES, pairs=None), "pairs: must be a list, not null"),
    (raw(BUDDIES, people=["a", 7]), "people[1]: 7 is not a name in quotation marks"),
    (raw(BUDDIES, people=["a", ""]), 'people[1]: "" is not a name in quotation marks'),
    (raw(BUDDIES, people=["a", "b", "a"]), 'people[2]: "a" stands at people[0] already'),
    (raw(BUDDIES, people=["a\ud800"]), 'people[0]: "a\\ud800" has half a character in it'),
    (raw(BUDDIES, max_trios=-1), "max_trios: -1 is below 0"),
    (raw(BUDDIES, max_trios=None), "max_trios: null is not a whole number"),
    (pairs(["a", "b"]), 'pairs[0]: ["a", "b"] is not a list of two names and a weight'),
    (pairs(["a", "b", 1], "ab1"), 'pairs[1]: "ab1" is not a list of two names and a weight'),
    (pairs(["a", "zoe", 1]), 'pairs[0]: "zoe" is not among people'),
    (pairs([["a"], "b", 1]), 'pairs[0]: ["a"] is not a name in quotation marks'),
    (pairs(["a", "a", 1]), 'pairs[0]: "a" is paired with herself'),
    (pairs(["a", "b", 1], ["a", "b", 1]), 'pairs[1]: "a" and "b" are in pairs[0] already'),
    (pairs(["a", "b", 1], ["b", "c", 1], ["b", "a", 2]), 'pairs[2]: "b" and "a" are in pairs[0] already'),
    (pairs(["a", "b", -3]), "pairs[0]: weight -3 is below 0"),
    (pairs(["a", "b", 1.5]), "pairs[0]: weight 1.5 is not a whole number"),
    (pairs(["a", "b", True]), "pairs[0]: weight true is not a whole number"),
    (pairs(["a", "b", "5"]), 'pairs[0]: weight "5" is not a whole number'),
    (pairs(["a", "b", HEAVIEST + 1]), "pairs[0]: weight 1000000001 is more than 1,000,000,000"),
    (raw(MENTORS, mentees=...), "mentees: is missing"),
    (raw(MENTORS, mentors=...), "mentors: is missing"),
    (raw(MENTORS, mentors=["m"]), "mentors: must be an object of names, each with how many mentees she takes"),
    (raw(MENTORS, mentors={"m": -1}), 'mentors["m"]: -1 is below 0'),
    (raw(MENTORS, mentors={"m": 1.5}), 'mentors["m"]: 1.5 is not a whole number'),
    (raw(MENTORS, mentors={"m": False}), 'mentors["m"]: false is not a whole number'),
    (raw(MENTORS, mentees=["x", "x"]), 'mentees[1]: "x" stands at mentees[0] already'),
    (raw(MENTORS, pairs=[["m", "y", 3]]), 'pairs[0]: "m" is not among mentees'),
    (raw(MENTORS, pairs=[["y", "zoe", 3]]), 'pairs[0]: "zoe" is not among mentors'),
    (raw(MENTORS, pairs=[["y", "m", 3], ["y", "m", 4]]), 'pairs[1]: "y" and "m" are in pairs[0] already'),
    (raw(MENTORS, mentors={"y": 1}, pairs=[["y", "y", 3]]), 'pairs[0]: "y" is paired with herself'),
    (
        pairs([LONG, "b", 1]),
        f"pairs[0]: {json.dumps(LONG)[:60]}… is not among people",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD, ids=[message[:50] for _content, message in BAD])
def test_what_is_wrong_gets_one_line_that_names_the_place(content: bytes, message: str) -> None:
    with pytest.raises(BadInstance) as refused:
        read(content)
    assert str(refused.value) == message
    assert "\n" not in message


def test_mentors_who_are_mentees_too_may_be_paired_with_each_other() -> None:
    both = read(raw(MENTORS, mentees=["a", "b"], mentors={"a": 1, "b": 1}, pairs=[["a", "b", 1], ["b", "a", 2]]))
    assert both.pairs == [(0, 1, 1), (1, 0, 2)]


def test_an_earlier_answer_says_who_was_together() -> None:
    kept = read_kept(b'{"pairs": [["b", "a"]], "trios": [["c", "d", "e"]], "placed": 5}')
    assert kept == {frozenset(pair) for pair in ("ab", "cd", "ce", "de")}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "pairs: is missing"),
        (b'{"pairs": [["a"]]}', 'pairs[0]: ["a"] is not a list of 2 names'),
        (b'{"pairs": [["a", 2]]}', "pairs[0]: 2 is not a name in quotation marks"),
        (b'{"pairs": [["a", "a"]]}', "pairs[0]: somebody is in it twice"),
        (b'{"pairs": [], "trios": [["a", "b"]]}', 'trios[0]: ["a", "b"] is not a list of 3 names'),
        (b'{"pairs": [], "trios": 3}', "trios: must be a list, not 3"),
    ],
)
def test_an_earlier_answer_that_is_none_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(BadInstance) as refused:
        read_kept(content)
    assert str(refused.value) == message
