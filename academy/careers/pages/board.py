"""The board of opportunities: what is open, one of them with what is left for the reader, and the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.careers import actions, engine, policy
from academy.careers.actions import Written
from academy.careers.queries import needs, opportunities
from academy.careers.schemas import ClosedIn, OpportunityChangeIn, OpportunityIn
from academy.kernel import offload
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.kernel.paging import Span
from academy.people import queries as people
from academy.people.policy import Right, granting
from academy.skills import queries as skills
from academy.skills.pages import unknown
from academy.web import forms, markup, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("board_of_opportunities", __name__)

NAV = shell.NavEntry(
    "opportunities",
    lambda: _("Opportunities"),
    "/opportunities",
    "sprout",
    45,
    shown=lambda who: bool(who.roles),
)


@blueprint.get("/opportunities")
@guard("careers:read")
def index() -> str:
    """List what is open, what the viewer is nearest to first; with `closed` what was."""
    me = viewer()
    closed = request.args.get("show") == "closed"
    after = forms.wanted_id("after")
    with kernel().reading() as session:
        shell.load(session, me)
        found = opportunities.opportunities_for(session, me, Span(opportunities.PAGE, after), is_open=not closed)
        keeps = needs.settles_for(session, me, Right.OFFER) if granting(me, Right.OFFER) else []
    lines = found.items if closed else sorted(found.items, key=lambda one: (one.remaining, one.closes_on))
    return render_template(
        "academy/careers/opportunities.html",
        page="opportunities",
        lines=lines,
        more=found.next,
        closed=closed,
        keeps=keeps,
    )


@blueprint.get("/opportunities/<id:opportunity_id>")
@guard("careers:read")
def show(opportunity_id: UUID) -> str:
    """Show one opportunity and what is left for the viewer."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        found = opportunities.opportunity_for(session, me, opportunity_id)
    return render_template("academy/careers/opportunity.html", page="opportunities", found=found)


@blueprint.get("/opportunities/new")
@guard("careers:offer")
def new() -> str:
    """Show the form for a new opportunity."""
    return _new({"group": request.args.get("group", ""), "contact": viewer().name}, {})


def _new(typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        homes = needs.settles_for(session, me, Right.OFFER)
    if not homes:
        raise Missing
    return _form(None, typed, errors, [(encode(group_id), name) for group_id, name in homes])


def _form(
    found: opportunities.OpportunityView | None,
    typed: Mapping[str, str],
    errors: Mapping[str, Sequence[str]],
    homes: Sequence[tuple[str, str]] = (),
) -> str:
    return render_template(
        "academy/careers/opportunity_form.html",
        page="opportunities",
        found=found,
        homes=homes,
        typed=typed,
        longest=(policy.LONGEST_TITLE, policy.LONGEST_BODY),
        most=policy.MOST_SKILLS,
        errors=errors,
    )


@blueprint.post("/opportunities")
@guard("careers:offer")
def create() -> ResponseReturnValue:
    """Put an opportunity on the board."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(OpportunityIn)
        with kernel().reading() as session:  # before anything is said about who is called how there
            people.demand(session, me, Right.OFFER, sent["group"])
        written = _written(sent, sent["group"])
        made = kernel().commit(
            lambda session: actions.open_opportunity(session, viewer=me, group_id=sent["group"], written=written)
        )
        flash(_("It stands on the board. Members see what is left for them."))
        return forms.see_other(url_for("board_of_opportunities.show", opportunity_id=made))

    return forms.answer(done, _new)


@blueprint.get("/opportunities/<id:opportunity_id>/edit")
@guard("careers:offer")
def edit(opportunity_id: UUID) -> str:
    """Show the form to write an opportunity anew, and to close it."""
    return _edit_form(_kept(opportunity_id), {}, {})


def _kept(opportunity_id: UUID) -> opportunities.OpportunityView:
    """Return an opportunity that the viewer looks after."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        found = opportunities.opportunity_for(session, me, opportunity_id)
    if not found.keeps:
        raise Missing
    return found


def _edit_form(
    found: opportunities.OpportunityView, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]
) -> str:
    now = {
        "title": found.title,
        "body": found.body_md,
        "closes_on": found.closes_on.isoformat(),
        "contact": found.contact.name if found.contact else "",
        "skills": "\n".join(f"{gap.label}: {gap.target}" for gap in found.gaps),
        "version": str(found.version),
    }
    return _form(found, typed or now, errors)


@blueprint.post("/opportunities/<id:opportunity_id>/edit")
@guard("careers:offer")
def change(opportunity_id: UUID) -> ResponseReturnValue:
    """Write an opportunity anew."""
    me = viewer()

    def done() -> ResponseReturnValue:
        found = _kept(opportunity_id)
        sent = forms.read(OpportunityChangeIn)
        written = _written(sent, found.group_id)
        kernel().commit(
            lambda session: actions.change_opportunity(
                session, viewer=me, opportunity_id=opportunity_id, version=sent["version"], written=written
            )
        )
        flash(_("It is saved."))
        return forms.see_other(url_for("board_of_opportunities.show", opportunity_id=opportunity_id))

    return forms.answer_compared(done, lambda: _kept(opportunity_id), _edit_form, _changed)


def _changed(now: opportunities.OpportunityView) -> tuple[int, str]:
    return now.version, _(
        "Somebody has changed this meanwhile; it is now “%(title)s”, open until %(day)s. What you wrote is kept here "
        "and not saved. Save again to put it over theirs.",
        title=now.title,
        day=now.closes_on.isoformat(),
    )


@blueprint.post("/opportunities/<id:opportunity_id>/close")
@guard("careers:offer")
def close(opportunity_id: UUID) -> ResponseReturnValue:
    """Close an opportunity, or open it again."""
    me, on = viewer(), forms.read(ClosedIn)["on"]
    kernel().commit(lambda session: actions.set_closed(session, viewer=me, opportunity_id=opportunity_id, closed=on))
    flash(_("It is closed, and says so.") if on else _("It is open again."))
    return forms.see_other(url_for("board_of_opportunities.show", opportunity_id=opportunity_id))


def _written(sent: Mapping[str, Any], group_id: UUID) -> Written:
    """Read what was typed: render the words, find the skills and whom to ask."""
    body = sent["body"]
    errors: dict[str, list[str]] = {}
    asked: dict[UUID, int] = {}
    lines = engine.lines_of(sent["skills"])
    with kernel().reading() as session:
        found = skills.named(session, [name for name, _level in lines])
        called = opportunities.called(session, group_id, sent["contact"] or viewer().name)
    for name, level in lines:
        if level is None:
            errors.setdefault("skills", []).append(_("Give “%(name)s” a level from 1 to 5.", name=name[:80]))
        elif name in found:
            asked[found[name].id] = level
        else:
            errors.setdefault("skills", []).append(unknown(name[:80]))
    if len(called) != 1:
        errors["contact"] = [
            _("Several people of this academy are called so. Name somebody else.")
            if called
            else _("Nobody of this academy is called so. Type the name as it stands on their page.")
        ]
    if errors:
        raise Invalid(errors=errors)
    html = offload.run(lambda: markup.render(body, limit=policy.LONGEST_BODY))
    return Written(sent["title"], body, html, markup.RENDERER, sent["closes_on"], called[0], asked)
