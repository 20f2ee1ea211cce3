"""Pages of skills: what the viewer has and wants, and finding a skill by its name."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.skills import actions, queries
from academy.skills.schemas import LevelIn
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("skills", __name__)

LONGEST = 100
HERE = "/me/skills"


def _levels() -> list[tuple[int, str]]:
    return [
        (1, _("1, I know of it")),
        (2, _("2, with help")),
        (3, _("3, on my own")),
        (4, _("4, I help others")),
        (5, _("5, others learn it from me")),
    ]


def _sources() -> dict[str, str]:
    return {
        "self": _("You say so"),
        "manager": _("Your manager says so"),
        "organization": _("Your organization says so"),
        "evidence": _("Shown by your work"),
    }


@blueprint.get(HERE)
@guard("people:self")
def show() -> ResponseReturnValue:
    """Show the viewer's skills and goals, and what a search by name finds."""
    me = viewer()
    wanted = " ".join(request.args.get("q", "").split())[:LONGEST]
    with kernel().reading() as session:
        held = queries.skills_of(session, [me.person_id])[me.person_id]
        goals = queries.goals_of(session, [me.person_id])[me.person_id]
        hits = queries.search(session, wanted) if wanted else []
        shell.load(session, me)
    return render_template(
        "academy/skills/mine.html",
        page="me",
        q=wanted,
        hits=hits,
        held=held,
        goals=goals,
        has={skill.skill_id for skill in held},
        wants={goal.skill_id for goal in goals},
        levels=_levels(),
        sources=_sources(),
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
    return forms.see_other(HERE)


@blueprint.post(f"{HERE}/<id:skill_id>/remove")
@guard("people:self")
def drop_skill(skill_id: UUID) -> ResponseReturnValue:
    """Take a skill off the viewer's profile."""
    me = viewer()
    kernel().commit(lambda session: actions.drop_skill(session, person_id=me.person_id, skill_id=skill_id))
    flash(_("The skill is off your profile."))
    return forms.see_other(HERE)


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
    return forms.see_other(HERE)


@blueprint.post("/me/goals/<id:skill_id>/remove")
@guard("people:self")
def drop_goal(skill_id: UUID) -> ResponseReturnValue:
    """Take one of the viewer's goals back."""
    me = viewer()
    kernel().commit(lambda session: actions.drop_goal(session, person_id=me.person_id, skill_id=skill_id))
    flash(_("The goal is off your profile."))
    return forms.see_other(HERE)
