"""What goes with each request of the table: a form, JSON or nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from academy.tracks.engine import write_pack
from tests.contracts.conftest import Doors
from tests.factories import media, tracks
from tests.factories.world import PASSWORD

Ids = dict[str, str]


def _workshop(ids: Ids) -> dict[str, object]:
    day = datetime.now(UTC) + timedelta(days=9)
    return {
        "title": "Asking better questions",
        "agenda": "One round each.",
        "date": f"{day:%Y-%m-%d}",
        "time": "15:00",
        "zone": "Europe/Berlin",
        "minutes": "60",
        "venue_url": "https://meet.example.org/room",
        "facilitator": ids["facilitator"],
    }


TEXT: dict[str, object] = {"title": "A new title", "summary": "One line."}


def _thread(_ids: Ids, _who: str) -> dict[str, object]:
    return {"title": "How do you end?", "body": "I never know.", "nonce": uuid4().hex}


OPPORTUNITY = {
    "title": "Host the forum",
    "body": "Two hours a *week*.",
    "skills": "Haskell: 3",
    "closes_on": f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}",
    "contact": "Lead",
}
ACCOUNT = {"name": "Nia Newhere", "password": "tea with three sugars", "zone": "Europe/Lisbon"}

FORMS: dict[tuple[str, str], Callable[[Ids, str], dict[str, object]]] = {
    ("POST", "/sign-in"): lambda _, who: {
        "email": f"{'learner' if who == 'nobody' else who}@example.org",
        "password": PASSWORD,
    },
    ("POST", "/me"): lambda *_: {
        "name": "A new name",
        "zone": "Europe/Lisbon",
        "languages": ["en"],
        "pronouns": "",
        "about": "",
    },
    ("POST", "/me/display"): lambda *_: {"theme": "dark", "contrast": "more", "announce": "names"},
    ("POST", "/me/blocks"): lambda ids, _: {"person_id": ids["colleague"]},
    ("POST", "/forgot"): lambda *_: {"email": "learner@example.org"},
    ("POST", "/reset/{reset}"): lambda *_: {"password": "tea with three sugars"},
    ("POST", "/join/{join}"): lambda *_: {"email": "somebody@example.org"},
    ("POST", "/invited/{invited}"): lambda *_: {**ACCOUNT},
    ("POST", "/welcome/{welcome}"): lambda *_: {**ACCOUNT},
    ("POST", "/groups/{cohort}/invitations"): lambda *_: {
        "name": "Ivo",
        "email": "ivo@example.org",
        "role": "learner",
    },
    ("POST", "/groups/{cohort}/links"): lambda *_: {"days": "7", "seats": ""},
    ("POST", "/groups/{academy}/links"): lambda *_: {"days": "7", "seats": "3"},
    ("POST", "/me/email"): lambda *_: {"email": "another@example.org", "present": PASSWORD},
    ("POST", "/me/password"): lambda *_: {"present": PASSWORD, "password": "tea with three sugars"},
    ("POST", "/me/skills"): lambda ids, _: {"skill_id": ids["skill"], "level": "3"},
    ("POST", "/me/goals"): lambda ids, _: {"skill_id": ids["skill"], "level": "3"},
    ("POST", "/people/{learner}/levels"): lambda ids, _: {"skill_id": ids["skill"], "level": "4"},
    ("POST", "/me/target"): lambda ids, _: {"occupation_id": ids["occupation"]},
    ("POST", "/academies/{academy}/needs"): lambda ids, _: {"skill_id": ids["skill"], "level": "3", "people": "2"},
    ("POST", "/opportunities"): lambda ids, _: {"group": ids["academy"], **OPPORTUNITY},
    ("POST", "/opportunities/{opportunity}/edit"): lambda *_: {"version": "1", **OPPORTUNITY},
    ("POST", "/opportunities/{opportunity}/close"): lambda *_: {"on": "1"},
    ("POST", "/me/proof"): lambda *_: {"password": PASSWORD},
    ("POST", "/me/tokens"): lambda *_: {"name": "A script", "verbs": ["read"], "days": "30"},
    ("POST", "/admin/settings"): lambda *_: {
        "name": "Fernhill Ltd",
        "zone": "Europe/Berlin",
        "contact": "a@example.org",
    },
    ("POST", "/admin/academies"): lambda *_: {"name": "West Academy"},
    ("POST", "/admin/academies/{academy}/rename"): lambda *_: {"name": "Northern Academy"},
    ("POST", "/admin/roles"): lambda ids, _: {"group": ids["academy"], "person": ids["newcomer"], "role": "lead"},
    ("POST", "/admin/roles/end"): lambda ids, _: {"group": ids["academy"], "person": ids["lead"], "role": "lead"},
    ("POST", "/admin/people/{learner}/manager"): lambda *_: {"manager": "lead@example.org"},
    ("POST", "/me/data/file/{data_file}"): lambda *_: {"password": PASSWORD},
    ("POST", "/me/data/erase"): lambda *_: {"password": PASSWORD},
    ("POST", "/people/{newcomer}/erase"): lambda *_: {"password": PASSWORD},
    ("POST", "/admin/frameworks"): lambda *_: {
        "file": (io.BytesIO(b"kind,key,label,version\nframework,new,New skills,1\n"), "new.csv")
    },
    ("POST", "/people/file"): lambda *_: {"file": (io.BytesIO(b"email,name\nnew@example.org,New\n"), "people.csv")},
    ("POST", "/activities/{reflection}/reflect"): lambda *_: {"body": "I listened more than I spoke."},
    ("POST", "/tracks"): lambda ids, _: {**TEXT, "weeks": "3", "academy": ids["academy"]},
    ("POST", "/tracks/upload"): lambda ids, _: {
        "academy": ids["academy"],
        "pack": (io.BytesIO(write_pack(tracks.pack("brought")).encode()), "brought.toml"),
    },
    ("POST", "/drafts/{draft}/edit"): lambda ids, _: {
        **TEXT,
        "weeks": "3",
        "skills": "show empathy\nNobody's skill",
        "version": ids["draft_version"],
    },
    ("POST", "/drafts/{draft}/publish"): lambda ids, _: {"version": ids["draft_version"]},
    ("POST", "/drafts/{draft}/discard"): lambda ids, _: {"version": ids["draft_version"]},
    ("POST", "/drafts/{draft}/modules"): lambda *_: {**TEXT, "week": "1"},
    ("POST", "/draft-modules/{draft_module}"): lambda *_: {**TEXT, "week": "1", "version": "1"},
    ("POST", "/draft-modules/{draft_module}/move"): lambda *_: {"to": "down"},
    ("POST", "/draft-modules/{draft_module}/remove"): lambda *_: {"version": "1"},
    ("POST", "/draft-modules/{draft_module}/activities"): lambda *_: {**TEXT, "kind": "reading", "minutes": "7"},
    ("POST", "/draft-activities/{draft_activity}"): lambda *_: {
        **TEXT,
        "kind": "reading",
        "minutes": "7",
        "version": "1",
    },
    ("POST", "/draft-activities/{draft_video}/video"): lambda *_: {
        "version": "2",
        "video": (io.BytesIO(media.FILM), "film.webm"),
    },
    ("POST", "/draft-activities/{draft_activity}/move"): lambda *_: {"to": "up"},
    ("POST", "/draft-activities/{draft_activity}/remove"): lambda *_: {"version": "1"},
    ("POST", "/cohorts"): lambda ids, _: {
        "name": "Cohort Wren",
        "track": ids["newer"],
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
        "seats": "",
        "agreements": "",
    },
    ("POST", "/cohorts/{cohort}/edit"): lambda *_: {
        "name": "Cohort Wren",
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
        "version": "1",
    },
    ("POST", "/cohorts/{cohort}/close"): lambda *_: {"version": "1"},
    ("POST", "/cohorts/{closed}/open"): lambda *_: {"version": "2"},
    ("POST", "/cohorts/{cohort}/upgrade"): lambda ids, _: {"before": ids["track"], "after": ids["newer"]},
    ("POST", "/cohorts/{cohort}/enroll/addresses"): lambda *_: {"addresses": "outsider@example.org"},
    ("POST", "/cohorts/{cohort}/enroll/file"): lambda *_: {
        "roster": (io.BytesIO(b"email,role\noutsider@example.org,mentor\n"), "roster.csv"),
    },
    ("POST", "/cohorts/{cohort}/roles"): lambda ids, _: {"member": f"{ids['colleague']}.learner", "to": "mentor"},
    ("POST", "/cohorts/{full}/waitlist/move"): lambda ids, _: {"person": ids["second"], "to": "1", "reason": "need"},
    ("POST", "/cohorts/{full}/waitlist/remove"): lambda ids, _: {"person": ids["second"]},
    ("POST", "/cohorts/{cohort}/enroll"): lambda ids, _: {"people": [ids["newcomer"]], "role": "learner"},
    ("POST", "/cohorts/{cohort}/remove"): lambda ids, _: {"person": ids["colleague"], "role": "learner"},
    ("POST", "/spaces/{room}/posts"): lambda *_: {"body": "Hello, everybody.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{pair_room}/posts"): lambda *_: {"body": "Hello, you.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{room}/read"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{pair_room}/read"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{room}/unread"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{pair_room}/unread"): lambda *_: {"no": "1"},
    ("POST", "/posts/{post}/edit"): lambda *_: {"body": "A second thought."},
    ("POST", "/posts/{post}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/posts/{private_post}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/boards"): lambda ids, _: {"group": ids["cohort"], "name": "What we try", "about": ""},
    ("POST", "/boards/{board}/edit"): lambda *_: {"name": "What we try", "about": "One thing each."},
    ("POST", "/boards/{academy_board}/edit"): lambda *_: {"name": "What we try", "about": "One thing each."},
    ("POST", "/boards/{board}/close"): lambda *_: {"on": "1"},
    ("POST", "/boards/{board}/threads"): _thread,
    ("POST", "/boards/{academy_board}/threads"): _thread,
    ("POST", "/spaces/{thread}/posts"): lambda *_: {"body": "By asking.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{thread}/read"): lambda *_: {"no": "1"},
    ("POST", "/threads/{thread}/follow"): lambda *_: {"on": "1"},
    ("POST", "/spaces/{room}/slow"): lambda *_: {"seconds": "30"},
    ("POST", "/spaces/{thread}/slow"): lambda *_: {"seconds": "30"},
    ("POST", "/spaces/{academy_thread}/slow"): lambda *_: {"seconds": "30"},
    ("POST", "/threads/{thread}/pin"): lambda *_: {"on": "1"},
    ("POST", "/threads/{thread}/lock"): lambda *_: {"on": "1"},
    ("POST", "/threads/{academy_thread}/lock"): lambda *_: {"on": "1"},
    ("POST", "/posts/{answer}/solve"): lambda *_: {"on": "1"},
    ("POST", "/posts/{answer}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/mentoring"): lambda ids, _: {"group": ids["academy"], "capacity": "2", "offers": "Listening."},
    ("POST", "/offers/{offer}/accept"): lambda *_: {"version": "1"},
    ("POST", "/offers/{offer}/decline"): lambda *_: {"version": "1", "reason": "A full autumn."},
    ("POST", "/pairs/{pair}/end"): lambda *_: {"reason": "Other hours."},
    ("POST", "/groups/{cohort}/matches"): lambda *_: {"kind": "buddy"},
    ("POST", "/groups/{cohort}/matches/settings"): lambda *_: {
        "kind": "buddy",
        "version": "0",
        "help": "20",
        "shared_goals": "40",
        "hours": "20",
        "rarity": "10",
        "languages": "5",
        "zone": "5",
    },
    ("POST", "/groups/{cohort}/matches/choices"): lambda ids, _: {
        "kind": "buddy",
        "say": f"excluded {ids['learner']} {ids['peer']}",
    },
    ("POST", "/groups/{cohort}/matches/swap"): lambda ids, _: {
        "kind": "buddy",
        "one": ids["learner"],
        "other": ids["peer"],
    },
    ("POST", "/runs/{run}/publish"): lambda *_: {"version": "2"},
    ("POST", "/workshops"): lambda ids, _: {**_workshop(ids), "group": ids["cohort"]},
    ("POST", "/workshops/{workshop}/answer"): lambda *_: {"answer": "going"},
    ("POST", "/workshops/{workshop}/move"): lambda ids, _: {**_workshop(ids), "version": "1"},
    ("POST", "/workshops/{workshop}/cancel"): lambda *_: {"version": "1"},
}
"""What each form sends: something valid, so that a refusal is about rights."""

BODIES: dict[tuple[str, str], Callable[[Ids], dict[str, object]]] = {
    ("PATCH", "/api/v1/me/profile"): lambda _: {"about": "I ask more than I say."},
    ("PUT", "/api/v1/me/skills/{skill}"): lambda _: {"level": 3},
    ("PUT", "/api/v1/me/goals/{skill}"): lambda _: {"level": 5},
    ("PUT", "/api/v1/activities/{reflection}/reflection"): lambda _: {"body": "I listened."},
    ("POST", "/api/v1/cohorts"): lambda ids: {
        "name": "Cohort Wren",
        "track": ids["newer"],
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
    },
    ("POST", "/api/v1/cohorts/{cohort}/enroll"): lambda ids: {"people": [ids["newcomer"]]},
    ("POST", "/api/v1/cohorts/{cohort}/remove"): lambda ids: {"person": ids["colleague"], "role": "learner"},
    ("PUT", "/api/v1/spaces/{room}/slow"): lambda _: {"seconds": 30},
    ("PUT", "/api/v1/spaces/{thread}/slow"): lambda _: {"seconds": 30},
    ("PUT", "/api/v1/spaces/{room}/read"): lambda _: {"no": 1},
    ("PUT", "/api/v1/spaces/{pair_room}/read"): lambda _: {"no": 1},
    ("POST", "/api/v1/spaces/{room}/posts"): lambda _: {"body": "Hello, everybody.", "nonce": uuid4().hex},
    ("POST", "/api/v1/spaces/{pair_room}/posts"): lambda _: {"body": "Hello, you.", "nonce": uuid4().hex},
    ("PATCH", "/api/v1/posts/{post}"): lambda _: {"body": "A second thought."},
    ("PATCH", "/api/v1/posts/{private_post}"): lambda _: {"body": "A second thought."},
    ("PUT", "/api/v1/posts/{post}/reaction"): lambda _: {"emoji": "\N{YELLOW HEART}", "on": True},
    ("PUT", "/api/v1/posts/{private_post}/reaction"): lambda _: {"emoji": "\N{YELLOW HEART}", "on": True},
    ("POST", "/api/v1/boards"): lambda ids: {"group": ids["cohort"], "name": "What we try"},
    ("PATCH", "/api/v1/boards/{board}"): lambda _: {"name": "What we try", "closed": True},
    ("PATCH", "/api/v1/boards/{academy_board}"): lambda _: {"name": "What we try", "closed": True},
    ("POST", "/api/v1/boards/{board}/threads"): lambda _: {"title": "How do you end?", "body": "I never know."},
    ("POST", "/api/v1/boards/{academy_board}/threads"): lambda _: {"title": "How do you end?", "body": "I never know."},
    ("PATCH", "/api/v1/threads/{thread}"): lambda _: {"pinned": True, "locked": True},
    ("PATCH", "/api/v1/threads/{academy_thread}"): lambda _: {"pinned": True, "locked": True},
    ("PUT", "/api/v1/threads/{thread}/follow"): lambda _: {"on": True},
    ("PUT", "/api/v1/threads/{thread}/answer"): lambda ids: {"post": ids["answer"]},
    ("POST", "/api/v1/groups/{cohort}/matches"): lambda _: {"kind": "buddy"},
    ("POST", "/api/v1/runs/{run}/publish"): lambda _: {"version": 2},
    ("POST", "/api/v1/offers/{offer}/accept"): lambda _: {"version": 1},
    ("POST", "/api/v1/offers/{offer}/decline"): lambda _: {"version": 1, "reason": "A full autumn."},
    ("POST", "/api/v1/pairs/{pair}/end"): lambda _: {"reason": "Other hours."},
    ("POST", "/api/v1/workshops"): lambda ids: {**_written(ids), "group": ids["cohort"]},
    ("PUT", "/api/v1/workshops/{workshop}"): lambda ids: _written(ids),
    ("PUT", "/api/v1/workshops/{workshop}/rsvp"): lambda _: {"answer": "going"},
}
"""What programs send, as JSON."""


def sending(doors: Doors, method: str, address: str, column: str) -> dict[str, object]:
    """Return what goes with a request: a form, JSON or nothing."""
    if (method, address) in BODIES:
        return {"json": BODIES[method, address](doors.made.ids)}
    return {"data": FORMS.get((method, address), lambda *_: {})(doors.made.ids, column) or None}


def _written(ids: Ids) -> dict[str, object]:
    return {
        "title": "Asking better questions",
        "wall_start": f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}T15:00",
        "zone": "Europe/Berlin",
        "minutes": 60,
        "facilitator": ids["facilitator"],
    }
