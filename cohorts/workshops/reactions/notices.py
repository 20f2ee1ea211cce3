"""The words of notices about workshops, made when the inbox is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.web import i18n
from cohorts.workshops.queries import listing
from cohorts.workshops.queries.listing import WorkshopLine
from cohorts.workshops.reactions.consequences import CANCELLED, MOVED, REMINDER, SCHEDULED

Words = Callable[[WorkshopLine, str, str], tuple[str, str]]


def _scheduled(line: WorkshopLine, day: str, time: str) -> tuple[str, str]:
    return (
        _("New workshop: %(title)s", title=line.title),
        _("%(day)s, %(time)s your time. Say whether you are coming.", day=day, time=time),
    )


def _moved(line: WorkshopLine, day: str, time: str) -> tuple[str, str]:
    asked = line.answer == "invited"
    return (
        _("Changed: %(title)s", title=line.title),
        _("It is on %(day)s, %(time)s your time. Say again whether you are coming.", day=day, time=time)
        if asked
        else _("It is on %(day)s, %(time)s your time.", day=day, time=time),
    )


def _cancelled(line: WorkshopLine, day: str, time: str) -> tuple[str, str]:
    return (
        _("Cancelled: %(title)s", title=line.title),
        _("It was planned for %(day)s, %(time)s your time.", day=day, time=time),
    )


def _reminder(line: WorkshopLine, day: str, time: str) -> tuple[str, str]:
    del day
    return (
        _("Soon: %(title)s", title=line.title),
        _("It begins at %(time)s your time. The door opens ten minutes before.", time=time),
    )


def _teller(words: Words) -> Callable[[Session, Viewer, Sequence[Notice]], Mapping[UUID, Told]]:
    def tell(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
        lines = listing.told_of(session, viewer, [notice.ref for notice in notices])
        told = {}
        for notice in notices:
            line = lines.get(notice.ref)
            if line is not None:
                at = line.starts_at
                title, text = words(line, i18n.day(at, viewer.zone), i18n.time_of(at, viewer.zone))
                told[notice.id] = Told(title, text, f"/workshops/{encode(line.id)}", "calendar")
        return told

    return tell


NOTICE_KINDS = [
    NoticeKind(SCHEDULED, _teller(_scheduled)),
    NoticeKind(MOVED, _teller(_moved)),
    NoticeKind(CANCELLED, _teller(_cancelled)),
    NoticeKind(REMINDER, _teller(_reminder)),
]
