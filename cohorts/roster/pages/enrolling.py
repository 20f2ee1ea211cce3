"""Pages for those who enroll: by list, by file or by choosing; roles; the waitlist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from academy.kernel.access import Closed, Conflict, Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.people import policy
from academy.people import queries as people
from academy.people.models import Role
from academy.people.policy import Right
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import actions, engine, queries
from cohorts.roster.actions import Placed
from cohorts.roster.engine import Row, Wrong
from cohorts.roster.pages.reading import cohort_page, role_options
from cohorts.roster.schemas import AddressesIn, EnrollIn, LeaveIn, MoveUpIn, RoleIn, SomebodyIn

blueprint = Blueprint("roster_people", __name__)

SHOWN = 20


@blueprint.get("/cohorts/<id:cohort_id>/enroll")
@guard("cohorts:enroll")
def ways(cohort_id: UUID) -> ResponseReturnValue:
    """Show the ways to enroll people."""
    return _ways(cohort_id, {}, {})


def _ways(cohort_id: UUID, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    me, wanted = viewer(), forms.wanted_text("q")
    with kernel().reading() as session:
        path = people.path_of(session, cohort_id)
        policy.require(me, Right.ENROLL, path)
        cohort = queries.cohort_for(session, me, cohort_id)
        candidates = queries.enrollable(session, cohort_id, wanted=wanted, limit=queries.OFFERED + 1)
        tabs = shell.tabs(me, path, cohort_id)
        shell.load(session, me)
    roles = [r for r in (Role.LEARNER, Role.MENTOR, Role.FACILITATOR) if policy.grantable(me, r, path)]
    return render_template(
        "cohorts/roster/enroll.html",
        cohort=cohort,
        candidates=candidates[: queries.OFFERED],
        more=len(candidates) > queries.OFFERED,
        q=wanted,
        role_options=role_options(roles),
        tabs=tabs,
        values=values,
        errors=errors,
        page="cohorts",
    )


def _said(placed: Placed) -> None:
    """Say what became of those who were enrolled."""
    flash(ngettext("%(num)s person enrolled.", "%(num)s people enrolled.", placed.enrolled), "good")
    if placed.waiting:
        flash(
            ngettext(
                "%(num)s person waits for a seat and is told when one is theirs.",
                "%(num)s people wait for a seat, in the order given, and are told when one is theirs.",
                placed.waiting,
            ),
            "good",
        )


@blueprint.post("/cohorts/<id:cohort_id>/enroll")
@guard("cohorts:enroll")
def enroll(cohort_id: UUID) -> ResponseReturnValue:
    """Enroll people who were chosen."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(EnrollIn)
        placed = kernel().commit(
            lambda session: actions.place(
                session, viewer=me, cohort_id=cohort_id, person_ids=sent["people"], role=sent["role"]
            )
        )
        _said(placed)
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer(done, lambda values, errors: _ways(cohort_id, values, errors))


@blueprint.post("/cohorts/<id:cohort_id>/enroll/addresses")
@guard("cohorts:enroll")
def enroll_addresses(cohort_id: UUID) -> ResponseReturnValue:
    """Enroll the people of pasted addresses; those that are not known here stay in the form."""
    me = viewer()
    kept = dict(request.form)

    def done() -> ResponseReturnValue:
        sent = forms.read(AddressesIn)
        addresses, unread = engine.read_addresses(sent["addresses"])
        if len(addresses) > engine.MOST_ROWS:
            detail = _("These are more than 2,000 addresses. Nobody was enrolled; send them in two parts.")
            raise Invalid(detail, errors={"addresses": [detail]})

        def work(session: Session) -> tuple[Placed, list[str]]:
            known = queries.people_at(session, addresses)
            ids = [known[address] for address in addresses if address in known]
            placed = actions.place(session, viewer=me, cohort_id=cohort_id, person_ids=ids, role=sent["role"])
            return placed, [address for address in addresses if address not in known]

        placed, unknown = kernel().commit(work)
        if unknown or unread:
            kept["addresses"] = "\n".join([*unknown, *unread])
            detail = _(
                "%(enrolled)s enrolled, %(waiting)s waiting for a seat. Those below have no account here or are no "
                "addresses: correct them, or invite these people first.",
                enrolled=placed.enrolled,
                waiting=placed.waiting,
            )
            raise Invalid(detail, errors={"addresses": [detail]})
        _said(placed)
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer(done, lambda _values, errors: _ways(cohort_id, kept, errors))


@blueprint.post("/cohorts/<id:cohort_id>/enroll/file")
@guard("cohorts:enroll")
def enroll_file(cohort_id: UUID) -> ResponseReturnValue:
    """Enroll the people of a roster file, all of them or, when a line is wrong, nobody."""
    me = viewer()

    def done() -> ResponseReturnValue:
        rows = _rows()

        def work(session: Session) -> tuple[Placed, list[Row]]:
            known = queries.people_at(session, [row.email for row in rows])
            unknown = [row for row in rows if row.email not in known]
            if unknown:
                people.demand(session, me, Right.ENROLL, cohort_id)
                return Placed(), unknown
            enrolled = waiting = 0
            for role in engine.ROLES:
                ids = [known[row.email] for row in rows if row.role == role]
                if ids:
                    one = actions.place(session, viewer=me, cohort_id=cohort_id, person_ids=ids, role=role)
                    enrolled, waiting = enrolled + one.enrolled, waiting + one.waiting
            return Placed(enrolled, waiting), []

        placed, unknown = kernel().commit(work)
        if unknown:
            raise _wrong([Wrong(row.line, "unknown", row.email) for row in unknown])
        _said(placed)
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer(done, lambda values, errors: _ways(cohort_id, values, errors))


def _rows() -> list[Row]:
    sent = request.files.get("roster")
    if sent is None or not sent.filename:
        detail = _("Choose a file first.")
        raise Invalid(detail, errors={"roster": [detail]})
    try:
        text = sent.stream.read().decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        raise _wrong([Wrong(1, "unreadable")]) from error
    rows, wrong = engine.read_roster(text)
    if wrong:
        raise _wrong(wrong)
    return rows


def _wrong(wrong: Sequence[Wrong]) -> Invalid:
    """Say what is wrong with a file, line by line."""
    words = {
        "no-header": _("The first line names no column “email”."),
        "too-many": _("There are more than 2,000 lines."),
        "unreadable": _("This is no CSV file in UTF-8."),
    }
    said = [_("Nobody was enrolled.")]
    for line in wrong[:SHOWN]:
        value = line.value[:80]
        more = {
            "no-address": _("“%(value)s” is no address.", value=value),
            "no-role": _("“%(value)s” is none of learner, mentor, facilitator.", value=value),
            "unknown": _("%(value)s has no account here.", value=value),
        }
        said.append(_("Line %(n)s:", n=line.line) + " " + (words.get(line.code) or more[line.code]))
    if len(wrong) > SHOWN:
        said.append(_("And %(n)s lines more.", n=len(wrong) - SHOWN))
    return Invalid(said[0], errors={"roster": said})


@blueprint.post("/cohorts/<id:cohort_id>/remove")
@guard("cohorts:enroll")
def remove(cohort_id: UUID) -> ResponseReturnValue:
    """Take somebody out of a cohort."""
    me = viewer()
    sent = forms.read(LeaveIn)
    kernel().commit(
        lambda session: actions.remove(
            session, viewer=me, cohort_id=cohort_id, person_id=sent["person"], role=sent["role"]
        )
    )
    flash(_("Taken out of the cohort. What they wrote stays."), "good")
    return forms.see_other(url_for("roster.show", cohort_id=cohort_id))


@blueprint.post("/cohorts/<id:cohort_id>/roles")
@guard("cohorts:enroll")
def change_role(cohort_id: UUID) -> ResponseReturnValue:
    """Let somebody be something else in the cohort."""
    me = viewer()
    sent = forms.read(RoleIn)
    person, _dot, role = sent["member"].partition(".")
    person_id = decode(person)

    def done() -> ResponseReturnValue:
        try:
            kernel().commit(
                lambda session: actions.change_role(
                    session, viewer=me, cohort_id=cohort_id, person_id=person_id, role=role, to=sent["to"]
                )
            )
        except (Conflict, Closed) as refusal:
            raise Invalid(refusal.detail, errors={"_": [refusal.detail]}) from refusal
        flash(_("Saved. They are told by what they see from now on."), "good")
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer(done, lambda _values, errors: cohort_page(cohort_id, errors))


@blueprint.post("/cohorts/<id:cohort_id>/waitlist/move")
@guard("cohorts:create")
def move_up(cohort_id: UUID) -> ResponseReturnValue:
    """Move somebody up the waitlist."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(MoveUpIn)
        try:
            kernel().commit(
                lambda session: actions.move_up(
                    session,
                    viewer=me,
                    cohort_id=cohort_id,
                    person_id=sent["person"],
                    to=sent["to"],
                    reason=sent["reason"],
                )
            )
        except Conflict as refusal:
            raise Invalid(refusal.detail, errors={"_": [refusal.detail]}) from refusal
        flash(_("Moved up. Who did it and why is in the ledger."), "good")
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id, _anchor="waitlist"))

    return forms.answer(
        done, lambda _values, errors: cohort_page(cohort_id, {"_": [line for said in errors.values() for line in said]})
    )


@blueprint.post("/cohorts/<id:cohort_id>/waitlist/remove")
@guard("cohorts:enroll")
def leave_waitlist(cohort_id: UUID) -> ResponseReturnValue:
    """Take somebody off the waitlist."""
    me = viewer()
    person_id = forms.read(SomebodyIn)["person"]
    kernel().commit(
        lambda session: actions.leave_waitlist(session, viewer=me, cohort_id=cohort_id, person_id=person_id)
    )
    flash(_("Off the waitlist."), "good")
    return forms.see_other(url_for("roster.show", cohort_id=cohort_id, _anchor="waitlist"))
