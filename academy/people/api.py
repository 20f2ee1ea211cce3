"""People and groups for programs: who the caller is, whom they may meet, which groups they see into."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.people import actions, queries
from academy.people.queries import Face, GroupLine, Member, Profile
from academy.people.schemas import GroupOut, MemberOut, MeOut, ProfileChangeIn, ProfileOut
from academy.web.api import conditions
from academy.web.api.effects import conditional
from academy.web.api.operations import Operations, answers, asks, takes
from academy.web.api.shapes import FaceOut, FindIn, PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Operations("people_api", __name__, tag="People")


@blueprint.get("/me")
@guard("people:self")
@answers(200, MeOut, tagged=True)
def me() -> dict[str, Any]:
    """Say who is signed in, and their roles in each group as of now."""
    person = viewer()
    return {
        "id": person.person_id,
        "name": person.name,
        "initials": person.initials,
        "hue": person.hue,
        "zone": person.zone,
        "locale": person.locale,
        "groups": [{"id": group_id, "roles": sorted(person.roles[group_id])} for group_id in sorted(person.roles)],
    }


@blueprint.get("/me/profile")
@guard("people:self")
@answers(200, ProfileOut, tagged=True)
def profile() -> Profile:
    """Return what the caller says about themselves, with their working hours."""
    with kernel().reading() as session:
        return queries.profile_for(session, viewer())


@blueprint.patch("/me/profile")
@guard("people:self")
@conditional
@takes(ProfileChangeIn, partial=True)
@answers(200, ProfileOut, tagged=True)
def change_profile(sent: dict[str, Any]) -> Profile:
    """Change what the caller says about themselves; what is left out stays as it is."""
    me = viewer()

    def work(session: Session) -> Profile:
        queries.hold(session, me.person_id)
        before = queries.profile_for(session, me)
        conditions.demand(ProfileOut, before)
        hours = [(one["weekday"], one["start"], one["end"]) for one in sent.get("hours", ())]
        actions.change_profile(
            session,
            person_id=me.person_id,
            name=_one_line(sent.get("name", before.name)),
            pronouns=sent.get("pronouns", before.pronouns).strip(),
            about=sent.get("about", before.about).strip(),
            zone=sent.get("zone", before.zone),
            languages=sent.get("languages", before.languages),
            hours=hours if "hours" in sent else before.hours,
        )
        session.flush()
        return queries.profile_for(session, me)

    return kernel().commit(work)


def _one_line(name: str) -> str:
    if not name.strip():
        raise Invalid(errors={"name": [_("Please fill this in.")]})
    return name.strip()


@blueprint.get("/people")
@guard("people:meet")
@asks(FindIn)
@answers(200, part_of(FaceOut))
def people(query: dict[str, Any]) -> Part[Face]:
    """List whom the caller may meet; `q` holds words of their names."""
    with kernel().reading() as session:
        return queries.people_for(session, viewer(), span_of(query), words=query["q"])


@blueprint.get("/people/<id:person_id>")
@guard("people:meet")
@answers(200, FaceOut, tagged=True)
def person(person_id: UUID) -> Face:
    """Return what is shown of somebody whom the caller may meet."""
    with kernel().reading() as session:
        return queries.face_for(session, viewer(), person_id)


@blueprint.get("/groups")
@guard("people:meet")
@asks(PageIn)
@answers(200, part_of(GroupOut))
def groups(query: dict[str, Any]) -> Part[GroupLine]:
    """List the groups that the caller sees into."""
    with kernel().reading() as session:
        return queries.groups_for(session, viewer(), span_of(query))


@blueprint.get("/groups/<id:group_id>")
@guard("people:meet")
@answers(200, GroupOut, tagged=True)
def group(group_id: UUID) -> GroupLine:
    """Return one group."""
    with kernel().reading() as session:
        return queries.group_for(session, viewer(), group_id)


@blueprint.get("/groups/<id:group_id>/members")
@guard("people:meet")
@asks(PageIn)
@answers(200, part_of(MemberOut))
def members(group_id: UUID, query: dict[str, Any]) -> Part[Member]:
    """List who is in a group now, one entry for each role that somebody has there."""
    with kernel().reading() as session:
        return queries.members_for(session, viewer(), group_id, span_of(query))
