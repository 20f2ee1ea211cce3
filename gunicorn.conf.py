"""gunicorn's settings: `gunicorn wsgi:app` in the folder of this file reads them by itself.

ACADEMY_ASYNC chooses the kind of worker, HOST and PORT the address. More workers than one tell each other through
Redis (REDIS_URL; docs/decisions/0019-several-workers.md).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import warnings
from typing import Any

_WORKERS = {
    "gevent": "gevent",
    "threading": "gthread",
    "eventlet": "academy.kernel.gunicorn_eventlet.EventletWorker",
}
_CLASSES = {
    "gevent": "gunicorn.workers.ggevent.GeventWorker",
    "gthread": "gunicorn.workers.gthread.ThreadWorker",
}

_mode = os.environ.get("ACADEMY_ASYNC") or "gevent"
warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")  # docs/deployment.md says so
if _mode not in _WORKERS:
    sys.stderr.write(f"academy: ACADEMY_ASYNC is {_mode!r}: write gevent, threading or eventlet\n")
    sys.exit(2)
if _mode == "eventlet" and importlib.util.find_spec("eventlet") is None:
    sys.stderr.write("academy: eventlet is not installed: pip install 'capability-academy[eventlet]'\n")
    sys.exit(2)
if _mode == "gevent":
    # Before the app is loaded, which --preload does in this very process. Under eventlet our worker does it, after
    # the fork: its hub can't be shared.
    importlib.import_module("gevent.monkey").patch_all()

# Every worker counts into files of this folder, and whichever is asked for its numbers sums them up.
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_FOLDER = "academy-metrics-"
if os.environ.get("ACADEMY_METRICS") and not os.environ.get(_METRICS):
    os.environ[_METRICS] = tempfile.mkdtemp(prefix=_FOLDER)

worker_class = _WORKERS[_mode]
bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
backlog = 2048
worker_connections = 10_000
threads = 512 if _mode == "threading" else 1  # every open WebSocket keeps one
timeout = 60
graceful_timeout = 5
keepalive = 15
accesslog = None
errorlog = "-"
control_socket_disable = True
sendfile = None if _mode != "eventlet" else False  # which eventlet's sockets can't


def on_starting(server: Any) -> None:
    """Refuse wrong settings, and what would lose messages without a word, with one line."""
    config = importlib.import_module("academy.kernel.config")
    try:
        settings = config.Settings.from_environment()
    except config.SettingsError as error:
        raise RuntimeError(str(error)) from None  # gunicorn prints it and ends; a worker would be started for ever
    chosen = server.cfg.worker_class_str
    if chosen not in {worker_class, _CLASSES.get(worker_class)}:
        message = f"ACADEMY_ASYNC={_mode} needs -k {worker_class}, not -k {chosen}: leave -k out."
        raise RuntimeError(message)
    if _mode == "eventlet" and (server.cfg.preload_app or server.cfg.is_ssl):
        message = (
            "--preload and TLS can't be used with eventlet: the app is loaded in the worker, TLS ends at the proxy."
        )
        raise RuntimeError(message)
    if server.cfg.workers > 1 and not settings.redis_url:
        message = (
            f"{server.cfg.workers} workers can't be used without Redis: live messages and log-out would reach the "
            "sockets of one process only. Set REDIS_URL, or leave -w and WEB_CONCURRENCY out."
        )
        raise RuntimeError(message)


def nworkers_changed(server: Any, new: int, old: int | None) -> None:
    """Refuse the same when a running server is told to grow (SIGTTIN)."""
    if old is not None and new > max(old, 1) and not os.environ.get("REDIS_URL"):
        server.log.error("academy: more than one worker needs REDIS_URL; staying with one")
        server.num_workers = old


def post_worker_init(worker: Any) -> None:
    """Raise the limit of open files, start what runs beside requests, and watch for the end."""
    server = importlib.import_module("academy.kernel.server")
    server.raise_file_limit()
    kernel = worker.wsgi.extensions.get("kernel")
    if kernel is not None:
        kernel.start()
    server.settle()
    threading.Thread(target=_close_at_the_end, args=(worker,), name="close-at-the-end", daemon=True).start()


def _close_at_the_end(worker: Any) -> None:
    # After SIGTERM, and gthread when its master has died, gunicorn waits for connections to end by themselves, which a
    # WebSocket does not.
    while worker.alive and worker.ppid == os.getppid():
        time.sleep(0.2)
    importlib.import_module("academy.kernel.websocket").close_all()


def worker_exit(_: Any, worker: Any) -> None:
    """Close the sockets that a quick end (SIGINT, SIGQUIT, a master that died) left; end jobs and the matcher."""
    importlib.import_module("academy.kernel.websocket").close_all()
    kernel = getattr(worker.wsgi, "extensions", {}).get("kernel")
    if kernel is not None:
        kernel.stop()
    importlib.import_module("academy.kernel.offload").stop()


def child_exit(_: Any, worker: Any) -> None:
    """Count the sockets of a worker that has ended no more."""
    if os.environ.get(_METRICS):
        importlib.import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)


def on_exit(_: Any) -> None:
    """Remove the folder in which workers counted, if it is ours."""
    folder = os.environ.get(_METRICS, "")
    if pathlib.Path(folder).name.startswith(_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
