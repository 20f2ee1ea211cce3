"""Somebody who left a trace in every kind of place, and where in the database it stands."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from academy.accounts.models import Invitation, MailedLink
from academy.kernel import clock, mail
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import decode, new_id
from academy.kernel.once import IdempotentRequest
from academy.people import actions as person_actions
from academy.people.models import Membership, Person
from academy.privacy import actions
from academy.privacy.queries import PersonData
from academy.tokens import actions as tokens
from academy.tokens.engine import new_token
from academy.tracks import actions as tracks
from mentoring.pairs.models import Pair
from tests.contracts.test_migrations import tables
from tests.factories import forums, people, world

NAME, ADDRESS, MARK = "Quillon Zebrafinch", "quillon.z@example.org", "xyzzyplugh"


def holding(kernel: Kernel, *words: str) -> set[str]:
    """Return where in the whole database any of these words stands, as "table.column: word"."""
    found = set()
    with kernel.reading() as session:
        for table in tables():
            for column in table.columns:
                text = func.lower(cast(column, Text))
                for word in words:
                    forms = {word.lower(), json.dumps(word)[1:-1].lower()}
                    if session.execute(select(table).where(or_(*(text.contains(f) for f in forms))).limit(1)).first():
                        found.add(f"{table.name}.{column.name}: {word}")
    return found


def named(made: dict[str, str]) -> dict[str, UUID]:
    """Return the ids of the world; what it hands out besides, such as mailed links, is left out."""
    found = {}
    for name, value in made.items():
        with contextlib.suppress(Missing):
            found[name] = decode(value)
    return found


def lived(kernel: Kernel, app: Flask) -> dict[str, UUID]:
    """Make the world, and let its learner leave a trace in every kind of place."""
    with app.app_context():
        ids = named(world.build(kernel))
    me = ids["learner"]

    def rename(session: Session) -> None:
        row = session.get_one(Person, me)
        row.name, row.email, row.email_key = NAME, ADDRESS, ADDRESS
        row.about, row.pronouns, row.external_id = f"I am {MARK}", MARK, MARK
        session.get_one(Person, ids["peer"]).manager_id = me
        for group_id, space in session.execute(select(Pair.group_id, Pair.space_id)):
            if group_id in session.scalars(select(Membership.group_id).where(Membership.person_id == me)).all():
                person_actions.rename_group(session, group_id=group_id, name="Mentor and Quillon")
                forums.spaces.retitle(session, space_id=space, title="Mentor and Quillon")

    kernel.commit(rename)
    viewer = people.viewer(kernel, me)
    forums.change(kernel, me, ids["room"], ids["post"], f"Second thought {MARK}")
    ids["second"] = forums.say(kernel, me, ids["room"], f"Once more {MARK}").id
    forums.change(kernel, me, ids["room"], ids["second"], f"Edited {MARK}")
    ids["named"] = forums.say(kernel, ids["peer"], ids["room"], f"Thank you, @{NAME}. Well said.").id
    thread = forums.thread(kernel, me, ids["board"], f"How do you {MARK}?")
    forums.say(kernel, me, thread, f"I did {MARK}")
    ids["mine"] = thread
    forums.react(kernel, me, ids["named"])
    forums.react(kernel, ids["peer"], ids["second"])
    kernel.commit(lambda s: tracks.reflect(s, viewer=viewer, activity_id=ids["reflection"], body=f"Dear diary {MARK}"))
    kernel.commit(lambda s: person_actions.block(s, person_id=me, blocked_id=ids["colleague"]))
    kernel.commit(lambda s: person_actions.block(s, person_id=ids["peer"], blocked_id=me))
    kernel.commit(lambda s: person_actions.sign_in(s, person_id=me, token_hash="t" * 64, agent=f"Browser {MARK}"))
    kernel.commit(lambda s: tokens.make_token(s, viewer=viewer, token=new_token(), name=MARK, scopes=["read"], days=30))
    kernel.commit(lambda s: mail.note(s, letter(NAME, ADDRESS, "Hello"), me))
    for to in (
        (NAME, ADDRESS, f"Hello {NAME}, {MARK}"),
        ("Peer", "peer@example.org", f"{NAME} ({ADDRESS}) wrote to you"),
    ):
        kernel.commit(lambda s, t=to: mail.post(s, letter(*t)))
    kernel.commit(lambda s: actions.disclose(s, viewer_id=ids["lead"], what="page", person_ids=[me]))
    kernel.commit(lambda s: invited(s, ids))
    for who, body in ((me, f'{{"text": "{MARK}"}}'), (ids["peer"], f'{{"author": "{NAME}"}}')):
        kept = {"person_id": who, "key": "k", "fingerprint": "f", "status": 201, "headers": {}, "body": body}
        kernel.commit(lambda s, k=kept: s.add(IdempotentRequest(at=clock.now(), **k)))
    return ids


def invited(session: Session, ids: dict[str, UUID]) -> None:
    """Invite the learner's address into another group, and mail them a link."""
    now = clock.now()
    asked = Invitation(
        id=new_id(),
        group_id=ids["academy"],
        role="learner",
        name=NAME,
        address=ADDRESS,
        address_key=ADDRESS,
        invited_by_id=ids["lead"],
        sent_at=now,
    )
    session.add(asked)
    session.flush()
    for number, about in enumerate(({"person_id": ids["learner"]}, {"invitation_id": asked.id})):
        link = {"token_hash": f"{number}" * 64, "address": ADDRESS, "created_at": now, "expires_at": now}
        session.add(MailedLink(id=new_id(), kind="undo", **link, **about))


def letter(name: str, address: str, text: str) -> mail.Letter:
    return mail.Letter(to_name=name, to_address=address, subject=text, text=text)


def erase(kernel: Kernel, person_id: UUID) -> None:
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=person_id, actor_id=person_id))
    with clock.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert kernel.commit(lambda s: actions.erase(s, person_id=person_id, parts=kernel.slots(PersonData)))
