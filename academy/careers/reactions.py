"""Consequences of levels that others state: the person is told, once for each who states some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from academy.kernel.events import within
from academy.kernel.ids import encode
from academy.notices.actions import notify
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.people.models import Person
from academy.skills.actions import NAMED
from academy.skills.events import SkillSet
from academy.skills.models import Skill

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

STATED = "careers.stated"


def tell(session: Session, event: SkillSet) -> None:
    """Tell somebody that another stated a level of theirs; not again while they have not read it of the same one."""
    if event.source not in NAMED or not event.level or event.actor_id in {None, event.person_id}:
        return
    waits = select(Notice.id).where(
        Notice.person_id == event.person_id,
        Notice.kind == STATED,
        Notice.actor_id == event.actor_id,
        Notice.read_at.is_(None),
    )
    if session.scalar(waits.limit(1)) is None:
        notify(session, person_id=event.person_id, kind=STATED, ref=event.skill_id, actor_id=event.actor_id)


def _told(session: Session, _viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say who stated a level, and lead to the skill, where all that was said of it stands. One statement."""
    rows = session.execute(
        select(Notice.id, Notice.ref, Person.name, Skill.label)
        .join(Person, Person.id == Notice.actor_id)
        .join(Skill, Skill.id == Notice.ref)
        .where(Notice.id.in_([notice.id for notice in notices]))
    )
    return {
        row.id: Told(
            _("%(name)s said at which level they see you", name=row.name),
            _("“%(skill)s”, for a start. Only you see who said what.", skill=row.label),
            f"/skills/{encode(row.ref)}",
            "target",
        )
        for row in rows
    }


REACTIONS = [within(SkillSet, tell)]
NOTICE_KINDS = [NoticeKind(STATED, _told)]
