"""Pages about two people of a group: why they are not proposed to each other, and swapping them with two others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people import queries as people
from academy.people.models import Role
from academy.people.policy import Right
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.choices import queries as choices
from mentoring.matches.actions import deciding
from mentoring.matches.models import RunState
from mentoring.matches.pages import comparing
from mentoring.matches.pages.preview import points
from mentoring.matches.pages.proposals import kind_asked
from mentoring.matches.queries import proposed
from mentoring.matches.schemas import SwapIn
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from academy.people.queries import Face
    from mentoring.matches.queries.proposed import Matching, MatchLine

blueprint = Blueprint("matches_pairs", __name__)


@blueprint.get("/groups/<id:group_id>/matches/why")
@guard("matches:propose")
def why(group_id: UUID) -> str:
    """Show, of two people of a group, every rule and every component."""
    me, kind = viewer(), kind_asked()
    one, other = forms.wanted_id("one"), forms.wanted_id("other")
    second = Role.MENTOR if kind == PairKind.MENTORSHIP else Role.LEARNER
    with kernel().reading() as session:
        people.demand(session, me, Right.PROPOSE, group_id)
        members = people.members_of(session, group_id, [Role.LEARNER, second])
        decided = choices.choices_of(session, group_id, kind)
        shell.load(session, me)
    ones = {m.face.id: m.face for m in members if m.role == Role.LEARNER}
    others = {m.face.id: m.face for m in members if m.role == second}
    if (one is not None and one not in ones) or (other is not None and other not in others):
        raise Missing
    found, asked = None, one is not None and other is not None and one != other
    if one is not None and other is not None and asked:
        before_showing(me, "matching", {one, other})
        found = comparing.compare(group_id, kind, [(ones[one], others[other])], me.person_id)
    return render_template(
        "mentoring/matches/why.html",
        page="cohorts",
        group_id=group_id,
        kind=kind,
        ones=_options(ones.values()),
        others=_options(others.values()),
        one=encode(one) if one else "",
        other=encode(other) if other else "",
        same=one is not None and one == other,
        busy=asked and found is None,
        found=found[0] if found else None,
        choice=next((line.choice for line in decided if line.pair == {one, other}), ""),
    )


@blueprint.get("/groups/<id:group_id>/matches/swap")
@guard("matches:propose")
def swap(group_id: UUID) -> str:
    """Show what it would be worth if two people changed places."""
    me, kind = viewer(), kind_asked()
    one, other = forms.wanted_id("one"), forms.wanted_id("other")
    with kernel().reading() as session:
        found = proposed.matching_for(session, me, group_id, kind, also_unplaced=False)
        shell.load(session, me)
    pairs = _drafts(found)
    before_showing(me, "matching", {face.id for line in pairs for face, _role in line.people})
    asked = one is not None and other is not None
    moved = comparing.swapped(kind, _groups(pairs), one, other) if one and other else None
    compared = comparing.compare(group_id, kind, moved[1], me.person_id) if moved else None
    return render_template(
        "mentoring/matches/swap.html",
        page="cohorts",
        group_id=group_id,
        group_name=found.group_name,
        kind=kind,
        options=_options([line.people[0][0] for line in pairs] if kind == PairKind.MENTORSHIP else _everybody(pairs)),
        one=encode(one) if one else "",
        other=encode(other) if other else "",
        wrong=asked and moved is None,
        busy=moved is not None and compared is None,
        now=[(pair, _worth(pairs, pair)) for pair in moved[0]] if moved else [],
        then=compared or [],
        allowed=bool(compared) and all(pair.allowed for pair in compared or []),
        own=any(pair.own for pair in compared or []),
    )


@blueprint.post("/groups/<id:group_id>/matches/swap")
@guard("matches:propose")
def make_swap(group_id: UUID) -> ResponseReturnValue:
    """Let two people change places, where every rule allows it; the rest is worked out around them."""
    sent = forms.read(SwapIn)
    me, kind, one, other = viewer(), sent["kind"], sent["one"], sent["other"]
    here = f"/groups/{encode(group_id)}/matches"
    with kernel().reading() as session:
        pairs = _drafts(proposed.matching_for(session, me, group_id, kind, also_unplaced=False))
    moved = comparing.swapped(kind, _groups(pairs), one, other)
    compared = comparing.compare(group_id, kind, moved[1], me.person_id) if moved else None
    if moved is None or compared is None or not all(pair.allowed for pair in compared):
        flash(_("Nothing was changed: look at the two pairs again."))
        return forms.see_other(f"{here}/swap?kind={kind}&one={encode(one)}&other={encode(other)}")
    made = [(first.id, second.id) for first, second in moved[1]]
    kernel().commit(lambda session: deciding.swap(session, viewer=me, group_id=group_id, kind=kind, pairs=made))
    flash(_("Swapped. Both new pairs are kept together, and the rest is worked out around them."))
    return forms.see_other(f"{here}?kind={kind}")


def _drafts(found: Matching) -> list[MatchLine]:
    """Return the pairs of two in a proposal that is not published yet."""
    if found.run is None or found.run.state != RunState.PROPOSED:
        return []
    return [line for line in found.matches if len(line.people) == 2]


def _groups(pairs: list[MatchLine]) -> list[list[Face]]:
    return [[face for face, _role in line.people] for line in pairs]


def _everybody(pairs: list[MatchLine]) -> list[Face]:
    return [face for group in _groups(pairs) for face in group]


def _options(faces: Iterable[Face]) -> list[tuple[str, str]]:
    named = sorted(faces, key=lambda face: (face.name.casefold(), face.id))
    return [("", _("Choose somebody")), *((encode(face.id), face.name) for face in named)]


def _worth(pairs: list[MatchLine], pair: tuple[Face, Face]) -> str:
    wanted = {face.id for face in pair}
    return next(points(line.score) for line in pairs if {face.id for face, _role in line.people} == wanted)
