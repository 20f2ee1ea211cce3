"""Pages for admins: the audit in plain words, work and mail when the mail server is away, settings that count."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.administration.adapters import post_office
from academy.administration.pages import words
from academy.administration.queries import audit, house
from academy.kernel import clock, mail
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.kernel.events import Event
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.kernel.mail import Letter, SmtpTransport
from academy.people import actions as people_actions
from academy.people import queries
from academy.people.models import GroupKind, Role
from tests.conftest import proved
from tests.contracts.tree import ROOT
from tests.factories import people


@pytest.fixture
def top(kernel: Kernel) -> UUID:
    return people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")


@pytest.fixture
def ling(kernel: Kernel, top: UUID) -> UUID:
    return people.member(kernel, top, people.person(kernel, "Ling Chen", email="ling@example.org"), Role.ADMIN)


@pytest.fixture
def admin(client_of: Callable[[UUID], FlaskClient], ling: UUID) -> FlaskClient:
    return client_of(ling)


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.text)).split())


def kinds(of: type[Event]) -> Iterator[type[Event]]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_entry_of_the_ledger_and_every_job_has_plain_words(kernel: Kernel, app) -> None:
    recorded = {
        kind.__name__
        for kind in kinds(Event)
        if kind.recorded is not None and not kind.__subclasses__() and not kind.__module__.startswith("tests.")
    }
    with app.app_context():
        assert recorded - set(words.entry_words()) == audit.UNTOLD
        assert {kind for kind in kernel.runner._kinds if kind not in words.job_words()} == set()


def test_sentences_name_only_what_their_events_record(app) -> None:
    recorded = {kind.__name__: kind.recorded or () for kind in kinds(Event)}
    with app.app_context():
        sentences = words.entry_words()
    wrong = {
        kind: hole
        for kind, sentence in sentences.items()
        for hole in words.HOLE.findall(sentence)
        if hole != "actor" and hole not in recorded[kind]
    }
    assert wrong == {}


def test_the_mail_log_has_plain_words_for_every_letter_that_is_written(app) -> None:
    written = [
        (file.name, about.value if isinstance(about := words.get("about"), ast.Constant) else None)
        for package in ("academy", "cohorts", "forums", "mentoring")
        for file in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"Letter", "mail.Letter"}
        for words in [{keyword.arg or "*": keyword.value for keyword in call.keywords}]
        if "*" not in words  # read from what was promised
    ]
    assert len(written) > 5
    with app.app_context():
        assert [one for one in written if one[1] not in words.letter_words()] == []


@pytest.mark.parametrize("asked", ["since=1969-07-20", "since=0001-01-01", "until=9999-12-30"])
def test_the_audit_is_asked_for_any_day_there_is(admin: FlaskClient, asked: str) -> None:
    assert "Ling Chen signed in" in text_of(admin, f"/admin/audit?{asked}")


def test_people_are_found_whatever_the_case_of_their_letters(admin: FlaskClient, kernel: Kernel) -> None:
    for name in ("Émile Öz", "Zoë Straße", "100% Person"):
        people.person(kernel, name)
    found = {
        wanted: [name for name in ("Émile Öz", "Zoë Straße", "100% Person") if name in text_of(admin, page)]
        for wanted in ("émile", "ÖZ", "straße", "%", "_")
        if (page := f"/admin/people?{urlencode({'q': wanted})}")
    }
    assert found == {
        "émile": ["Émile Öz"],
        "ÖZ": ["Émile Öz"],
        "straße": ["Zoë Straße"],
        "%": ["100% Person"],
        "_": [],
    }


def test_the_audit_says_who_made_whom_what_and_where(admin: FlaskClient, kernel: Kernel, top: UUID, ling: UUID) -> None:
    academy = people.group(kernel, GroupKind.ACADEMY, "North", top)
    priya = people.person(kernel, "Priya Nair")
    proved(admin).post("/admin/roles", data={"group": encode(academy), "person": encode(priya), "role": "lead"})
    assert "Ling Chen made Priya Nair program lead in North" in text_of(admin, "/admin/audit")
    assert "Ling Chen made Priya Nair" in text_of(admin, f"/admin/audit?person={encode(priya)}")
    assert "Ling Chen made Priya Nair" in text_of(admin, f"/admin/audit?group={encode(academy)}&kind=MemberJoined")
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    assert "Ling Chen made Priya Nair" not in text_of(admin, f"/admin/audit?since={tomorrow}")
    assert "Ling Chen made Priya Nair" not in text_of(admin, "/admin/audit?kind=SignedIn")
    assert "Error:" in text_of(admin, "/admin/audit?since=soon")


def test_looking_at_the_audit_stands_in_the_audit(admin: FlaskClient, kernel: Kernel, ling: UUID) -> None:
    admin.get("/admin/audit?kind=SignedIn")
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "AuditSeen")).one()
    assert (entry.actor_id, entry.facts["entry_kind"]) == (ling, "SignedIn")
    assert "Ling Chen looked at the audit" in text_of(admin, "/admin/audit?kind=AuditSeen")


def test_looks_at_the_audit_push_nothing_down(admin: FlaskClient, kernel: Kernel, top: UUID, ling: UUID) -> None:
    people.member(kernel, top, people.person(kernel, "Ana"), Role.MEMBER)
    for _ in range(audit.PAGE + 1):
        admin.get(f"/admin/audit?group={encode(top)}&person={encode(ling)}")
    for narrowed in ("", f"?group={encode(top)}", f"?person={encode(ling)}"):
        page = text_of(admin, f"/admin/audit{narrowed}")
        assert "looked at the audit</span>" not in page, narrowed
    assert "Ana" in text_of(admin, "/admin/audit")


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_lead_reads_back_over_quiet_years_and_misses_nothing(kernel: Kernel, top: UUID) -> None:
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    beside = people.group(kernel, GroupKind.ACADEMY, "South Academy", top)
    start = clock.now() - timedelta(days=800)
    for days, count in ((0, audit.PAGE + 3), (400, 2), (799, audit.PAGE + 5)):
        with clock.travel(start + timedelta(days=days)):
            for number in range(count):
                who = people.person(kernel, f"Person {days} {number}")
                people.member(kernel, academy, who)
                people.member(kernel, beside, who)
    lead = people.viewer(kernel, people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD))
    found, before, more = [], None, True
    with kernel.reading() as session:
        while more:
            page, more = audit.entries_led(session, lead, audit.Wanted(), ["MemberJoined"], before=before)
            assert len(page) == audit.PAGE or not more
            found += page
            before = page[-1].id
    assert len(found) == len({one.id for one in found}) == 2 * audit.PAGE + 11
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)
    assert {one.facts["group_id"] for one in found} == {str(academy)}


def test_no_free_text_comes_into_the_ledger_by_what_is_looked_for(admin: FlaskClient, kernel: Kernel) -> None:
    for address in ("/admin/audit", "/audit"):
        for kind in ("Ana+is+ill", "personseen", "PersonSeen%20", "x" * 70):
            assert admin.get(f"{address}?kind={kind}").status_code == 404, (address, kind)
    with kernel.reading() as session:
        assert session.scalars(select(Entry.id).where(Entry.kind == "AuditSeen")).all() == []


def test_the_audit_goes_on_page_by_page_and_misses_nothing(admin: FlaskClient, kernel: Kernel, top: UUID) -> None:
    for number in range(audit.PAGE + 20):
        people.person(kernel, f"Person {number}")
    first = admin.get("/admin/audit?kind=PersonAdded").text
    older = re.search(r'href="(/admin/audit\?[^"]*before=[^"]+)"', first)
    assert older is not None
    second = admin.get(html.unescape(older[1])).text
    found = re.findall(r"Person \d+ got an account", first + second)
    assert len(found) == len(set(found)) == audit.PAGE + 20


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_roles_come_a_page_at_a_time_each_once_and_in_order(kernel: Kernel, top: UUID) -> None:
    cohorts = [people.group(kernel, GroupKind.COHORT, f"Cohort {number}", top) for number in (1, 2)]
    for number in range(house.SHOWN):
        who = people.person(kernel, f"Person {number % 3}")  # many are called alike
        for cohort in cohorts:
            people.member(kernel, cohort, who, Role.FACILITATOR)
    ada = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    viewer, found, after = people.viewer(kernel, ada), [], None
    with kernel.reading() as session:
        while True:
            part = house.holders_for(session, viewer, after=after)
            found += part.items
            after = part.next
            if after is None:
                break
            assert len(part.items) == house.SHOWN
    ids = [holder.id for holder in found]
    assert len(ids) == len(set(ids))
    assert len([holder for holder in found if holder.role == Role.FACILITATOR]) == 2 * house.SHOWN
    groups = [holder.group for holder in found]
    assert groups == [groups[0], *["Cohort 1"] * house.SHOWN, *["Cohort 2"] * house.SHOWN]
    names = [holder.face.name for holder in found[1 : house.SHOWN + 1]]
    assert names == sorted(names)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_entries_are_found_by_person_whether_they_did_it_or_bore_it(kernel: Kernel, top: UUID, ling: UUID) -> None:
    ana, ben = people.person(kernel, "Ana"), people.person(kernel, "Ben")
    kernel.commit(lambda s: people_actions.join(s, group_id=top, person_id=ana, role=Role.MEMBER, actor_id=ben))
    for person in (ana, ben):
        with kernel.reading() as session:
            found, more = audit.entries(session, audit.Wanted(person_id=person, kind="MemberJoined", group_id=top))
        assert ([entry.actor_id for entry in found], more) == ([ben], False)


def test_nobody_learns_that_they_were_blocked(admin: FlaskClient, kernel: Kernel, ling: UUID) -> None:
    ana = people.person(kernel, "Ana")
    kernel.commit(lambda s: people_actions.block(s, person_id=ana, blocked_id=ling))
    for address in ("/admin/audit", f"/admin/audit?person={encode(ana)}"):
        assert "block" not in text_of(admin, address).lower()
    assert admin.get("/admin/audit?kind=PersonBlocked").status_code == 404


def test_who_is_in_a_pair_is_not_told(admin: FlaskClient, kernel: Kernel, top: UUID) -> None:
    pair = people.group(kernel, GroupKind.PAIR, "Ana and Ben", top)
    ana = people.member(kernel, pair, people.person(kernel, "Ana Silva"))
    shown = text_of(admin, "/admin/audit?kind=MemberJoined")
    assert "Somebody came into a pair" in shown
    assert "Ana Silva" not in shown
    assert "Ana and Ben" not in text_of(admin, f"/admin/people/{encode(ana)}")


@pytest.fixture
def away(kernel: Kernel) -> Iterator[None]:
    """Let the mail server be away."""
    before = kernel.mail
    kernel.mail = SmtpTransport(
        Settings(database_url="sqlite:///x", secret_key="k" * 16, smtp_url="smtp://127.0.0.1:1")
    )
    yield
    kernel.mail = before


def test_a_letter_is_kept_and_said_while_the_mail_server_is_away(
    admin: FlaskClient, kernel: Kernel, away: None, tmp_path
) -> None:
    letter = Letter(to_name="Sofia", to_address="sofia@example.org", subject="Secret", text="Words", about="workshop")
    kernel.commit(lambda s: mail.post(s, letter))
    kernel.runner.run_due()
    shown = text_of(admin, "/admin/mail")
    for said in ("A letter about a workshop", "s…@example.org", "Trying again", "refused the connection", "Next try"):
        assert said in shown
    assert not [word for word in ("sofia@", "Secret", "Words") if word in shown]
    with kernel.reading() as session:
        [job_id] = session.scalars(select(Job.id))
    admin.post(f"/admin/jobs/{encode(job_id)}/set-aside")
    assert "1 thing could not be done" in text_of(admin, "/admin/jobs")
    kernel.mail = mail.transport_of(Settings(database_url="sqlite:///x", secret_key="k" * 16, instance=tmp_path))
    admin.post("/admin/jobs/retry")
    kernel.runner.run_due()
    assert "No letter is waiting" in text_of(admin, "/admin/mail")
    assert "A letter about a workshop to s…@example.org Sent" in text_of(admin, "/admin/mail")


def test_a_test_letter_says_what_happened(admin: FlaskClient, kernel: Kernel, away: None) -> None:
    shown = html.unescape(admin.post("/admin/mail/test", follow_redirects=True).text)
    assert "The mail server refused the connection. Look at ACADEMY_SMTP_URL" in shown


def test_the_words_of_a_mail_server_hide_addresses() -> None:
    said = post_office.quoted("SMTPRecipientsRefused: {'sofia.f@example.org': (550, b'No such user')}")
    assert said == "SMTPRecipientsRefused: {'…@example.org': (550, b'No such user')}"


def test_settings_count_for_everybody(admin: FlaskClient, client: FlaskClient, kernel: Kernel) -> None:
    sent = {"name": "Fernhill Group", "zone": "Asia/Tokyo", "contact": "help@example.org"}
    admin.post("/admin/settings", data=sent)
    shown = client.get("/sign-in").text
    assert "Fernhill Group" in shown
    assert "help@example.org" in shown
    made = kernel.commit(lambda s: people_actions.add_person(s, email="new@example.org", name="New"))
    assert made.zone == "Asia/Tokyo"


def test_a_wrong_setting_is_said_and_what_was_typed_is_kept(admin: FlaskClient, kernel: Kernel) -> None:
    answer = admin.post("/admin/settings", data={"name": "Other", "zone": "Nowhere/Land", "contact": ""})
    assert answer.status_code == 422
    assert 'value="Other"' in answer.text
    with kernel.reading() as session:
        found = queries.organization(session)
        assert found is not None
        assert found.name == "Fernhill"


def test_two_academies_are_not_called_the_same(admin: FlaskClient) -> None:
    assert admin.post("/admin/academies", data={"name": "North"}).status_code == 303
    assert admin.post("/admin/academies", data={"name": " north "}).status_code == 422


def test_a_manager_is_set_by_address(admin: FlaskClient, kernel: Kernel) -> None:
    ana, boss = people.person(kernel, "Ana"), people.person(kernel, "Boss", email="boss@example.org")
    admin.post(f"/admin/people/{encode(ana)}/manager", data={"manager": "Boss@example.org"})
    with kernel.reading() as session:
        assert queries.managers_of(session, [ana]) == {ana: boss}
    wrong = admin.post(f"/admin/people/{encode(ana)}/manager", data={"manager": "nobody@example.org"})
    assert wrong.status_code == 422


def test_people_are_found_by_name_and_address_and_signs_stand_for_themselves(
    admin: FlaskClient, kernel: Kernel
) -> None:
    people.person(kernel, "Sofia Ferreira", email="s.f@example.org")
    assert "Sofia Ferreira" in text_of(admin, "/admin/people?q=ferr")
    assert "Sofia Ferreira" in text_of(admin, "/admin/people?q=s.f@")
    assert "Sofia Ferreira" not in text_of(admin, "/admin/people?q=%25x")
    assert "Sofia Ferreira" not in text_of(admin, "/admin/people?q=_of_a_")


def test_home_shows_an_admin_of_an_empty_organization_what_is_next(admin: FlaskClient) -> None:
    shown = text_of(admin, "/")
    assert "Setting up" in shown
    assert "Open an academy : next" in shown
    assert "Nothing is waiting" not in shown
