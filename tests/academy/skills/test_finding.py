"""Finding a skill: what was meant, what lies beside it, and who around one can help."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from academy.kernel import migrate
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.people.models import Role
from academy.skills import actions, engine, queries
from tests.factories import people, skills

NAMES = [(uuid4(), name) for name in ("show empathy", "listen actively", "Haskell", "C++", "moderate a discussion")]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("emphaty", "show empathy"),
        ("SHOW EMPATY", "show empathy"),
        ("activly listen", "listen actively"),
        ("haskel", "Haskell"),
        ("discusion moderate", "moderate a discussion"),
    ],
)
def test_a_name_with_a_slip_is_found(typed: str, name: str) -> None:
    assert engine.meant(typed, NAMES)[0][1] == name


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_skill_is_named_by_its_key_or_by_its_name_in_any_case_and_no_group_or_slip_names_one(kernel: Kernel) -> None:
    skills.esco(kernel)
    empathy = skills.skill(kernel, "show empathy")
    with kernel.reading() as session:
        key = next(one.key for one in queries.named(session, ["show empathy"]).values())
        found = queries.named(session, ["Show EMPATHY", key, "shaw empathy", "statistics", "C++", ""])
        assert queries.named(session, []) == {}
    assert {text: one.id for text, one in found.items()} == {
        "Show EMPATHY": empathy,
        key: empathy,
        "C++": skills.skill(kernel, "C++"),
    }


def test_what_is_like_nothing_finds_nothing() -> None:
    assert engine.meant("zzzzqqqq", NAMES) == []


@given(st.text(max_size=100))
def test_whatever_is_typed_is_answered_with_known_names(typed: str) -> None:
    assert set(engine.meant(typed, NAMES)) <= set(NAMES)


def test_the_comparison_brings_no_numeric_library_along() -> None:
    code = (
        "import sys; from uuid import uuid4; from academy.skills import engine; "
        "engine.meant('emphaty', [(uuid4(), 'show empathy')]); "
        "print([n for n in ('numpy', 'scipy', 'networkx') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=migrate.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def esco(kernel: Kernel) -> None:
    skills.esco(kernel)


@pytest.fixture
def ana(kernel: Kernel, esco: None) -> UUID:
    return people.person(kernel, "Ana")


@pytest.fixture
def mine(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return client_of(ana)


def url(skill_id: UUID) -> str:
    return f"/skills/{encode(skill_id)}"


@pytest.mark.parametrize("page", ["/skills", "/me/skills"])
def test_both_searches_ask_did_you_mean(mine: FlaskClient, page: str) -> None:
    said = mine.get(f"{page}?q=show+emphaty").text
    assert "Did you mean one of these?" in said
    assert f'href="{page}?q=show%20empathy"' in said
    assert "Did you mean" not in mine.get(f"{page}?q=show+empathy").text
    assert "Try a shorter or a more common word." in mine.get(f"{page}?q=qqqqzzzz").text


def test_the_api_names_the_same_likely_skills_as_the_page(mine: FlaskClient) -> None:
    page = mine.get("/skills?q=show+emphaty").text
    answer = mine.get("/api/v1/skills?q=show+emphaty").json
    assert (answer["items"], answer["next"]) == ([], None)
    labels = [one["label"] for one in answer["did_you_mean"]]
    assert labels[0] == "show empathy"
    assert re.findall(r'class="tag tag-brand" href="/skills[^>]*>([^<]*)<', page) == labels
    assert mine.get(f"/api/v1/skills/{answer['did_you_mean'][0]['id']}").json["label"] == "show empathy"
    for query in ("q=show+empathy", "q=qqqqzzzz", "limit=2"):
        assert mine.get(f"/api/v1/skills?{query}").json["did_you_mean"] == []


def test_names_are_read_again_when_the_framework_is_another(mine: FlaskClient, kernel: Kernel) -> None:
    assert "Did you mean" in mine.get("/skills?q=emphaty").text
    kernel.kept["skill_names"] = ("of before", [])
    assert "Did you mean" in mine.get("/skills?q=emphaty").text
    kernel.kept["skill_names"] = (kernel.kept["skill_names"][0], [])
    assert "Did you mean" not in mine.get("/skills?q=emphaty").text


@pytest.mark.parametrize("typed", ["%00", "x" * 5000, "%25%25", "<script>alert(1)</script>", "'; DROP TABLE skills;"])
def test_hostile_words_are_words(mine: FlaskClient, typed: str) -> None:
    answer = mine.get("/skills", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "x" * 101 not in answer.text


def test_a_skill_shows_where_it_belongs_and_what_lies_beside_it(mine: FlaskClient, kernel: Kernel) -> None:
    with kernel.reading() as session:
        graph = queries.graph(session)
    labels = {key: label for key, label, _ in graph["nodes"]}
    a, b, _ = next(edge for edge in graph["edges"] if edge[2] == "essential" and not edge[0].startswith("g"))
    one, other = skills.skill(kernel, labels[a]), skills.skill(kernel, labels[b])
    page = mine.get(url(one)).text
    assert "You need this for it" in page
    assert f'href="{url(other)}"' in page
    page = mine.get(url(other)).text
    assert "You need it for this" in page
    assert f'href="{url(one)}"' in page


def test_a_group_of_skills_is_read_and_not_had(mine: FlaskClient, kernel: Kernel) -> None:
    viewer = people.viewer(kernel, people.person(kernel))
    with kernel.reading() as session:
        _, own, beside = queries.place_of(session, viewer, skills.skill(kernel, "show empathy"))
    assert own == queries.Levels(None, None, None)
    group = next(b for b in beside if b.relation == "broader_group")
    page = mine.get(url(group.id)).text
    assert "Group of skills" in page
    assert "You and this skill" not in page
    assert len([b for b in beside if b.back]) <= queries.NEAR


def test_what_is_no_skill_is_missing(mine: FlaskClient, kernel: Kernel) -> None:
    assert mine.get(url(new_id())).status_code == 404
    viewer = people.viewer(kernel, people.person(kernel))
    with kernel.reading() as session, pytest.raises(Missing):
        queries.place_of(session, viewer, new_id())


def test_a_level_and_a_goal_are_set_changed_and_taken_back_on_the_page(mine: FlaskClient, kernel: Kernel) -> None:
    skill = skills.skill(kernel, "show empathy")
    form = {"skill_id": encode(skill), "level": "2", "next": url(skill)}
    assert mine.post("/me/skills", data=form).location == url(skill)
    assert "Save my level" in mine.get(url(skill)).text
    mine.post("/me/skills", data={**form, "level": "4"})
    mine.post("/me/goals", data={**form, "level": "5"})
    page = mine.get(url(skill)).text
    assert '<option value="4" selected>' in page
    assert '<option value="5" selected>' in page
    assert mine.post(f"/me/skills/{encode(skill)}/remove", data={"next": url(skill)}).location == url(skill)
    mine.post(f"/me/goals/{encode(skill)}/remove", data={"next": "https://elsewhere.example"})
    page = mine.get(url(skill)).text
    assert "I have this" in page
    assert "I want this" in page


def test_who_can_help_is_whom_one_may_meet_and_who_says_so(kernel: Kernel, mine: FlaskClient, ana: UUID) -> None:
    skill = skills.skill(kernel, "show empathy")
    ours, theirs = people.group(kernel), people.group(kernel)
    people.member(kernel, ours, ana)
    found = {}
    for name, group, level in (("Ben", ours, 4), ("Cyd", ours, 5), ("Dov", ours, 2), ("Eve", theirs, 5)):
        found[name] = people.member(kernel, group, people.person(kernel, name))
        kernel.commit(lambda s, who=found[name], n=level: actions.set_skill(s, person_id=who, skill_id=skill, level=n))
    viewer = people.viewer(kernel, ana)
    with kernel.reading() as session:
        helpers = [h.face.name for h in queries.helpers_for(session, viewer, skill)]
        assert queries.offered_to(session, viewer) == ([queries.Offered(skill, "show empathy", 2)], 0)
        admin = people.member(kernel, theirs, people.person(kernel, "Root"), Role.MEMBER)
        assert queries.helpers_for(session, people.viewer(kernel, admin), skill) == []
    assert helpers == ["Cyd", "Ben"]
    page = mine.get(url(skill)).text
    assert f'href="/people/{encode(found["Cyd"])}"' in page
    assert "Dov" not in page
    assert "Eve" not in page
    assert "2 people" in mine.get("/skills").text


def test_who_may_meet_thousands_reads_what_some_of_them_can_help_with(
    kernel: Kernel, mine: FlaskClient, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    skill, ours = skills.skill(kernel, "show empathy"), people.group(kernel)
    people.member(kernel, ours, ana)
    for name in ("Ben", "Cyd", "Dov"):
        who = people.member(kernel, ours, people.person(kernel, name))
        kernel.commit(lambda s, who=who: actions.set_skill(s, person_id=who, skill_id=skill, level=4))
    assert "Counted among" not in mine.get("/skills").text
    monkeypatch.setattr("academy.people.queries.FEW", 0)
    monkeypatch.setattr(queries, "COUNTED", 3)
    page = mine.get("/skills").text
    assert "Counted among 3 of the people you can meet." in page
    assert re.search(r"[23] people</span>", page)  # ana herself may be one of the three
