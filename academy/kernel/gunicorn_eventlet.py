"""gunicorn's worker for eventlet, which gunicorn itself has no more since 26.0; gunicorn.conf.py chooses it.

gunicorn loads it in the master process, before the fork: nothing of ours is imported here.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import eventlet
from eventlet import hubs
from eventlet.greenio import GreenSocket
from gunicorn.workers.base_async import AsyncWorker

TICK = 1.0  # seconds between signs of life
FULL = 0.1  # seconds to wait when no more files may be opened


class EventletWorker(AsyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """A green thread for each connection."""

    def init_process(self) -> None:
        """Patch before the app is loaded; then load and serve."""
        hubs.use_hub()  # one of its own: the master's, if there is one, would be shared over the fork
        eventlet.monkey_patch()
        super().init_process()

    def timeout_ctx(self) -> Any:
        """Return how long to wait for the next request on a connection; then it ends quietly."""
        return eventlet.Timeout(self.cfg.keepalive or None, False)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once; not inside the signal handler, which may not wait."""
        eventlet.spawn(super().handle_quit, sig, frame)

    def handle_usr1(self, sig: int, frame: Any) -> None:
        """Open the logs anew; not inside the signal handler, either."""
        eventlet.spawn(super().handle_usr1, sig, frame)

    def run(self) -> None:
        """Serve until told to stop; requests in hand get `graceful_timeout` seconds to end."""
        pool = eventlet.GreenPool(self.worker_connections)
        listeners = [GreenSocket(one.sock) for one in self.sockets]
        accepting = [eventlet.spawn(self._accept, listener, pool) for listener in listeners]
        while self.alive:
            self.notify()
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                sys.exit(0)
            eventlet.sleep(TICK)
        for one in accepting:
            one.kill()
        for listener in listeners:
            listener.close()
        with eventlet.Timeout(self.cfg.graceful_timeout, False):
            pool.waitall()

    def _accept(self, listener: GreenSocket, pool: eventlet.GreenPool) -> None:
        while True:
            try:
                client, address = listener.accept()
            except OSError as error:
                self.log.warning("Can't accept a connection: %s", error)
                eventlet.sleep(FULL)
            else:
                pool.spawn_n(self.handle, listener, client, address)
