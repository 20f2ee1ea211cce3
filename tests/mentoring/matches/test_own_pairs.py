"""A lead who learns in her own cohort is told nothing of what others chose about her, by no page and no words."""

from __future__ import annotations

import re

import pytest

from academy.kernel.access import Refused
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Role
from mentoring.choices import actions as choices
from mentoring.matches.pages.explanation import why_unplaced
from tests.factories import mentoring as make
from tests.factories import people


@pytest.fixture
def learning(kernel):
    """Make a cohort whose lead learns in it too."""
    world = make.world(kernel)
    people.member(kernel, world.cohort, world.lead, Role.LEARNER)

    def work(session):
        people_actions.set_hours(session, person_id=world.lead, hours=[make.TUESDAY])
        people_actions.set_languages(session, person_id=world.lead, languages=["en"])

    kernel.commit(work)
    return world


def _block(world, one, other):
    world.kernel.commit(lambda s: people_actions.block(s, person_id=one, blocked_id=other))


def _main(page):
    return re.sub(
        r'name="(csrf_token|_csrf)" value="[^"]*"', "", page.text.partition("<main")[2].partition("</main>")[0]
    )


def test_why_and_swap_say_of_herself_and_another_the_same_whether_there_is_a_block_or_not(learning, client_of):
    world = learning
    xenia, yves, zoe = (make.learner(world, name) for name in ("Xenia Ott", "Yves Roy", "Zoe Yu"))
    lead, here = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches"

    def asked(page, one, other):
        query = {"kind": "buddy", "one": encode(one), "other": encode(other)}
        return _main(lead.get(f"{here}/{page}", query_string=query))

    make.proposed(world, "buddy")
    others = {xenia, yves, zoe}
    before = {one: (asked("why", world.lead, one), asked("swap", world.lead, one)) for one in others}
    assert "What rules them out" in before[xenia][0]
    assert "earlier choice" not in before[xenia][0]
    assert "Keep them together" not in before[xenia][0]
    swapped = [
        one
        for one in others
        if "They may not be matched" not in before[one][1] and "As it is proposed" in before[one][1]
    ]
    assert len(swapped) == 2
    assert all("somebody else who runs this group decides" in before[one][1] for one in swapped)
    assert not any("Swap them" in before[one][1] for one in others)
    for one in others:
        _block(world, one, world.lead)
    assert {one: (asked("why", world.lead, one), asked("swap", world.lead, one)) for one in others} == before
    _block(world, xenia, yves)
    assert "An earlier choice rules them out." in asked("why", xenia, yves), "two others stay as they were"


def test_who_is_without_a_place_is_told_her_in_the_same_words_with_a_block_and_without(learning, client_of):
    world = learning
    xenia = make.learner(world, "Xenia Ott")
    _block(world, xenia, world.lead)
    make.proposed(world, "buddy")
    here = f"/groups/{encode(world.cohort)}/matches"
    page = _main(client_of(world.lead).get(here))
    assert "earlier choice" not in page
    assert page.count("No place was left in this proposal.") == 2
    other = people.member(world.kernel, world.cohort, people.person(world.kernel, "Mia Wolf"), Role.LEAD)
    told = _main(client_of(other).get(here))
    assert told.count("1 person is ruled out by an earlier choice.") == 2


def test_words_for_who_takes_part_leave_choices_out_and_tell_no_place_that_is_taken_from_one_that_is_barred():
    without = {"code": "taken", "allowed": 1, "reasons": {"ex_pair": 1}, "only": {"ex_pair": 1}}
    barred = {
        "person": "a",
        "considered": 2,
        "code": "none_allowed",
        "allowed": 0,
        "reasons": {"blocked": 1, "ex_pair": 1},
        "only": {"blocked": 1, "ex_pair": 1},
        "earlier": 1,
        "languages": [],
        "without": without,
    }
    free = {**barred, **without, "earlier": 0}
    del free["without"]
    both = {**barred, "without": {**without, "code": "none_allowed", "allowed": 0}}
    assert why_unplaced(barred, among=True) == why_unplaced(free, among=True) == "No place was left in this proposal."
    assert why_unplaced(both, among=True) == "1 person was a partner before."
    assert why_unplaced(barred) == "1 person is ruled out by an earlier choice; 1 person was a partner before."


def test_a_lead_locks_two_others_and_not_herself_and_another_lead_does(learning, client_of):
    world = learning
    xenia, yves = make.learner(world, "Xenia Ott"), make.learner(world, "Yves Roy")
    make.learner(world, "Zoe Yu")
    _block(world, xenia, world.lead)
    other = people.member(world.kernel, world.cohort, people.person(world.kernel, "Mia Wolf"), Role.LEAD)

    def lock(viewer_id, one, two):
        viewer = world.viewer(viewer_id)
        return world.kernel.commit(
            lambda s: choices.lock(s, viewer=viewer, group_id=world.cohort, kind="buddy", one_id=one, other_id=two)
        )

    with pytest.raises(Refused, match="one of these two"):
        lock(world.lead, world.lead, xenia)
    assert lock(other, world.lead, xenia)
    make.proposed(world, "buddy")
    here = f"/groups/{encode(world.cohort)}/matches"
    said = "Not together in this proposal"
    assert said in client_of(other).get(here).text
    assert said not in client_of(world.lead).get(here).text
    assert lock(world.lead, yves, xenia)
