"""One world with somebody in every role of the doors' table, and one thing of every kind that has a door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.accounts.actions import invitations, joining, links
from academy.accounts.models import LinkKind
from academy.bridges.calendars import actions as feeds
from academy.bridges.framework_file import actions as framework_file
from academy.bridges.framework_file.queries import writing
from academy.bridges.people_file import actions as people_file
from academy.careers import actions as career_actions
from academy.kernel import clock, jobs, log
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.engine import hash_password, token_hash
from academy.people.models import GroupKind, Role
from academy.privacy import actions as privacy
from academy.tracks.engine import Pack
from academy.tracks.models import Activity, Track, TrackVersion
from cohorts.roster import actions as roster
from cohorts.workshops import actions as workshops
from cohorts.workshops.engine.details import Written
from forums.posts import actions as posts
from mentoring.matches.actions import runs
from mentoring.matches.models import Offer, Run
from mentoring.pairs import actions as pairs
from mentoring.profiles import actions as profiles
from tests.factories import careers, drafts, forums, media, people, skills, tokens, tracks

PASSWORD = "correct horse battery staple"
PRACTISED = ("Haskell", "show empathy", "lead others")


def build(kernel: Kernel) -> dict[str, str]:
    """Make the world and return the encoded id of everything in it by name, people included."""
    ids: dict[str, UUID] = {}
    careers.occupations(kernel)
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", organization)
    south = people.group(kernel, GroupKind.ACADEMY, "South Academy", organization)
    hashed = hash_password(PASSWORD)
    for name in ("outsider", "learner", "peer", "elsewhere", "mentor", "facilitator", "facilitator2", "lead", "lead2"):
        ids[name] = people.person(kernel, name.title(), email=f"{name}@example.org", password_hash=hashed)
    ids["admin"] = people.person(kernel, "Admin", email="admin@example.org", password_hash=hashed)
    ids["newcomer"] = people.person(kernel, "Newcomer")
    ids["colleague"] = people.person(kernel, "Colleague")
    people.member(kernel, organization, ids["admin"], Role.ADMIN)
    people.member(kernel, academy, ids["lead"], Role.LEAD)
    people.member(kernel, south, ids["lead2"], Role.LEAD)
    for name in ("newcomer", "colleague"):
        people.member(kernel, academy, ids[name], Role.MEMBER)

    ids["track"] = tracks.published(kernel, academy, media.with_video(kernel, academy, tracks.pack(skills=PRACTISED)))
    other_track = tracks.published(kernel, academy, _another_pack())
    cohort = _cohort(kernel, ids["lead"], academy, ids["track"], "Cohort Kestrel")
    other = _cohort(kernel, ids["lead"], academy, other_track, "Cohort Heron")
    ids |= {
        "academy": academy,
        "cohort": cohort.id,
        "room": cohort.space_id,
        "delivery": cohort.delivery_id,
        "other_room": other.space_id,
    }
    for group, names, role in (
        (cohort.id, ("learner", "peer", "colleague"), Role.LEARNER),
        (cohort.id, ("mentor",), Role.MENTOR),
        (cohort.id, ("facilitator",), Role.FACILITATOR),
        (other.id, ("elsewhere",), Role.LEARNER),
        (other.id, ("facilitator2",), Role.FACILITATOR),
    ):
        _enroll(kernel, ids["lead"], group, [ids[name] for name in names], role)

    with kernel.reading() as session:
        ids["track_itself"] = session.scalars(
            select(TrackVersion.track_id).where(TrackVersion.id == ids["track"])
        ).one()
    ids |= _full_and_closed(kernel, ids["lead"], academy, other_track)
    ids |= _activities(kernel, ids["track"])
    ids |= _draft(kernel, ids["lead"], academy)
    ids |= _posts(kernel, ids)
    ids |= _boards(kernel, ids)
    ids |= _matching(kernel, ids, academy)
    ids |= _workshops(kernel, ids)
    with kernel.reading() as session:
        ids["notice"] = session.scalars(select(Notice.id).where(Notice.person_id == ids["learner"])).first()
    ids["token"] = tokens.token(kernel, ids["learner"])[0]
    ids["skill"] = skills.skill(kernel, "Haskell")
    skills.has(kernel, ids["learner"], {"Haskell": 2})
    skills.wants(kernel, ids["learner"], {"Haskell": 4})
    ids |= _careers(kernel, ids, academy)
    ids |= _mailed_links(kernel, ids)
    admin = people.viewer(kernel, ids["admin"])
    text = b"email,name\nfiled@example.org,Filed Person\n"
    ids["framework"] = _framework(kernel)
    said = b"kind,key,label,version\nframework,house,House skills,1\nskill,a,Asking first,\n"
    ids["framework_file"] = kernel.commit(lambda s: framework_file.keep(s, viewer=admin, name="house.csv", body=said))
    ids["people_file"] = kernel.commit(lambda s: people_file.keep(s, viewer=admin, name="people.csv", body=text))
    kernel.commit(
        lambda s: jobs.enqueue(s, "mail.forget", {}, run_at=clock.now() + timedelta(days=300), unique_key="far")
    )
    kernel.commit(lambda s: s.execute(update(jobs.Job).where(jobs.Job.unique_key == "far").values(attempts=1)))
    with kernel.reading() as session:
        ids["job"] = session.scalars(select(jobs.Job.id).where(jobs.Job.unique_key == "far")).one()
    ids["leaver"] = people.person(kernel, "Leaver")
    for name in ("leaver", "learner"):
        kernel.commit(lambda s, who=ids[name]: privacy.ask_erasure(s, person_id=who, actor_id=ids["admin"]))
    learner = people.viewer(kernel, ids["learner"])
    ids["data_file"] = kernel.commit(lambda s: privacy.ask_for_data(s, viewer=learner))
    kernel.commit(lambda s: privacy.keep_data(s, file_id=ids["data_file"], body=b"PK"))
    assert all(ids.values()), ids
    whole = drafts.seen(kernel, ids["lead"], ids["draft"])
    return {name: encode(found) for name, found in ids.items()} | {
        "draft_version": str(whole.version),
        "feed_token": _feed(kernel, ids["learner"]),
    }


def _careers(kernel: Kernel, ids: dict[str, UUID], academy: UUID) -> dict[str, UUID]:
    """Let the mentor say how far the learner is, who aims at a job; and the lead what is needed and what is open."""
    mentor = people.viewer(kernel, ids["mentor"])
    said = {"person_id": ids["learner"], "skill_id": ids["skill"], "level": 3}
    kernel.commit(lambda s: career_actions.state(s, viewer=mentor, **said))
    job = careers.occupation(kernel, "data scientist")
    kernel.commit(lambda s: career_actions.set_target(s, person_id=ids["learner"], occupation_id=job))
    careers.need(kernel, ids["lead"], academy, "Haskell")
    return {"occupation": job, "opportunity": careers.opportunity(kernel, ids["lead"], academy, {"Haskell": 4})}


def _framework(kernel: Kernel) -> UUID:
    with kernel.reading() as session:
        return writing.id_of(session, "esco")


def _mailed_links(kernel: Kernel, ids: dict[str, UUID]) -> dict[str, UUID]:
    """Open a mailed link of each kind, about the learner's account or into the cohort; tokens are encoded ids."""
    made = {name: new_id() for name in ("reset", "address_link", "undo", "invited", "welcome", "join")}
    lead, cohort = people.viewer(kernel, ids["lead"]), ids["cohort"]

    def work(session: Session) -> dict[str, UUID]:
        asked = invitations.invite(
            session, viewer=lead, group_id=cohort, address="invited@example.org", name="Ina", role=Role.LEARNER
        )
        door = joining.make_link(session, viewer=lead, group_id=cohort, token=encode(made["join"]), days=14, seats=None)
        for name, kind, about in (
            ("reset", LinkKind.RESET, {"person_id": ids["learner"]}),
            ("address_link", LinkKind.ADDRESS, {"person_id": ids["learner"], "address": "learner2@example.org"}),
            ("undo", LinkKind.UNDO, {"person_id": ids["learner"], "address": "learner1@example.org"}),
            ("invited", LinkKind.INVITATION, {"invitation_id": asked.id, "address": asked.address}),
            ("welcome", LinkKind.SIGN_UP, {"join_link_id": door.id, "address": "newhere@example.org"}),
        ):
            links.open_link(session, kind=kind, hashed=token_hash(encode(made[name])), **about)
        return {"invitation": asked.id, "join_link": door.id}

    with kernel.quiet("mail.send"):
        return made | kernel.commit(work)


def _another_pack() -> Pack:
    """Return a track that shares no module with the first one."""
    made = tracks.pack("another", title="Another track")
    return replace(made, modules=tuple(replace(module, key=f"other-{module.key}") for module in made.modules))


def _cohort(kernel: Kernel, lead: UUID, academy: UUID, version: UUID, name: str, seats: int | None = None) -> Any:
    return kernel.commit(
        lambda s: roster.create_cohort(
            s,
            viewer=people.viewer(kernel, lead),
            academy_group_id=academy,
            track_version_id=version,
            name=name,
            starts_on=clock.now().date() - timedelta(days=3),
            zone="Europe/Berlin",
            seats=seats,
        )
    )


def _enroll(kernel: Kernel, lead: UUID, cohort: UUID, who: list[UUID], role: str) -> None:
    kernel.commit(
        lambda s: roster.enroll(s, viewer=people.viewer(kernel, lead), cohort_id=cohort, person_ids=who, role=role)
    )


def _activities(kernel: Kernel, version: UUID) -> dict[str, UUID]:
    with kernel.reading() as session:
        found = session.execute(select(Activity.id, Activity.key).order_by(Activity.id)).all()
    by_key = {row.key: row.id for row in reversed(found)}
    return {"reading": by_key["reading-1"], "video": by_key["a-video"], "reflection": by_key["reflection-1"]}


def _full_and_closed(kernel: Kernel, lead: UUID, academy: UUID, version: UUID) -> dict[str, UUID]:
    """Make a cohort of one seat for which two people wait, one that is closed, and a newer version of a track."""
    host = people.viewer(kernel, lead)
    full = _cohort(kernel, lead, academy, version, "Cohort Full", seats=1)
    waiting = [people.person(kernel, name) for name in ("Seated", "First", "Second")]
    _enroll(kernel, lead, full.id, waiting, Role.LEARNER)
    closed = _cohort(kernel, lead, academy, version, "Cohort Closed")
    kernel.commit(lambda s: roster.close_cohort(s, viewer=host, cohort_id=closed.id, version=1))
    newer = tracks.published(kernel, academy, tracks.pack(modules=3))
    return {"full": full.id, "second": waiting[2], "closed": closed.id, "newer": newer}


def _feed(kernel: Kernel, person_id: UUID) -> str:
    token = "a-feed-of-the-tests"
    kernel.commit(lambda s: feeds.make_feed(s, person_id=person_id, token=token))
    return token


def _draft(kernel: Kernel, author: UUID, academy: UUID) -> dict[str, UUID]:
    made = drafts.draft(kernel, author, academy)
    module = drafts.module(
        kernel, author, made, "Open questions", drafts.text(), drafts.text("Two breaths", kind="video", body="")
    )
    with kernel.reading() as session:
        track = session.scalars(select(Track.id).where(Track.key == "a-track")).one()
    text, film = (a.id for a in drafts.seen(kernel, author, made).modules[0].activities)
    media.attach(kernel, author, film)
    return {
        "whole_track": track,
        "draft": made,
        "draft_module": module,
        "draft_activity": text,
        "draft_video": film,
    }


def _posts(kernel: Kernel, ids: dict[str, UUID]) -> dict[str, UUID]:
    return {
        "post": post(kernel, ids["learner"], ids["room"], "A first thought."),
        "peers_post": post(kernel, ids["peer"], ids["room"], "Another.", mentions=[ids["learner"]]),
    }


def post(kernel: Kernel, author: UUID, space: UUID, text: str, mentions: Sequence[UUID] = ()) -> UUID:
    """Send a message to a room and return its id."""
    return kernel.commit(
        lambda s: posts.post(
            s,
            viewer=people.viewer(kernel, author),
            space_id=space,
            body_md=text,
            body_html=f"<p>{text}</p>",
            mentions=mentions,
            send=log.send_of(["secret"], author, uuid4().hex, text),
        )
    ).id


def _boards(kernel: Kernel, ids: dict[str, UUID]) -> dict[str, UUID]:
    """Open a board of the cohort and one of the academy, each with a thread of the learner and an answer."""
    found = {}
    for name, keeper, group, thread, answer in (
        ("board", "facilitator", ids["cohort"], "thread", "answer"),
        ("academy_board", "lead", ids["academy"], "academy_thread", "academy_answer"),
    ):
        found[name] = forums.board(kernel, ids[keeper], group)
        found[thread] = forums.thread(kernel, ids["learner"], found[name], "How do you begin?")
        found[answer] = post(kernel, ids["peer"], found[thread], "With a question.")
    return found


def _matching(kernel: Kernel, ids: dict[str, UUID], academy: UUID) -> dict[str, UUID]:
    """Open a pair room for learner and mentor, let the matcher propose buddies, and ask the mentor about the peer."""
    pair = kernel.commit(
        lambda s: pairs.open_pair(
            s,
            kind="mentorship",
            people={ids["mentor"]: Role.MENTOR, ids["learner"]: Role.LEARNER},
            academy_group_id=academy,
            cohort_group_id=ids["cohort"],
        )
    )
    private = post(kernel, ids["learner"], pair.space_id, "Between us.")
    kernel.commit(
        lambda s: profiles.offer_mentoring(s, person_id=ids["mentor"], group_id=academy, capacity=5, offers="Time.")
    )
    week = [(day, 540, 1020) for day in range(5)]
    for name in ("learner", "peer", "colleague", "mentor"):
        kernel.commit(lambda s, who=ids[name]: people_actions.set_languages(s, person_id=who, languages=["en"]))
        kernel.commit(lambda s, who=ids[name]: people_actions.set_hours(s, person_id=who, hours=week))
    skills.wants(kernel, ids["peer"], {"Haskell": 3})
    skills.has(kernel, ids["mentor"], {"Haskell": 5})
    lead = people.viewer(kernel, ids["lead"])
    for kind in ("buddy", "mentorship"):
        kernel.commit(lambda s, k=kind: runs.ask_run(s, viewer=lead, group_id=ids["cohort"], kind=k))
    with kernel.quiet("mail"):
        kernel.runner.run_due()
        with kernel.reading() as session:
            made = {run.kind: (run.id, run.state, run.version) for run in session.scalars(select(Run))}
        assert {state for _id, state, _version in made.values()} == {"proposed"}, made
        run_id, _state, version = made["mentorship"]
        kernel.commit(lambda s: runs.publish(s, viewer=lead, run_id=run_id, version=version))
    with kernel.reading() as session:
        offer = session.scalars(
            select(Offer.id).where(Offer.person_id == ids["mentor"], Offer.state == "pending")
        ).first()
    return {
        "pair": pair.id,
        "pair_room": pair.space_id,
        "private_post": private,
        "run": made["buddy"][0],
        "offer": offer,
    }


def _workshops(kernel: Kernel, ids: dict[str, UUID]) -> dict[str, UUID]:
    lead = people.viewer(kernel, ids["lead"])

    def schedule(title: str, minutes_from_now: int) -> UUID:
        about = written(title, clock.now() + timedelta(minutes=minutes_from_now), ids)
        return kernel.commit(lambda s: workshops.schedule(s, viewer=lead, group_id=ids["cohort"], **about)).id

    return {"workshop": schedule("Listening well", 3 * 24 * 60), "soon": schedule("Starting now", 9)}


def written(title: str, start: datetime, ids: dict[str, UUID]) -> Written:
    """Return what the lead writes about a workshop of two hours."""
    return Written(
        title=title,
        agenda_md="",
        agenda_html="",
        wall_start=f"{start:%Y-%m-%dT%H:%M}",
        zone="UTC",
        minutes=120,
        venue_url="https://meet.example.org/kestrel",
        capacity=None,
        facilitator_id=ids["facilitator"],
        activity_id=None,
    )
