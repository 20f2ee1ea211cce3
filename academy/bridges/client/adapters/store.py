"""What a client must not lose: its outbox and where it stands in each log, in memory or in a file of SQLite."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

from academy.bridges.client.engine.sending import Send

TABLES = """
CREATE TABLE IF NOT EXISTS sends (
    at INTEGER PRIMARY KEY AUTOINCREMENT, nonce TEXT NOT NULL UNIQUE,
    space TEXT NOT NULL, event TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS positions (space TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL);
"""


class Store:
    """Every write is on the disk when its call returns. A file is for one client at a time: a second one is refused."""

    def __init__(self, file: Path | None = None) -> None:
        """Open the file, or begin empty in memory; raises `sqlite3.OperationalError` while another client has it."""
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False, timeout=1)
        self._rows.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._rows.execute("PRAGMA synchronous=FULL")
        self._rows.executescript(TABLES)
        self._rows.execute("DELETE FROM sends WHERE nonce = ''")  # a write takes the lock, and keeps it

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._rows.close()

    def sends(self) -> list[Send]:
        """Return what was not acknowledged yet, in the order in which it was written."""
        with self._lock:
            rows = self._rows.execute("SELECT nonce, space, event, payload FROM sends ORDER BY at").fetchall()
        return [Send(nonce, space, event, json.loads(payload)) for nonce, space, event, payload in rows]

    def keep(self, send: Send) -> None:
        """Keep something until it is acknowledged."""
        row = (send.nonce, send.space, send.event, json.dumps(dict(send.payload)))
        with self._lock:
            self._rows.execute("INSERT INTO sends (nonce, space, event, payload) VALUES (?, ?, ?, ?)", row)

    def drop(self, nonce: str) -> None:
        """Let go of what was acknowledged or refused for good."""
        with self._lock:
            self._rows.execute("DELETE FROM sends WHERE nonce = ?", (nonce,))

    def position(self, space: str) -> tuple[str, int] | None:
        """Return the epoch of a log and the last `seq` applied; None where nothing was."""
        with self._lock:
            found = self._rows.execute("SELECT epoch, seq FROM positions WHERE space = ?", (space,)).fetchone()
        return (found[0], found[1]) if found else None

    def move(self, space: str, epoch: str, seq: int) -> None:
        """Remember where a log was applied up to."""
        with self._lock:
            self._rows.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", (space, epoch, seq))
