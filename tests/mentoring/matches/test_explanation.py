"""Every name and number of an explanation comes from somewhere: recomputed here from the raw rows."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import networkx as nx
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Availability, Person
from academy.skills.models import Goal, PersonSkill, Skill, SkillLink
from mentoring.matches.actions.asking import coming_week
from mentoring.matches.models import Match
from mentoring.matches.pages import panel
from tests.factories import mentoring as make
from tests.factories import skills

WEEKDAYS = ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"]
STEPS = {0: "", 1: ", one step away", 2: ", 2 steps away", 3: ", 3 steps away"}


def _raw(kernel):
    """Read everything that an explanation may rest on, from the tables alone."""
    with kernel.reading() as session:
        labels = {row.id: row.label for row in session.execute(select(Skill.id, Skill.label))}
        links = session.execute(select(SkillLink.skill_id, SkillLink.related_id)).all()
        return {
            "names": {row.id: row.name for row in session.execute(select(Person.id, Person.name))},
            "zones": {row.id: row.zone for row in session.execute(select(Person.id, Person.zone))},
            "graph": nx.Graph([(labels[a], labels[b]) for a, b in links]),
            "held": [(r.person_id, labels[r.skill_id], r.level) for r in session.scalars(select(PersonSkill))],
            "wanted": [(r.person_id, labels[r.skill_id], r.level) for r in session.scalars(select(Goal))],
            "hours": [
                (r.person_id, r.weekday, r.start_minute, r.end_minute) for r in session.scalars(select(Availability))
            ],
        }


def _shared_morning(raw, a, b, zone):
    """Name the weekday whose morning both work, as a reader in `zone` lives it in the week that is compared."""
    monday = coming_week(clock.now())

    def stretches(person):
        place = ZoneInfo(raw["zones"][person])
        for who, weekday, start, end in raw["hours"]:
            if who == person:
                day = datetime.combine(monday + timedelta(days=weekday), datetime.min.time(), place)
                yield day + timedelta(minutes=start), day + timedelta(minutes=end)

    (first,), (second,) = list(stretches(a)), list(stretches(b))
    begin = max(first[0], second[0]).astimezone(ZoneInfo(zone))
    end = min(first[1], second[1]).astimezone(ZoneInfo(zone))
    assert end - begin >= timedelta(hours=1)
    assert 6 <= begin.hour and (end - timedelta(minutes=1)).hour < 12
    return f"{WEEKDAYS[begin.weekday()][:-1]} mornings"


def _expected(kernel, learner, mentor, zone, *, mentor_reads):
    raw = _raw(kernel)
    ((_, goal, wanted),) = [row for row in raw["wanted"] if row[0] == learner]
    ((_, skill, level),) = [row for row in raw["held"] if row[0] == mentor]
    steps = nx.shortest_path_length(raw["graph"], goal, skill)
    when = _shared_morning(raw, learner, mentor, zone)
    if mentor_reads:
        names = (f"{raw['names'][learner]} wants", "you have", "you share")
    else:
        names = ("Wants", f"{raw['names'][mentor]} has", "they share")
    return f"{names[0]} {goal} {wanted}; {names[1]} {skill} {level}{STEPS[steps]}; {names[2]} {when}."


def _text(response):
    assert response.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def _world(kernel):
    world = make.world(kernel)
    learner = make.learner(world, "Maria Lopes", zone="Europe/Lisbon", hours=[(1, 8 * 60, 11 * 60)])
    mentor = make.mentor(world, "Ana Silva", zone="Europe/Berlin", hours=[(1, 9 * 60, 12 * 60)])
    make.published(world, "mentorship")
    return world, learner, mentor


def test_a_mentor_reads_an_offer_that_every_row_bears_out(kernel, client_of):
    world, learner, mentor = _world(kernel)
    (offer,) = make.offers_to(world, mentor)
    page = _text(client_of(mentor).get(f"/offers/{encode(offer.id)}"))
    expected = _expected(kernel, learner, mentor, "Europe/Berlin", mentor_reads=True)
    assert expected in page
    assert expected == (
        "Maria Lopes wants Haskell 3; you have functional programming 4, one step away; you share Tuesday mornings."
    )
    assert "Path: Haskell → functional programming ." in page


def test_a_lead_reads_the_same_in_the_third_person(kernel, client_of):
    world, learner, mentor = _world(kernel)
    page = _text(client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship"))
    assert _expected(kernel, learner, mentor, "UTC", mentor_reads=False) in page


def test_changing_one_skill_changes_the_explanation(kernel, client_of):
    world = make.world(kernel)
    learner = make.learner(world, "Maria Lopes", zone="Europe/Lisbon", hours=[(1, 8 * 60, 11 * 60)])
    mentor = make.mentor(world, "Ana Silva", zone="Europe/Berlin", hours=[(1, 9 * 60, 12 * 60)])
    path = f"/groups/{encode(world.cohort)}/matches?kind=mentorship"
    make.proposed(world, "mentorship")
    before = _expected(kernel, learner, mentor, "UTC", mentor_reads=False)
    assert before in _text(client_of(world.lead).get(path))
    skills.has(kernel, mentor, {"functional programming": 5})
    make.proposed(world, "mentorship")
    after = _expected(kernel, learner, mentor, "UTC", mentor_reads=False)
    page = _text(client_of(world.lead).get(path))
    assert "functional programming 5" in after
    assert after in page
    assert before not in page


def test_names_are_those_of_today(kernel, client_of):
    world, learner, mentor = _world(kernel)
    kernel.commit(
        lambda s: people_actions.change_profile(
            s,
            person_id=learner,
            name="Maria Ferreira",
            pronouns="",
            about="",
            zone="Europe/Lisbon",
            languages=["en"],
            hours=[(1, 8 * 60, 11 * 60)],
        )
    )
    (offer,) = make.offers_to(world, mentor)
    page = _text(client_of(mentor).get(f"/offers/{encode(offer.id)}"))
    assert "Maria Ferreira wants Haskell 3" in page
    assert "Lopes" not in page


def test_each_reads_the_reasons_in_their_pairs_room_as_you(kernel):
    world, learner, mentor = _world(kernel)
    (offer,) = make.offers_to(world, mentor)
    pair = make.accept(world, offer)
    said = {}
    for person in (learner, mentor):
        with kernel.reading() as session, world.kernel.realtime._app.test_request_context():
            said[person] = " ".join(str(panel.render(session, world.viewer(person), pair.group_id)).split())
    assert "You want Haskell 3; Ana Silva has functional programming 4, one step away" in said[learner]
    assert "Maria Lopes wants Haskell 3; you have functional programming 4, one step away" in said[mentor]


def test_the_parts_of_a_score_add_up_to_it(kernel, client_of):
    world, _learner, _mentor = _world(kernel)
    with kernel.reading() as session:
        match = session.scalars(select(Match)).one()
    (part,) = match.parts
    (side,) = part["sides"]
    exact = sum(round(one["weight"] * 10_000) * round(one["raw"] * 1_000_000) for one in side["components"])
    assert match.score == part["score"] == side["score"] == (2 * exact + 1_000_000) // 2_000_000
    page = _text(client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship"))
    assert f"Together, of 100 {round(match.score / 100, 1):g}" in page
    for one in side["components"]:
        given = round(one["weight"] * one["raw"] * 100, 1)
        assert f", of {round(one['weight'] * 100, 1):g} {given:g}" in page


def test_who_could_not_be_placed_is_told_with_the_reason_and_without_names(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Maria Lopes", languages=["is"])
    make.mentor(world, "Ana Silva")
    make.proposed(world, "mentorship")
    page = _text(client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship"))
    left = page[page.index("Who could not be placed") :]
    assert "Maria Lopes 1 person shares no language." in left
    assert "Ana Silva" not in left
