"""Packs come back as they were written; drafts are told what they lack and what could be better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.authoring import engine
from academy.authoring.engine import Remark
from academy.kernel.access import Invalid
from academy.tracks.engine import ICONS, KINDS, ActivityPart, ModulePart, Pack, read_pack, skills_in, write_pack
from tests.factories import tracks
from tests.factories.media import CAPTIONS

PACKS = sorted((Path(__file__).parents[3] / "academy" / "tracks" / "packs").glob("*.toml"))

texts = (
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60).map(str.strip).filter(bool)
)
bodies = st.one_of(
    texts,
    st.lists(texts, min_size=2, max_size=4).map("\n\n".join),
    st.just("It's '''three''' \"\"\"quotes\"\"\" \\ end'"),
)
keys = st.from_regex(r"[a-z0-9][a-z0-9-]{0,59}", fullmatch=True)
others = sorted(set(KINDS) - {"video"})
activities = st.one_of(
    st.builds(ActivityPart, keys, st.sampled_from(others), texts, texts, st.integers(1, 600), bodies),
    st.builds(
        ActivityPart,
        keys,
        st.just("video"),
        texts,
        texts,
        st.integers(1, 600),
        st.one_of(st.just(""), bodies),
        st.one_of(st.just(""), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
        st.sampled_from(("", CAPTIONS, "WEBVTT\n\n00:00.000 --> 00:01.000\nIt's '''three''' quotes")),
    ),
)
modules = st.builds(
    ModulePart,
    keys,
    texts,
    texts,
    st.sampled_from(ICONS),
    st.integers(1, 5),
    st.lists(activities, max_size=3, unique_by=lambda a: a.key).map(tuple),
)
packs = st.builds(
    Pack,
    keys,
    texts,
    texts,
    st.integers(5, 104),
    st.lists(modules, max_size=3, unique_by=lambda m: m.key).map(tuple),
    st.lists(texts, max_size=12).map(skills_in),
)


@given(packs)
def test_a_pack_that_is_written_reads_as_itself_and_writes_the_same_bytes_again(pack: Pack):
    written = write_pack(pack)
    assert read_pack(written) == pack
    assert write_pack(read_pack(written)) == written


@pytest.mark.parametrize("file", PACKS, ids=lambda file: file.stem)
def test_the_packs_that_ship_come_back_whole(file: Path):
    pack = read_pack(file.read_text("utf-8"))
    assert read_pack(write_pack(pack)) == pack


def test_a_text_over_several_lines_is_written_as_it_reads():
    pack = tracks.pack(modules=1)
    body = "# Heading\n\nIt’s “quoted” \\ and\ttabbed."
    module = replace(pack.modules[0], activities=(replace(pack.modules[0].activities[0], body=body),))
    assert f"body = '''\n{body}\n'''\n" in write_pack(replace(pack, modules=(module,)))


HEAD = "key = 'ok'\ntitle = 't'\nsummary = 's'\nweeks = 1\n"


def test_a_pack_without_skills_is_written_as_before_and_one_with_them_names_them_under_its_weeks():
    assert write_pack(tracks.pack()).splitlines()[3:6] == ["weeks = 2", "", "[[modules]]"]
    named = write_pack(tracks.pack(skills=["show empathy", 'say "no"']))
    assert named.splitlines()[4] == 'skills = ["show empathy", "say \\"no\\""]'
    assert read_pack(HEAD).skills == read_pack(f"{HEAD}skills = []").skills == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("key = 'Not a key'", "the pack has the key"),
        ("key = 'ok'\ntitle = 3", "the pack has no title"),
        ("key = 'ok'\ntitle = 't'\nsummary = 's'\nweeks = true", "weeks is a whole number from 1 to 104"),
        ("key = 'ok'\ntitle = 't'\nsummary = 's'\nweeks = 1\nmodules = 'x'", "modules is written as tables"),
        ("key = 'ok'\ntitle = 't'\nsummary = 's'\nweeks = 1\nmodules = ['x']", "modules is written as tables"),
        (f"key = 'ok'\ntitle = '{'t' * 161}'\nsummary = 's'\nweeks = 1", "title has 161 characters"),
        ('key = "ok"\ntitle = "a\\u0000b"\nsummary = "s"\nweeks = 1', "a character that is no text"),
        ("a = " + "[" * 5000, "can't be read"),
        (f"{HEAD}skills = 'show empathy'", "skills is a list of names"),
        (f"{HEAD}skills = [3]", r"skills\[1\] has no name"),
        (f"{HEAD}skills = ['lead others', ' ']", r"skills\[2\] has no name"),
        (f"{HEAD}skills = ['lead others', 'Lead  others']", "skills name one twice"),
        (f"{HEAD}skills = ['{'s' * 201}']", r"skills\[1\]: name has 201 characters"),
        (f"{HEAD}skills = {[str(n) for n in range(13)]}", "skills are 13; at most 12"),
        ("key = 'ok'\ntitle = 't'\nsummary = 's'\nweeks = 1\n[[modules]]\nkey = 'm'\nicon = 'no'", "has the icon 'no'"),
    ],
)
def test_a_pack_that_can_not_be_used_is_refused_with_one_sentence(line: str, said: str):
    with pytest.raises(Invalid, match=said):
        read_pack(line)


def _with(**more: object) -> Pack:
    pack = tracks.pack(modules=1)
    first, *rest = pack.modules[0].activities
    return replace(pack, modules=(replace(pack.modules[0], activities=(replace(first, **more), *rest)),))


def test_a_whole_pack_lacks_nothing():
    assert engine.missing(tracks.pack()) == []


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        (replace(tracks.pack(), modules=()), [Remark("no-modules")]),
        (replace(tracks.pack(), summary=""), [Remark("no-summary")]),
        (replace(tracks.pack(modules=2), weeks=1), [Remark("late-week", 1, number=2)]),
        (_with(body=""), [Remark("no-body", 0, 0)]),
        (_with(summary=""), [Remark("no-summary", 0, 0)]),
        (
            replace(tracks.pack(modules=1), modules=(replace(tracks.pack().modules[0], activities=()),)),
            [Remark("no-activities", 0)],
        ),
    ],
)
def test_what_keeps_a_draft_from_being_published_is_named_with_its_place(pack: Pack, expected: list[Remark]):
    assert engine.missing(pack) == expected


def test_a_skill_that_nobody_knows_and_one_that_is_named_twice_keep_a_draft_from_being_published():
    pack = tracks.pack(skills=["show empathy", "a key", "shaw empathy"])
    one = UUID(int=1)
    assert engine.missing(pack, {"show empathy": one, "a key": UUID(int=2), "shaw empathy": UUID(int=3)}) == []
    assert engine.missing(pack, {"show empathy": one, "a key": one}) == [
        Remark("skill-twice", number=1),
        Remark("no-skill", number=2),
    ]


@pytest.mark.parametrize("minutes", [5, 7, 10])
def test_a_lesson_of_five_to_ten_minutes_is_not_remarked_upon(minutes: int):
    assert [r for r in engine.lint(_with(minutes=minutes)) if r.activity == 0] == []


@pytest.mark.parametrize("minutes", [1, 4, 11, 45])
def test_a_lesson_outside_five_to_ten_minutes_is(minutes: int):
    assert Remark("lesson-length", 0, 0, minutes) in engine.lint(_with(minutes=minutes))


def test_a_text_that_takes_longer_than_it_says_is_remarked_upon():
    assert Remark("long-text", 0, 0, 10) in engine.lint(_with(minutes=6, body="word " * 1300))
    assert engine.lint(_with(minutes=6, body="word " * 800))[:1] != [Remark("long-text", 0, 0, 6)]


def test_weeks_without_a_module_and_modules_without_a_reflection_are_remarked_upon():
    pack = tracks.pack(modules=1)
    only = replace(pack.modules[0], activities=pack.modules[0].activities[:1])
    assert engine.lint(replace(pack, weeks=2, modules=(only,))) == [
        Remark("no-reflection", 0),
        Remark("empty-week", number=2),
    ]


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Asking better questions", "asking-better-questions"),
        ("Übung für Ärzte", "ubung-fur-arzte"),
        ("聞く", "part"),
        ("x" * 80, "x" * 50),
        ("Taken", "taken-3"),
    ],
)
def test_a_key_is_made_of_the_title(title: str, key: str):
    assert engine.key_of(title, {"taken", "taken-2"}) == key
