"""The words of notices about runs and offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel.ids import encode
from academy.notices.queries import NoticeKind, Told
from academy.web import i18n
from mentoring.matches.models import OfferState, RunState
from mentoring.matches.queries import offered, proposed
from mentoring.matches.reactions import NO_CANDIDATE, OFFER, OFFER_REMINDER, OFFER_TAKEN_BACK, RUN_READY
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from academy.notices.models import Notice
    from mentoring.matches.queries.offered import OfferLine
    from mentoring.matches.queries.proposed import RunNotice


def tell_offers(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say who would like a mentor and until when there is time. One statement."""
    lines = offered.offers_by_id(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _offer(notice.kind, lines[notice.ref]) for notice in notices if notice.ref in lines}


def _offer(kind: str, line: OfferLine) -> Told:
    url = f"/offers/{encode(line.offer_id)}"
    if kind == OFFER_TAKEN_BACK:
        title = _("You need not answer about %(name)s any more", name=line.learner.name)
        words = _("The question was taken back, as things have changed. Nothing is expected of you.")
        return Told(title, words, url, "undo")
    if line.state != OfferState.PENDING:
        title = _("You were asked to mentor %(name)s", name=line.learner.name)
        return Told(title, _("This offer has been answered, or its time is over."), url, "handshake")
    until = i18n.day(line.expires_at)
    if kind == OFFER_REMINDER:
        title = _("%(name)s still hopes for your answer", name=line.learner.name)
        return Told(title, _("There is time until %(day)s. A no is fine too.", day=until), url, "hourglass")
    title = _("Would you mentor %(name)s?", name=line.learner.name)
    return Told(title, _("See why you fit, and answer until %(day)s.", day=until), url, "handshake")


def tell_runs(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say that the matcher has answered. One statement."""
    found = proposed.runs_by_id(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _run(found[notice.ref]) for notice in notices if notice.ref in found}


def _run(run: RunNotice) -> Told:
    url = f"/groups/{encode(run.group_id)}/matches?kind={run.kind}"
    if run.state == RunState.FAILED:
        title = _("The proposal for %(group)s could not be worked out", group=run.group_name)
        return Told(title, _("Nothing was changed. See what you can do."), url, "alert")
    if run.settings.get("placed") == 0:
        return _nobody(run, url)
    title = _("Learning buddies are proposed for %(group)s", group=run.group_name)
    if run.kind == PairKind.MENTORSHIP:
        title = _("Mentors are proposed for %(group)s", group=run.group_name)
    return Told(title, _("Read why, then publish. Nobody is told before you do."), url, "users")


def _nobody(run: RunNotice, url: str) -> Told:
    """Say honestly that a proposal is empty: nobody waits for anybody, or nobody could be placed."""
    mentors = run.kind == PairKind.MENTORSHIP
    if not run.settings.get("considered"):
        title = _("Nobody in %(group)s waits for a learning buddy", group=run.group_name)
        if mentors:
            title = _("Nobody in %(group)s waits for a mentor", group=run.group_name)
        return Told(title, _("There is nothing to propose now. Nobody else was told."), url, "info")
    title = _("No learning buddies could be found in %(group)s", group=run.group_name)
    if mentors:
        title = _("No mentors could be found in %(group)s", group=run.group_name)
    return Told(title, _("See why, and what would help. Nobody else was told."), url, "info")


def tell_no_candidate(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say whose candidates have all been asked. One statement."""
    found = proposed.learners_by_match(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _no_candidate(found[notice.ref]) for notice in notices if notice.ref in found}


def _no_candidate(run: RunNotice) -> Told:
    title = _("No mentor is left to ask for %(name)s", name=run.learner)
    line = _("Worth a conversation. A new proposal may find somebody, as places free up.")
    return Told(title, line, f"/groups/{encode(run.group_id)}/matches?kind={run.kind}", "user-plus")


NOTICE_KINDS = [
    NoticeKind(OFFER, tell_offers),
    NoticeKind(OFFER_REMINDER, tell_offers),
    NoticeKind(OFFER_TAKEN_BACK, tell_offers),
    NoticeKind(RUN_READY, tell_runs),
    NoticeKind(NO_CANDIDATE, tell_no_candidate),
]
