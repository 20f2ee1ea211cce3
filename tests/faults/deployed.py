"""An academy served by the files of docs/deployment: nginx with TLS, two workers, PostgreSQL and Redis."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.browsing import Browsing
from tests.certificates import certify
from tests.databases import Lane, make_template, reachable, skip_or_fail
from tests.faults.wire import Wire
from tests.faults.workers import Workers
from tests.live import kernel_on
from tests.redis_server import free_port, redis_server
from tests.serving import ROOT, SECRET

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


@contextmanager
def deploy(folder: Path) -> Iterator[Deployed]:
    """Serve an academy with the files as they are, save for ports, folders and the certificate."""
    if shutil.which("nginx") is None:
        skip_or_fail("no nginx on this machine: apt-get install nginx")
    if not reachable():
        skip_or_fail("no PostgreSQL: install it (apt-get install postgresql), start one, or set TEST_POSTGRESQL_URL")
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
