"""People as a CSV file: what it changes, and what it refuses."""

from __future__ import annotations

import resource
import time
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.administration import actions as administration
from academy.bridges.people_file.queries import finding, planning, writing
from academy.bridges.people_file.queries.slots import Column
from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people.models import GroupKind, Membership, PersonLanguage, Role
from academy.skills.models import PersonSkill
from cohorts.roster.models import Waiting
from mentoring.people_file.engine import MORE
from tests.academy.bridges.filing import BOTH, bring, everything, export, person, plan, said
from tests.contracts.tree import ROOT
from tests.factories import cohorts, people, skills, tracks

WHOLE = """\
email,name,External ID,time zone,locale,pronouns,languages,Manager,skills,goals,cohort,role
ben@example.org,Ben Okafor,e-1,europe/lisbon,en,he/him,en; Portuguese,e-2,haskell: 3; lead others:2,Haskell:4,Cohort Kestrel,
ling@example.org,Ling Chen,e-2,Europe/Berlin,,,,,,,,
mia@example.org,Mia Silva,,,,,,ling@example.org,,,Cohort Kestrel:mentor,member
"""


@BOTH
def test_a_file_adds_people_with_everything_it_says_and_changes_nothing_the_second_time(kernel: Kernel) -> None:
    skills.esco(kernel)
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    lead = people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD)
    admin = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    version = tracks.published(kernel, academy)
    made = kernel.commit(
        lambda s: cohorts.actions.create_cohort(
            s,
            viewer=people.viewer(kernel, lead),
            academy_group_id=academy,
            track_version_id=version,
            name="Cohort Kestrel",
            starts_on=clock.now().date(),
            zone="Europe/Berlin",
        )
    )
    text = WHOLE
    first = bring(kernel, admin, text)
    assert (first.added, first.changed, first.same, said(first)) == (3, 0, 0, [])
    ben, ling, mia = (person(kernel, f"{n}@example.org") for n in ("ben", "ling", "mia"))
    assert (ben.name, ben.zone, ben.pronouns, ben.external_id) == ("Ben Okafor", "Europe/Lisbon", "he/him", "e-1")
    assert (ben.manager_id, mia.manager_id, ben.password_hash) == (ling.id, ling.id, None)
    with kernel.reading() as session:
        memberships = select(Membership.person_id, Membership.role, Membership.group_id)
        held = {tuple(row) for row in session.execute(memberships.where(Membership.person_id.in_([ben.id, mia.id])))}
        spoken = session.scalars(select(PersonLanguage.language).where(PersonLanguage.person_id == ben.id)).all()
        source = session.scalars(select(PersonSkill.source).where(PersonSkill.person_id == ben.id)).first()
    assert held == {
        (ben.id, "member", academy),
        (ben.id, "learner", made.id),
        (mia.id, "member", academy),
        (mia.id, "mentor", made.id),
    }
    assert (sorted(spoken), source) == (["en", "pt"], "organization")
    before = everything(kernel)
    again = bring(kernel, admin, text)
    assert (again.added, again.changed, again.same) == (0, 0, 3)
    assert everything(kernel) == before  # not one row, not one entry in the ledger
    out = export(kernel, admin)
    before = everything(kernel)
    back = bring(kernel, admin, out)
    assert (back.people, said(back), everything(kernel)) == ([], [], before)


def test_all_that_is_wrong_is_said_at_once_with_the_line_of_the_file(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    people.person(kernel, "Ben", email="ben@example.org")
    text = (
        "name;email;zone;skills;manager;about\r\n"
        '"Ana\r\nSilva";ana@example.org;;;;\r\n'  # lines 2 and 3
        "\r\n"
        "Bo;not an address;;;;\r\n"
        "Cy;cy@example.org;Europe/Lisbonn;Haskel:3;;\r\n"
        ";ben@example.org;;Haskell:7;nobody@example.org;\r\n"
        ";new@example.org;;;;\r\n"
        "Bo;bo@example.org;;;;;;more\r\n"
        "Ben;BEN@example.org;;;;\r\n"
    )
    found = plan(kernel, admin, text)
    assert said(found) == [
        (2, "name", "A name stands on one line, without characters that can't be seen."),
        (5, "email", "“not an address” is not an e-mail address such as ana@example.org."),
        (6, "skills", "No skill is called “Haskel”. Did you mean “Haskell”?"),
        (6, "zone", "“Europe/Lisbonn” is no time zone such as Europe/Lisbon. Did you mean “Europe/Lisbon”?"),
        (7, "manager", "Nobody here or in this file has the address or external id “nobody@example.org”."),
        (7, "skills", "Write a level from 1 to 5 after a colon, such as “Haskell:3”."),
        (8, "email", "Nobody here is called so, and somebody new needs an address and a name."),
        (9, "", "This row has 8 cells and the first line names 6. Is a quote missing?"),
        (10, "email", "This person is in line 7 already."),
    ]
    assert (list(found.unknown), found.bad_rows, found.rows) == (["about"], 7, 7)


def test_a_row_that_names_nobody_is_told_everything_else_in_the_same_round(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    text = "email,name,zone,manager,skills,role,cohort\nbad,Bo,Nowhere,nobody@example.org,Haskel:3,chief,No cohort\n"
    found = plan(kernel, admin, text)
    columns = ["cohort", "email", "manager", "role", "skills", "zone"]
    assert [(line, column) for line, column, _sentence in said(found)] == [(2, column) for column in columns]
    assert (found.people, found.same, found.rows, found.bad_rows) == ([], 0, 1, 1)


def test_one_bad_row_holds_up_the_whole_file_unless_bad_rows_are_to_be_skipped(kernel: Kernel, admin: UUID) -> None:
    text = (
        "email,name,manager\nbad,Bad,\nana@example.org,Ana,\nben@example.org,Ben,new@example.org\nnew@example.org,,\n"
    )
    before = everything(kernel)
    with pytest.raises(Invalid, match="3 of 4 rows|2 of 4 rows"):
        bring(kernel, admin, text)
    assert everything(kernel) == before
    done = bring(kernel, admin, text, skip=True)
    # Ben leans on a row that is bad, so his is bad too.
    assert (done.added, done.bad_rows, done.rows) == (1, 3, 4)
    assert person(kernel, "ana@example.org").name == "Ana"


def test_a_circle_of_managers_is_refused_also_over_people_who_are_not_in_the_file(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, "email,name,manager\na@example.org,A,b@example.org\nb@example.org,B,\nc@example.org,C,\n")
    found = plan(kernel, admin, "email,manager\nb@example.org,a@example.org\nc@example.org,c@example.org\n")
    assert said(found) == [
        (2, "manager", "That would be a circle: B reports to A reports to B."),
        (3, "manager", "That would be a circle: C reports to C."),
    ]


@BOTH
def test_a_file_says_the_same_whether_those_it_calls_are_looked_at_or_everybody(
    kernel: Kernel, admin: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = "".join(f"p{n}@example.org,P{n},e{n},p{n + 1}@example.org,\n" for n in range(6))
    bring(kernel, admin, f"email,name,external_id,manager,role\n{chain}p6@example.org,P6,e6,,member\n")
    text = (
        "email,external_id,manager,role,cohort\n"
        "P5@Example.org,,e1,,\n"  # whom e1 reports to, none of the file's rows calls
        ",e3,p0@example.org,member,\n"
        "p0@example.org,e2,,,\n"
        "p4@example.org,,-,,Nowhere\n"
        "p6@example.org,nobody\0s,e\0,,\n"
        "new@example.org,e0,,,\n"
    )
    called = plan(kernel, admin, text)
    monkeypatch.setattr(finding, "MOST_CALLED", 0)
    assert said(called) == said(plan(kernel, admin, text))
    circle = "That would be a circle: P3 reports to P0 reports to P1 reports to P2 reports to P3."
    assert (3, "manager", circle) in said(called)
    assert [(p.email, p.changes) for p in called.people] == [
        (p.email, p.changes) for p in plan(kernel, admin, text).people
    ]


@BOTH
def test_two_who_change_places_above_and_below_each_other_are_no_circle(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, "email,name,manager\na@example.org,A,\nb@example.org,B,a@example.org\n")
    assert bring(kernel, admin, "email,manager\na@example.org,b@example.org\nb@example.org,-\n").changed == 2
    ana, ben = person(kernel, "a@example.org"), person(kernel, "b@example.org")
    assert (ana.manager_id, ben.manager_id) == (ben.id, None)
    with kernel.reading() as session:
        told = session.execute(select(Entry.actor_id, Entry.facts).where(Entry.kind == "ManagerSet").order_by(Entry.id))
        assert [tuple(row) for row in told][1:] == [
            (admin, {"person_id": str(ana.id), "manager_id": str(ben.id)}),
            (admin, {"person_id": str(ben.id), "manager_id": None}),
        ]


def test_whoever_is_new_without_a_zone_has_the_organizations(kernel: Kernel, admin: UUID) -> None:
    settled = people.viewer(kernel, admin)
    kernel.commit(lambda s: administration.settle(s, viewer=settled, name="Fernhill", zone="Asia/Tokyo", contact=""))
    bring(kernel, admin, "email,name,zone\na@example.org,A,\nb@example.org,B,Europe/Lisbon\n")
    assert person(kernel, "a@example.org").zone == "Asia/Tokyo"
    assert person(kernel, "b@example.org").zone == "Europe/Lisbon"


def test_an_empty_cell_changes_nothing_and_a_hyphen_empties(kernel: Kernel, admin: UUID) -> None:
    bring(
        kernel,
        admin,
        "email,name,pronouns,external id,manager,languages\na@example.org,A,they/them,7,ada@example.org,en\n",
    )
    bring(kernel, admin, "email,pronouns,external id,manager,languages\na@example.org,,,,\n")
    kept = person(kernel, "a@example.org")
    assert (kept.pronouns, kept.external_id, kept.manager_id) == ("they/them", "7", admin)
    assert said(plan(kernel, admin, "email,name\na@example.org,-\n")) == [(2, "name", "This can't be emptied.")]
    bring(kernel, admin, "email,pronouns,external id,manager,languages\na@example.org,-,-,-,-\n")
    emptied = person(kernel, "a@example.org")
    assert (emptied.pronouns, emptied.external_id, emptied.manager_id) == ("", None, None)
    with kernel.reading() as session:
        assert session.scalars(select(PersonLanguage.language).where(PersonLanguage.person_id == kept.id)).all() == []


def test_a_file_changes_no_address_and_mixes_up_nobody(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, "email,name,external_id\na@example.org,A,1\nb@example.org,B,2\n")
    found = plan(kernel, admin, "email,external_id\nthief@example.org,1\na@example.org,2\n")
    assert said(found) == [
        (2, "email", "This person signs in as a@example.org. A file changes no address: they change it themselves."),
        (3, "email", "The address is one person's and the external id another's."),
    ]
    renamed = bring(kernel, admin, "external_id,name\n1,Anna\n")
    assert (renamed.changed, person(kernel, "a@example.org").name) == (1, "Anna")


def test_a_role_that_the_admin_lacks_the_rights_of_is_refused(kernel: Kernel, admin: UUID) -> None:
    found = plan(
        kernel,
        admin,
        "email,name,role\na@example.org,A,lead\nb@example.org,B,admin\nc@example.org,C,chief\nd@example.org,D,mentor\n",
    )
    assert said(found) == [
        (2, "role", "A file can't give the role lead for you. Appoint them by hand: Administration, Roles."),
        (4, "role", "“chief” is no role."),
        (5, "role", "The role mentor is held in a cohort: name it in the column cohort."),
    ]


def test_a_thousand_rows_take_seconds_and_little_memory(kernel: Kernel, admin: UUID) -> None:
    rows = [f"p{n}@example.org,Person {n},{n},Europe/Lisbon,en; de,p{n // 10}@example.org\n" for n in range(1, 1_000)]
    text = "email,name,external_id,zone,languages,manager\np0@example.org,Person 0,0,UTC,en,\n" + "".join(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    assert bring(kernel, admin, text).added == 1_000
    assert bring(kernel, admin, text).same == 1_000
    # Ten times what it takes on a small machine: a step that grew faster than the file would be seen.
    assert time.process_time() - started < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_cohort_that_is_not_there_and_a_full_one_with_its_waitlist(kernel: Kernel) -> None:
    made = cohorts.world(kernel, seats=1)
    with kernel.reading() as session:
        top = session.scalars(
            select(planning.people.Group.id).where(planning.people.Group.kind == "organization")
        ).first()
    top = top or people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    admin = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    people.member(kernel, made.academy, admin, Role.ADMIN)
    text = "email,name,cohort\na@example.org,A,cohort kestrl\nb@example.org,B,{}\n"
    found = plan(kernel, admin, text.format(encode(made.cohort)))
    assert said(found) == [
        (2, "cohort", "No cohort that you enroll into is called “cohort kestrl”. Did you mean “Cohort Kestrel”?")
    ]
    text = "email,name,cohort\na@example.org,A,Cohort Kestrel\nb@example.org,B,cohort kestrel\n"
    assert bring(kernel, admin, text).added == 2
    with kernel.reading() as session:
        learners = session.scalars(select(Membership.person_id).where(Membership.group_id == made.cohort)).all()
        waiting = session.scalars(select(Waiting.person_id).where(Waiting.cohort_id == made.cohort)).all()
    assert (learners, waiting) == ([person(kernel, "a@example.org").id], [person(kernel, "b@example.org").id])
    before = everything(kernel)
    assert bring(kernel, admin, text).same == 2  # who waits still waits, and nothing is written
    assert everything(kernel) == before


def test_a_closed_cohort_is_said_before_anything_is_done_and_who_is_in_it_stays_so(kernel: Kernel) -> None:
    made = cohorts.world(kernel)
    with kernel.reading() as session:
        top = session.scalars(
            select(planning.people.Group.id).where(planning.people.Group.kind == "organization")
        ).one()
    admin = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    bring(kernel, admin, "email,name,cohort\na@example.org,A,Cohort Kestrel\n")
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: cohorts.actions.close_cohort(s, viewer=lead, cohort_id=made.cohort, version=1))
    text = "email,name,cohort\na@example.org,Anna,Cohort Kestrel\nb@example.org,B,Cohort Kestrel\n"
    assert said(plan(kernel, admin, text)) == [
        (3, "cohort", "Cohort Kestrel is closed: nobody new is enrolled. Open it again first.")
    ]
    assert bring(kernel, admin, text, skip=True).changed == 1
    assert person(kernel, "a@example.org").name == "Anna"


def test_the_example_of_the_page_can_be_brought_in(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    page = (ROOT / "docs" / "people-csv.md").read_text("utf-8")
    assert bring(kernel, admin, page.split("```csv\n")[1].split("```")[0]).added == 2
    own, _, for_matching = page.partition("## Matching from the file alone")
    described, more = (
        {line.split("`")[1] for line in part.splitlines() if line.startswith("| `")} for part in (own, for_matching)
    )
    assert described == set(writing.columns(kernel.slots(Column)))
    assert more == set(MORE)
