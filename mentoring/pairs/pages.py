"""Ending a pair, and the words of notices about pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.notices.queries import NoticeKind, Told
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.pairs import actions, queries
from mentoring.pairs.models import PairKind
from mentoring.pairs.reactions import BUDDY, OFFER_ACCEPTED, PARTED, PARTNER_LEFT, PAUSED, RESUMED
from mentoring.pairs.schemas import EndIn

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from academy.notices.models import Notice
    from academy.people.queries import Face
    from mentoring.pairs.queries import OwnPair, PairLine

blueprint = Blueprint("pairs", __name__)


@blueprint.get("/pairs/<id:pair_id>/end")
@guard("matches:mentor")
def ending(pair_id: UUID) -> str:
    """Ask whether the viewer means it, and say what happens then."""
    return _page(pair_id, {}, {})


@blueprint.post("/pairs/<id:pair_id>/end")
@guard("matches:mentor")
def end(pair_id: UUID) -> ResponseReturnValue:
    """End a pair; the reason stays private."""
    return forms.answer(partial(_end, pair_id), partial(_page, pair_id))


def _end(pair_id: UUID) -> ResponseReturnValue:
    reason = forms.read(EndIn)["reason"]
    me = viewer()

    def work(session: Session) -> tuple[bool, UUID]:
        room = queries.own_pair(session, me, pair_id).space_id
        return actions.end(session, viewer=me, pair_id=pair_id, reason=reason), room

    ended, room = kernel().commit(work)
    if not ended:
        flash(_("You have left the three of you. The two others go on together."))
        return forms.see_other("/")
    flash(_("It has ended. All that was said stays here, to read."))
    return forms.see_other(f"/spaces/{encode(room)}")


def _page(pair_id: UUID, typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        found = queries.own_pair(session, me, pair_id)
        shell.load(session, me)
    return render_template(
        "mentoring/pairs/end.html",
        page="people",
        pair=found,
        names=names_of(found.others),
        trio=len(found.others) > 1,
        title=title_of_ending(found),
        typed=typed,
        errors=errors,
    )


def title_of_ending(pair: OwnPair) -> str:
    """Say what would end."""
    names = names_of(pair.others)
    if pair.kind == PairKind.MENTORSHIP:
        return _("End your mentorship with %(names)s?", names=names)
    if len(pair.others) > 1:
        return _("Leave %(names)s?", names=names)
    return _("End your pair with %(names)s?", names=names)


def names_of(faces: Sequence[Face]) -> str:
    """Name people in a sentence: Ana, Ben and Chidi."""
    names = [face.name for face in faces]
    if len(names) < 2:
        return "".join(names)
    return _("%(several)s and %(last)s", several=", ".join(names[:-1]), last=names[-1])


def tell(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say who the viewer works with now, and lead to their room. One statement."""
    lines = queries.pairs_by_id(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _told(lines[notice.ref]) for notice in notices if notice.ref in lines}


def _told(line: PairLine) -> Told:
    names = names_of(line.others)
    if line.kind == PairKind.BUDDY:
        title = _("%(names)s is your learning buddy", names=names)
        if len(line.others) > 1:
            title = _("%(names)s are your learning buddies", names=names)
        words = _("You have a room of your own. A first hello is a good start.")
    elif line.role == "mentor":
        title = _("You mentor %(names)s", names=names)
        words = _("Your room is open. Say when you could meet first.")
    else:
        title = _("%(names)s is your mentor", names=names)
        words = _("You have a room of your own. Say what you would like to learn first.")
    return Told(title, words, f"/spaces/{encode(line.space_id)}", "handshake")


def tell_of_parting(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say that somebody whom the viewer worked with has left, and what stays. One statement."""
    rooms = queries.rooms_by_id(session, viewer, [notice.ref for notice in notices])
    found = {}
    for notice in notices:
        if notice.ref in rooms:
            space_id, ended = rooms[notice.ref]
            words = _("Your room stays, to read. Your program lead can find you somebody new.")
            if not ended:
                words = _("The others go on with you, in the same room.")
            title = _("Somebody you worked with has left the academy")
            found[notice.id] = Told(title, words, f"/spaces/{encode(space_id)}", "handshake")
    return found


def tell_of_end(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say kindly that a pair has ended, or that two go on; not by whom or why. One statement."""
    found = queries.own_pairs(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _ended(found[notice.ref]) for notice in notices if notice.ref in found}


def _ended(pair: OwnPair) -> Told:
    names, url = names_of(pair.others), f"/spaces/{encode(pair.space_id)}"
    if not pair.ended:
        title = _("You and %(names)s go on as a pair", names=names)
        return Told(title, _("You are two from now on, in the same room."), url, "handshake")
    title = _("You and %(names)s no longer learn as a pair", names=names)
    if pair.kind == PairKind.MENTORSHIP:
        title = _("Your mentorship with %(names)s has ended", names=names)
    words = _("Ways part now and then, and it says nothing about you. All that was said stays, to read.")
    return Told(title, words, url, "handshake")


def tell_of_pause(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say that a pair rests, or goes on; once it has ended, that. One statement."""
    found = queries.own_pairs(session, viewer, [notice.ref for notice in notices])
    return {n.id: _rests(n.kind, found[n.ref]) for n in notices if n.ref in found}


def _rests(kind: str, pair: OwnPair) -> Told:
    names, url = names_of(pair.others), f"/spaces/{encode(pair.space_id)}"
    if pair.ended:
        return _ended(pair)
    if kind == RESUMED:
        title = _("You and %(names)s go on", names=names)
        return Told(title, _("Your room is as you left it."), url, "handshake")
    title = _("You and %(names)s pause", names=names)
    words = _("Your room stays open, and you go on when you are both here again. You may also ask for somebody else.")
    if pair.role == "mentor":
        words = _("Your room stays open, and you go on when you are both here again. You may also end it.")
    return Told(title, words, url, "clock")


NOTICE_KINDS = [
    NoticeKind(BUDDY, tell),
    NoticeKind(OFFER_ACCEPTED, tell),
    NoticeKind(PARTNER_LEFT, tell_of_parting),
    NoticeKind(PARTED, tell_of_end),
    NoticeKind(PAUSED, tell_of_pause),
    NoticeKind(RESUMED, tell_of_pause),
]
