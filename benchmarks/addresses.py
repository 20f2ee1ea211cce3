"""The addresses of a database that `academy seed` has filled: for each role, real ids in the place of each argument."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from academy.authoring.actions import drafts, parts
from academy.authoring.actions.parts import ActivityText
from academy.authoring.models import DraftActivity, DraftModule
from academy.bridges.calendars import actions as feeds
from academy.bridges.people_file import actions as people_file
from academy.careers import actions as careers
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.people.queries import roles_of
from academy.privacy import actions as privacy
from academy.skills.models import Skill
from mentoring.matches.actions import runs
from mentoring.matches.models import Offer, Run

ROLES = ("learner", "mentor", "facilitator", "lead", "admin")
NOBODYS = "a-secret-that-opens-nothing"
FEED = "the-feed-of-the-walk"
FILE = b"email,name\nwalked@example.org,Walked Person\n"

FURTHER = {
    "activity_id": ["activity", "reflection"],
    "board_id": ["board", "academy_board"],
    "group_id": ["cohort", "academy"],
    "space_id": ["room", "pair_room", "thread"],
}
"""Arguments that stand for more than one kind of thing."""

OF_DRAFTS = {"activity_id": ["draft_activity"], "module_id": ["draft_module"]}
ELSE = {
    "academy_id": ["academy"],
    "draft_id": ["draft"],
    "person_id": ["person"],
    "cohort_id": ["cohort"],
    "delivery_id": ["delivery"],
    "file_id": ["file"],
    "framework_id": ["framework"],
    "occupation_id": ["occupation"],
    "offer_id": ["offer"],
    "opportunity_id": ["opportunity"],
    "pair_id": ["pair"],
    "post_id": ["post"],
    "run_id": ["run"],
    "skill_id": ["skill"],
    "thread_id": ["thread"],
    "track_id": ["track"],
    "version_id": ["version"],
    "workshop_id": ["workshop"],
}

STATES = {
    "/spaces/<id:space_id>": ["before=3", "at=2"],
    "/people": ["q=ana", "q=zzzz"],
    "/skills": ["q=listning", "q=zzzzqq"],
    "/me/skills": ["q=program"],
    "/boards/<id:board_id>": ["show=unread", "show=unanswered", "show=mine", "show=solved", "q=how"],
    "/calendar": ["view=month"],
    "/workshops": ["group={cohort}"],
    "/workshops/new": ["group={cohort}", "group={cohort}&date=2027-01-18&time=15:00&zone=UTC&minutes=60"],
    "/groups/<id:group_id>/matches": ["kind=mentorship"],
    "/admin/people": ["q=ana", "q=zzzz"],
    "/admin/roles/new": ["group={academy}", "group={academy}&q=ana"],
    "/admin/audit": [
        "kind=PersonEnrolled",
        "kind=BoardOpened",
        "person={person}",
        "group={cohort}",
        "since=2020-01-01",
        "until=2020-01-01",
        "kind=PersonEnrolled&group={cohort}&since=2020-01-01",
    ],
    "/api/v1/people": ["limit=100", "q=ana"],
    "/api/v1/groups": ["limit=100"],
    "/api/v1/cohorts": ["limit=100"],
    "/api/v1/boards": ["group={cohort}"],
    "/api/v1/spaces": ["limit=100"],
    "/api/v1/skills": ["q=listning"],
}
"""Pages in further states, by their rule."""

FIND = {
    "cohort": """SELECT m.group_id FROM memberships m JOIN cohorts c ON c.id = m.group_id
        WHERE m.person_id = :me ORDER BY m.id LIMIT 1""",
    "academy": "SELECT a.ancestor_id FROM group_ancestors a WHERE a.group_id = :cohort AND a.depth = 1",
    "delivery": "SELECT delivery_id FROM cohorts WHERE id = :cohort",
    "room": "SELECT space_id FROM cohorts WHERE id = :cohort",
    "board": "SELECT b.id FROM boards b JOIN groups g ON g.id = b.id WHERE g.parent_id = :cohort LIMIT 1",
    "academy_board": "SELECT b.id FROM boards b JOIN groups g ON g.id = b.id WHERE g.parent_id = :academy LIMIT 1",
    "thread": "SELECT id FROM spaces WHERE group_id = :board ORDER BY head_no DESC, id LIMIT 1",
    "pair_room": """SELECT p.space_id FROM pairs p JOIN memberships m ON m.group_id = p.group_id
        WHERE m.person_id = :me ORDER BY p.id LIMIT 1""",
    "person": """SELECT person_id FROM memberships WHERE group_id = :cohort AND role = 'learner' AND person_id <> :me
        ORDER BY id LIMIT 1""",
    "own_post": "SELECT id FROM posts WHERE author_id = :me AND space_id = :room AND removed_at IS NULL LIMIT 1",
    "post": "SELECT id FROM posts WHERE space_id = :room AND removed_at IS NULL ORDER BY no DESC LIMIT 1",
    "activity": """SELECT a.id FROM activities a JOIN track_parts p ON p.module_version_id = a.module_version_id
        JOIN deliveries d ON d.track_version_id = p.track_version_id WHERE d.id = :delivery AND a.kind = 'reading'
        ORDER BY p.week, p.position, a.position LIMIT 1""",
    "reflection": """SELECT a.id FROM activities a JOIN track_parts p ON p.module_version_id = a.module_version_id
        JOIN deliveries d ON d.track_version_id = p.track_version_id WHERE d.id = :delivery AND a.kind = 'reflection'
        ORDER BY p.week, p.position, a.position LIMIT 1""",
    "version": "SELECT track_version_id FROM deliveries WHERE id = :delivery",
    "track": "SELECT track_id FROM track_versions WHERE id = :version",
    "workshop": "SELECT id FROM workshops WHERE group_id = :cohort ORDER BY starts_at DESC LIMIT 1",
    "held": "SELECT skill_id FROM person_skills WHERE person_id = :me LIMIT 1",
    "goal": "SELECT skill_id FROM goals WHERE person_id = :me LIMIT 1",
    "pair": """SELECT p.id FROM pairs p JOIN memberships m ON m.group_id = p.group_id
        WHERE m.person_id = :me ORDER BY p.id LIMIT 1""",
    "framework": "SELECT id FROM frameworks WHERE key = 'onet'",
    "occupation": "SELECT id FROM occupations ORDER BY label, id LIMIT 1",
}
"""One after the other; what one finds, the next ones may ask with."""

Made = dict[str, dict[str, str]]


def found(kernel: Kernel, domain: str) -> Made:
    """Return by role what stands for each name; what is not in load data is made, through actions."""
    made = {}
    for role in ROLES:
        with kernel.reading() as session:
            person = session.scalars(select(Person.id).where(Person.email == f"{role}@{domain}")).one()
            made[role] = _of(session, person)
    lead, admin, mentor = (made[name]["me"] for name in ("lead", "admin", "mentor"))
    for role in ("lead", "admin"):  # what they look at is what learners have
        made[role] = {**made["learner"], **{k: v for k, v in made[role].items() if k in ("me", "pair", "pair_room")}}
    cohort, academy = made["learner"]["cohort"], made["learner"]["academy"]
    _matches(kernel, lead, cohort)
    with kernel.reading() as session:
        run = session.scalars(select(Run.id).where(Run.group_id == cohort).order_by(Run.id.desc())).first()
        offer = session.scalars(select(Offer.id).where(Offer.person_id == mentor).order_by(Offer.id)).first()
    shared: dict[str, UUID | None] = {"run": run, "offer": offer, **_draft(kernel, lead, academy)}
    shared["opportunity"] = _opportunity(kernel, lead, academy)
    for role, ids in made.items():
        token = f"{FEED}-{role}"
        kernel.commit(lambda s, who=ids["me"], t=token: feeds.make_feed(s, person_id=who, token=t))
        viewer = _viewer(kernel, ids["me"])
        data = kernel.commit(lambda s, v=viewer: privacy.ask_for_data(s, viewer=v))
        kernel.commit(lambda s, f=data: privacy.keep_data(s, file_id=f, body=b"PK"))
        ids |= {name: one for name, one in shared.items() if one is not None} | {"file": data}
    viewer = _viewer(kernel, admin)
    file = kernel.commit(lambda s: people_file.keep(s, viewer=viewer, name="people.csv", body=FILE))
    return {
        role: {name: encode(one) for name, one in ids.items()}
        | {"people_file": encode(file), "feed": f"{FEED}-{role}", "skill": encode(ids.get("held") or ids["goal"])}
        for role, ids in made.items()
    }


def _of(session: Session, person_id: UUID) -> dict[str, UUID]:
    ids = {"me": person_id}
    hexed = session.connection().dialect.name == "sqlite"
    for name, question in FIND.items():
        wanted = set(re.findall(r":(\w+)", question))
        if not wanted <= ids.keys():
            continue  # it asks with what was not found
        one = session.execute(text(question), {key: ids[key].hex if hexed else ids[key] for key in wanted}).scalar()
        if one is not None:
            ids[name] = one if isinstance(one, UUID) else UUID(one)
    return ids


def _viewer(kernel: Kernel, person_id: UUID) -> Viewer:
    with kernel.reading() as session:
        name = session.get_one(Person, person_id).name
        return Viewer(person_id=person_id, sign_in_id=new_id(), name=name, roles=roles_of(session, person_id))


def _matches(kernel: Kernel, lead: UUID, cohort: UUID) -> None:
    """Let the matcher propose pairs of both kinds, and make the mentors' known."""
    viewer = _viewer(kernel, lead)
    for kind in ("buddy", "mentorship"):
        kernel.commit(lambda s, k=kind: runs.ask_run(s, viewer=viewer, group_id=cohort, kind=k))
    with kernel.quiet("mail.send"):
        kernel.runner.run_due()
        with kernel.reading() as session:
            waiting = session.scalars(
                select(Run).where(Run.group_id == cohort, Run.kind == "mentorship", Run.state == "proposed")
            ).first()
        if waiting is not None:
            kernel.commit(lambda s: runs.publish(s, viewer=viewer, run_id=waiting.id, version=waiting.version))


def _draft(kernel: Kernel, lead: UUID, academy: UUID) -> dict[str, UUID | None]:
    viewer = _viewer(kernel, lead)
    draft = kernel.commit(
        lambda s: drafts.begin_track(
            s, viewer=viewer, academy_group_id=academy, title=f"Walked {new_id()}", summary="One line.", weeks=3
        )
    )
    text = ActivityText(
        kind="reading", title="What and how", summary="Two words.", minutes=6, body="Most questions can be answered."
    )
    kernel.commit(
        lambda s: parts.add_module(
            s, viewer=viewer, draft_id=draft, title="One", summary="One line.", icon="ear", week=1, activities=[text]
        )
    )
    with kernel.reading() as session:
        module = session.scalars(select(DraftModule.id).where(DraftModule.draft_id == draft)).one()
        activity = session.scalars(select(DraftActivity.id).where(DraftActivity.module_id == module)).one()
    return {"draft": draft, "draft_module": module, "draft_activity": activity}


def _opportunity(kernel: Kernel, lead: UUID, academy: UUID) -> UUID:
    viewer = _viewer(kernel, lead)
    with kernel.reading() as session:
        asked = session.scalars(select(Skill.id).where(Skill.kind != "group").order_by(Skill.key).limit(3)).all()
    written = careers.Written(
        title=f"Walked {new_id()}",
        body_md="Two words.",
        body_html="<p>Two words.</p>",
        renderer=1,
        closes_on=clock.now().date() + timedelta(days=30),
        contact_id=lead,
        skills=dict.fromkeys(asked, 2),
    )
    return kernel.commit(lambda s: careers.open_opportunity(s, viewer=viewer, group_id=academy, written=written))


def rules(app: Flask) -> list[Rule]:
    """Return every rule that answers GET, files of the house left out."""
    return sorted(
        (r for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.rule.startswith("/static/")),
        key=lambda rule: rule.rule,
    )


def of_rule(rule: Rule) -> list[str]:
    """Return the addresses of a rule, with names in braces for what differs by role; unknown arguments are an error."""
    kinds: Mapping[str, Any] = {**ELSE, **FURTHER, **(OF_DRAFTS if rule.rule.startswith("/draft-") else {})}
    addresses = [rule.rule]
    for argument in rule.arguments:
        if argument == "token":
            names = ["feed"] if rule.rule.startswith("/calendar/") else [""]
        elif rule.rule.startswith("/people/file/"):
            names = ["people_file"]
        elif rule.endpoint in ("posts.edit", "posts.ask"):
            names = ["own_post"]
        elif rule.rule.startswith("/api/v1/me/goals/"):
            names = ["goal"]
        else:
            names = kinds[argument]
        marks = [mark for mark in (f"<{argument}>", f"<id:{argument}>") if mark in rule.rule]
        addresses = [
            address.replace(marks[0], f"{{{name}}}" if name else NOBODYS) for address in addresses for name in names
        ]
    return [*addresses, *(f"{one}?{state}" for one in addresses for state in STATES.get(rule.rule, ()))]
