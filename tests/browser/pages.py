"""Every page, who can open it, and what it may weigh. Written by hand: a page that is not here fails the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from academy.accounts.actions import links
from academy.accounts.models import Invitation, JoinLink, LinkKind
from academy.authoring.models import Draft, DraftActivity, DraftModule
from academy.bridges.people_file.models import FRAMEWORK, PEOPLE, PeopleFile
from academy.careers.models import Occupation, Opportunity
from academy.kernel import clock
from academy.kernel.db import Database
from academy.kernel.ids import encode, new_id
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from academy.people.models import Group, Membership, Person
from academy.privacy.models import DataFile
from academy.skills.models import Skill
from academy.tracks.models import Activity, Delivery, ModuleVersion, Track, TrackPart
from cohorts.roster.models import Cohort, Waiting
from cohorts.workshops.models import Workshop
from forums.posts.models import Post
from forums.spaces.models import Board, Space
from mentoring.matches.models import Offer
from mentoring.pairs.models import Pair

ROLES = ("learner", "mentor", "lead", "admin")
"""Who the demo academy lets sign in; `nobody` is signed out."""

PAGE, THREAD = 12, 22


@dataclass(frozen=True)
class Page:
    """One page in one state. `html` is its budget in KB of brotli, `statements` that of SQL."""

    name: str
    address: str
    roles: tuple[str, ...]
    html: int = PAGE
    statements: int = 8
    status: int = 200


PAGES = (
    Page("sign-in", "/sign-in", ("nobody",)),
    Page("about", "/about", ("nobody", "learner")),
    Page("api", "/api", ("nobody", "learner")),
    Page("not-found-signed-out", "/nothing-here", ("nobody",), status=404),
    Page("not-found", "/nothing-here", ("learner",), status=404),
    Page("home", "/", ROLES, statements=12),
    Page("rooms", "/spaces", ROLES),
    Page("room", "/spaces/{room}", ("learner", "mentor", "lead"), html=THREAD),
    Page("room-reply", "/spaces/{room}?reply={post}", ("learner",), html=THREAD),
    Page("pair-room", "/spaces/{pair_room}", ("learner",), html=THREAD),
    Page("mentors-pair-room", "/spaces/{mentors_pair_room}", ("mentor",), html=THREAD),
    Page("room-slow", "/spaces/{room}/slow", ("lead",)),
    Page("boards", "/boards", ROLES),
    Page("boards-of-cohort", "/boards?group={cohort}", ("learner",)),
    Page("board", "/boards/{board}", ("learner", "lead")),
    Page("board-found", "/boards/{board}?show=solved&q=two", ("learner",)),
    Page("board-new", "/boards/new", ("lead",)),
    Page("board-edit", "/boards/{board}/edit", ("lead",)),
    Page("thread", "/spaces/{thread}", ("learner", "lead"), html=THREAD),
    Page("thread-new", "/boards/{board}/new", ("learner",)),
    Page("post-edit", "/posts/{post}/edit", ("learner",)),
    Page("post-remove", "/posts/{post}/remove", ("learner", "lead")),
    Page("calendar", "/calendar", ROLES),
    Page("calendar-month", "/calendar?view=month", ("learner",)),
    Page("workshops", "/workshops", ROLES),
    Page("workshop", "/workshops/{workshop}", ("learner", "mentor", "lead")),
    Page("workshop-past", "/workshops/{past}", ("learner",)),
    Page("workshop-join", "/workshops/{workshop}/join", ("learner", "lead")),
    Page("workshop-new", "/workshops/new?group={cohort}", ("lead",)),
    Page(
        "workshop-checked",
        "/workshops/new?group={cohort}&date=2027-01-18&time=15:00&zone=Europe/Berlin&minutes=60",
        ("lead",),
    ),
    Page("workshop-edit", "/workshops/{workshop}/edit", ("lead",)),
    Page("people", "/people", ROLES),
    Page("people-found", "/people?q=an", ("learner",)),
    Page("person", "/people/{mentor}", ROLES),
    Page("admin", "/admin", ("admin",)),
    Page("admin-settings", "/admin/settings", ("admin",)),
    Page("admin-academies", "/admin/academies", ("admin",)),
    Page("admin-academy", "/admin/academies/{academy}", ("admin",)),
    Page("admin-roles", "/admin/roles", ("admin",)),
    Page("admin-role-new", "/admin/roles/new?group={academy}&q=an", ("admin",)),
    Page("admin-people", "/admin/people", ("admin",)),
    Page("admin-person", "/admin/people/{mentor}", ("admin",), statements=12),
    Page("admin-audit", "/admin/audit", ("admin",)),
    Page("admin-jobs", "/admin/jobs", ("admin",)),
    Page("admin-mail", "/admin/mail", ("admin",)),
    Page("admin-declined", "/admin/declined", ("admin",)),
    Page("audit-led", "/audit", ("lead",)),
    Page("my-data", "/me/data", ROLES),
    Page("my-data-file", "/me/data/file/{data_file}", ("learner",)),
    Page("my-data-erase", "/me/data/erase", ("learner",)),
    Page("erase-somebody", "/people/{mentor}/erase", ("admin",)),
    Page("frameworks", "/admin/frameworks", ("admin",)),
    Page("framework-preview", "/admin/frameworks/files/{framework_file}", ("admin",)),
    Page("people-file", "/people/file", ("admin",)),
    Page("people-file-preview", "/people/file/{people_file}", ("admin",)),
    Page("inbox", "/notices", ROLES),
    Page("profile", "/me", ROLES),
    Page("forgot", "/forgot", ("nobody", "learner")),
    Page("mail-sent", "/mail-sent", ("nobody", "learner")),
    Page("reset", "/reset/{reset}", ("nobody",)),
    Page("link-over", "/reset/nothing", ("nobody", "learner"), status=404),
    Page("address", "/me/email", ("learner",)),
    Page("address-prove", "/address/{address_link}", ("learner",)),
    Page("address-back", "/address-back/{undo}", ("nobody",)),
    Page("join", "/join/{join}", ("nobody", "learner", "mentor")),
    Page("invited", "/invited/{invited}", ("nobody", "learner")),
    Page("welcome", "/welcome/{welcome}", ("nobody",)),
    Page("invitations", "/groups/{cohort}/invitations", ("lead", "admin")),
    Page("links", "/groups/{cohort}/links", ("lead",)),
    Page("password", "/me/password", ("learner",)),
    Page("devices", "/me/devices", ("learner",)),
    Page("skills", "/me/skills", ROLES),
    Page("all-skills", "/skills", ("learner",)),
    Page("all-skills-meant", "/skills?q=show+emphaty", ("learner",)),
    Page("skill-map", "/skills/map", ("learner", "admin")),
    Page("skill", "/skills/{skill}", ("learner", "lead")),
    Page("gap", "/skills/gap", ROLES),
    Page("gap-of-somebody", "/people/{learner}/gap", ("lead",)),
    Page("levels", "/people/{mentee}/levels?q=listning", ("mentor",)),
    Page("target-roles", "/occupations?q=data", ("learner",)),
    Page("target-roles-meant", "/occupations?q=data+sientist", ("learner",)),
    Page("target-role", "/occupations/{occupation}", ("learner",)),
    Page("needs", "/needs", ROLES),
    Page("needs-of-academy", "/academies/{academy}/needs?q=listen", ("lead", "admin")),
    Page("opportunities", "/opportunities", ROLES),
    Page("opportunities-closed", "/opportunities?show=closed", ("learner",)),
    Page("opportunity", "/opportunities/{opportunity}", ("learner", "lead")),
    Page("opportunity-new", "/opportunities/new", ("lead",)),
    Page("opportunity-edit", "/opportunities/{opportunity}/edit", ("lead",)),
    Page("skills-found", "/me/skills?q=program", ("learner",)),
    Page("second-step-late", "/sign-in/second", ("nobody",)),
    Page("security", "/me/security", ("learner",)),
    Page("security-app", "/me/security/app", ("learner",)),
    Page("proof", "/me/proof", ("learner",)),
    Page("tokens", "/me/tokens", ("learner",)),
    Page("tokens-kept", "/me/tokens?name=Calendar+script&verbs=read&days=30", ("learner",)),
    Page("track", "/deliveries/{delivery}", ("learner", "mentor", "lead")),
    Page("reading", "/activities/{reading}", ("learner", "mentor", "lead")),
    Page("video", "/activities/{video}?t=4", ("learner", "lead")),
    Page("reflection", "/activities/{reflection}", ("learner",)),
    Page("activity-workshop", "/activities/{activity_workshop}", ("learner",)),
    Page("tracks", "/tracks", ("lead", "admin")),
    Page("track-new", "/tracks/new", ("lead",)),
    Page("track-versions", "/tracks/{whole_track}", ("lead",)),
    Page("draft", "/drafts/{draft}", ("lead",), html=THREAD),
    Page("draft-head", "/drafts/{draft}/edit", ("lead",)),
    Page("draft-preview", "/drafts/{draft}/preview", ("lead",)),
    Page("draft-module-new", "/drafts/{draft}/modules/new", ("lead",)),
    Page("draft-module", "/draft-modules/{draft_module}", ("lead",)),
    Page("draft-activity-new", "/draft-modules/{draft_module}/activities/new", ("lead",)),
    Page("draft-activity", "/draft-activities/{draft_activity}", ("lead",)),
    Page("draft-video", "/draft-activities/{draft_video}", ("lead",)),
    Page("draft-activity-preview", "/draft-activities/{draft_activity}/preview", ("lead",)),
    Page("mentoring", "/mentoring", ("learner", "mentor", "lead")),
    Page("offers", "/offers", ("learner", "mentor")),
    Page("offer", "/offers/{offer}", ("mentor",)),
    Page("pair-end", "/pairs/{pair}/end", ("learner",)),
    Page("cohorts", "/cohorts", ROLES),
    Page("cohort-new", "/cohorts/new", ("lead", "admin")),
    Page("cohort", "/cohorts/{cohort}", ROLES),
    Page("cohort-full", "/cohorts/{full}", ("lead",)),
    Page("cohort-edit", "/cohorts/{cohort}/edit", ("lead",)),
    Page("cohort-enroll", "/cohorts/{cohort}/enroll", ("lead",)),
    Page("matches-buddies", "/groups/{cohort}/matches?kind=buddy", ("lead",)),
    Page("matches-mentors", "/groups/{cohort}/matches?kind=mentorship", ("lead",)),
    Page("matches-why", "/groups/{cohort}/matches/why?kind=buddy", ("lead",)),
    Page("matches-why-two", "/groups/{cohort}/matches/why?kind=mentorship&one={learner}&other={mentor}", ("lead",)),
    Page("matches-swap", "/groups/{cohort}/matches/swap?kind=buddy", ("lead",)),
    Page("matches-runs", "/groups/{cohort}/matches/runs?kind=mentorship", ("lead",)),
)

NOT_PAGES = {
    "/track-versions/<id:version_id>/pack": "a pack file",
    "/drafts/<id:draft_id>/pack": "a pack file",
    "/activities/<id:activity_id>/video": "a video",
    "/activities/<id:activity_id>/captions.vtt": "captions",
    "/draft-activities/<id:activity_id>/video": "a video",
    "/draft-activities/<id:activity_id>/captions.vtt": "captions",
    "/admin/frameworks/<id:framework_id>/file": "a framework as a file",
    "/healthz": "for machines",
    "/metrics": "for machines",
    "/readyz": "for machines",
    "/static/<path:path>": "files",
    "/calendar/<token>.ics": "for other calendars",
    "/posts/<id:post_id>": "leads to the post in its room",
    "/posts/<id:post_id>/reply": "leads to the room's form",
}
"""Addresses that answer GET with something else than a page."""

FILE = b"""email,name,zone,skills,shoe size
nia@example.org,Nia Evans,Europe/London,Haskell:3,38
mentor@demo.academy,A New Name,Europe/Lisbonn,,
learner@demo.academy,Another Name,,lead others:5,
"""
"""A people file that waits for the admin: somebody new, a row that can't be used, somebody who changes."""

FRAMEWORK_FILE = b"""kind,key,label,broader_group,version
framework,house,House skills,,2026
group,g,Working together,,
skill,a,Asking before assuming,g,
skill,b,Handing over,nowhere,
"""
"""A framework file that waits for the admin, with a row that can't be used."""

EMAIL = {role: f"{role}@demo.academy" for role in ROLES}


def sign_in_everybody(database: Database) -> dict[str, str]:
    """Sign the demo's people in and return their tokens by role."""
    tokens = {role: new_token() for role in ROLES}

    def work(session: Session) -> None:
        for role, token in tokens.items():
            person_id = _person(session, role)
            people.sign_in(session, person_id=person_id, token_hash=token_hash(token), agent="test")
        now = clock.now()
        admin = _person(session, "admin")
        row = {
            "person_id": admin,
            "name": "people.csv",
            "body": FILE,
            "at": now,
            "expires_at": now + timedelta(hours=9),
        }
        session.add(PeopleFile(id=new_id(), **row))
        session.add(
            PeopleFile(id=new_id(), **{**row, "purpose": FRAMEWORK, "name": "house.csv", "body": FRAMEWORK_FILE})
        )
        mine = {"person_id": _person(session, "learner"), "asked_at": now, "expires_at": now + timedelta(days=7)}
        session.add(DataFile(id=new_id(), body=b"PK", **mine))
        _film_a_draft(session)

    database.unit_of_work(work)
    return tokens


def _film_a_draft(session: Session) -> None:
    """Put the demo's video at the end of the first module of its draft."""
    film = session.scalars(select(Activity).where(Activity.media_id.is_not(None))).first()
    module = session.scalars(select(DraftModule.id).order_by(DraftModule.position).limit(1)).one()
    last = session.scalars(select(func.max(DraftActivity.position)).where(DraftActivity.module_id == module)).one()
    assert film is not None
    told = {
        name: getattr(film, name) for name in ("key", "kind", "title", "summary", "minutes", "media_id", "captions")
    }
    session.add(DraftActivity(id=new_id(), module_id=module, position=last + 1, body_md=film.body_md, **told))


def places(database: Database) -> dict[str, str]:
    """Return the ids that stand in the addresses, as the demo academy has them."""
    opened = database.unit_of_work(_open_links)
    with database.reading() as session:
        return {name: encode(found) for name, found in {**_places(session), **opened}.items()}


def _open_links(session: Session) -> Mapping[str, UUID]:
    """Open a mailed link of each kind, about the learner's account or into a cohort; tokens are encoded ids."""
    learner = _person(session, "learner")
    made = {name: new_id() for name in ("reset", "address_link", "undo", "invited", "welcome", "join")}
    session.execute(update(JoinLink).values(token=encode(made["join"])))
    door, asked = session.scalars(select(JoinLink.id)).one(), session.scalars(select(Invitation)).one()
    for name, kind, about in (
        ("reset", LinkKind.RESET, {"person_id": learner}),
        ("address_link", LinkKind.ADDRESS, {"person_id": learner, "address": "learner.moore@demo.academy"}),
        ("undo", LinkKind.UNDO, {"person_id": learner, "address": "learner.moore@demo.academy"}),
        ("invited", LinkKind.INVITATION, {"invitation_id": asked.id, "address": asked.address}),
        ("welcome", LinkKind.SIGN_UP, {"join_link_id": door, "address": "newhere@demo.academy"}),
    ):
        links.open_link(session, kind=kind, hashed=token_hash(encode(made[name])), **about)
    return made


def _places(session: Session) -> Mapping[str, UUID]:
    learner, mentor = _person(session, "learner"), _person(session, "mentor")
    cohort = session.execute(
        select(Cohort)
        .join(Membership, Membership.group_id == Cohort.id)
        .where(Membership.person_id == learner, Membership.role == "learner")
        .limit(1)
    ).scalar_one()
    version = session.scalar(select(Delivery.track_version_id).where(Delivery.id == cohort.delivery_id))
    activities = dict(
        session.execute(
            select(Activity.kind, Activity.id)
            .join(ModuleVersion, ModuleVersion.id == Activity.module_version_id)
            .join(TrackPart, TrackPart.module_version_id == ModuleVersion.id)
            .where(TrackPart.track_version_id == version)
            .order_by(TrackPart.position.desc(), Activity.position.desc())
        ).all()
    )
    now = clock.now()
    meetings = select(Workshop.id).where(Workshop.group_id == cohort.id, Workshop.state == "published")
    post = session.scalar(
        select(Post.id)
        .where(Post.author_id == learner, Post.space_id == cohort.space_id, Post.removed_at.is_(None))
        .order_by(Post.no.desc())
        .limit(1)
    )
    board = session.scalar(select(Board.id).order_by(Board.created_at).limit(1))
    offer = session.scalar(select(Offer.id).where(Offer.person_id == mentor, Offer.state == "pending").limit(1))
    found = {
        "academy": session.scalar(select(Group.parent_id).where(Group.id == cohort.id)),
        "mentor": mentor,
        "cohort": cohort.id,
        "room": cohort.space_id,
        "delivery": cohort.delivery_id,
        "reading": activities.get("reading"),
        "video": activities.get("video"),
        "reflection": activities.get("reflection"),
        "activity_workshop": activities.get("workshop"),
        "workshop": session.scalar(meetings.where(Workshop.starts_at > now).order_by(Workshop.starts_at).limit(1)),
        "past": session.scalar(meetings.where(Workshop.starts_at < now).order_by(Workshop.starts_at.desc()).limit(1)),
        "post": post,
        "pair": session.scalar(select(Pair.id).where(Pair.space_id == _pair_room(session, learner))),
        "pair_room": _pair_room(session, learner),
        "mentors_pair_room": _pair_room(session, mentor),
        "offer": offer,
        "full": session.scalar(select(Waiting.cohort_id).limit(1)),
        "learner": learner,
        "mentee": _mentee(session, mentor),
        "occupation": session.scalar(select(Occupation.id).where(Occupation.label == "ICT help desk manager")),
        "opportunity": session.scalar(
            select(Opportunity.id).where(Opportunity.closed_at.is_(None)).order_by(Opportunity.id).limit(1)
        ),
        "skill": session.scalar(select(Skill.id).where(Skill.label == "show empathy")),
        **_draft(session),
        "people_file": session.scalar(select(PeopleFile.id).where(PeopleFile.purpose == PEOPLE)),
        "framework_file": session.scalar(select(PeopleFile.id).where(PeopleFile.purpose == FRAMEWORK)),
        "board": board,
        "thread": session.scalar(
            select(Space.id).where(Space.group_id == board, Space.author_id == learner, Space.kind == "thread").limit(1)
        ),
        "data_file": session.scalar(select(DataFile.id)),
    }
    missing = [name for name, value in found.items() if value is None]
    assert not missing, f"the demo academy has no {missing}"
    return {name: value for name, value in found.items() if value is not None}


def _draft(session: Session) -> Mapping[str, UUID | None]:
    draft, module, activity, track = session.execute(
        select(Draft.id, DraftModule.id, DraftActivity.id, Track.id)
        .join(DraftModule, DraftModule.draft_id == Draft.id)
        .join(DraftActivity, DraftActivity.module_id == DraftModule.id)
        .join(Track, (Track.key == Draft.key) & (Track.group_id == Draft.group_id))
        .order_by(DraftModule.position, DraftActivity.position)
        .limit(1)
    ).one()
    film = session.scalar(
        select(DraftActivity.id)
        .join(DraftModule, DraftModule.id == DraftActivity.module_id)
        .where(DraftModule.draft_id == draft, DraftActivity.kind == "video", DraftActivity.media_id.is_not(None))
        .limit(1)
    )
    found = {"draft": draft, "draft_module": module, "draft_activity": activity, "draft_video": film}
    return {**found, "whole_track": track}


def _pair_room(session: Session, person_id: UUID) -> UUID | None:
    mine = aliased(Membership)
    return session.scalar(
        select(Space.id)
        .join(Pair, Pair.space_id == Space.id)
        .join(mine, mine.group_id == Pair.group_id)
        .where(mine.person_id == person_id, mine.until_at.is_(None))
        .order_by(Space.head_no.desc())
        .limit(1)
    )


def _mentee(session: Session, mentor: UUID) -> UUID | None:
    mine = aliased(Membership)
    return session.scalar(
        select(Membership.person_id)
        .join(mine, mine.group_id == Membership.group_id)
        .join(Pair, Pair.group_id == mine.group_id)
        .where(mine.person_id == mentor, mine.role == "mentor", Membership.role == "learner", mine.until_at.is_(None))
        .order_by(Membership.person_id)
        .limit(1)
    )


def _person(session: Session, role: str) -> UUID:
    return session.scalars(select(Person.id).where(Person.email_key == EMAIL[role])).one()
