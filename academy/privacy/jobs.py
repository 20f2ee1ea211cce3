"""Jobs of personal data: put a file together, erase, tell by mail, forget what is old."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from academy.kernel import clock, mail
from academy.kernel.ids import encode
from academy.kernel.jobs import JobKind
from academy.people.models import Person
from academy.privacy import actions, queries
from academy.privacy.models import DataFile
from academy.privacy.queries import PersonData
from academy.privacy.reactions import ERASE, FORGET, LETTER, PACK
from academy.web import i18n

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel


def wanted(session: Session, payload: dict[str, Any]) -> str | None:
    """Return whose data is wanted, unless the file is no longer waited for."""
    waits = session.scalar(select(DataFile.id).where(DataFile.id == UUID(payload["file_id"]), DataFile.body.is_(None)))
    person: str = payload["person_id"]
    return person if waits is not None else None


def pack(kernel: Kernel, _job_id: UUID, person: str) -> bytes:
    """Put together everything that is stored about a person: one JSON file in a ZIP."""
    with kernel.reading() as session:
        found = queries.everything(session, UUID(person), kernel.slots(PersonData))
    text = json.dumps({"made_at": clock.now(), **found}, ensure_ascii=False, indent=1, default=_plain)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("my-data.json", text)
    return held.getvalue()


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return encode(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def keep(session: Session, payload: dict[str, Any], body: bytes) -> None:
    """Keep the file."""
    actions.keep_data(session, file_id=UUID(payload["file_id"]), body=body)


def parts(kernel: Kernel, _job_id: UUID, _value: Any) -> list[PersonData]:
    """Gather the parts that every package keeps."""
    return kernel.slots(PersonData)


def erase(session: Session, payload: dict[str, Any], found: list[PersonData]) -> None:
    """Erase somebody's data if it is still asked for and due."""
    actions.erase(session, person_id=UUID(payload["person_id"]), parts=found)


def forget(session: Session, _payload: dict[str, Any], _value: Any) -> None:
    """Remove what is kept for a time only, once that is over."""
    actions.forget_old(session)


def addressee(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return to whom the letter goes, while the erasure waits."""
    person_id = UUID(payload["person_id"])
    if queries.erasure_of(session, person_id) is None:
        return None
    row = session.execute(select(Person.name, Person.email, Person.zone).where(Person.id == person_id)).one()
    return {"name": row.name, "email": row.email, "zone": row.zone, "due_at": payload["due_at"]}


def write(kernel: Kernel, _job_id: UUID, found: dict[str, Any]) -> mail.Letter:
    """Write to somebody that their data will be erased, and how to keep it."""
    day = i18n.day(datetime.fromisoformat(found["due_at"]), found["zone"])
    text = _(
        "Hello %(name)s,\n\non %(day)s what is stored about you at the academy will be erased, as was asked. Your "
        "messages will be empty then, and you can no longer sign in.\n\nUntil then it can be taken back: %(url)s\n\n"
        "If it was not you who asked, take it back now, and change your password.\n",
        name=found["name"],
        day=day,
        url=f"{kernel.settings.base_url}/me/data",
    )
    subject = _("Your data will be erased on %(day)s", day=day)
    return mail.Letter(to_name=found["name"], to_address=found["email"], subject=subject, text=text, about="erasure")


def promise(session: Session, _payload: dict[str, Any], letter: mail.Letter) -> None:
    """Promise the letter."""
    mail.post(session, letter)


JOBS = [
    JobKind(PACK, read=wanted, outside=pack, apply=keep),
    JobKind(ERASE, outside=parts, apply=erase),
    JobKind(LETTER, read=addressee, outside=write, apply=promise),
    JobKind(FORGET, apply=forget, every=timedelta(hours=6)),
]
