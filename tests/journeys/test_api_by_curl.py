"""The calls that docs/api.md shows are made as they stand there, by curl before a real server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.factories import forums, tokens
from tests.live import Live
from tests.serving import ROOT

CALLS = re.findall(
    r"^```sh\n(.*?)^```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_calls_that_the_page_shows_do_what_it_says(live: Live, tmp_path: Path) -> None:
    learner = live.who("learner")
    forums.say(live.kernel, learner, live.who("room"), "The post before")
    _row, token = tokens.token(live.kernel, learner, ["read", "write"])
    (tmp_path / ".curlrc").write_text('write-out = "\\n%{http_code}"\n')
    _row, hosts = tokens.token(live.kernel, live.who("facilitator"), ["read", "write"])
    names = {
        "GROUP": live.ids["cohort"],
        "SPACE": live.ids["room"],
        "WORKSHOP": live.ids["workshop"],
        "KEY": "a-key-of-the-page",
    }
    environment = {"ACADEMY": live.url, "TOKEN": token, "CURL_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **names}

    def run(number: int, **more: str) -> tuple[str, str, Any]:
        """Run one of the page's calls; return the status, the headers if it asks for them, and the body."""
        done = subprocess.run(
            ["sh", "-c", CALLS[number]], env=environment | more, capture_output=True, text=True, check=True, timeout=30
        )
        text, _, status = done.stdout.replace("\r", "").rpartition("\n")
        headers, _, body = text.rpartition("\n\n")
        return status, headers, json.loads(body)

    assert len(CALLS) == 9
    status, _, rooms = run(0)
    assert status == "200"
    assert live.ids["room"] in {room["id"] for room in rooms["items"]}
    status, _, post = run(1)
    assert (status, post["html"]) == ("201", "<p>Hello from a <em>program</em>.</p>")
    assert run(1)[2]["id"] == post["id"]
    status, _, newest = run(2)
    assert (status, [one["id"] for one in newest["items"]]) == ("200", [post["id"]])
    status, _, before = run(3, CURSOR=newest["next"])
    assert (status, [one["html"] for one in before["items"]]) == ("200", ["<p>The post before</p>"])
    status, headers, _ = run(4)
    assert status == "200"
    tag = re.search(r"(?i)^etag: (.+)$", headers, re.MULTILINE)
    assert tag is not None
    status, _, answer = run(5, TAG=tag[1])
    assert (status, answer["answer"]) == ("200", "going")
    status, _, refusal = run(5, TAG=tag[1])
    assert (status, refusal["code"]) == ("412", "outdated")
    status, headers, board = run(6, TOKEN=hosts, KEY="another-key")
    assert (status, board["name"], board["closed"]) == ("201", "What we try", False)
    assert run(6, TOKEN=hosts, KEY="another-key")[2]["id"] == board["id"]
    tag = re.search(r"(?i)^etag: (.+)$", headers, re.MULTILINE)
    assert tag is not None
    status, _, thread = run(7, TOKEN=hosts, BOARD=board["id"])
    assert (status, thread["title"], thread["board"]) == ("201", "How do you begin?", board["id"])
    status, _, closed = run(8, TOKEN=hosts, BOARD=board["id"], TAG=tag[1])
    assert (status, closed["closed"]) == ("200", True)
    assert run(8, TOKEN=hosts, BOARD=board["id"], TAG=tag[1])[0] == "412"
    assert run(8, BOARD=board["id"], TAG=tag[1])[0] == "412"
    assert run(7, BOARD=board["id"])[0] == "409", "a closed board takes no thread"
