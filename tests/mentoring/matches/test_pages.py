"""Pages of matching and offers: who may, what they show, by forms alone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, func, select

from academy.kernel.ids import encode
from academy.notices.models import Notice
from academy.people import actions as person_actions
from academy.people.models import Role
from mentoring.matches.actions import runs
from mentoring.matches.models import Offer, OfferState, Run, RunState
from mentoring.matches.pages.preview import preview
from mentoring.pairs.models import Pair
from tests.factories import mentoring as make
from tests.factories import people


def _counted(kernel, ask):
    """Return the answer and how many statements it took."""
    statements = []

    def count(_connection, _cursor, statement, *_):
        if not statement.startswith("PRAGMA"):
            statements.append(statement)

    event.listen(kernel.database.engine, "before_cursor_execute", count)
    try:
        return ask(), len(statements)
    finally:
        event.remove(kernel.database.engine, "before_cursor_execute", count)


def test_a_lead_asks_reads_and_publishes_by_forms_alone(kernel, client_of):
    world = make.world(kernel)
    learner, mentor = make.learner(world, "Maria Lopes"), make.mentor(world, "Ana Silva")
    lead = client_of(world.lead)
    address = f"/groups/{encode(world.cohort)}/matches"
    assert "No mentors have been proposed here yet." in lead.get(f"{address}?kind=mentorship").text
    asked = lead.post(address, data={"kind": "mentorship"})
    assert (asked.status_code, asked.headers["Location"]) == (303, f"{address}?kind=mentorship")
    waiting = lead.get(asked.headers["Location"]).text
    assert "The proposal is being worked out" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    kernel.runner.run_due()
    page = lead.get(asked.headers["Location"]).text
    assert "Maria Lopes" in page
    assert "Ana Silva" in page
    assert "every 2s" not in page
    run, version = re.search(r'action="/runs/(\w+)/publish".*?name="version" value="(\d+)"', page, re.DOTALL).groups()
    done = lead.post(f"/runs/{run}/publish", data={"version": version})
    assert done.status_code == 303
    after = lead.get(done.headers["Location"]).text
    assert "Each mentor has been asked" in after
    assert "Asked, answer by" in after
    assert f"/runs/{run}/publish" not in after
    again = lead.post(f"/runs/{run}/publish", data={"version": version}, follow_redirects=True)
    assert "nobody was told twice" in again.text
    assert len(make.offers_to(world, mentor)) == 1
    assert learner


def test_a_mentor_finds_the_offer_reads_it_and_accepts_by_forms_alone(kernel, client_of):
    world = make.world(kernel)
    learner, mentor = make.learner(world, "Maria Lopes"), make.mentor(world, "Ana Silva")
    make.published(world, "mentorship")
    client = client_of(mentor)
    inbox = client.get("/notices").text
    assert "Would you mentor Maria Lopes?" in inbox
    assert "Maria Lopes" in client.get("/offers").text
    (offer,) = make.offers_to(world, mentor)
    address = f"/offers/{encode(offer.id)}"
    page = client.get(address).text
    assert "the program lead never see yours." in page
    (version,) = set(re.findall(r'name="version" value="(\d+)"', page))
    done = client.post(f"{address}/accept", data={"version": version})
    with kernel.reading() as session:
        pair = session.scalars(select(Pair)).one()
    assert (done.status_code, done.headers["Location"]) == (303, f"/spaces/{encode(pair.space_id)}")
    assert "Open your room" in client.get(address).text
    told = client_of(learner).get("/notices").text
    assert "Ana Silva is your mentor" in told
    assert f"/spaces/{encode(pair.space_id)}" in told
    again = client.post(f"{address}/accept", data={"version": version})
    assert again.status_code == 409
    assert "accepted this offer already" in again.text


def test_declining_leads_back_to_the_offers(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    client = client_of(mentor)
    address = f"/offers/{encode(offer.id)}"
    long = client.post(f"{address}/decline", data={"version": 1, "reason": "x" * 1001})
    assert long.status_code == 422
    assert "x" * 1001 in long.text
    assert "at most 1000 characters" in long.text
    done = client.post(f"{address}/decline", data={"version": 1, "reason": "No time"})
    assert (done.status_code, done.headers["Location"]) == (303, "/offers")
    assert make.offers_to(world, mentor)[0].state == OfferState.DECLINED
    assert "Declined" in client.get("/offers").text


def test_buddies_are_told_in_their_inbox(kernel, client_of):
    world = make.world(kernel)
    ana, _ben = make.learner(world, "Ana Silva"), make.learner(world, "Ben Okafor")
    make.published(world, "buddy")
    assert "Ben Okafor is your learning buddy" in client_of(ana).get("/notices").text
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=buddy").text
    assert "Both want Haskell; they share Tuesday mornings." in page
    assert "Room open" in page


def test_the_lead_is_told_when_it_is_ready_and_when_nobody_is_left(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    make.decline(world, make.offers_to(world, mentor)[0])
    make.settled(world)
    inbox = client_of(world.lead).get("/notices").text
    assert "Mentors are proposed for Kestrel" in inbox
    assert "No mentor is left to ask for Maria Lopes" in inbox


@pytest.mark.parametrize(
    ("kind", "words", "nobody"),
    [
        ("buddy", "No learning buddies could be found in Kestrel", "Nobody in Kestrel waits for a learning buddy"),
        ("mentorship", "No mentors could be found in Kestrel", "Nobody in Kestrel waits for a mentor"),
    ],
)
def test_an_empty_proposal_is_told_honestly_to_the_lead_and_to_nobody_else(kernel, client_of, kind, words, nobody):
    world = make.world(kernel)
    lead = client_of(world.lead)
    empty = make.proposed(world, kind)
    assert nobody in lead.get("/notices").text
    ana, ben = make.learner(world, "Ana", languages=["is"]), make.learner(world, "Ben", languages=["pt"])
    make.mentor(world, languages=["ja"])
    run_id = make.proposed(world, kind)
    page = lead.get("/notices").text
    assert words in page
    assert "are proposed for" not in page
    assert f"/groups/{encode(world.cohort)}/matches?kind={kind}" in page
    reasons = lead.get(f"/groups/{encode(world.cohort)}/matches?kind={kind}").text
    assert "Nobody could be placed. The reasons stand below." in reasons
    assert make.publish(world, run_id)
    with kernel.reading() as session:
        told = session.execute(select(Notice.person_id, Notice.ref))
        assert sorted(tuple(row) for row in told) == sorted([(world.lead, empty), (world.lead, run_id)])
    assert "No mentor is left" not in client_of(ana).get("/notices").text + client_of(ben).get("/notices").text


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("facilitator", 200), ("learner", 403), ("mentor", 403), ("admin", 403), ("outsider", 404)],
)
def test_matching_is_for_who_may_propose(kernel, client_of, who, status):
    world = make.world(kernel)
    person = {
        "lead": lambda: world.lead,
        "admin": lambda: world.admin,
        "learner": lambda: make.learner(world),
        "mentor": lambda: make.mentor(world),
        "facilitator": lambda: people.member(kernel, world.cohort, people.person(kernel), Role.FACILITATOR),
        "outsider": lambda: people.person(kernel),
    }[who]()
    address = f"/groups/{encode(world.cohort)}/matches"
    client = client_of(person)
    assert client.get(address).status_code == status
    expected = 303 if status == 200 else status
    assert client.post(address, data={"kind": "buddy"}).status_code == expected
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == (1 if status == 200 else 0)


def test_an_offer_is_only_the_mentors(kernel, client_of):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    address = f"/offers/{encode(offer.id)}"
    for person in (learner, world.lead, world.admin, people.person(kernel)):
        client = client_of(person)
        assert client.get(address).status_code == 404
        assert client.post(f"{address}/accept", data={"version": 1}).status_code == 404
        assert client.post(f"{address}/decline", data={"version": 1}).status_code == 404
    with kernel.reading() as session:
        assert session.get(Offer, offer.id).state == OfferState.PENDING


def test_who_is_signed_out_is_sent_to_sign_in(kernel, client):
    world = make.world(kernel)
    for address in (f"/groups/{encode(world.cohort)}/matches", "/offers", "/mentoring"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={address}")


def test_an_unknown_kind_of_pair_is_not_asked_for(kernel, client_of):
    world = make.world(kernel)
    answer = client_of(world.lead).post(f"/groups/{encode(world.cohort)}/matches", data={"kind": "triangle"})
    assert answer.status_code == 422


def test_hostile_names_stay_words(kernel, client_of):
    world = make.world(kernel)
    hostile = "<script>alert(1)</script> %(name)s {{ 7*7 }}"
    learner, mentor = make.learner(world, hostile), make.mentor(world, hostile + "!")
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    pages = [
        client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship"),
        client_of(mentor).get(f"/offers/{encode(offer.id)}"),
        client_of(mentor).get("/offers"),
        client_of(mentor).get("/notices"),
    ]
    make.accept(world, offer)
    pages += [client_of(learner).get("/notices"), client_of(mentor).get("/mentoring")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
        assert "%(name)s {{ 7*7 }}" in page.text


def test_pages_ask_few_questions_however_many_rows(kernel, client_of):
    world = make.world(kernel)
    counts = []
    for more in (2, 6):
        mentor = make.mentor(world, capacity=more)
        for _ in range(more):
            make.learner(world)
        make.published(world, "mentorship")
        assert len(make.offers_to(world, mentor)) == more
        offer = make.offers_to(world, mentor)[0]
        lead, client = client_of(world.lead), client_of(mentor)
        found = {}
        for name, who, path in (
            ("matching", lead, f"/groups/{encode(world.cohort)}/matches?kind=mentorship"),
            ("offers", client, "/offers"),
            ("offer", client, f"/offers/{encode(offer.id)}"),
            ("mentoring", client, "/mentoring"),
        ):
            who.get(path)
            answer, found[name] = _counted(kernel, lambda who=who, path=path: who.get(path))
            assert answer.status_code == 200
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[1].values()) <= 8, counts


def test_a_run_that_failed_says_so_and_can_be_asked_again(kernel, client_of):
    world = make.world(kernel)
    run_id = make.asked(world, "buddy")
    kernel.commit(lambda s: runs.fail_run(s, run_id=run_id, error="timeout"))
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches").text
    assert "could not be worked out" in page
    assert "Propose buddies" in page
    with kernel.reading() as session:
        assert session.get(Run, run_id).state == RunState.FAILED


def test_a_run_of_too_many_people_says_what_would_help(kernel, client_of):
    world = make.world(kernel)
    run_id = make.asked(world, "mentorship")
    kernel.commit(lambda s: runs.fail_run(s, run_id=run_id, error="TooLarge: these people are too many"))
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship").text
    assert "more people here than the matcher can weigh" in page
    assert "could not be worked out" not in page
    assert "Propose mentors" in page


def test_who_has_not_said_hours_or_languages_is_named_as_such(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    make.learner(world, "Said Hours")
    silent = make.learner(world, "Noa Silent")
    kernel.commit(lambda s: person_actions.set_hours(s, person_id=silent, hours=[]))
    lead = client_of(world.lead)
    address = f"/groups/{encode(world.cohort)}/matches"
    lead.post(address, data={"kind": "buddy"})
    kernel.runner.run_due()
    page = lead.get(address).text
    assert page.count("Has not said yet which languages") == 1
    assert "Noa Silent" in page.split("Has not said yet")[0].rpartition("<li")[2]


@pytest.mark.parametrize("kind", ["buddy", "mentorship"])
def test_publishing_what_fits_no_more_says_so_and_not_that_everybody_was_told(kernel, client_of, kind):
    world = make.world(kernel)
    lead = client_of(world.lead)
    first = make.learner(world)
    other = make.mentor(world) if kind == "mentorship" else make.learner(world)
    run = make.proposed(world, kind)
    kernel.commit(lambda s: person_actions.block(s, person_id=first, blocked_id=other))
    data = {"version": make.version_of(world, run)}
    page = lead.post(f"/runs/{encode(run)}/publish", data=data, follow_redirects=True).text
    if kind == "buddy":
        assert "Published, but nobody was told: no pair fits any more." in page
        assert "1 pair no longer fits, as things have changed" in page
    else:
        assert "Published, but no mentor was asked: nobody fits any more." in page
        assert "For 1 learner nobody who was proposed fits any more" in page
    assert "Every pair has been told" not in page
    assert "Each mentor has been asked" not in page


@pytest.mark.parametrize("kind", ["buddy", "mentorship"])
def test_publishing_counts_those_that_came_about_beside_those_that_no_longer_fit(kernel, client_of, kind):
    world = make.world(kernel)
    apart, _ = (make.learner(world, languages=[code]) for code in ("en", "is"))
    second = make.mentor if kind == "mentorship" else make.learner
    other, _ = (second(world, languages=[code]) for code in ("en", "is"))
    run = make.proposed(world, kind)
    kernel.commit(lambda s: person_actions.block(s, person_id=apart, blocked_id=other))
    data = {"version": make.version_of(world, run)}
    page = client_of(world.lead).post(f"/runs/{encode(run)}/publish", data=data, follow_redirects=True).text
    if kind == "buddy":
        assert "Published. 1 pair has been told and has a room of its own." in page
        assert "1 pair no longer fits" in page
    else:
        assert "A mentor has been asked for 1 learner" in page
        assert "For 1 learner nobody" in page


def test_a_no_to_an_offer_that_changed_or_is_over_keeps_what_was_typed(kernel, client_of):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    asked, words = client_of(mentor), "My long careful private words"
    here = f"/offers/{encode(offer.id)}/decline"
    late = asked.post(here, data={"version": offer.version + 5, "reason": words})
    assert late.status_code == 409
    assert "has changed since you opened it" in late.text
    assert f"{words}</textarea>" in late.text
    make.decline(world, offer)
    over = asked.post(here, data={"version": offer.version, "reason": words})
    assert over.status_code == 409
    assert "What you wrote, to copy" in over.text
    assert f"{words}</textarea>" in over.text


def test_ending_what_the_other_has_just_ended_keeps_what_was_typed(kernel, client_of):
    world = make.world(kernel)
    ana, ben = make.learner(world), make.learner(world)
    make.published(world, "buddy")
    with kernel.reading() as session:
        pair = session.scalars(select(Pair)).one()
    here = f"/pairs/{encode(pair.id)}/end"
    assert client_of(ana).post(here, data={"reason": "hers, and private"}).status_code == 303
    late = client_of(ben).post(here, data={"reason": "my own words too"})
    assert late.status_code == 409
    assert "my own words too</textarea>" in late.text
    assert "hers, and private" not in late.text


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.01, "Very good: among proposals that place as many people as here, at most 1 %"),
        (0.02, "Good: among proposals that place as many people as here, at most 2 %"),
        (0.95, "could only be bounded roughly: among proposals that place as many people as here, up to 95 %"),
    ],
)
def test_how_good_a_proposal_is_is_said_by_what_may_be_missing(app, gap, words):
    with app.test_request_context():
        assert words in preview({"optimal": False, "gap": gap}).sure
