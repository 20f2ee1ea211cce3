"""The inbox: what one person should know, theirs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.kernel.log import LogEvent, Span
from academy.notices import actions, queries
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from tests.factories import people

GONE: set[UUID] = set()


@pytest.fixture
def told(kernel: Kernel) -> Iterator[None]:
    """Let notices of kind "knock" be told."""
    slots = kernel._slots.setdefault(NoticeKind, [])
    kind = NoticeKind(
        "knock",
        lambda session, viewer, notices: {
            n.id: Told(f"Knock {n.ref}", f"for {viewer.name}", f"/doors/{n.ref}") for n in notices if n.ref not in GONE
        },
    )
    slots.append(kind)
    GONE.clear()
    yield
    slots.remove(kind)


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana")


@pytest.fixture
def mine(client_of: Callable[[UUID], FlaskClient], ana: UUID, told: None) -> FlaskClient:
    return client_of(ana)


def knock(kernel: Kernel, person: UUID, *, actor: UUID | None = None) -> UUID:
    ref = new_id()
    kernel.commit(lambda s: actions.notify(s, person_id=person, kind="knock", ref=ref, actor_id=actor))
    return ref


def notice_of(kernel: Kernel, ref: UUID) -> Notice:
    with kernel.reading() as session:
        found = session.scalars(select(Notice).where(Notice.ref == ref)).one()
        session.expunge(found)
        return found


def unread(kernel: Kernel, person: UUID) -> int:
    with kernel.reading() as session:
        return queries.unread_count(session, people.viewer(kernel, person))


def test_a_notice_is_shown_newest_first_with_its_words_and_link(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    refs = []
    for hour in (1, 2):
        with clock.travel(datetime(2026, 11, 20, hour, tzinfo=UTC)):
            refs.append(knock(kernel, ana))
    page = mine.get("/notices").text
    assert page.index(f"Knock {refs[1]}") < page.index(f"Knock {refs[0]}")
    assert f'href="/doors/{refs[0]}"' in page
    assert "for Ana" in page
    assert "2 things are new for you" in page


def test_the_badge_of_the_navigation_counts_what_is_unread(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    for _ in range(3):
        knock(kernel, ana)
    page = mine.get("/about").text
    assert 'href="/notices"' in page
    assert '<span class="count" data-count="inbox"><span class="vh">, </span><span data-n>3</span>' in page


def test_looking_at_the_inbox_reads_nothing(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    knock(kernel, ana)
    mine.get("/notices")
    assert unread(kernel, ana) == 1


def test_one_notice_is_marked_as_read(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    first, second = knock(kernel, ana), knock(kernel, ana)
    answer = mine.post(f"/notices/{encode(notice_of(kernel, first).id)}/read")
    assert (answer.status_code, answer.location) == (303, "/notices")
    assert notice_of(kernel, first).read_at is not None
    assert notice_of(kernel, second).read_at is None
    assert f"/notices/{encode(notice_of(kernel, first).id)}/read" not in mine.get("/notices").text


def test_a_script_that_marks_one_gets_no_page(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    ref = knock(kernel, ana)
    answer = mine.post(f"/notices/{encode(notice_of(kernel, ref).id)}/read", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 204
    assert unread(kernel, ana) == 0


def test_when_it_was_read_first_stays(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    ref = knock(kernel, ana)
    path = f"/notices/{encode(notice_of(kernel, ref).id)}/read"
    mine.post(path)
    first = notice_of(kernel, ref).read_at
    with clock.travel(clock.now() + timedelta(hours=1)):
        mine.post(path)
    assert notice_of(kernel, ref).read_at == first


def test_all_are_marked_as_read_and_only_ones_own(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    ben = people.person(kernel)
    for person in (ana, ana, ben):
        knock(kernel, person)
    assert "Mark all as read" in mine.get("/notices").text
    mine.post("/notices/read")
    assert (unread(kernel, ana), unread(kernel, ben)) == (0, 1)
    page = mine.get("/notices").text
    assert "You have read everything" in page
    assert "Mark all as read" not in page


def test_anothers_notice_is_missing(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    ref = knock(kernel, people.person(kernel))
    for notice_id in (notice_of(kernel, ref).id, new_id()):
        assert mine.post(f"/notices/{encode(notice_id)}/read").status_code == 404
    assert notice_of(kernel, ref).read_at is None
    assert f"Knock {ref}" not in mine.get("/notices").text


def test_older_pages_go_on_without_repeating_or_skipping(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    refs = []
    for minute in range(queries.PAGE + 3):
        with clock.travel(datetime(2026, 11, 20, 1, minute, tzinfo=UTC)):
            refs.append(knock(kernel, ana))
    first = mine.get("/notices").text
    link = first.split('href="/notices?before=')[1].split('"')[0]
    second = mine.get(f"/notices?before={link}").text
    shown = [[ref for ref in refs if f"Knock {ref}" in page] for page in (first, second)]
    assert shown[1] == refs[:3]
    assert shown[0] == refs[3:]
    assert "before=" not in second.split("<main")[1]


@pytest.mark.parametrize("before", ["x", "a" * 26 + "b", "<script>"])
def test_a_made_up_place_to_go_on_from_is_missing(mine: FlaskClient, before: str) -> None:
    assert mine.get("/notices", query_string={"before": before}).status_code == 404


def test_what_is_gone_is_said_to_be_gone_while_the_badge_counts_it(
    mine: FlaskClient, ana: UUID, kernel: Kernel
) -> None:
    knock(kernel, ana)
    GONE.add(knock(kernel, ana))
    page = mine.get("/notices").text
    assert "2 things are new for you" in page
    assert (page.count("Knock "), page.count("This is gone")) == (2, 2), "in its row and on its button"
    mine.post("/notices/read")
    assert unread(kernel, ana) == 0
    page = mine.get("/notices").text
    assert (page.count("Knock "), page.count("This is gone")) == (1, 0)


def test_a_kind_that_nobody_tells_is_left_out(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    kernel.commit(lambda s: actions.notify(s, person_id=ana, kind="of another version", ref=new_id(), actor_id=None))
    assert mine.get("/notices").status_code == 200


def test_nobody_is_told_of_what_they_did_themselves(ana: UUID, kernel: Kernel) -> None:
    knock(kernel, ana, actor=ana)
    assert unread(kernel, ana) == 0


def test_what_was_seen_elsewhere_is_read(ana: UUID, kernel: Kernel) -> None:
    first, second = knock(kernel, ana), knock(kernel, ana)
    kernel.commit(lambda s: actions.read_about(s, person_id=ana, refs=[first]))
    assert notice_of(kernel, first).read_at is not None
    assert notice_of(kernel, second).read_at is None


def test_a_notice_is_delivered_over_the_persons_own_log(ana: UUID, kernel: Kernel) -> None:
    ref = knock(kernel, ana)
    with kernel.reading() as session:
        event = session.scalars(select(LogEvent).where(LogEvent.log_id == ana)).one()
        found = log.page(session, ana, span=Span(), since=0, epoch=None)
        assert (event.kind, event.ref) == ("notice", notice_of(kernel, ref).id)
        assert queries.load(session, found.rows) == [{"id": encode(event.ref), "kind": "knock"}]


def test_everybody_follows_their_own_inbox_and_nobody_anothers(ana: UUID, kernel: Kernel) -> None:
    viewer, ben = people.viewer(kernel, ana), people.person(kernel)

    def follow(session: Session, log_id: UUID) -> Span:
        return queries.follow(session, viewer, log_id)

    with kernel.reading() as session:
        assert follow(session, ana) == Span()
        with pytest.raises(Missing):
            follow(session, ben)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/notices"), ("POST", "/notices/read"), ("POST", f"/notices/{'a' * 26}/read")]
)
def test_signed_out_there_is_no_inbox(client: FlaskClient, method: str, path: str) -> None:
    assert client.open(path, method=method).status_code == (303 if method == "GET" else 401)
