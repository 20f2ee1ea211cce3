"""The demo academy's text files hold together: whoever and whatever they name exists, and every number is sane."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cohorts.roster.seeds.learning import ANSWERED, APART, scheduled
from cohorts.roster.seeds.opening import begins

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "cohorts" / "roster" / "demo"
PACKS = ROOT / "academy" / "tracks" / "packs"
SKILLS = ROOT / "academy" / "skills" / "data" / "esco-1.2.0-nodes.csv"

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
MENTION = re.compile(r"@\[([^\]]*)\]")
ICONS = {
    "ear", "eye", "users", "speech", "shield", "pen", "flag", "book", "lightbulb", "target", "search", "handshake",
}  # fmt: skip
EMOJI = {"💛", "🙌", "✨", "💡", "😂", "🙏"}
MINUTES = {"reading": range(5, 11), "reflection": range(2, 6), "workshop": range(45, 91)}
FILLED_ON = [date(2026, 1, 14), date(2026, 3, 18), date(2026, 7, 15), date(2026, 10, 28)]
"""Winter, summer, and the weeks in spring and autumn when only one side of the Atlantic has changed its clocks."""


def _load(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


PEOPLE: list[dict[str, Any]] = _load(DEMO / "people.toml")["people"]
BLOCKS: list[dict[str, str]] = _load(DEMO / "people.toml")["blocks"]
ACADEMY = _load(DEMO / "academy.toml")
ROOMS: list[dict[str, Any]] = _load(DEMO / "conversations.toml")["rooms"]
PAIRS: list[dict[str, Any]] = _load(DEMO / "conversations.toml")["pairs"]
TRACKS = {path.stem: _load(path) for path in sorted(PACKS.glob("*.toml"))}
BY_KEY = {person["key"]: person for person in PEOPLE}
SPACES = ROOMS + PAIRS


def _members(cohort: str) -> set[str]:
    return {
        person["key"]
        for person in PEOPLE
        if person.get("cohort") == cohort or cohort in {other["cohort"] for other in person.get("also", [])}
    }


def _in_space(space: dict[str, Any]) -> set[str]:
    return set(space["people"]) if "people" in space else _members(space["cohort"])


def _name(space: dict[str, Any]) -> str:
    return "-".join(space.get("people", [space["cohort"]]))


def _minutes_of_week(person: dict[str, Any], day: date) -> set[int]:
    """Minutes since Monday 00:00 UTC in which the person is available, in the week of `day`."""
    monday = day - timedelta(days=day.weekday())
    origin = datetime.combine(monday, time(), UTC)
    minutes: set[int] = set()
    for entry in person["hours"]:
        weekday, span = entry.split(" ")
        first, last = (time.fromisoformat(part) for part in span.split("-"))
        on = monday + timedelta(days=WEEKDAYS.index(weekday))
        zone = ZoneInfo(person["zone"])
        start, end = (datetime.combine(on, at, zone) - origin for at in (first, last))
        minutes.update(range(int(start.total_seconds() // 60), int(end.total_seconds() // 60)))
    return minutes


def _instant(post: dict[str, Any], now: datetime) -> datetime:
    if "hours_ago" in post:
        return now - timedelta(hours=post["hours_ago"])
    on = now.date() - timedelta(days=post["days_ago"])
    return datetime.combine(on, time.fromisoformat(post["time"]), ZoneInfo(BY_KEY[post["author"]]["zone"]))


def test_at_least_55_people_live_in_exactly_seven_zones() -> None:
    assert len(PEOPLE) >= 55
    assert len(BY_KEY) == len(PEOPLE)
    zones = {person["zone"] for person in PEOPLE}
    assert len(zones) == 7
    assert all(ZoneInfo(zone).key == zone for zone in zones)


def test_emails_are_unique_and_the_four_sign_ins_belong_to_the_right_people() -> None:
    emails = Counter(person["email"].casefold() for person in PEOPLE)
    assert [email for email, times in emails.items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)?@demo\.academy", email) for email in emails)
    names = {person["email"]: (person["name"], person["zone"]) for person in PEOPLE}
    assert names["learner@demo.academy"] == ("Priya Raman", "Europe/Lisbon")
    assert names["mentor@demo.academy"] == ("Amara Okafor", "Africa/Lagos")
    assert names["lead@demo.academy"] == ("Ling Chen", "Europe/Berlin")
    assert names["admin@demo.academy"] == ("Dana Kaplan", "America/New_York")


def test_weekly_hours_can_be_read_and_end_after_they_begin() -> None:
    for person in PEOPLE:
        assert person["hours"], person["key"]
        for entry in person["hours"]:
            match = HOURS.fullmatch(entry)
            assert match, (person["key"], entry)
            first, last = entry.split(" ")[1].split("-")
            assert first < last, (person["key"], entry)


def test_managers_and_blocks_name_somebody_else() -> None:
    for person in PEOPLE:
        assert person.get("manager", "dana") in BY_KEY, person["key"]
        assert person.get("manager") != person["key"]
    for block in BLOCKS:
        assert {block["person"], block["blocked"]} <= set(BY_KEY)
        assert block["person"] != block["blocked"]


def test_every_skill_and_goal_is_a_label_of_the_built_in_framework() -> None:
    with SKILLS.open(encoding="utf-8", newline="") as lines:
        labels = {row["label"] for row in csv.DictReader(lines) if row["kind"] != "group"}
    named = {entry["skill"] for person in PEOPLE for entry in person["skills"] + person["goals"]}
    assert named - labels == set()
    assert len(named) > 60


def test_levels_and_sources_are_in_range_and_a_goal_lies_above_what_one_has() -> None:
    for person in PEOPLE:
        has = {entry["skill"]: entry["level"] for entry in person["skills"]}
        assert len(has) == len(person["skills"]) >= 2, person["key"]
        assert {entry["source"] for entry in person["skills"]} <= {"self", "manager", "evidence"}
        assert set(has.values()) <= {1, 2, 3, 4, 5}
        assert person["goals"], person["key"]
        for goal in person["goals"]:
            assert has.get(goal["skill"], 0) < goal["level"] <= 5, (person["key"], goal)


def test_the_cohorts_have_their_sizes_and_their_people() -> None:
    cohorts = {cohort["key"]: cohort for cohort in ACADEMY["cohorts"]}
    learners = Counter(person.get("cohort") for person in PEOPLE if person["role"] == "learner")
    assert learners == {"kestrel": 13, "heron": 16, "wren": 15}
    weeks = {key: (cohort["track"], cohort["week"]) for key, cohort in cohorts.items()}
    assert weeks == {
        "kestrel": ("leading-with-empathy", 4),
        "heron": ("data-literacy", 2),
        "wren": ("leading-with-empathy", 7),
    }
    for key, cohort in cohorts.items():
        assert cohort["week"] <= TRACKS[cohort["track"]]["weeks"]
        assert 3 <= len(cohort["agreements"]) <= 4
        roles = {person["role"] for person in PEOPLE if person.get("cohort") == key}
        assert {"learner", "mentor", "facilitator"} <= roles
        leads = [p["key"] for p in PEOPLE if p["role"] == "lead" and p["key"] in _members(key)]
        assert len(leads) == 1, key


def test_mentors_say_what_they_offer_and_to_how_many() -> None:
    mentors = [person for person in PEOPLE if person["role"] == "mentor"]
    assert 8 <= len(mentors) <= 10
    assert all(1 <= mentor["capacity"] <= 3 and len(mentor["offers"]) > 20 for mentor in mentors)
    assert not any("capacity" in person for person in PEOPLE if person["role"] != "mentor")


def test_those_without_english_share_a_language_with_others_of_their_cohort() -> None:
    without = [person for person in PEOPLE if "en" not in person["languages"]]
    assert 2 <= len(without) <= 3
    for person in without:
        others = [BY_KEY[key] for key in _members(person["cohort"]) if key != person["key"]]
        assert any(set(other["languages"]) & set(person["languages"]) for other in others), person["key"]
        assert any(not set(other["languages"]) & set(person["languages"]) for other in others), person["key"]


@pytest.mark.parametrize("track", sorted(TRACKS))
def test_a_track_pack_is_complete_and_keeps_to_its_minutes(track: str) -> None:
    pack = TRACKS[track]
    assert pack["key"] == track
    assert [module["week"] for module in pack["modules"]] == list(range(1, pack["weeks"] + 1))
    activities = [activity for module in pack["modules"] for activity in module["activities"]]
    assert len({activity["key"] for activity in activities}) == len(activities)
    for module in pack["modules"]:
        assert module["icon"] in ICONS
        assert module["summary"].endswith((".", "?")), module["key"]
        kinds = [activity["kind"] for activity in module["activities"]]
        assert 2 <= len(kinds) <= 5
        assert {"reading", "reflection"} <= set(kinds), module["key"]
    for activity in activities:
        assert activity["minutes"] in MINUTES[activity["kind"]], activity["key"]
        words = len(activity["body"].split())
        assert words >= (300 if activity["kind"] == "reading" else 40), (activity["key"], words)
        assert words <= 600, (activity["key"], words)


@pytest.mark.parametrize("track", sorted(TRACKS))
def test_a_workshop_agenda_fills_no_more_than_its_minutes(track: str) -> None:
    for module in TRACKS[track]["modules"]:
        for activity in module["activities"]:
            if activity["kind"] == "workshop":
                parts = [int(part) for part in re.findall(r"\((\d+) minutes", activity["body"])]
                assert sum(parts) == activity["minutes"], activity["key"]


@pytest.mark.parametrize("hour", [0, 12, 23])
@pytest.mark.parametrize("weekday", range(7), ids=WEEKDAYS)
def test_on_each_day_of_the_week_people_have_answered_before_a_workshop_begins(weekday: int, hour: int) -> None:
    cohorts = {cohort["key"]: cohort for cohort in ACADEMY["cohorts"]}
    for monday in (day - timedelta(days=day.weekday()) for day in FILLED_ON):
        now = datetime.combine(monday + timedelta(days=weekday), time(hour, 30), UTC)
        for workshop in ACADEMY["workshops"]:
            wall, asked = scheduled(workshop, begun=begins(cohorts[workshop["cohort"]], now), now=now)
            answers = len([*workshop["going"], *workshop["maybe"], *workshop["declined"]])
            answered = asked + ANSWERED + answers * APART
            assert answered < min(wall.replace(tzinfo=ZoneInfo(workshop["zone"])), now), workshop["key"]


def test_workshops_name_existing_cohorts_people_zones_and_activities() -> None:
    assert len({workshop["key"] for workshop in ACADEMY["workshops"]}) == len(ACADEMY["workshops"])
    tracks = {cohort["key"]: cohort["track"] for cohort in ACADEMY["cohorts"]}
    coming = set()
    for workshop in ACADEMY["workshops"]:
        members = _members(workshop["cohort"])
        answers = [*workshop["going"], *workshop["maybe"], *workshop["declined"]]
        assert len(set(answers)) == len(answers), workshop["key"]
        assert {*answers, workshop["facilitator"]} <= members, workshop["key"]
        assert workshop["facilitator"] not in answers, workshop["key"]
        assert len(workshop["going"]) <= workshop["capacity"]
        assert ZoneInfo(workshop["zone"]).key == workshop["zone"]
        assert time.fromisoformat(workshop["time"]).tzinfo is None
        assert workshop["venue"] == f"https://meet.demo.academy/{workshop['key']}"
        parts = [int(part) for part in re.findall(r"\((\d+) minutes", workshop["agenda"])]
        assert sum(parts) == workshop["minutes"], workshop["key"]
        modules = TRACKS[tracks[workshop["cohort"]]]["modules"]
        kinds = {activity["key"]: activity["kind"] for module in modules for activity in module["activities"]}
        assert "activity" not in workshop or kinds[workshop["activity"]] == "workshop", workshop["key"]
        if 1 <= workshop["days_from_now"] <= 5:
            coming.add(workshop["cohort"])
    assert coming == set(tracks), "each cohort meets within the week, even when a weekend day moves to Monday"
    past = Counter(workshop["cohort"] for workshop in ACADEMY["workshops"] if workshop["days_from_now"] < 0)
    assert set(past) == set(tracks)


@pytest.mark.parametrize("weekday", range(7), ids=WEEKDAYS)
def test_on_whichever_weekday_it_is_filled_nobody_meets_before_their_cohort_begins(weekday: int) -> None:
    filled_on = date(2026, 11, 23) + timedelta(days=weekday)
    weeks = {cohort["key"]: cohort["week"] for cohort in ACADEMY["cohorts"]}
    for workshop in ACADEMY["workshops"]:
        begins = filled_on - timedelta(days=weekday + 7 * (weeks[workshop["cohort"]] - 1))
        day = filled_on + timedelta(days=workshop["days_from_now"])
        if day.weekday() > 4 and day < filled_on:
            day -= timedelta(days=day.weekday() - 4)
        assert day >= begins, workshop["key"]
        assert workshop["time"] > "09:00", workshop["key"]


def test_posts_are_by_members_and_name_and_please_members_only() -> None:
    keys = Counter(post["key"] for space in SPACES for post in space["posts"])
    assert [key for key, times in keys.items() if times > 1] == []
    for space in SPACES:
        members = _in_space(space)
        for post in space["posts"]:
            assert post["author"] in members, post["key"]
            assert set(MENTION.findall(post["body"])) <= members, post["key"]
            assert len({reaction["emoji"] for reaction in post.get("reactions", [])}) == len(
                post.get("reactions", []),
            )
            for reaction in post.get("reactions", []):
                assert reaction["emoji"] in EMOJI, post["key"]
                assert len(set(reaction["by"])) == len(reaction["by"]) > 0, post["key"]
                assert set(reaction["by"]) <= members - {post["author"]}, post["key"]
            assert post.get("edited", False) == ("before" in post), post["key"]
            assert post.get("before") != post["body"]


@pytest.mark.parametrize("filled_on", FILLED_ON, ids=str)
@pytest.mark.parametrize("hour", [0, 9, 23])
def test_posts_stand_in_the_order_in_which_they_were_sent(filled_on: date, hour: int) -> None:
    now = datetime.combine(filled_on, time(hour, 10), UTC)
    for space in SPACES:
        seen: dict[str, datetime] = {}
        for post in space["posts"]:
            at = _instant(post, now)
            assert at < now, post["key"]
            assert not seen or at > max(seen.values()), f"{post['key']} comes before the post above it"
            assert post.get("reply_to", post["key"]) in {*seen, post["key"]}, post["key"]
            seen[post["key"]] = at


def test_each_room_is_lively_and_kestrel_speaks_to_the_learner_who_signs_in() -> None:
    posts = {room["cohort"]: room["posts"] for room in ROOMS}
    assert {cohort: 25 <= len(entries) <= 60 for cohort, entries in posts.items()} == {
        "kestrel": True,
        "heron": True,
        "wren": True,
    }
    named = [post["key"] for post in posts["kestrel"] if "priya" in MENTION.findall(post["body"])]
    assert 1 <= len(named) <= 3
    assert all("hours_ago" in entries[-1] for entries in posts.values())
    everything = [post for space in SPACES for post in space["posts"]]
    assert sum(post.get("removed", False) for post in everything) >= 1
    assert sum(post.get("edited", False) for post in everything) >= 2


@pytest.mark.parametrize("pair", PAIRS, ids=_name)
def test_a_pair_room_belongs_to_people_who_may_be_matched(pair: dict[str, Any]) -> None:
    people = [BY_KEY[key] for key in pair["people"]]
    assert set(pair["people"]) <= _members(pair["cohort"])
    roles = sorted(person["role"] for person in people)
    if pair["kind"] == "mentor":
        assert roles == ["learner", "mentor"]
        assert people[0]["role"] == "learner"
    else:
        assert set(roles) == {"learner"}
    assert 4 <= len(pair["posts"]) <= 12
    blocked = {frozenset((block["person"], block["blocked"])) for block in BLOCKS}
    for one, other in combinations(people, 2):
        assert set(one["languages"]) & set(other["languages"])
        assert frozenset((one["key"], other["key"])) not in blocked
        assert other["key"] != one.get("manager")
        assert one["key"] != other.get("manager")
        for day in FILLED_ON:
            assert len(_minutes_of_week(one, day) & _minutes_of_week(other, day)) >= 60


def test_nobody_is_in_two_buddy_pairs_and_no_mentor_is_over_capacity() -> None:
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in PAIRS:
        pairs[pair["kind"]].update(pair["people"])
    assert set(pairs["buddy"].values()) == {1}
    for key, times in pairs["mentor"].items():
        assert times <= BY_KEY[key].get("capacity", 1), key


def test_the_boards_hold_a_dozen_threads_in_the_order_in_which_they_were_written() -> None:
    told = _load(DEMO / "boards.toml")
    boards = {board["key"]: board for board in told["boards"]}
    assert {board["keeper"] for board in boards.values()} <= {"academy", *(c["key"] for c in ACADEMY["cohorts"])}
    assert len(told["threads"]) >= 12
    now = datetime(2026, 11, 25, 10, tzinfo=UTC)
    for thread in told["threads"]:
        keeper = boards[thread["board"]]["keeper"]
        readers = set(BY_KEY) if keeper == "academy" else _members(keeper)
        written = [thread, *thread["replies"]]
        assert {post["author"] for post in written} <= readers, thread["key"]
        assert thread["days_ago"] < boards[thread["board"]]["opened_days_ago"], thread["key"]
        times = [_instant(post, now) for post in written]
        assert times == sorted(times), thread["key"]
        assert len(thread["title"]) <= 160
        assert sum(reply.get("solves", False) for reply in thread["replies"]) <= 1
        for post in written:
            assert set(MENTION.findall(post["body"])) <= readers, thread["key"]
    authors = Counter(post["author"] for thread in told["threads"] for post in [thread, *thread["replies"]])
    assert len(authors) >= 20
    assert authors["priya"] >= 2


def test_no_text_of_the_demo_shouts() -> None:
    for path in [*DEMO.glob("*.toml"), *PACKS.glob("*.toml")]:
        assert "!" not in path.read_text(encoding="utf-8"), path.name
