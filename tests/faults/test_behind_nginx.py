"""The files of docs/deployment, served for real: nginx with TLS, two workers, PostgreSQL and Redis."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome

from tests.browsing import Browsing
from tests.certificates import certify
from tests.databases import Lane, make_template, reachable, skip_or_fail
from tests.faults.rooms import room_on
from tests.faults.wire import Wire, send
from tests.faults.workers import Workers
from tests.live import kernel_on, signed_in
from tests.redis_server import free_port, redis_server
from tests.serving import ROOT, SECRET

pytestmark = pytest.mark.xdist_group("workers")

FILES = ROOT / "docs" / "deployment"
TOKEN = "for-whoever-scrapes-it"
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/academy.conf;
}}
"""


@dataclass
class Deployed:
    """An academy that is served as the documents say."""

    url: str
    plain: str
    workers: Workers
    certificate: Path
    log: Path

    def wire(self, cookie: str, **more: str) -> Wire:
        """Connect somebody by TLS."""
        return Wire(self.url, cookie, sslopt={"ca_certs": str(self.certificate)}, **more)

    def browsing(self, cookie: str) -> Browsing:
        """Browse as somebody by TLS."""
        found = Browsing(self.url, cookie)
        found.session.trust_env = False  # or REQUESTS_CA_BUNDLE would win
        found.session.verify = str(self.certificate)
        found.session.headers["Referer"] = f"{self.url}/me"  # as browsers do; without it no form is taken by TLS
        return found


def settings() -> dict[str, str]:
    """Return what docs/deployment/academy.env says."""
    lines = (FILES / "academy.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Replace each of these; fails where one is not there any more."""
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Serve an academy with the files as they are, save for ports, folders and the certificate."""
    if shutil.which("nginx") is None:
        skip_or_fail("no nginx on this machine: apt-get install nginx")
    if not reachable():
        skip_or_fail("no PostgreSQL: install it (apt-get install postgresql), start one, or set TEST_POSTGRESQL_URL")
    folder = tmp_path_factory.mktemp("deployed")
    lane = Lane(make_template())
    lane.ready()
    tls, plain = free_port(), free_port()
    pem, key = certify(folder)
    started = re.search(
        r"^ExecStart=\S+/gunicorn -w (\d+) (\S+)$", (FILES / "academy.service").read_text(), re.MULTILINE
    )
    assert started is not None
    env = settings()
    assert env.pop("DATABASE_URL").startswith("postgresql://")
    assert env.pop("REDIS_URL").startswith("redis://")
    env |= {"ACADEMY_BASE_URL": f"https://127.0.0.1:{tls}", "SECRET_KEY": SECRET, "ACADEMY_INSTANCE": str(folder)}
    with redis_server(folder) as redis:
        kernel = kernel_on(lane.url, folder, redis_url=redis.url)
        workers = Workers(
            lane.url,
            folder,
            redis,
            kernel,
            app=started.group(2),
            count=int(started.group(1)),
            environment={**env, "ACADEMY_METRICS": TOKEN},
        )
        (folder / "academy.conf").write_text(
            replaced(
                (FILES / "nginx.conf").read_text(),
                ("127.0.0.1:8000", f"127.0.0.1:{workers.port}"),
                ("listen 80;", f"listen 127.0.0.1:{plain};"),
                ("listen [::]:80;", ""),
                ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
                ("listen [::]:443 ssl http2;", ""),
                ("/etc/ssl/academy.pem", str(pem)),
                ("/etc/ssl/academy.key", str(key)),
                ("/var/log/nginx/academy.log", str(folder / "access.log")),
            )
        )
        user = "user root;" if subprocess.run(["id", "-u"], capture_output=True, check=True).stdout == b"0\n" else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        nginx = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx-error.log")]
        )
        try:
            found = Deployed(
                f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}", workers, pem, folder / "access.log"
            )
            until = time.monotonic() + 20
            while not _answers(found):
                assert nginx.poll() is None and time.monotonic() < until, (folder / "nginx-error.log").read_text()
                time.sleep(0.1)
            yield found
        finally:
            nginx.terminate()
            nginx.wait()
            workers.stop()
            kernel.database.engine.dispose()
            lane.drop()


def _answers(found: Deployed) -> bool:
    try:
        return requests.get(f"{found.url}/readyz", verify=str(found.certificate), timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_people_come_in_by_tls_and_their_cookies_stay_there(deployed: Deployed) -> None:
    plain = requests.get(f"{deployed.plain}/sign-in", allow_redirects=False, timeout=5)
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1/sign-in")
    page = requests.get(f"{deployed.url}/sign-in", verify=str(deployed.certificate), timeout=5)
    assert page.status_code == 200
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]


def test_two_people_talk_by_tls_through_both_workers(deployed: Deployed) -> None:
    made = room_on(deployed.workers.kernel, "Ana", "Ben")
    ana, ben = (signed_in(deployed.workers.kernel, person) for person in made.learners)
    wires = [deployed.wire(cookie, origin=deployed.url) for cookie in [ana, ben] * 8]
    try:
        for wire in wires:
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert deployed.workers.spread() == 2
        assert send(wires[0], made.space, "hello to all")["ok"]
        for wire in wires:
            wire.wait(
                lambda wire=wire: (
                    [event["payload"]["html"] for event in wire.events(made.space)] == ["<p>hello to all</p>"]
                )
            )
        assert deployed.browsing(ana).submit("/me", "/sign-out").status_code == 303
        for wire in wires[::2]:
            wire.wait(wire.gone.is_set)
        assert not [wire for wire in wires[1::2] if wire.gone.is_set()]
    finally:
        for wire in wires:
            wire.close()


def test_a_page_of_another_site_opens_no_socket_through_the_proxy(deployed: Deployed) -> None:
    made = room_on(deployed.workers.kernel, "Ana")
    cookie = signed_in(deployed.workers.kernel, made.learners[0])
    for origin in ("https://evil.example", deployed.plain):
        with pytest.raises(Unwelcome):
            deployed.wire(cookie, origin=origin)


def test_numbers_for_prometheus_are_not_public_and_secret_addresses_are_not_written_down(deployed: Deployed) -> None:
    asked = {"verify": str(deployed.certificate), "timeout": 5, "headers": {"Authorization": f"Bearer {TOKEN}"}}
    assert requests.get(f"{deployed.url}/metrics", **asked).status_code == 404
    assert requests.get(f"{deployed.workers.url}/metrics", headers=asked["headers"], timeout=5).status_code == 200
    for path in ("/join/a-secret-address", "/reset/a-secret-address", "/sign-in?next=/join/a-secret-address"):
        requests.get(f"{deployed.url}{path}", **asked)
    from_there = {**asked["headers"], "Referer": f"{deployed.url}/join/a-secret-address"}
    requests.get(f"{deployed.url}/no-secret", **{**asked, "headers": from_there})
    deadline = time.monotonic() + 5
    while "/no-secret" not in deployed.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "a-secret-address" not in deployed.log.read_text()
    assert "a-secret-address" not in deployed.workers.log.read_text()


@pytest.mark.parametrize("name", ["academy.service", "academy-jobs.service"])
def test_units_run_what_there_is(name: str) -> None:
    unit = (FILES / name).read_text()
    assert "EnvironmentFile=/etc/academy.env" in unit
    started = re.search(r"^ExecStart=/srv/academy/app/\.venv/bin/(\S+) (.*)$", unit, re.MULTILINE)
    assert started is not None
    assert started.groups() in {("gunicorn", "-w 2 wsgi:app"), ("academy", "jobs run")}
    assert re.search(r"^StateDirectory=(\S+)$", unit, re.MULTILINE).group(1) in settings()["ACADEMY_INSTANCE"]
