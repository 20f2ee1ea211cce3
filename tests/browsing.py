"""A browser without a screen: pages read and forms sent over HTTP as a signed-in person does, forgery guard included."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

SECONDS = 20


@dataclass
class Form:
    """One form of a page: where it goes, and its fields as (name, type, value) in order."""

    method: str
    action: str
    id: str = ""
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    def values(self) -> dict[str, str]:
        """Return what a browser would send that changed nothing; of several buttons, none."""
        return {name: value for name, kind, value in self.fields if kind not in {"submit", "unset"}}


class _Forms(HTMLParser):
    """Finds forms and their fields, those that name the form from outside too."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.forms: list[Form] = []
        self._inside: Form | None = None
        self._outside: list[tuple[str, tuple[str, str, str], str]] = []
        self._text: tuple[str, list[str]] | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, given.get("action") or self.url)
            self._inside = Form(given.get("method", "get").lower(), action, given.get("id", ""))
            self.forms.append(self._inside)
        elif tag == "textarea":
            self._text = (given.get("name", ""), [])
        elif tag == "select":
            self._select, self._options = given.get("name", ""), []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag in {"input", "button"} and given.get("name") and "disabled" not in given:
            kind = given.get("type", "text" if tag == "input" else "submit")
            if kind in {"checkbox", "radio"} and "checked" not in given:
                kind = "unset"
            self._add(given["name"], kind, given.get("value", ""), given.get("form", ""), given.get("formaction", ""))

    def _add(self, name: str, kind: str, value: str, form: str = "", action: str = "") -> None:
        if form:
            self._outside.append((form, (name, kind, value), urljoin(self.url, action) if action else ""))
        elif self._inside is not None:
            self._inside.fields.append((name, kind, value))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "textarea" and self._text is not None:
            name, parts = self._text
            self._text = None
            self._add(name, "textarea", "".join(parts).removeprefix("\n"))
        elif tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected] or [v for v, _ in self._options[:1]]
            self._add(self._select, "select", chosen[0] if chosen else "")
            self._select = None

    def close(self) -> None:
        super().close()
        by_id = {form.id: form for form in self.forms if form.id}
        for name, one, action in self._outside:
            home = by_id[name]
            if action:
                self.forms.append(Form(home.method, action, "", [*home.fields, one]))
            else:
                home.fields.append(one)


def forms_of(html: str, url: str) -> list[Form]:
    """Return the forms of a page."""
    reader = _Forms(url)
    reader.feed(html)
    reader.close()
    return reader.forms


class Browsing:
    """One person's visit."""

    def __init__(self, url: str, cookie: str = "") -> None:
        self.url = url
        self.session = requests.Session()
        if cookie:
            self.session.cookies.set("academy", cookie, domain=urlsplit(url).hostname or "", path="/")

    def get(self, path: str) -> requests.Response:
        """Read a page; going on to another address is followed."""
        return self.session.get(urljoin(self.url, path), timeout=SECONDS)

    def links(self, answer: requests.Response) -> list[str]:
        """Return where the links of a page lead on this site, without the places within pages."""
        found = re.findall(r'<a [^>]*?href="([^"]*)"', answer.text)
        whole = [urljoin(answer.url, unescape(link)).split("#")[0] for link in found]
        return list(dict.fromkeys(link.removeprefix(self.url) for link in whole if link.startswith(self.url + "/")))

    def forms(self, path: str) -> list[Form]:
        """Return the forms of a page."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return forms_of(answer.text, answer.url)

    def submit(self, page: str, action: str, values: Mapping[str, str] | None = None) -> requests.Response:
        """Open a page, fill in its form that goes to `action`, and send it; where it leads to is not followed."""
        found = [form for form in self.forms(page) if urlsplit(form.action).path == action]
        assert found, (page, action)
        return self.send(found[0], values)

    def send(self, form: Form, values: Mapping[str, str] | None = None) -> requests.Response:
        """Send a form with some of its fields changed."""
        return self.session.post(
            form.action, data={**form.values(), **(values or {})}, timeout=SECONDS, allow_redirects=False
        )

    def post(self, path: str, values: Mapping[str, str]) -> requests.Response:
        """Send a form that is on no page that is open, with the token of one that is."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/me").text)
        assert found
        return self.session.post(
            urljoin(self.url, path),
            data={"csrf_token": found.group(1), **values},
            timeout=SECONDS,
            allow_redirects=False,
        )


def pattern(address: str) -> str:
    """Return an address without its ids and the values of its query: what kind of page or form it is."""
    parts = urlsplit(address)
    names = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    return re.sub(r"/[a-z2-7]{26}(?=/|$)", "/<id>", parts.path) + ("?" + "&".join(names) if names else "")


def reachable(
    browsing: Browsing, *, each: int, also: Sequence[str] = (), most: int = 150
) -> dict[str, requests.Response]:
    """Follow every link from home, `each` pages of a kind at most, and return the pages by their address.

    Those in `also` come first, and so stand for their kind.
    """
    waiting = [*also, "/", "/offers", "/mentoring", "/notices", "/spaces", "/me", "/me/skills", "/people"]
    waiting += ["/workshops", "/cohorts"]
    found: dict[str, requests.Response] = {}
    kinds: dict[str, int] = {}
    while waiting and len(found) < most:
        path = waiting.pop(0)
        if path in found or kinds.get(pattern(path), 0) >= each or path.startswith("/static/"):
            continue
        answer = browsing.get(path)
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        kinds[pattern(path)] = kinds.get(pattern(path), 0) + 1
        found[path] = answer
        waiting += [link for link in browsing.links(answer) if link not in found]
    return found


class _Danger(HTMLParser):
    """Finds what would run, or would load what is not ours."""

    NEVER = frozenset({"iframe", "object", "embed", "base", "frame", "applet", "style", "math", "foreignobject"})
    ADDRESSES = frozenset({"href", "src", "action", "formaction", "xlink:href", "poster", "srcset", "data"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in self.NEVER or (tag == "script" and not given.get("src", "").startswith("/static/")):
            self.found.append(f"<{tag}>")
        if tag == "meta" and "http-equiv" in given:
            self.found.append("<meta http-equiv>")
        self._script = tag == "script"
        for name, value in given.items():
            # Browsers pass over spaces and control characters in front of and inside a scheme.
            address = re.sub(r"[\x00-\x20]", "", value).lower()
            if name.startswith("on") or name in {"style", "srcdoc", "hx-on", "hx-vals", "hx-vars"}:
                self.found.append(f"<{tag} {name}>")
            elif name in self.ADDRESSES and re.match(r"(javascript|data|vbscript|blob|file):", address):
                self.found.append(f"<{tag} {name}={value[:40]}>")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.found.append("an inline script")

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def dangers(html: str) -> list[str]:
    """Return what a page has in it that would run or load from elsewhere; pages of ours have nothing of it."""
    reader = _Danger()
    reader.feed(html)
    reader.close()
    return reader.found
