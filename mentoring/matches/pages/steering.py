"""A lead's hands on a proposal: how much counts what, who stays together, who is never proposed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, flash
from flask_babel import gettext as _

from academy.kernel.access import Conflict, Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.web import forms
from academy.web.errors import sentence
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.choices.models import Choice
from mentoring.choices.policy import DEFAULTS, WHOLE
from mentoring.matches.actions import deciding
from mentoring.matches.pages import proposals
from mentoring.matches.schemas import DecideIn, WeighIn
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("matches_steering", __name__)


@blueprint.post("/groups/<id:group_id>/matches/settings")
@guard("matches:propose")
def weigh(group_id: UUID) -> ResponseReturnValue:
    """Change how pairs are weighed, and work the proposal out again."""
    try:
        return forms.answer(partial(_weigh, group_id), partial(_again, group_id))
    except Conflict as refusal:
        return _again(group_id, {}, {"_": [sentence(refusal)]}), 409


def _again(group_id: UUID, typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    return proposals.page(group_id, _kind(), typed, errors)


def _kind() -> str:
    said = forms.kept().get("kind", "")
    return said if said in set(PairKind) else PairKind.BUDDY.value


def _weigh(group_id: UUID) -> ResponseReturnValue:
    sent = forms.read(WeighIn)
    kind = sent["kind"]
    weights = _weights(sent, kind)
    me = viewer()
    kernel().commit(
        lambda session: deciding.weigh(
            session,
            viewer=me,
            group_id=group_id,
            kind=kind,
            weights=weights,
            floor=sent["floor"],
            version=sent["version"],
        )
    )
    flash(_("Saved. The proposal is being worked out with it."))
    return forms.see_other(f"/groups/{encode(group_id)}/matches?kind={kind}")


def _weights(sent: Mapping[str, Any], kind: str) -> dict[str, int]:
    """Return the weights of one kind; raises `Invalid` with the difference where they do not sum to 100."""
    weights = {name: sent[name] for name in DEFAULTS[kind]}
    total = sum(weights.values())
    if sent["scale"] and total:
        return _scaled(weights, total)
    if total < WHOLE:
        detail = _("These sum to %(sum)s. Give %(more)s more, so that they sum to 100.", sum=total, more=WHOLE - total)
        raise Invalid(detail, errors={next(iter(weights)): [detail]})
    if total > WHOLE:
        detail = _("These sum to %(sum)s. Take %(less)s away, so that they sum to 100.", sum=total, less=total - WHOLE)
        raise Invalid(detail, errors={next(iter(weights)): [detail]})
    return weights


def _scaled(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """Bring weights to 100 in proportion; what rounding leaves goes to those who lost most by it."""
    found = {name: value * WHOLE // total for name, value in weights.items()}
    lost = sorted(weights, key=lambda name: -(weights[name] * WHOLE % total))
    for name in lost[: WHOLE - sum(found.values())]:
        found[name] += 1
    return found


@blueprint.post("/groups/<id:group_id>/matches/choices")
@guard("matches:propose")
def decide(group_id: UUID) -> ResponseReturnValue:
    """Lock or exclude two people, or take that back."""
    sent = forms.read(DecideIn)
    choice, one, other = sent["say"].split(" ")
    me = viewer()
    again = kernel().commit(
        lambda session: deciding.decide(
            session,
            viewer=me,
            group_id=group_id,
            kind=sent["kind"],
            one_id=decode(one),
            other_id=decode(other),
            choice=choice,
        )
    )
    words = {
        Choice.LOCKED.value: _("Kept together in every proposal from now on."),
        Choice.EXCLUDED.value: _("They are not proposed to each other here any more."),
    }
    flash(words.get(choice) or _("Taken back. It counts the next time the proposal is worked out."))
    if again:
        flash(_("The proposal is being worked out with it."))
    return forms.see_other(f"/groups/{encode(group_id)}/matches?kind={sent['kind']}")
