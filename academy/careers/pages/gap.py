"""Pages of gaps: one's own, and that of somebody whom one mentors or leads; a target role and its gap."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from academy.careers import actions, engine, policy
from academy.careers.pages import words
from academy.careers.queries import gaps, occupations, opportunities, standing
from academy.careers.schemas import TargetIn
from academy.kernel import offload
from academy.kernel.app import kernel
from academy.privacy.pages import before_showing
from academy.skills import engine as skill_names
from academy.skills.pages import BesideSkill
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("gap", __name__)

HERE = "/skills/gap"


@blueprint.get(HERE)
@guard("careers:self")
def mine() -> str:
    """Show how far the viewer is from their goals and their target role, and who says so."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        found = gaps.gaps_of(session, me.person_id)
        voices = gaps.voices_of(session, me.person_id)
    return render_template(
        "academy/careers/gap.html",
        page="people",
        found=found,
        voices={skill: [(one, words.said(one, _name(one, me))) for one in said] for skill, said in voices.items()},
        to_go=engine.to_go(found.role),
        next_goals=engine.largest(found.role, {gap.skill_id: gap.target for gap in found.goals}, policy.GOALS_AT_ONCE),
        weights=words.weights(),
    )


def _name(voice: gaps.Voice, me: Viewer) -> str:
    return "" if voice.face is None or voice.face.id == me.person_id else voice.face.name


@blueprint.get("/people/<id:person_id>/gap")
@guard("careers:gaps")
def theirs(person_id: UUID) -> ResponseReturnValue:
    """Show whoever mentors or leads somebody how far they are; single statements stay with the person."""
    me = viewer()
    if person_id == me.person_id:
        return forms.see_other(HERE)
    with kernel().reading() as session:
        shell.load(session, me)
        stands = standing.gap_seen_for(session, me, person_id)
        found = gaps.gaps_of(session, person_id)
    before_showing(me, "gap", [person_id])
    return render_template(
        "academy/careers/gap_of.html", page="people", stands=stands, found=found, sources=words.heard()
    )


# occupations, which pages call target roles


def _names() -> list[tuple[UUID, str]]:
    """Return every occupation's name, read once for each number of them: they are only ever added."""
    with kernel().reading() as session:
        number = occupations.count(session)
        known: tuple[int, list[tuple[UUID, str]]] = kernel().kept.get("occupation_names", (0, []))
        if known[0] == number:
            return known[1]
        found = occupations.names(session)
    kernel().kept["occupation_names"] = (number, found)
    return found


@blueprint.get("/occupations")
@guard("careers:self")
def index() -> str:
    """Find a target role by its name."""
    me, wanted = viewer(), forms.wanted_text("q")
    with kernel().reading() as session:
        shell.load(session, me)
        hits = occupations.search(session, wanted) if wanted else []
        number = occupations.count(session)
    meant = offload.run(skill_names.meant, wanted, _names()) if wanted and not hits else []
    return render_template(
        "academy/careers/occupations.html", page="people", q=wanted, hits=hits, meant=meant, number=number
    )


@blueprint.get("/occupations/<id:occupation_id>")
@guard("careers:self")
def occupation(occupation_id: UUID) -> str:
    """Show the skills that an occupation asks for, and how far the viewer is from each."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        hit, found, aimed = occupations.occupation_for(session, me, occupation_id)
    return render_template(
        "academy/careers/occupation.html",
        page="people",
        hit=hit,
        gaps=found,
        aimed=aimed,
        to_go=engine.to_go(found),
        met=sum(1 for gap in found if not gap.remaining),
    )


@blueprint.post("/me/target")
@guard("careers:self")
def set_target() -> ResponseReturnValue:
    """Aim at an occupation."""
    me, sent = viewer(), forms.read(TargetIn)
    kernel().commit(
        lambda session: actions.set_target(session, person_id=me.person_id, occupation_id=sent["occupation_id"])
    )
    flash(_("This is your target role now. Below is what lies between."))
    return forms.see_other(HERE)


@blueprint.post("/me/target/remove")
@guard("careers:self")
def drop_target() -> ResponseReturnValue:
    """Aim at no occupation any more; goals stay."""
    me = viewer()
    kernel().commit(lambda session: actions.set_target(session, person_id=me.person_id, occupation_id=None))
    flash(_("You have no target role now. Your goals stay."))
    return forms.see_other(HERE)


@blueprint.post("/me/target/goals")
@guard("careers:self")
def aim() -> ResponseReturnValue:
    """Make goals of the largest gaps to the target role."""
    me = viewer()
    count = kernel().commit(lambda session: actions.aim(session, person_id=me.person_id))
    said = ngettext("%(num)d goal is new.", "%(num)d goals are new.", count)
    flash(said if count else _("Nothing was left to make a goal of."))
    return forms.see_other(HERE)


def beside_skill(session: Session, me: Viewer, skill_id: UUID, level: int | None) -> str:
    """Show who says at which level the viewer has a skill, and what asks for it. One statement."""
    found = opportunities.asking_for(session, me, skill_id)
    voices = [one for one in found if one.kind == "voice"]
    return shell.part(
        "academy/careers/beside_skill.html",
        voices=[words.said(one.voice, "" if one.id == me.person_id else one.label) for one in voices],
        asks=[(one, max(0, one.level - (level or 0))) for one in found if one.kind != "voice"],
        level=level,
    )


BESIDE = BesideSkill(20, beside_skill)
