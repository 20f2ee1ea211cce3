"""Videos that nothing names any more are removed after a week: the row, then the file, once."""

from __future__ import annotations

import io
import os
import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy import text as text_of
from sqlalchemy.exc import IntegrityError

from academy.authoring import jobs as tidying
from academy.authoring.models import DraftActivity
from academy.kernel import clock, jobs
from academy.kernel.access import Invalid
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.media import actions
from academy.media.models import Media
from academy.people.models import GroupKind, Role
from tests.factories import media, people, tracks
from tests.factories.drafts import activity, draft, module, text
from tests.factories.media import FILM

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
DAY = timedelta(days=1)


class House:
    """An academy with videos, and the daily job."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.start: datetime = clock.now()
        self.academy = tracks.academy(kernel)
        self.ling = people.member(kernel, self.academy, people.person(kernel, "Ling"), Role.LEAD)
        kernel.runner.promise()

    def keep(self, content: bytes, academy: UUID | None = None) -> str:
        found = media.recording(self.kernel, content)
        group = academy or self.academy
        self.kernel.commit(lambda s: actions.keep(s, group_id=group, recording=found, actor_id=None))
        self.age(found.digest, self.start)
        return found.digest

    def age(self, digest: str, at: datetime) -> None:
        """Let a file look as old as a travelled clock says."""
        stamp = at.timestamp() - 7200
        os.utime(self.kernel.files.path(digest), (stamp, stamp))

    def run(self, days: float) -> None:
        """Do what is due so many days after the beginning."""
        with clock.travel(self.start + DAY * days):
            self.kernel.runner.run_due()

    def rows(self) -> set[str]:
        with self.kernel.reading() as session:
            return set(session.scalars(select(Media.digest)))

    def there(self, digest: str) -> bool:
        return self.kernel.files.path(digest).exists()

    def told(self) -> int:
        with self.kernel.reading() as session:
            return len(session.scalars(select(Entry.id).where(Entry.kind == "MediaRemoved")).all())


@pytest.fixture
def house(kernel: Kernel) -> House:
    return House(kernel)


@BOTH
def test_a_video_that_nothing_names_goes_after_a_week_and_no_sooner(kernel: Kernel) -> None:
    house = House(kernel)
    digest = house.keep(FILM + b"unnamed")
    house.run(1)  # it is found to be unnamed
    house.run(7.9)
    assert house.rows() == {digest}
    assert house.there(digest)
    house.run(9.1)
    assert house.rows() == set()
    assert not house.there(digest)
    assert house.told() == 1


def test_what_a_version_or_a_draft_names_stays(house: House) -> None:
    tracks.published(house.kernel, house.academy, media.with_video(house.kernel, house.academy, tracks.pack()))
    made = draft(house.kernel, house.ling, house.academy)
    film = activity(
        house.kernel, house.ling, module(house.kernel, house.ling, made, "One", text()), text(kind="video", body="")
    )
    drafted = house.keep(FILM + b"drafted")
    house.kernel.commit(
        lambda s: (
            s.execute(
                update(DraftActivity)
                .where(DraftActivity.id == film)
                .values(media_id=s.scalar(select(Media.id).where(Media.digest == drafted)))
            )
            and None
        )
    )
    before = house.rows()
    assert len(before) == 2
    for day in (1, 9, 18):
        house.run(day)
    assert house.rows() == before
    assert all(house.there(digest) for digest in before)
    house.kernel.commit(lambda s: s.execute(update(DraftActivity).values(media_id=None)) and None)
    house.run(19.1)  # unnamed since now: its week begins, however old the file is
    house.run(25)
    assert drafted in house.rows()
    house.run(28)
    assert house.rows() == before - {drafted}
    assert not house.there(drafted)


def test_a_video_that_is_named_again_within_its_week_begins_anew(house: House) -> None:
    digest = house.keep(FILM)
    house.run(1)
    tracks.published(house.kernel, house.academy, media.with_video(house.kernel, house.academy, tracks.pack()))
    house.run(9.5)
    with house.kernel.reading() as session:
        assert session.scalars(select(Media.unnamed_at)).all() == [None]
    assert house.there(digest)


def test_the_bytes_stay_while_another_academy_has_them(house: House) -> None:
    north = people.group(house.kernel, GroupKind.ACADEMY, "North")
    digest = house.keep(FILM)
    house.run(1)
    house.keep(FILM, north)
    house.run(7)
    with clock.travel(house.start + DAY * 8.5):
        house.kernel.commit(lambda s: s.execute(update(Media).where(Media.group_id == north).values(unnamed_at=None)))
        house.kernel.runner.run_due()
    assert house.rows() == {digest}
    assert house.there(digest)


def test_a_file_that_comes_again_at_that_moment_stays_and_is_looked_at_later(house: House) -> None:
    digest = house.keep(FILM)
    house.run(1)
    os.utime(house.kernel.files.path(digest), None)
    moment = house.start + DAY * 9
    stamp = moment.timestamp()
    os.utime(house.kernel.files.path(digest), (stamp, stamp))  # somebody's upload put it there just now
    house.run(9)
    assert house.rows() == set()
    assert house.there(digest)
    house.kernel.files.keep(io.BytesIO(FILM))
    house.age(digest, moment)
    house.run(9.1)
    assert not house.there(digest)


@BOTH
def test_two_servers_remove_it_once(kernel: Kernel) -> None:
    house = House(kernel)
    digest = house.keep(FILM)
    house.run(1)
    with clock.travel(house.start + DAY * 9):
        other = jobs.Runner(kernel, [*tidying.JOBS])
        taken = kernel.commit(jobs.lease_due)
        assert other.run_due() == 0  # the one that leased it has it
        kernel.commit(lambda s: jobs.put_back(s, taken=taken))
        assert kernel.runner.run_due() > 0
        assert other.run_due() == 0
    assert (house.told(), house.there(digest)) == (1, False)
    with kernel.reading() as session:
        unlinked = session.scalars(select(Job).where(Job.kind == tidying.UNLINK)).all()
    assert [job.done_at is not None for job in unlinked] == [True]


@pytest.mark.parametrize("again", ["brought", "named by a pack"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_video_that_comes_again_while_it_is_being_removed_is_kept_or_said_to_be_missing(
    kernel: Kernel, again: str
) -> None:
    house = House(kernel)
    pack = media.with_video(kernel, house.academy, tracks.pack())
    made = draft(kernel, house.ling, house.academy)
    film = activity(kernel, house.ling, module(kernel, house.ling, made, "One", text()), text(kind="video", body=""))
    ends: list[object] = []

    def come() -> None:
        try:
            if again == "brought":
                ends.append(media.attach(kernel, house.ling, film))
            else:
                ends.append(tracks.published(kernel, house.academy, pack))
        except (Invalid, IntegrityError) as error:
            ends.append(error)

    coming = threading.Thread(target=come)
    with kernel.database.engine.connect() as sweep, kernel.database.engine.connect() as other:
        sweep.execute(delete(Media))
        coming.start()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not other.scalar(text_of("SELECT 1 FROM pg_locks WHERE NOT granted")):
            other.rollback()
            time.sleep(0.01)
        sweep.commit()
    coming.join()
    if again == "brought":
        assert ends == [None]
        assert len(house.rows()) == 1
    else:
        assert [type(end) for end in ends] == [Invalid]
        assert house.rows() == set()
