"""A disk that is slow, full, or all that is left after a power cut: what was acknowledged is on it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from academy.kernel.db import Database
from tests.academy.kernel.processes import told_by


def test_what_is_committed_on_sqlite_is_on_the_disk(tmp_path: Path) -> None:
    """Tests run without that, to be quick; whoever acknowledges a post may not."""
    database = Database(f"sqlite:///{tmp_path / 'academy.db'}")
    full, write_ahead = 2, "wal"
    with database.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == full
        assert session.scalar(text("PRAGMA journal_mode")) == write_ahead
    database.engine.dispose()


SLOW_DISK = """
import gevent.monkey
gevent.monkey.patch_all()
import json, sqlite3, sys, threading, time
from gevent.monkey import get_original
from sqlalchemy import event, text
from academy.kernel.db import Database
from tests.academy.kernel.processes import told_by
from academy.kernel.offload_gevent import Pool

slept, fails = get_original("time", "sleep"), []

class Slow(sqlite3.Connection):
    def commit(self):
        if self.in_transaction:
            slept(0.3)  # without the hub, as a disk takes its time
            if fails:
                raise fails.pop()
        super().commit()

database = Database(sys.argv[1] + "?check_same_thread=false")
event.listen(database.engine, "do_connect", lambda _dialect, _record, args, more: more.update(factory=Slow))
database.aside = Pool(threads=1).run
database.unit_of_work(lambda session: session.execute(text("CREATE TABLE things (id INTEGER)")))
ticks, seen = [], []

def tick():
    while True:
        time.sleep(0.005)
        ticks.append(1)

def add(number):
    database.unit_of_work(lambda session: session.execute(text(f"INSERT INTO things VALUES ({number})")))

def read():
    with database.reading() as session:
        return session.execute(text("SELECT count(*), coalesce(sum(id), 0) FROM things")).one()

threading.Thread(target=tick, daemon=True).start()
writing = [threading.Thread(target=add, args=(number,)) for number in (1, 2, 4)]
for one in writing:
    one.start()
time.sleep(0.1)
seen.append(tuple(read()))  # the first is on its way to the disk
for one in writing:
    one.join()
seen.append(tuple(read()))
ticked = len(ticks)
fails += [sqlite3.OperationalError("disk I/O error")] * 2  # aside, and where the session meets it again
errors = []
try:
    add(8)
except Exception as error:
    errors.append(type(error).__name__)
seen.append(tuple(read()))
add(16)
seen.append(tuple(read()))
print(json.dumps({"ticks": ticked, "seen": seen, "errors": errors}))
"""


def test_while_a_commit_waits_for_the_disk_everybody_else_goes_on(tmp_path: Path) -> None:
    told = told_by(SLOW_DISK, f"sqlite:///{tmp_path / 'slow.db'}")
    assert told["seen"] == [[0, 0], [3, 7], [3, 7], [4, 23]]
    assert told["errors"] == ["OperationalError"]
    assert told["ticks"] > 20  # of 120 and more in the two commits; next to none if the hub had waited


FULL_DISK = """
import gevent.monkey
gevent.monkey.patch_all()
import json, os, resource, signal, sys, threading
from sqlalchemy import text
from academy.kernel.db import Database
from tests.academy.kernel.processes import told_by
from academy.kernel.offload_gevent import Pool

file = sys.argv[1]
database = Database(f"sqlite:///{file}")
database.aside = Pool(threads=1).run
database.unit_of_work(lambda session: session.execute(text("CREATE TABLE things (id INTEGER)")))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
told, refused = [], []

def add(number):
    try:
        database.unit_of_work(
            lambda session: session.execute(text(f"INSERT INTO things VALUES ({number})")),
            lambda _result: told.append(number),
        )
    except Exception as error:
        refused.append(type(error).__name__)

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

add(1)
limit(os.path.getsize(f"{file}-wal") + 100)
add(2)
together = [threading.Thread(target=add, args=(number,)) for number in (3, 4, 5)]
for one in together:
    one.start()
for one in together:
    one.join()
limit(resource.RLIM_INFINITY)
add(6)
with database.reading() as session:
    kept = list(session.scalars(text("SELECT id FROM things ORDER BY id")))
print(json.dumps({"told": told, "kept": kept, "refused": refused}))
"""


def test_what_a_full_disk_did_not_take_is_nobodys_success(tmp_path: Path) -> None:
    told = told_by(FULL_DISK, str(tmp_path / "full.db"))
    assert told == {"told": [1, 6], "kept": [1, 6], "refused": ["OperationalError"] * 4}
