"""Leads read the part of the audit that is about what they lead, and no more."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from academy.administration.pages import words
from academy.administration.queries.audit import Happened
from academy.authoring.actions import drafts
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from academy.tracks import actions as track_actions
from academy.tracks.queries import walking as tracks
from cohorts.roster import actions as roster
from cohorts.workshops import actions as meetings
from mentoring.matches.actions import offers
from tests.factories import cohorts, people, workshops
from tests.factories import drafts as drafts_made
from tests.factories import mentoring as make
from tests.factories import tracks as tracks_made

ClientOf = Callable[[UUID], FlaskClient]


def told(client: FlaskClient, address: str = "/audit") -> list[str]:
    """Return the sentences of the page."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    rows = re.findall(r'<span class="grow">(.*?)</span><time', answer.text, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", row)) for row in rows]


def test_a_lead_reads_what_happened_in_their_academy_and_nothing_of_another(
    kernel: Kernel, client_of: ClientOf
) -> None:
    made = cohorts.world(kernel)
    lead = people.viewer(kernel, made.lead)
    ana = people.person(kernel, "Ana Silva")
    kernel.commit(lambda s: roster.enroll(s, viewer=lead, cohort_id=made.cohort, person_ids=[ana], role=Role.LEARNER))
    other = people.group(kernel, GroupKind.ACADEMY, "South Academy")
    eve = people.member(kernel, other, people.person(kernel, "Eve South"), Role.LEAD)
    kernel.commit(lambda s: people_actions.rename_group(s, group_id=other, name="Far South", actor_id=eve))
    hers, theirs = told(client_of(made.lead)), told(client_of(eve))
    assert any("Ana Silva" in sentence and "enrolled" in sentence for sentence in hers)
    assert not any("South" in sentence for sentence in hers)
    assert any("renamed Far South" in sentence for sentence in theirs)
    assert not any("Ana Silva" in sentence for sentence in theirs)
    assert client_of(eve).get(f"/audit?group={encode(made.cohort)}").status_code == 404
    assert told(client_of(made.lead), f"/audit?group={encode(made.cohort)}&kind=PersonEnrolled") == [
        "Ling Chen enrolled Ana Silva in Cohort Kestrel as learner"
    ]


def test_a_lead_reads_what_became_of_workshops_in_their_academy(kernel: Kernel, client_of: ClientOf) -> None:
    made = workshops.cohort(kernel)
    meeting, lead = workshops.workshop(kernel, made), people.viewer(kernel, made.lead)
    facilitator = people.viewer(kernel, made.facilitator)
    later = {"wall_start": "2027-01-15T16:00"}
    for version, viewer, written in ((1, facilitator, later), (2, lead, {**later, "title": "Another circle"})):
        kernel.commit(
            lambda s, version=version, viewer=viewer, written=written: meetings.move(
                s, viewer=viewer, workshop_id=meeting, version=version, **workshops.written(made, **written)
            )
        )
    kernel.commit(lambda s: meetings.cancel(s, viewer=lead, workshop_id=meeting, version=3))
    assert told(client_of(made.lead))[:4] == [
        "Ling Chen cancelled a workshop in Cohort Kestrel",
        "Ling Chen changed a workshop in Cohort Kestrel: title",
        "Ingrid Moe moved a workshop in Cohort Kestrel",
        "Ling Chen scheduled a workshop in Cohort Kestrel",
    ]
    other = people.group(kernel, GroupKind.ACADEMY, "South Academy")
    eve = people.member(kernel, other, people.person(kernel, "Eve South"), Role.LEAD)
    assert not any("workshop" in sentence for sentence in told(client_of(eve)))


def test_a_lead_reads_which_tracks_were_published_in_their_academy_and_which_drafts_thrown_away(
    kernel: Kernel, client_of: ClientOf
) -> None:
    academy = tracks_made.academy(kernel)
    ling = people.member(kernel, academy, people.person(kernel, "Ling Chen"), Role.LEAD)
    viewer = people.viewer(kernel, ling)
    thrown = drafts_made.draft(kernel, ling, academy, "A thought")
    kept = drafts_made.draft(kernel, ling, academy, "Asking better questions")
    drafts_made.module(kernel, ling, kept, "Open questions", drafts_made.text())
    kernel.commit(lambda s: drafts.discard(s, viewer=viewer, draft_id=thrown, version=1))
    version = drafts_made.seen(kernel, ling, kept).version
    bodies = {("open-questions", "what-and-how"): "<p>…</p>"}
    kernel.commit(lambda s: drafts.publish(s, viewer=viewer, draft_id=kept, version=version, bodies=bodies))
    hers = told(client_of(ling))
    assert "Ling Chen published Asking better questions in Fernhill Academy" in hers
    assert hers.count("Ling Chen closed a draft of a track in Fernhill Academy") == 2
    other = people.group(kernel, GroupKind.ACADEMY, "South Academy")
    eve = people.member(kernel, other, people.person(kernel, "Eve South"), Role.LEAD)
    assert not any("track" in sentence or "published" in sentence for sentence in told(client_of(eve)))


def test_an_entry_from_before_its_kind_said_where_does_not_call_it_a_pair(app: Flask) -> None:
    with app.test_request_context():
        old = Happened(new_id(), clock.now(), "WorkshopMoved", None, {"workshop_id": str(new_id())})
        assert words.told(old, {}, words.entry_words()) == "The academy itself moved a workshop in a group"


def test_nobody_reads_there_how_somebody_learns_answers_or_is_paired(kernel: Kernel, client_of: ClientOf) -> None:
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana Silva")
    viewer = people.viewer(kernel, ana)
    with kernel.reading() as session:
        step = tracks.plan_for(session, viewer, made.delivery).stages[0].steps[0].id
    kernel.commit(lambda s: track_actions.complete(s, viewer=viewer, activity_id=step))
    pair = people.group(kernel, GroupKind.PAIR, "A pair", made.academy)
    kernel.commit(lambda s: people_actions.join(s, group_id=pair, person_id=ana, role=Role.LEARNER, actor_id=made.lead))
    client = client_of(made.lead)
    seen = told(client)
    assert not any("completed" in sentence or "pair" in sentence for sentence in seen)
    for kind in ("ActivityCompleted", "PersonBlocked", "SignedIn", "OfferDeclined"):
        assert client.get(f"/audit?kind={kind}").status_code == 404, kind
    assert told(client, f"/audit?person={encode(ana)}") == seen  # nobody narrows it down to a person


def test_who_declined_is_not_told_to_a_lead(kernel: Kernel, client_of: ClientOf) -> None:
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    mentor = make.mentor(world, "Ana Silva")
    lead = people.member(kernel, world.academy, people.person(kernel, "Priya"), Role.LEAD)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    viewer = people.viewer(kernel, mentor)
    kernel.commit(
        lambda s: offers.decline(s, viewer=viewer, offer_id=offer.id, version=offer.version, reason="No time")
    )
    seen = told(client_of(lead))
    assert any("made a proposal known in Kestrel" in sentence for sentence in seen)
    assert not any("offer" in sentence for sentence in seen)


def test_that_somebody_looked_stands_there_and_learners_and_facilitators_have_no_such_page(
    kernel: Kernel, client_of: ClientOf
) -> None:
    made = cohorts.world(kernel)
    client = client_of(made.lead)
    address = f"/audit?group={encode(made.cohort)}"
    assert f'href="{address}"' in client.get(f"/cohorts/{encode(made.cohort)}").text
    before = told(client, address)
    assert told(client, address) == before, "looking pushes nothing down"
    assert told(client, f"{address}&kind=AuditSeen") == ["Ling Chen looked at the audit"] * 3
    for role in (Role.LEARNER, Role.MENTOR, Role.FACILITATOR):
        somebody = client_of(cohorts.enrolled(kernel, made, role=role))
        assert somebody.get("/audit").status_code == 404
        assert somebody.get(address).status_code == 404
        assert "/audit" not in somebody.get(f"/cohorts/{encode(made.cohort)}").text
