"""A backup brings everything back, or nothing: and what came after it is not mistaken for what comes next."""

from __future__ import annotations

import io
import os
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from academy.bridges.backups.cli import backup, restore
from academy.bridges.backups.engine import databases
from academy.kernel import log, migrate
from academy.kernel.app import Kernel
from academy.kernel.db import SCHEMA
from academy.kernel.ledger import Entry
from academy.kernel.log import Log
from academy.people import actions as people_actions
from academy.people.engine import new_token, token_hash
from academy.people.models import Person, SignIn
from tests.academy.bridges.saving import BOTH, House, saved
from tests.factories import forums, media, people


def epochs(kernel: Kernel) -> set[str]:
    with kernel.reading() as session:
        return set(session.scalars(select(Log.epoch)))


@BOTH
def test_what_was_written_since_is_gone_and_nobody_mixes_the_two_histories(house: House) -> None:
    file, before = saved(house), epochs(house.kernel)
    forums.say(house.kernel, house.ben, house.space, "After the backup")
    token = new_token()
    house.kernel.commit(
        lambda s: people_actions.sign_in(s, person_id=house.ben, token_hash=token_hash(token), agent="a browser")
    )
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 0, done.output
    assert house.bodies() == ["Before the backup"]
    assert not epochs(house.kernel) & before
    forums.say(house.kernel, house.ben, house.space, "A new history")
    with house.kernel.reading() as session:
        reader = people.viewer(house.kernel, house.ana)
        page = house.kernel.realtime.catch_up(session, reader, house.space, since=2, epoch=before.pop())
        assert page["reset"]
        assert session.scalars(select(SignIn.id).where(SignIn.ended_at.is_(None))).all() == []
        assert session.scalar(select(func.count()).where(Entry.kind == "AcademyRestored")) == 1


@BOTH
def test_sign_ins_that_ended_since_stay_ended_and_the_others_end(house: House) -> None:
    tokens = [new_token(), new_token()]
    rows = [
        house.kernel.commit(
            lambda s, t=t: (
                people_actions.sign_in(s, person_id=house.ana, token_hash=token_hash(t), agent="a browser").id
            )
        )
        for t in tokens
    ]
    file = saved(house)
    house.kernel.commit(lambda s: people_actions.end_sign_in(s, person_id=house.ana, sign_in_id=rows[0]))
    assert house.run(restore, str(file), "--yes").exit_code == 0
    with house.kernel.reading() as session:
        assert session.scalars(select(SignIn.id).where(SignIn.ended_at.is_(None))).all() == []


@BOTH
def test_an_older_backup_is_brought_to_what_this_code_needs(house: House) -> None:
    house.kernel.database.engine.dispose()
    migrate.alembic(house.url, "downgrade", "0021")
    file = saved(house)
    migrate.alembic(house.url, "upgrade", "head")
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 0, done.output
    with house.kernel.reading() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA
    assert house.bodies() == ["Before the backup"]


def test_what_is_here_is_kept_and_can_be_brought_back(house: House) -> None:
    file = saved(house)
    forums.say(house.kernel, house.ben, house.space, "After the backup")
    done = house.run(restore, str(file), answer="y\n")
    kept = re.search(r"What was here is kept in (\S+\.tar\.gz)\.", done.output)
    assert kept
    assert house.run(restore, kept[1], "--yes").exit_code == 0
    assert house.bodies() == ["Before the backup", "After the backup"]


def test_nothing_happens_until_it_is_confirmed(house: House) -> None:
    file = saved(house)
    forums.say(house.kernel, house.ben, house.space, "After the backup")
    done = house.run(restore, str(file), answer="n\n")
    assert done.exit_code == 1
    assert "2 people are here now" in done.output
    assert house.bodies() == ["Before the backup", "After the backup"]


def test_videos_travel_with_the_rest(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    found = media.recording(house.kernel)
    video = folder / "media" / found.digest[:2] / found.digest
    video.parent.mkdir(parents=True)
    shutil.copyfile(house.kernel.files.path(found.digest), video)
    whole, without = saved(house), house.folder / "without.tar"
    assert house.run(backup, str(without), "--without-videos").exit_code == 0
    shutil.rmtree(folder / "media")
    assert house.run(restore, str(without), "--yes").exit_code == 0
    assert not video.exists()
    assert house.run(restore, str(whole), "--yes").exit_code == 0
    assert video.read_bytes() == media.FILM


@BOTH
def test_a_backup_made_while_people_write_is_of_one_moment(house: House) -> None:
    stop, said = Flag(), []

    def write() -> None:
        while not stop.is_set():
            said.append(forums.say(house.kernel, house.ana, house.space, f"Number {len(said)}"))

    writer = Thread(target=write)
    writer.start()
    try:
        file = house.folder / "busy.tar"
        done = CliRunner().invoke(backup, [str(file)])
    finally:
        stop.set()
        writer.join(30)
    assert done.exit_code == 0, done.output
    assert house.run(restore, str(file), "--yes").exit_code == 0
    with house.kernel.reading() as session:
        head = session.get_one(Log, house.space).head_seq
        events = session.scalars(
            select(log.LogEvent.seq).where(log.LogEvent.log_id == house.space).order_by(log.LogEvent.seq)
        ).all()
        assert events == list(range(1, head + 1))
        assert len(house.bodies()) <= len(said) + 1


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def not_a_tar(file: Path) -> None:
    file.write_text("name,email\nAna,ana@example.org\n")


def another_archive(file: Path) -> None:
    with tarfile.open(file, "w") as archive:
        archive.add(__file__, "a-test.py")


def one_that_climbs(file: Path) -> None:
    rewrite(file, lambda name, content: (name, content), [("../../climbed", b"here")])


def another_video_in_its_name(file: Path) -> None:
    rewrite(file, lambda name, content: (name, content), [("media/" + "ab" * 32, b"not what the name says")])


def one_of_newer_code(file: Path) -> None:
    rewrite(file, lambda n, c: (n, c.replace(f'"schema": "{SCHEMA}"'.encode(), b'"schema": "9999"')))


def one_of_postgresql(file: Path) -> None:
    rewrite(file, lambda n, c: (n, c.replace(b'"backend": "sqlite"', b'"backend": "postgresql"')))


def one_without_a_database(file: Path) -> None:
    rewrite(file, lambda n, c: (n, c) if n == "academy.json" else None)


def a_damaged_database(file: Path) -> None:
    def spoil(name: str, content: bytes) -> tuple[str, bytes]:
        return name, content[:9000] + b"\xff" * 6000 + content[15000:] if name == "academy.db" else content

    rewrite(file, spoil)


Change = Callable[[str, bytes], tuple[str, bytes] | None]


def rewrite(file: Path, change: Change, more: list[tuple[str, bytes]] | None = None) -> None:
    """Write a backup anew with other parts."""
    with tarfile.open(file) as archive:
        parts = [(m.name, (archive.extractfile(m) or io.BytesIO()).read()) for m in archive]
    changed = [made for part in parts if (made := change(*part)) is not None]
    with tarfile.open(file, "w") as archive:
        for name, content in [*changed, *(more or [])]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (cut_in_half, "it is cut short, or no backup at all"),
        (not_a_tar, "it is cut short, or no backup at all"),
        (another_archive, "it does not begin as a backup does"),
        (one_that_climbs, "“../../climbed” does not belong into a backup"),
        (another_video_in_its_name, "the video abababababab… is not what it was"),
        (one_of_newer_code, f"it is at migration 9999 and this code knows {SCHEMA}: install newer code first"),
        (one_of_postgresql, "it is of PostgreSQL and DATABASE_URL names SQLite"),
        (one_without_a_database, "it holds no database"),
        (a_damaged_database, "its database is damaged"),
    ],
)
def test_a_file_that_is_no_whole_backup_changes_nothing(
    house: House, spoil: Callable[[Path], None], sentence: str
) -> None:
    file = saved(house)
    spoil(file)
    forums.say(house.kernel, house.ben, house.space, "After the backup")
    before = epochs(house.kernel)
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 1
    assert sentence in done.output
    assert "nothing was changed" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert house.bodies() == ["Before the backup", "After the backup"]
    assert epochs(house.kernel) == before
    assert not (house.folder.parent / "climbed").exists()


@BOTH
def test_the_server_must_be_stopped_first(house: House) -> None:
    file = saved(house)
    with house.kernel.reading() as session:
        session.execute(select(Person.id)).all()
        session.rollback()  # idle, as a server is between requests
        done = CliRunner().invoke(restore, [str(file), "--yes"])
    assert done.exit_code == 1
    assert "stop the server and what runs jobs first" in done.output
    assert house.bodies() == ["Before the backup"]


def test_a_file_that_is_there_is_never_written_over(house: House) -> None:
    file = house.folder / "academy.tar"
    file.write_text("kept")
    done = house.run(backup, str(file))
    assert done.exit_code == 1
    assert "is there already: nothing was written" in done.output
    assert file.read_text() == "kept"


def test_a_backup_that_fails_leaves_no_half_of_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{house.folder / 'nowhere.db'}")
    done = house.run(backup, str(house.folder / "academy.tar"))
    assert done.exit_code == 1
    assert "Nothing was written: there is no database at" in done.output
    assert not list(house.folder.glob("backup-*"))
    assert not (house.folder / "academy.tar").exists()


def test_only_its_owner_reads_a_backup(house: House) -> None:
    assert saved(house).stat().st_mode & 0o777 == 0o600


def test_the_database_stays_whose_it_was_and_is_read_by_whom_it_was(house: House) -> None:
    at = Path(house.url.removeprefix("sqlite:///"))
    file, before = saved(house), at.stat()
    owner = (before.st_uid, before.st_gid) if os.geteuid() else (65534, 33)
    os.chown(at, *owner)
    at.chmod(0o640)
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 0, done.output
    after = at.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid) == owner
    assert after.st_mode & 0o777 == 0o640


def test_whoever_may_not_give_the_database_back_to_its_owner_replaces_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Path(house.url.removeprefix("sqlite:///"))
    file, there = saved(house), os.stat_result
    forums.say(house.kernel, house.ben, house.space, "After the backup")

    def stranger(handle: int) -> os.stat_result:
        found = os.stat(handle)
        return there((*found[:4], found.st_uid + 1, *found[5:]))

    def refuse(_handle: int, _user: int, _group: int) -> None:
        raise PermissionError

    monkeypatch.setattr(databases.os, "fstat", stranger)
    monkeypatch.setattr(databases.os, "fchown", refuse)
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 1
    assert "run this as that user, or as root" in done.output
    assert not list(at.parent.glob("restored-*"))
    assert house.bodies() == ["Before the backup", "After the backup"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_holds_somebody_elses_tables_is_left_alone(house: House) -> None:
    file = saved(house)
    with house.kernel.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE their_orders (id int)"))
    done = house.run(restore, str(file), "--yes")
    assert done.exit_code == 1
    assert "tables that are no academy's (their_orders)" in done.output
    with house.kernel.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE their_orders"))
    assert house.bodies() == ["Before the backup"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_postgresqls_programs_it_says_what_to_install(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = house.run(backup, str(house.folder / "academy.tar"))
    assert done.exit_code == 1
    assert "install PostgreSQL's client programs" in done.output


def test_an_academy_moves_to_an_empty_machine(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = saved(house)
    there = tmp_path / "new" / "academy.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{there}")
    done = house.run(restore, str(file), answer="y\n")
    assert done.exit_code == 0, done.output
    assert "Nobody is here yet" in done.output
    with closing(sqlite3.connect(there)) as connection:
        assert connection.execute("SELECT count(*) FROM posts").fetchone() == (1,)
