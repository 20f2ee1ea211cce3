"""Many people in one file: the same comes of it as of a file for each of them, and few statements ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry, Subject
from academy.kernel.log import LogEvent
from academy.notices.models import Notice
from academy.people.models import Group, GroupKind, Membership, Person, PersonLanguage, Role
from academy.skills.models import Goal, PersonSkill, SkillStatement
from cohorts.roster.models import Waiting
from cohorts.workshops.models import Rsvp
from forums.spaces.models import Follow
from tests.academy.bridges.filing import BOTH, bring, person
from tests.contracts.test_statements import counted
from tests.factories import cohorts, people, skills, workshops

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
HEAD = "email,name,external_id,pronouns,languages,manager,skills,goals,cohort"
LATER = NOW + timedelta(hours=1)


def admin_of(kernel: Kernel, *, seats: int | None = None) -> UUID:
    """Make an organization with a cohort, its room and a workshop that is coming there, and return its admin."""
    skills.esco(kernel)
    with clock.travel(NOW):
        made = cohorts.world(kernel, seats=seats)
        facilitator = cohorts.enrolled(kernel, made, "Ingrid", Role.FACILITATOR)
        workshops.workshop(kernel, workshops.Cohort(made.academy, made.cohort, made.lead, facilitator))
        with kernel.reading() as session:
            top = session.scalars(select(Group.id).where(Group.kind == GroupKind.ORGANIZATION)).one()
        admin = people.member(kernel, top, people.person(kernel, "Ada", email="ada@example.org"), Role.ADMIN)
        people.member(kernel, made.academy, admin, Role.ADMIN)
    return admin


def row(number: int) -> str:
    """Write somebody of whom the file says everything."""
    cells = [f"p{number}@example.org", f"Person {number}", f"e-{number}", "they/them", "en; de", "ada@example.org"]
    return ",".join([*cells, "Haskell:3; lead others:2", "Haskell:4", "Cohort Kestrel"])


def file(numbers: Sequence[int]) -> str:
    return "\n".join([HEAD, *map(row, numbers)]) + "\n"


def come_of(kernel: Kernel) -> dict[str, Counter[object]]:
    """Count what there is, by kind."""
    kinds = {
        "ledger": select(Entry.kind).where(Entry.kind != "PeopleBroughtIn"),
        "about": select(Entry.kind).join(Subject, Subject.entry_id == Entry.id),
        "notices": select(Notice.kind),
        "jobs": select(Job.kind),
        "logs": select(LogEvent.kind, LogEvent.actor_id.is_(None)),
        "roles": select(Membership.role),
        "skills": select(PersonSkill.level, PersonSkill.source),
        "statements": select(SkillStatement.level, SkillStatement.source, SkillStatement.said_by_id),
        "goals": select(Goal.level),
        "languages": select(PersonLanguage.language),
        "follows": select(Follow.read_no),
        "answers": select(Rsvp.state),
        "waiting": select(Waiting.place),
    }
    with kernel.reading() as session:
        return {name: Counter(tuple(found) for found in session.execute(query)) for name, query in kinds.items()}


@BOTH
def test_a_file_of_many_does_what_a_file_for_each_of_them_does(kernel: Kernel) -> None:
    admin = admin_of(kernel)
    with clock.travel(LATER):
        states = [come_of(kernel)]
        for number in (1, 2, 3):
            assert bring(kernel, admin, file([number])).added == 1
        states.append(come_of(kernel))
        assert bring(kernel, admin, file([11, 12, 13])).added == 3
        states.append(come_of(kernel))
        assert bring(kernel, admin, file([1, 2, 3, 11, 12, 13])).same == 6
        assert come_of(kernel) == states[2]
    before, singly, together = states
    for name in together:
        assert together[name] - singly[name] == singly[name] - before[name], name
    new = together["ledger"] - singly["ledger"]
    assert (new["SkillSet",], new["GoalSet",], new["PersonEnrolled",], new["ManagerSet",]) == (6, 3, 3, 3)
    assert sum((together["answers"] - singly["answers"]).values()) == 3


@BOTH
def test_learners_beyond_the_seats_wait_in_the_order_of_the_file(kernel: Kernel) -> None:
    admin = admin_of(kernel, seats=2)
    with clock.travel(LATER):
        bring(kernel, admin, file([1]))
        bring(kernel, admin, file([2, 3, 4]))
        bring(kernel, admin, file([5]))
    with kernel.reading() as session:
        line = session.scalars(select(Person.name).join(Waiting).order_by(Waiting.place)).all()
        told = session.scalars(
            select(Person.name).join(Notice, Notice.person_id == Person.id).where(Notice.kind == "cohort-waitlisted")
        ).all()
    assert line == ["Person 3", "Person 4", "Person 5"]
    assert sorted(told) == line


@BOTH
def test_whoever_changes_alike_or_not_is_changed_as_the_file_says(kernel: Kernel) -> None:
    admin = admin_of(kernel)
    with clock.travel(LATER):
        bring(kernel, admin, file(range(1, 7)))
        text = """\
email,name,pronouns,languages,skills,goals
p1@example.org,Ana,,,Haskell:5,
p2@example.org,Ben,,fr,-,-
p3@example.org,,-,,,
p4@example.org,Dan,she/her,,,Haskell:2
"""
        assert bring(kernel, admin, text).changed == 4
    with kernel.reading() as session:
        rows = session.execute(select(Person.name, Person.pronouns).where(Person.email.like("p_@%")).order_by("email"))
        assert [tuple(row) for row in rows] == [
            ("Ana", "they/them"),
            ("Ben", "they/them"),
            ("Person 3", ""),
            ("Dan", "she/her"),
            ("Person 5", "they/them"),
            ("Person 6", "they/them"),
        ]
    ben = person(kernel, "p2@example.org").id
    with kernel.reading() as session:
        assert session.scalars(select(PersonLanguage.language).where(PersonLanguage.person_id == ben)).all() == ["fr"]
        for table in (PersonSkill, SkillStatement, Goal):
            assert session.scalars(select(table.person_id).where(table.person_id == ben)).all() == []
            assert len(set(session.scalars(select(table.person_id)))) == 5
        fields = session.scalars(
            select(Entry.facts).where(Entry.kind == "ProfileChanged").order_by(Entry.id.desc())
        ).all()
    changed = sorted(tuple(facts["fields"]) for facts in fields[:4])
    assert changed == [("name",), ("name", "languages"), ("name", "pronouns"), ("pronouns",)]


@BOTH
def test_a_file_asks_less_than_one_statement_for_two_people(kernel: Kernel) -> None:
    admin, asked = admin_of(kernel), []
    with clock.travel(LATER):
        for numbers in (range(1, 6), range(101, 166)):
            with counted(kernel.database) as found:
                assert bring(kernel, admin, file(numbers)).added == len(numbers)
            asked.append(len(found))
    assert asked[1] - asked[0] < 60 / 2, asked
