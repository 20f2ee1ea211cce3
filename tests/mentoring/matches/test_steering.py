"""What a lead decides of a proposal: weights, locks, exclusions, swaps; and who learns nothing of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import func, select

from academy.kernel import offload
from academy.kernel.access import Conflict, Invalid, Missing, Refused
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people import actions as people_actions
from academy.people.models import Role
from matching.scoring import BUDDY_WEIGHTS, MENTOR_WEIGHTS
from matching.types import Reason
from mentoring.choices import actions as choices
from mentoring.choices.models import PairChoice
from mentoring.choices.policy import DEFAULTS
from mentoring.matches.actions import deciding
from mentoring.matches.models import Match, MatchPerson, Offer, Run, RunState, Unplaced
from mentoring.matches.pages.explanation import component_names
from mentoring.pairs.models import Pair
from tests.factories import mentoring as make
from tests.factories import people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def _pairs(kernel, run_id):
    """Return who is proposed to whom first, as sets of ids."""
    found = {}
    with kernel.reading() as session:
        for row in session.execute(
            select(MatchPerson.match_id, MatchPerson.person_id)
            .join(Match, Match.id == MatchPerson.match_id)
            .where(Match.run_id == run_id, Match.rank == 0)
        ):
            found.setdefault(row.match_id, set()).add(row.person_id)
    return {frozenset(members) for members in found.values()}


def _decide(world, choice, one, other, kind="buddy"):
    viewer = world.viewer(world.lead)
    return world.kernel.commit(
        lambda s: deciding.decide(
            s, viewer=viewer, group_id=world.cohort, kind=kind, one_id=one, other_id=other, choice=choice
        )
    )


def _weigh(world, weights, version, kind="buddy", floor=False):
    viewer = world.viewer(world.lead)
    return world.kernel.commit(
        lambda s: deciding.weigh(
            s, viewer=viewer, group_id=world.cohort, kind=kind, weights=weights, floor=floor, version=version
        )
    )


def _four(kernel):
    """Two want Haskell and two want SQL: each would be with the one who wants the same."""
    world = make.world(kernel)
    seeks = [{"Haskell": 3}, {"Haskell": 3}, {"SQL": 3}, {"SQL": 3}]
    names = ["Ana Silva", "Ben Okafor", "Chidi Eze", "Dora Meyer"]
    return world, [make.learner(world, name, seeks=goal) for name, goal in zip(names, seeks, strict=True)]


def test_the_weights_that_stand_on_the_page_are_those_of_the_matcher():
    for mine, theirs in ((DEFAULTS["buddy"], BUDDY_WEIGHTS), (DEFAULTS["mentorship"], MENTOR_WEIGHTS)):
        assert {name: parts / 100 for name, parts in mine.items()} == dict(theirs)


@BOTH
def test_a_locked_pair_is_proposed_though_others_would_be_better(kernel):
    world, (ana, ben, chidi, dora) = _four(kernel)
    assert _pairs(kernel, make.proposed(world, "buddy")) == {frozenset((ana, ben)), frozenset((chidi, dora))}
    assert _decide(world, "locked", ana, chidi) is True
    with kernel.reading() as session:
        run_id = session.scalars(select(Run.id).where(Run.state == RunState.ASKED)).one()
    answer = make.answer_of(world, run_id)
    assert answer["answer"]["solved"]["ignored"] == []
    kernel.commit(lambda s: make.runs.keep_answer(s, run_id=run_id, **answer))
    assert _pairs(kernel, run_id) == {frozenset((ana, chidi)), frozenset((ben, dora))}
    assert _decide(world, "open", ana, chidi) is False
    assert _pairs(kernel, make.proposed(world, "buddy")) == {frozenset((ana, ben)), frozenset((chidi, dora))}


@BOTH
def test_an_excluded_pair_is_never_proposed_here_again_until_it_is_allowed(kernel):
    world, (ana, ben, *_) = _four(kernel)
    make.proposed(world, "buddy")
    assert _decide(world, "excluded", ben, ana) is True
    run_id = make.proposed(world, "buddy")
    assert frozenset((ana, ben)) not in _pairs(kernel, run_id)
    assert len(_pairs(kernel, run_id)) == 2
    _decide(world, "open", ana, ben)
    assert frozenset((ana, ben)) in _pairs(kernel, make.proposed(world, "buddy"))


def test_a_pair_that_was_excluded_after_it_was_proposed_is_not_brought_together(kernel):
    world = make.world(kernel)
    ana, ben = make.learner(world), make.learner(world)
    run_id = make.proposed(world, "buddy")
    viewer = world.viewer(world.lead)
    kernel.commit(
        lambda s: choices.exclude(s, viewer=viewer, group_id=world.cohort, kind="buddy", one_id=ana, other_id=ben)
    )
    make.publish(world, run_id)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pair)) == 0


def test_the_next_candidate_is_nobody_who_was_excluded(kernel):
    world = make.world(kernel)
    learner, first, second = make.learner(world), make.mentor(world), make.mentor(world)
    make.published(world, "mentorship")
    asked = first if make.offers_to(world, first) else second
    _decide(world, "excluded", learner, second if asked == first else first, kind="mentorship")
    make.decline(world, make.offers_to(world, asked)[0])
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 1


def test_an_offer_that_is_out_can_be_accepted_though_its_pair_was_excluded_since(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    _decide(world, "excluded", learner, mentor, kind="mentorship")
    assert make.accept(world, make.offers_to(world, mentor)[0])


@BOTH
def test_nobody_is_locked_to_two_buddies_and_a_mentor_may_be_to_several(kernel):
    world, (ana, ben, chidi, _) = _four(kernel)
    _decide(world, "locked", ana, ben)
    _decide(world, "locked", ana, chidi)
    mentor, other = make.mentor(world, capacity=2), make.mentor(world)
    for learner in (ana, ben):
        _decide(world, "locked", learner, mentor, kind="mentorship")
    _decide(world, "locked", ana, other, kind="mentorship")
    with kernel.reading() as session:
        rows = session.execute(select(PairChoice.kind, PairChoice.one_id, PairChoice.other_id)).all()
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("Pair%")).order_by(Entry.id)).all()
    assert {(row.kind, frozenset(row[1:])) for row in rows} == {
        ("buddy", frozenset((ana, chidi))),
        ("mentorship", frozenset((ben, mentor))),
        ("mentorship", frozenset((ana, other))),
    }
    assert kinds.count("PairLocked") == 5
    assert kinds.count("PairUnlocked") == 2


def test_only_who_may_propose_decides_and_only_about_people_of_the_group(kernel):
    world, (ana, ben, *_) = _four(kernel)
    stranger = people.person(kernel)
    for person, refusal in ((ana, Refused), (stranger, Missing)):
        viewer = world.viewer(person)
        for act in (choices.lock, choices.exclude, choices.undo):
            with pytest.raises(refusal):
                kernel.commit(
                    lambda s, v=viewer, a=act: a(
                        s, viewer=v, group_id=world.cohort, kind="buddy", one_id=ana, other_id=ben
                    )
                )
    for one, other in ((ana, stranger), (ana, ana), (world.lead, ana)):
        with pytest.raises(Invalid):
            _decide(world, "locked", one, other)


@BOTH
def test_weights_reach_the_matcher_and_stand_with_the_proposal(kernel):
    world, _ = _four(kernel)
    only_hours = dict.fromkeys(DEFAULTS["buddy"], 0) | {"hours": 100}
    run_id = _weigh(world, only_hours, 0, floor=True)
    answer = make.answer_of(world, run_id)
    kernel.commit(lambda s: make.runs.keep_answer(s, run_id=run_id, **answer))
    with kernel.reading() as session:
        run = session.get(Run, run_id)
    assert run.settings["weights"] == only_hours
    assert run.settings["floor_on"] is True
    assert run.settings["worst"] == 7500  # three hours of the four that count fully
    assert sum(run.settings["spread"]) == 4
    with pytest.raises(Conflict):
        _weigh(world, dict(DEFAULTS["buddy"]), 0)
    with pytest.raises(Invalid):
        _weigh(world, only_hours | {"hours": 99}, 1)


def test_weights_that_do_not_sum_to_100_come_back_with_what_was_typed_or_are_brought_to_it(kernel, client_of):
    world, _ = _four(kernel)
    lead, address = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches/settings"
    typed = {"kind": "buddy", "version": "0", "help": "30", "shared_goals": "30", "hours": "21"}
    answer = lead.post(address, data=typed)
    assert answer.status_code == 422
    assert "These sum to 81. Give 19 more" in answer.text
    assert 'value="21"' in answer.text
    assert lead.post(address, data={**typed, "hours": "many"}).status_code == 422
    assert lead.post(address, data={**typed, "hours": "-5"}).status_code == 422
    assert lead.post(address, data={**typed, "scale": "1"}).status_code == 303
    page = lead.get(f"/groups/{encode(world.cohort)}/matches?kind=buddy").text
    values = dict(re.findall(r'id="f-(\w+)" name="\w+" type="number" value="(\d+)"', page))
    assert sum(int(value) for value in values.values()) == 100
    assert values["hours"] == "26"
    late = lead.post(address, data={**typed, "hours": "40"})
    assert late.status_code == 409
    assert "Somebody else has changed these settings" in late.text


def test_a_lead_locks_excludes_and_takes_back_by_buttons_alone(kernel, client_of):
    world, (ana, ben, *_) = _four(kernel)
    make.proposed(world, "buddy")
    lead, address = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches"
    page = lead.get(f"{address}?kind=buddy").text
    said = re.search(rf'value="(locked [^"]*{encode(ana)}[^"]*)"', page).group(1)
    assert lead.post(f"{address}/choices", data={"kind": "buddy", "say": said}).status_code == 303
    page = lead.get(f"{address}?kind=buddy").text
    assert "Kept together" in page
    assert "The proposal is being worked out</h2>" not in page  # they are together in it already
    excluded = said.replace("locked", "excluded")
    assert lead.post(f"{address}/choices", data={"kind": "buddy", "say": excluded}).status_code == 303
    page = lead.get(f"{address}?kind=buddy").text
    assert "The proposal is being worked out</h2>" in page
    assert "Not proposed" in page
    kernel.runner.run_due()
    with kernel.reading() as session:
        run_id = session.scalars(select(Run.id).where(Run.state == RunState.PROPOSED)).one()
    assert frozenset((ana, ben)) not in _pairs(kernel, run_id)
    for nonsense in ("", "locked", "open a b", f"delete {encode(ana)} {encode(ben)}"):
        assert lead.post(f"{address}/choices", data={"kind": "buddy", "say": nonsense}).status_code == 422


def test_a_locked_pair_that_a_rule_bars_now_is_said(kernel, client_of):
    world, (ana, ben, *_) = _four(kernel)
    _decide(world, "locked", ana, ben)
    kernel.commit(lambda s: people_actions.block(s, person_id=ben, blocked_id=ana))
    make.proposed(world, "buddy")
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=buddy").text
    assert "Not together in this proposal" in page


def test_two_people_change_places_once_both_new_pairs_are_allowed(kernel, client_of):
    world, (ana, ben, chidi, dora) = _four(kernel)
    make.proposed(world, "buddy")
    lead, address = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches/swap"
    two = {"kind": "buddy", "one": encode(ana), "other": encode(chidi)}
    page = lead.get(address, query_string=two).text
    assert "Swap them" in page
    assert lead.post(address, data=two).status_code == 303
    kernel.runner.run_due()
    with kernel.reading() as session:
        run_id = session.scalars(select(Run.id).where(Run.state == RunState.PROPOSED)).one()
    assert _pairs(kernel, run_id) == {frozenset((chidi, ben)), frozenset((ana, dora))}
    kernel.commit(lambda s: people_actions.block(s, person_id=ana, blocked_id=ben))
    back = lead.get(address, query_string=two).text
    assert "An earlier choice rules them out." in back
    assert "Swap them" not in back
    assert "Nothing was changed" in lead.post(address, data=two, follow_redirects=True).text
    mates = {"kind": "buddy", "one": encode(ana), "other": encode(dora)}
    assert "Choose two people of two different pairs" in lead.get(address, query_string=mates).text


@pytest.mark.parametrize("who", ["blocker", "mentor"])
def test_why_not_these_two_says_every_rule_and_never_whose_choice_it_was(kernel, client_of, who):
    world = make.world(kernel)
    learner, mentor = make.learner(world, "Maria Lopes"), make.mentor(world, "Ana Silva")
    make.mentor(world, "Bo Berg")
    if who == "blocker":
        kernel.commit(lambda s: people_actions.block(s, person_id=learner, blocked_id=mentor))
    else:
        viewer = world.viewer(world.lead)
        kernel.commit(
            lambda s: choices.lock(
                s, viewer=viewer, group_id=world.cohort, kind="mentorship", one_id=learner, other_id=mentor
            )
        )
        make.published(world, "mentorship")
        make.decline(world, make.offers_to(world, mentor)[0], reason="No time for this")
    lead = client_of(world.lead)
    asked = {"kind": "mentorship", "one": encode(learner), "other": encode(mentor)}
    page = lead.get(f"/groups/{encode(world.cohort)}/matches/why", query_string=asked).text
    assert "An earlier choice rules them out." in page
    for word in ("blocked", "declined", "No time for this"):
        assert word not in page
    for words in ("They share 180 minutes a week.", "They share a language.", "Neither manages the other."):
        assert words in page
    assert "Ana Silva has a free place." in page
    for name, words in component_names().items():
        assert (words in page) is (name in DEFAULTS["mentorship"])


def test_why_asks_kindly_to_wait_while_the_matcher_is_busy_and_hides_strangers(kernel, client_of, monkeypatch):
    world, (ana, ben, *_) = _four(kernel)

    def busy(*_args, **_more):
        raise offload.SolveFailed("busy", "still busy")

    monkeypatch.setattr("academy.kernel.offload.solve", busy)
    lead, address = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches/why"
    page = lead.get(address, query_string={"kind": "buddy", "one": encode(ana), "other": encode(ben)})
    assert page.status_code == 200
    assert "The matcher is busy" in page.text
    same = lead.get(address, query_string={"kind": "buddy", "one": encode(ana), "other": encode(ana)})
    assert "Choose two different people." in same.text
    stranger = people.person(kernel)
    gone = lead.get(address, query_string={"kind": "buddy", "one": encode(ana), "other": encode(stranger)})
    assert gone.status_code == 404


def test_what_would_place_people_is_said_without_naming_anybody(kernel, client_of):
    world = make.world(kernel)
    for _ in range(2):
        make.learner(world, languages=["pt"])
    make.learner(world, hours=[(2, 20 * 60, 22 * 60)])
    make.mentor(world, "Ana Silva", capacity=9)
    make.proposed(world, "mentorship")
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship").text
    assert "2 people: one more mentor who speaks Portuguese" in page
    assert "1 person: one more mentor whose hours include Wednesday evenings" in page
    with kernel.reading() as session:
        whys = [row.reasons[0] for row in session.scalars(select(Unplaced))]
    assert [why["only"] for why in whys].count({Reason.NO_SHARED_LANGUAGE: 1}) == 2


def test_who_is_asked_and_who_is_paired_read_reasons_and_no_points_of_others(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    mentor = make.mentor(world, "Ana Silva")
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    client = client_of(mentor)
    for address in ("/offers", f"/offers/{encode(offer.id)}"):
        page = client.get(address).text
        assert "Maria Lopes" in page
        assert "How this was scored" not in page
        assert "Together, of 100" not in page
    pair = make.accept(world, offer)
    room = client.get(f"/spaces/{encode(pair.space_id)}").text
    assert "How this was scored" not in room
    for address in ("", "/why", "/swap", "/runs"):
        assert client.get(f"/groups/{encode(world.cohort)}/matches{address}").status_code == 403
        assert (
            client_of(people.person(kernel)).get(f"/groups/{encode(world.cohort)}/matches{address}").status_code == 404
        )


@BOTH
@pytest.mark.parametrize("second", ["locked", "excluded"])
def test_of_two_leads_who_choose_at_once_the_second_sees_what_the_first_has_chosen(kernel, second):
    world = make.world(kernel)
    ana, ben, cleo = (make.learner(world, name) for name in ("Ana Silva", "Ben Okafor", "Cleo Park"))
    other = people.member(kernel, world.cohort, people.person(kernel, "Mia Wolf"), Role.LEAD)
    mine, theirs = world.viewer(world.lead), world.viewer(other)
    pair = {"one_id": ana, "other_id": cleo if second == "locked" else ben}
    act = choices.lock if second == "locked" else choices.exclude

    def later():
        return kernel.commit(lambda s: act(s, viewer=theirs, group_id=world.cohort, kind="buddy", **pair))

    with ThreadPoolExecutor(1) as pool:

        def first(session):
            choices.lock(session, viewer=mine, group_id=world.cohort, kind="buddy", one_id=ana, other_id=ben)
            waiting = pool.submit(later)
            assert not wait([waiting], timeout=0.5).done
            return waiting

        assert kernel.commit(first).result(20)
    with kernel.reading() as session:
        (kept,) = session.scalars(select(PairChoice)).all()
    assert ({kept.one_id, kept.other_id}, kept.choice) == (set(pair.values()), second)
