"""Boards by links and forms alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from academy.kernel.access import RateLimited
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import GroupKind, Role
from academy.people.policy import RIGHTS, Right
from forums.boards import actions
from forums.posts import policy as posting
from forums.spaces.models import Space
from tests.factories import forums, people

Client = Callable[[UUID], FlaskClient]


@pytest.fixture
def cohort(kernel: Kernel) -> tuple[UUID, UUID, UUID, UUID]:
    """Return a cohort with a board, its facilitator and two learners."""
    academy = people.group(kernel, GroupKind.ACADEMY, "North")
    group = people.group(kernel, GroupKind.COHORT, "Kestrel", academy)
    host = people.member(kernel, group, people.person(kernel, "Ingrid"), Role.FACILITATOR)
    ana, ben = (people.member(kernel, group, people.person(kernel, name)) for name in ("Ana", "Ben"))
    return forums.board(kernel, host, group, "Questions"), host, ana, ben


def url(board: UUID, rest: str = "") -> str:
    return f"/boards/{encode(board)}{rest}"


def nonce_of(page: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_thread_is_begun_found_answered_and_solved_without_scripts(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, _, ana, ben = cohort
    asking, answering = client_of(ana), client_of(ben)
    nonce = nonce_of(asking.get(url(board, "/new")).text)
    form = {"title": "How do <you> begin?", "body": "I **never** know.", "nonce": nonce}
    first, again = (asking.post(url(board, "/threads"), data=form) for _ in range(2))
    assert first.status_code == 303
    assert first.location == again.location, "sent twice is sent once"
    assert "How do &lt;you&gt; begin?" in answering.get(url(board)).text
    page = answering.get(first.location).text
    assert "<strong>never</strong>" in page
    answering.post(first.location + "/posts", data={"body": "With a question.", "nonce": nonce_of(page), "seen": "1"})
    page = asking.get(first.location).text
    post = re.findall(r'formaction="/posts/(\w{26})/solve"', page)
    assert len(set(post) - {"_"}) == 1, "the first post is not its own answer"
    assert asking.post(f"/posts/{post[-1]}/solve", data={"on": "1"}).status_code == 303
    page = asking.get(first.location).text
    assert "see the answer" in page
    assert 'id="answer"' in page
    assert "solved" in answering.get(url(board)).text


@pytest.mark.parametrize(
    ("title", "body", "said", "status"),
    [
        ("", "A long question.", "A title has 1 to 160 characters.", 422),
        ("x" * 161, "A long question.", "A title has 1 to 160 characters.", 422),
        ("How?", "", "There is nothing in this message yet.", 422),
        ("How?", "y" * 4001, "fit into one message", 413),
    ],
)
def test_what_was_typed_is_kept_when_something_is_wrong(
    kernel: Kernel,
    client_of: Client,
    cohort: tuple[UUID, UUID, UUID, UUID],
    title: str,
    body: str,
    said: str,
    status: int,
) -> None:
    board, _, ana, _ = cohort
    client = client_of(ana)
    sent = {"title": title, "body": body, "nonce": "a-nonce-of-ours"}
    answer = client.post(url(board, "/threads"), data=sent)
    assert answer.status_code == status
    assert said in answer.text
    assert f'value="{title}"' in answer.text
    assert body in answer.text
    assert nonce_of(answer.text) == "a-nonce-of-ours"


def test_a_thread_for_a_board_that_closed_meanwhile_is_shown_to_be_copied(
    client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, host, ana, _ = cohort
    client_of(host).post(url(board, "/close"), data={"on": "1"})
    sent = {"title": "A <title>", "body": "Words of an hour.", "nonce": "a-nonce-of-ours"}
    answer = client_of(ana).post(url(board, "/threads"), data=sent)
    assert answer.status_code == 409
    assert "This board is closed: its threads can be read, and none is begun. What you wrote is kept" in answer.text
    assert re.search(r'<input [^>]*value="A &lt;title&gt;"[^>]*readonly', answer.text)
    assert re.search(r"<textarea [^>]*readonly[^>]*>\nWords of an hour\.</textarea>", answer.text)
    assert "<textarea" not in client_of(ana).get(url(board, "/new?title=A")).text, "an address shows no words"


def test_who_may_not_write_on_a_board_any_more_keeps_their_thread(
    client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    board, _, ana, _ = cohort
    monkeypatch.setitem(RIGHTS, Role.LEARNER, RIGHTS[Role.LEARNER] - {Right.POST})
    sent = {"title": "A title", "body": "Words of an hour.", "nonce": "a-nonce-of-ours"}
    answer = client_of(ana).post(url(board, "/threads"), data=sent)
    assert answer.status_code == 403
    assert "You can read this board but not write on it. What you wrote is kept" in answer.text
    assert re.search(r"<textarea [^>]*readonly[^>]*>\nWords of an hour\.</textarea>", answer.text)


def test_a_thread_that_comes_too_soon_is_kept_and_says_when_to_come_back(
    client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    board, _, ana, _ = cohort

    def too_soon(*_given: object) -> None:
        raise RateLimited("Wait a moment.", retry_after=7)

    monkeypatch.setattr(posting, "spend", too_soon)
    sent = {"title": "A title", "body": "Words of an hour.", "nonce": "a-nonce-of-ours"}
    answer = client_of(ana).post(url(board, "/threads"), data=sent)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert "\nWords of an hour.</textarea>" in answer.text


def test_a_nonce_with_other_words_gets_a_new_form_with_what_was_typed(
    client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, _, ana, _ = cohort
    client = client_of(ana)
    sent = {"title": "One", "body": "First words.", "nonce": "a-nonce-of-ours"}
    client.post(url(board, "/threads"), data=sent)
    answer = client.post(url(board, "/threads"), data={**sent, "body": "Second words."})
    assert answer.status_code == 409
    assert "Second words." in answer.text
    assert nonce_of(answer.text) != "a-nonce-of-ours"


def test_a_thread_shows_its_board_and_what_one_may_do(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, host, ana, ben = cohort
    thread = forums.thread(kernel, ana, board, "How?")
    page = client_of(ben).get(f"/spaces/{encode(thread)}").text
    assert "Back to Questions" in page
    assert f'formaction="/threads/{encode(thread)}/follow" name="on" value="1"' in page
    assert "/lock" not in page
    page = client_of(host).get(f"/spaces/{encode(thread)}").text
    assert f'formaction="/threads/{encode(thread)}/lock"' in page
    client_of(host).post(f"/threads/{encode(thread)}/lock", data={"on": "1"})
    page = client_of(ben).get(f"/spaces/{encode(thread)}").text
    assert "This thread is locked." in page
    assert "data-composer" not in page


def test_who_changes_a_message_while_its_thread_is_locked_reads_so_and_keeps_what_was_typed(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, host, ana, ben = cohort
    thread = forums.thread(kernel, ana, board, "How?")
    said = forums.say(kernel, ben, thread)
    client_of(host).post(f"/threads/{encode(thread)}/lock", data={"on": "1"})
    change = f"/posts/{encode(said.id)}/edit"
    answer = client_of(ben).post(change, data={"body": "With a better question."})
    assert answer.status_code == 409
    assert "This thread is locked: it can be read, and nothing is added." in answer.text
    assert "With a better question.</textarea>" in answer.text
    form = client_of(ben).get(change)
    assert form.status_code == 409
    assert "This thread is locked: it can be read, and nothing is added." in form.text
    assert "What you wrote, to copy" in form.text
    assert client_of(ana).get(change).status_code == 404
    assert client_of(ana).post(change, data={"body": "Not mine."}).status_code == 403
    assert client_of(ana).post(change, data={"body": ""}).status_code == 404


def test_rooms_and_boards_have_their_own_badges_and_lists(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, _, ana, ben = cohort
    thread = forums.thread(kernel, ana, board, "Only on the board")
    forums.say(kernel, ben, thread)
    client = client_of(ana)
    assert "Only on the board" not in client.get("/spaces").text
    page = client.get("/boards").text
    assert re.search(r'data-count="boards"><span class="vh">, </span><span data-n>1<', page)
    assert re.search(r'data-count="rooms" hidden>', page)


@pytest.mark.parametrize("show", ["unread", "nothing-we-know", ""])
def test_an_empty_filter_says_so_and_leads_back(
    client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID], show: str
) -> None:
    board, _, ana, _ = cohort
    page = client_of(ana).get(url(board, f"?show={show}&q=zzz")).text
    assert "No thread here fits." in page


def test_a_board_of_a_hundred_threads_takes_few_statements(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, host, ana, ben = cohort
    viewers = [people.viewer(kernel, person) for person in (ana, ben)]

    def fill(session: object) -> None:
        for n in range(100):
            actions.start(
                session,
                viewer=viewers[n % 2],
                board_id=board,
                title=f"Question number {n}",
                body_md="How?",
                body_html="<p>How?</p>",
            )

    kernel.commit(fill)
    client = client_of(ana)
    client.get("/about")
    statements: list[str] = []
    event.listen(kernel.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    page = client.get(url(board, "?per=100")).text
    assert page.count("Question number") == 100
    assert len([s for s in statements if not s.startswith(("ROLLBACK", "PRAGMA"))]) <= 5
    first = client.get(url(board)).text
    older = re.search(r'href="(/boards/[^"]*after=[^"]*)"', first)
    assert older
    rest = client.get(older[1].replace("&amp;", "&")).text
    numbers = [int(n) for n in re.findall(r"Question number (\d+)", first + rest)]
    assert sorted(numbers) == list(range(100))


def test_a_place_made_up_is_no_such_page(client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]) -> None:
    board, _, ana, _ = cohort
    assert client_of(ana).get(url(board, "?after=yesterday")).status_code == 404


def test_a_board_is_closed_and_opened_again_by_form(
    kernel: Kernel, client_of: Client, cohort: tuple[UUID, UUID, UUID, UUID]
) -> None:
    board, host, ana, _ = cohort
    forums.thread(kernel, ana, board, "How?")
    client_of(host).post(url(board, "/close"), data={"on": "1"})
    page = client_of(ana).get(url(board)).text
    assert "This board is closed." in page
    assert "Start a thread" not in page
    refused = client_of(ana).post(url(board, "/threads"), data={"title": "A", "body": "b", "nonce": "a-nonce-of-ours"})
    assert refused.status_code == 409
    client_of(host).post(url(board, "/close"), data={"on": "0"})
    assert "Start a thread" in client_of(ana).get(url(board)).text
    with kernel.reading() as session:
        assert session.scalars(select(Space.title).where(Space.kind == "thread")).all() == ["How?"]
