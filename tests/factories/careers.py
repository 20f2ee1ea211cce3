"""Makers of needs, opportunities and target roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from academy.careers import actions
from academy.careers.actions import Written
from academy.careers.models import Occupation
from academy.careers.queries import opportunities
from academy.kernel.app import Kernel
from academy.web import markup
from tests.factories import people, skills


def occupations(kernel: Kernel) -> None:
    """Load the built-in skills and occupations."""
    skills.esco(kernel)
    kernel.commit(actions.complete)


def occupation(kernel: Kernel, label: str) -> UUID:
    """Return the id of an occupation by its name."""
    with kernel.reading() as session:
        return session.scalars(select(Occupation.id).where(Occupation.label == label)).one()


def need(kernel: Kernel, by: UUID, academy: UUID, label: str, level: int = 3, count: int = 5) -> UUID:
    """Let somebody say that an academy needs a skill, and return the skill."""
    skill_id = skills.skill(kernel, label)
    said = {"group_id": academy, "skill_id": skill_id, "level": level, "people": count}
    kernel.commit(lambda s: actions.set_need(s, viewer=people.viewer(kernel, by), **said))
    return skill_id


def written(
    kernel: Kernel, contact: UUID, levels: Mapping[str, int], title: str = "Host the forum", days: int = 20
) -> Written:
    """Return what somebody wrote of an opportunity."""
    return Written(
        title=title,
        body_md="Two hours a *week*.",
        body_html=markup.render("Two hours a *week*."),
        renderer=markup.RENDERER,
        closes_on=opportunities.today() + timedelta(days=days),
        contact_id=contact,
        skills={skills.skill(kernel, label): level for label, level in levels.items()},
    )


def opportunity(
    kernel: Kernel, by: UUID, academy: UUID, levels: Mapping[str, int], title: str = "Host the forum"
) -> UUID:
    """Let somebody put an opportunity on the board of an academy, with themselves to ask."""
    what = written(kernel, by, levels, title)
    return kernel.commit(
        lambda s: actions.open_opportunity(s, viewer=people.viewer(kernel, by), group_id=academy, written=what)
    )
