"""Pages of skills: what the viewer has and wants, and finding a skill by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel import offload
from academy.kernel.app import kernel
from academy.privacy.pages import before_showing
from academy.skills import actions, engine, queries
from academy.skills.schemas import LevelIn
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("skills", __name__)

LONGEST = 100
MANY = 30
HERE = "/me/skills"


def levels() -> list[tuple[int, str]]:
    """Name each level, as forms offer it."""
    return [
        (1, _("1, I know of it")),
        (2, _("2, with help")),
        (3, _("3, on my own")),
        (4, _("4, I help others")),
        (5, _("5, others learn it from me")),
    ]


def sources() -> dict[str, str]:
    """Say to somebody who says at which level they have a skill."""
    return {
        "self": _("You say so"),
        "peer": _("Your buddy says so"),
        "mentor": _("Your mentor says so"),
        "manager": _("Your manager says so"),
        "organization": _("Your organization says so"),
        "evidence": _("Shown by your work"),
        "assessment": _("Shown by an assessment"),
        "360": _("From feedback of several people"),
        "several": _("Several have spoken"),
    }


def meant(wanted: str, hits: Sequence[queries.SkillHit]) -> list[tuple[UUID, str]]:
    """Return what somebody may have meant who typed what is no name of a skill."""
    if not wanted or hits:
        return []
    with kernel().reading() as session:
        names = queries.kept_names(session, kernel().kept)
    return offload.run(engine.meant, wanted, names)


def unknown(name: str) -> str:
    """Say that no skill is called so, and which ones may have been meant."""
    likely = ", ".join(f"“{label}”" for _id, label in meant(name[:LONGEST], [])[:3])
    if likely:
        return _("No skill is called “%(name)s”. Did you mean %(likely)s?", name=name[:LONGEST], likely=likely)
    return _("No skill is called “%(name)s”.", name=name[:LONGEST])


def _wanted() -> str:
    return " ".join(request.args.get("q", "").replace("\0", "").split())[:LONGEST]


@dataclass(frozen=True)
class BesideSkill:
    """A slot: what stands on the page of a skill.

    `render(session, viewer, skill_id, level)` returns HTML or '', given the level at which the viewer has the skill.
    """

    order: int
    render: Callable[[Session, Viewer, UUID, int | None], str]


@blueprint.get("/skills")
@guard("people:self")
def index() -> str:
    """Find a skill by its name, and show what the people around one can help with."""
    me, wanted = viewer(), _wanted()
    with kernel().reading() as session:
        shell.load(session, me)
        hits = queries.search(session, wanted, limit=MANY) if wanted else []
        offered, counted = ([], 0) if wanted else queries.offered_to(session, me)
    return render_template(
        "academy/skills/index.html",
        page="people",
        q=wanted,
        hits=hits,
        meant=meant(wanted, hits),
        offered=offered,
        counted=counted,
        kinds=_kinds(),
    )


def _kinds() -> dict[str, str]:
    return {"skill": _("Skill"), "knowledge": _("Knowledge"), "group": _("Group of skills")}


def _paths() -> list[tuple[str, bool, str, str]]:
    """Return each way in which the framework puts one skill beside another: relation, direction, heading, sentence."""
    return [
        ("essential", False, _("You need this for it"), _("The framework calls these essential.")),
        ("optional", False, _("This helps with it"), _("Good to have, not a must.")),
        ("essential", True, _("You need it for this"), _("Here it is called essential.")),
        ("optional", True, _("It helps with this"), _("Here it is good to have.")),
        ("broader_skill", True, _("More special"), _("It is one part of a wider skill; these are its parts.")),
        ("broader_group", True, _("In this group"), _("Skills and groups that the framework sorts in here.")),
    ]


@blueprint.get("/skills/<id:skill_id>")
@guard("people:self")
def skill(skill_id: UUID) -> str:
    """Show a skill: where it belongs, what lies beside it, who around one can help, and one's own level."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        found, own, beside = queries.place_of(session, me, skill_id)
        helpers = queries.helpers_for(session, me, skill_id)
        slots = sorted(kernel().slots(BesideSkill), key=lambda slot: slot.order) if found.kind != "group" else []
        parts = [slot.render(session, me, skill_id, own.has) for slot in slots]
    before_showing(me, "skills", [helper.face.id for helper in helpers])
    return render_template(
        "academy/skills/skill.html",
        page="people",
        skill=found,
        kind=_kinds().get(found.kind, ""),
        broader=[b for b in beside if b.relation.startswith("broader") and not b.back],
        paths=[
            (heading, sentence, near)
            for relation, back, heading, sentence in _paths()
            if (near := [b for b in beside if (b.relation, b.back) == (relation, back)])
        ],
        helpers=helpers,
        beside=parts,
        level=own.has,
        own=own.says or own.has,
        goal=own.wants,
        levels=levels(),
        here=url_for("skills.skill", skill_id=skill_id),
    )


@blueprint.get(HERE)
@guard("people:self")
def show() -> ResponseReturnValue:
    """Show the viewer's skills and goals, and what a search by name finds."""
    me, wanted = viewer(), _wanted()
    with kernel().reading() as session:
        held = queries.skills_of(session, [me.person_id])[me.person_id]
        goals = queries.goals_of(session, [me.person_id])[me.person_id]
        said = queries.own_levels(session, me.person_id)
        hits = queries.search(session, wanted) if wanted else []
        shell.load(session, me)
    return render_template(
        "academy/skills/mine.html",
        page="me",
        q=wanted,
        hits=hits,
        meant=meant(wanted, hits),
        held=held,
        goals=goals,
        said=said,
        has={skill.skill_id for skill in held},
        wants={goal.skill_id for goal in goals},
        levels=levels(),
        sources=sources(),
    )


@blueprint.post(HERE)
@guard("people:self")
def set_skill() -> ResponseReturnValue:
    """Say that the viewer has a skill at a level."""
    me, sent = viewer(), forms.read(LevelIn)
    kernel().commit(
        lambda session: actions.set_skill(
            session, person_id=me.person_id, skill_id=sent["skill_id"], level=sent["level"], source="self"
        )
    )
    flash(_("Your skills are saved."))
    return forms.see_other(forms.next_url(HERE))


@blueprint.post(f"{HERE}/<id:skill_id>/remove")
@guard("people:self")
def drop_skill(skill_id: UUID) -> ResponseReturnValue:
    """Take a skill off the viewer's profile."""
    me = viewer()
    kernel().commit(lambda session: actions.drop_skill(session, person_id=me.person_id, skill_id=skill_id))
    flash(_("The skill is off your profile."))
    return forms.see_other(forms.next_url(HERE))


@blueprint.post("/me/goals")
@guard("people:self")
def set_goal() -> ResponseReturnValue:
    """Say that the viewer wants to reach a level of a skill."""
    me, sent = viewer(), forms.read(LevelIn)
    kernel().commit(
        lambda session: actions.set_goal(
            session, person_id=me.person_id, skill_id=sent["skill_id"], level=sent["level"]
        )
    )
    flash(_("Your goals are saved."))
    return forms.see_other(forms.next_url(HERE))


@blueprint.post("/me/goals/<id:skill_id>/remove")
@guard("people:self")
def drop_goal(skill_id: UUID) -> ResponseReturnValue:
    """Take one of the viewer's goals back."""
    me = viewer()
    kernel().commit(lambda session: actions.drop_goal(session, person_id=me.person_id, skill_id=skill_id))
    flash(_("The goal is off your profile."))
    return forms.see_other(forms.next_url(HERE))
