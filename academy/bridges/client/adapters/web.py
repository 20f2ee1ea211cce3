"""The academy by plain requests: signing in, operations of docs/api.md, and delivery where no socket gets through."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests

from academy.bridges.client.adapters.wire import Away
from academy.bridges.client.engine.log import Answer
from academy.bridges.client.engine.sending import Send

SECONDS = 20
CSRF = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
COOKIE = "academy"
SIGNED_OUT, TOO_MANY, FAILED = 401, 429, 500


class NotLetIn(Exception):
    """Address and password do not go together, the token has ended, or a second step is asked for."""


class Web:
    """Somebody's requests, by their cookie or by a personal API token."""

    def __init__(self, url: str, *, email: str = "", password: str = "", cookie: str = "", token: str = "") -> None:
        """Keep who it is; nothing is asked yet."""
        self._url = url.rstrip("/")
        self._email, self._password = email, password
        self._entered = not email and not token
        self._lock = threading.Lock()
        self._csrf = ""
        self._requests = requests.Session()
        self.token = token
        if token:
            self._requests.headers["Authorization"] = f"Bearer {token}"
        if cookie:
            host = urlsplit(url).hostname or ""
            # A cookie jar files a name without a dot under .local; where ours lies, the server's next one replaces it.
            self._requests.cookies.set(COOKIE, cookie, domain=host if "." in host else f"{host}.local", path="/")

    @property
    def headers(self) -> dict[str, str]:
        """What a socket's opening request carries."""
        cookie = self._requests.cookies.get(COOKIE)
        return {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}

    def signed_out(self) -> bool:
        """Hear that the sign-in has ended; says whether there is an address and a password for another one."""
        self._entered = False
        return bool(self._email)

    def close(self) -> None:
        """Let the connections go."""
        self._requests.close()

    def enter(self) -> None:
        """Sign in by the form where that has to be, or show the token once.

        Raises `NotLetIn`, and `Away` when it is better tried later.
        """
        with self._lock:
            if not self._entered:
                if self._email:
                    self._sign_in()
                elif self._request("GET", "/api/v1/me").status_code == SIGNED_OUT:
                    message = "The academy does not know this token, or it has ended."
                    raise NotLetIn(message)
                self._entered = True

    def _sign_in(self) -> None:
        self._csrf = ""
        self._requests.cookies.clear()
        fields = {"email": self._email, "password": self._password, "csrf_token": self._token_of("/sign-in")}
        answer = self._request("POST", "/sign-in", data=fields, allow_redirects=False)
        if answer.status_code == TOO_MANY or answer.status_code >= FAILED:
            raise Away(answer.reason)
        if not self._request("GET", "/api/v1/me").ok:
            message = "The academy did not let us in: wrong address or password, or it asks for a second step."
            raise NotLetIn(message)

    def call(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None) -> Answer:
        """Ask for an operation below /api/v1; answers `{"ok": True, "body": …}` or as a refused ack. Raises `Away`."""
        headers = {}
        if method != "GET" and not self.token:
            headers["X-CSRFToken"] = self._csrf = self._csrf or self._token_of("/me")
            headers["Referer"] = f"{self._url}/"
        answer = self._request(method, f"/api/v1{path}", params=query, json=body, headers=headers)
        if answer.ok:
            return {"ok": True, "body": answer.json() if answer.content else None}
        return self._refusal(answer)

    def events(self, space: str, since: int, epoch: str | None) -> Answer:
        """Return one page of a log as `space:sync` does."""
        query = {"since": since, **({"epoch": epoch} if epoch else {})}
        answer = self.call("GET", f"/spaces/{space}/events", query=query)
        return {"ok": True, **answer["body"]} if answer["ok"] else answer

    def store(self, send: Send) -> Answer:
        """Send something without a socket, and answer as its ack would (`seq` is not known)."""
        sent = send.sent
        post = sent.pop("post", "")
        method, path = {
            "post:send": ("POST", f"/spaces/{send.space}/posts"),
            "post:edit": ("PATCH", f"/posts/{post}"),
            "post:remove": ("DELETE", f"/posts/{post}"),
            "post:react": ("PUT", f"/posts/{post}/reaction"),
        }[send.event]
        if send.event == "post:send":
            sent.pop("space")
        else:
            sent.pop("nonce")  # as often as it is done, it is done once
        answer = self.call(method, path, body=sent if method != "DELETE" else None)
        if not answer["ok"]:
            return answer
        return {"ok": True, "nonce": send.nonce, **{name: (answer["body"] or {}).get(name) for name in ("id", "no")}}

    def _token_of(self, path: str) -> str:
        found = CSRF.search(self._request("GET", path).text)
        if found is None:
            message = f"{path} has no form"
            raise Away(message)
        return unescape(found[1])

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            return self._requests.request(method, self._url + path, timeout=SECONDS, **more)
        except requests.RequestException as error:
            raise Away(str(error)) from error

    def _refusal(self, answer: requests.Response) -> Answer:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        late = answer.status_code == TOO_MANY or answer.status_code >= FAILED
        refused = {"ok": False, "error": told.get("code", "busy" if late else "invalid"), "retry": late}
        wait = answer.headers.get("Retry-After", "")
        waiting = {"retry_after": int(wait)} if wait.isdecimal() else {}
        return {**refused, "detail": told.get("detail", answer.reason), **waiting}
