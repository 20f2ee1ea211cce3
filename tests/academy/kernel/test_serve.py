"""Starting, and what is refused. How servers run and stop is seen in test_websocket.py."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from academy.kernel import serve, server
from tests.academy.kernel.wires import ROOT


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one that ends by itself."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("-m", "academy.kernel.serve", "--async", "threading", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"academy: can't listen on 127.0.0.1 port {port}: Address already in use\n"
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["--async", "asyncio"], ["--async=asyncio"], []])
def test_a_mode_that_is_not_there_is_refused_by_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACADEMY_ASYNC", "asyncio" if not arguments else "threading")
    assert serve.start(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "academy: there is no mode 'asyncio': use --async gevent, threading or eventlet\n",
    )


def test_a_mode_that_is_not_installed_is_refused_by_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "eventlet", None)  # as if it were not there
    assert serve.start(["--async", "eventlet"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "academy: eventlet is not installed: pip install 'capability-academy[eventlet]'\n",
    )


PAIRS = [
    ("gevent", "psycopg2", "psycopg"),
    ("threading", "psycopg2", "psycopg"),
    ("eventlet", "psycopg", "psycopg2"),
]


@pytest.mark.parametrize(("mode", "wrong", "right"), PAIRS)
def test_a_server_does_not_start_with_a_driver_that_its_mode_cant_wait_with(mode: str, wrong: str, right: str) -> None:
    url = f"postgresql+{wrong}://nobody@127.0.0.1:1/nothing"
    done = command("-m", "academy.kernel.serve", "--port", "0", "--async", mode, DATABASE_URL=url, SECRET_KEY="x" * 32)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"academy: DATABASE_URL names 'postgresql+{wrong}', which the {mode} mode can't wait with: "
        f"write postgresql://…, which chooses {right} by itself.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "mode"),
    [
        ([], {}, "gevent"),
        ([], {"ACADEMY_ASYNC": "threading"}, "threading"),
        (["--async", "gevent"], {"ACADEMY_ASYNC": "threading"}, "gevent"),
        (["--port", "1", "--async=threading"], {}, "threading"),
        (["--async", "eventlet"], {}, "eventlet"),
    ],
)
def test_the_mode_is_the_arguments_then_the_environments_then_gevent(
    arguments: list[str], environment: dict[str, str], mode: str
) -> None:
    assert serve.mode_of(arguments, environment) == mode


ENDLESS = """
import gevent.monkey
gevent.monkey.patch_all()
import time, types
from academy.kernel import server
server.STOP_WITHIN = 1
server.stop(types.SimpleNamespace(extensions={"kernel": types.SimpleNamespace(stop=lambda: time.sleep(60))}))
print("never")
"""


def test_a_job_that_does_not_end_is_left_behind() -> None:
    done = command("-c", ENDLESS)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "academy: stopped without waiting for the rest\n"


def test_time_is_left_to_be_gone_within_five_seconds() -> None:
    assert server.STOP_WITHIN < 5


def gunicorn_settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """Load gunicorn.conf.py; in the threading mode, as the other one would patch this process."""
    for name in ("REDIS_URL", "WEB_CONCURRENCY", "HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"ACADEMY_ASYNC": "threading", "SECRET_KEY": "a secret for tests"} | environment).items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def arbiter(worker_class: str, workers: int, **more: Any) -> Any:
    chosen = {"preload_app": False, "is_ssl": False} | more
    return SimpleNamespace(cfg=SimpleNamespace(worker_class_str=worker_class, workers=workers, **chosen))


def test_gunicorn_takes_its_workers_and_address_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = gunicorn_settings(monkeypatch, HOST="0.0.0.0", PORT="9000")
    assert (settings["worker_class"], settings["bind"]) == ("gthread", "0.0.0.0:9000")
    assert settings["worker_connections"] > settings["threads"] > 200
    assert settings["control_socket_disable"] is True
    assert settings["accesslog"] is None


@pytest.mark.parametrize("chosen", ["gthread", "gunicorn.workers.gthread.ThreadWorker"])
def test_gunicorn_starts_with_the_workers_of_the_mode(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    gunicorn_settings(monkeypatch)["on_starting"](arbiter(chosen, 1))


def test_gunicorn_refuses_a_wrong_setting_with_its_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="^SECRET_KEY is missing: in production write "):
        gunicorn_settings(monkeypatch, ACADEMY_ENV="production", SECRET_KEY="")["on_starting"](arbiter("gthread", 1))


def test_gunicorn_refuses_workers_of_another_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="needs -k gthread, not -k gevent"):
        gunicorn_settings(monkeypatch)["on_starting"](arbiter("gevent", 1))


def test_gunicorn_refuses_a_second_worker_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="2 workers can't be used without Redis: .* Set REDIS_URL, or leave -w"):
        gunicorn_settings(monkeypatch)["on_starting"](arbiter("gthread", 2))


def test_gunicorn_takes_any_number_of_workers_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    gunicorn_settings(monkeypatch, REDIS_URL="redis://127.0.0.1/1")["on_starting"](arbiter("gthread", 8))


def test_gunicorn_grows_when_it_is_told_to_only_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    grown = SimpleNamespace(num_workers=2, log=SimpleNamespace(error=said.append))
    gunicorn_settings(monkeypatch, REDIS_URL="redis://127.0.0.1")["nworkers_changed"](grown, 2, 1)
    assert (grown.num_workers, said) == (2, [])
    gunicorn_settings(monkeypatch)["nworkers_changed"](grown, 2, 1)
    assert grown.num_workers == 1
    assert said == ["academy: more than one worker needs REDIS_URL; staying with one"]


OURS = "academy.kernel.gunicorn_eventlet.EventletWorker"


def test_gunicorn_takes_our_worker_for_eventlet(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = gunicorn_settings(monkeypatch, ACADEMY_ASYNC="eventlet")
    assert settings["worker_class"] == OURS
    settings["on_starting"](arbiter(OURS, 1))


@pytest.mark.parametrize("chosen", ["gevent", "gthread", "eventlet", "sync"])
def test_gunicorn_refuses_other_workers_for_eventlet(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    with pytest.raises(RuntimeError, match=f"^ACADEMY_ASYNC=eventlet needs -k {OURS}, not -k {chosen}: leave -k out"):
        gunicorn_settings(monkeypatch, ACADEMY_ASYNC="eventlet")["on_starting"](arbiter(chosen, 1))


@pytest.mark.parametrize("more", [{"preload_app": True}, {"is_ssl": True}])
def test_gunicorn_refuses_what_eventlets_worker_cant_do(monkeypatch: pytest.MonkeyPatch, more: Any) -> None:
    with pytest.raises(RuntimeError, match="^--preload and TLS can't be used with eventlet"):
        gunicorn_settings(monkeypatch, ACADEMY_ASYNC="eventlet")["on_starting"](arbiter(OURS, 1, **more))


def test_gunicorn_refuses_a_mode_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        gunicorn_settings(monkeypatch, ACADEMY_ASYNC="asyncio")
    assert caught.value.code == 2
    assert capsys.readouterr().err == "academy: ACADEMY_ASYNC is 'asyncio': write gevent, threading or eventlet\n"


def test_gunicorn_really_ends_with_one_line_when_it_refuses() -> None:
    done = command("-m", "gunicorn", "-w", "2", "tests.academy.kernel.room_server:app", ACADEMY_ASYNC="gevent")
    assert done.returncode == 1
    assert "Error: 2 workers can't be used without Redis: live messages" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_but_the_entry_is_imported_before_patching() -> None:
    """A module that took hold of threading or socket before the patch would block the hub."""
    source = Path(serve.__file__).read_text()
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imports == [
        "from __future__ import annotations",
        "import importlib",
        "import os",
        "import sys",
        "import warnings",
        "from collections.abc import Mapping, Sequence",
    ]
