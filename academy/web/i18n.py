"""Languages, dates and times: everything a person reads goes through their locale and their zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_location
from flask import Flask, has_request_context, request
from flask.globals import _cv_app
from flask_babel import Babel, Domain, get_locale, lazy_gettext
from markupsafe import Markup

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.web.signed_in import viewer_or_none

LOCALES = ["en"]
_SPOKEN = {name: Locale.parse(name) for name in LOCALES}

later: Callable[[str], str] = cast("Callable[[str], str]", lazy_gettext)
"""Mark a text that is translated when it is shown, such as a message of a schema; it reads as a text."""


def _locale() -> Locale:
    # The very same object each time: what is kept per language is then found without comparing two of them.
    return _SPOKEN[_language()]


def _language() -> str:
    if not has_request_context():  # a mail that a command or a job causes
        return LOCALES[0]
    viewer = viewer_or_none()
    if viewer is not None and viewer.locale in LOCALES:
        return viewer.locale
    return request.accept_languages.best_match(LOCALES) or LOCALES[0]


def locale() -> Locale:
    """Return the locale of this request."""
    # Flask-Babel's own way to it asks five times what the current context is; a page says a hundred texts.
    context = _cv_app.get(None)
    kept = context.g.get("_flask_babel") if context is not None else None
    return getattr(kept, "babel_locale", None) or get_locale() or _SPOKEN["en"]


def zone() -> str:
    """Return the viewer's time zone."""
    viewer = viewer_or_none()
    return viewer.zone if viewer else "UTC"


def city(name: str) -> str:
    """Name a zone by its city: Europe/Lisbon is Lisbon. A zone that Babel does not know is its own name."""
    return _city(name, locale())


@lru_cache(2000)
def _city(name: str, spoken: Locale) -> str:
    try:
        return get_timezone_location(name, locale=spoken, return_city=True)
    except LookupError:
        return name


LONG, SHORT = "EEEE d MMMM", "EEE d MMM"


@lru_cache(2000)
def _written(day: date, pattern: str, spoken: Locale) -> str:
    """Write a date in a language; Babel reads the pattern anew each time, and a list names one day many times."""
    return format_date(day, pattern, locale=spoken)


def _date(at: datetime | date, in_zone: str | None) -> date:
    return local(at, in_zone).date() if isinstance(at, datetime) else at


def day(at: datetime | date, in_zone: str | None = None) -> str:
    """Write weekday and date: Thursday 26 November."""
    return _written(_date(at, in_zone), LONG, locale())


def short_day(at: datetime | date, in_zone: str | None = None) -> str:
    """Write a short weekday and date: Thu 26 Nov."""
    return _written(_date(at, in_zone), SHORT, locale())


def time_of(at: datetime, in_zone: str | None = None) -> str:
    """Write the time of day on a 24 hour clock, which is the same in every locale: 15:00."""
    local = at.astimezone(ZoneInfo(in_zone or zone()))
    return f"{local.hour:02}:{local.minute:02}"


def local(at: datetime, in_zone: str | None = None) -> datetime:
    """Move an instant to a zone, the viewer's by default."""
    return at.astimezone(ZoneInfo(in_zone or zone()))


def moment(at: datetime, in_zone: str | None = None) -> str:
    """Write when something happened: the time today, else date and time."""
    there = local(at, in_zone)
    today = clock.now().astimezone(there.tzinfo).date()
    time = f"{there.hour:02}:{there.minute:02}"
    return time if there.date() == today else f"{_written(there.date(), SHORT, locale())}, {time}"


def weekdays(width: str = "wide") -> list[tuple[int, str]]:
    """Return (weekday, name) in the order of the locale's week; weekday 0 is Monday."""
    names = locale().days["format"][width]
    first = locale().first_week_day
    return [((first + i) % 7, names[(first + i) % 7]) for i in range(7)]


class _Texts(Domain):
    """The texts of all locales. Flask-Babel would read its files anew for each request, and look for them at each text.

    `said` keeps what templates say, per locale and ready to be shown: texts of templates, the same for everybody.
    """

    most = 10_000

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)  # type: ignore[no-untyped-call]  # Flask-Babel has no types
        self.said: dict[Locale, dict[str, Markup]] = {}

    def say(self, text: str, /, **variables: Any) -> Markup:
        """Translate a text for a template; variables are escaped. Texts are formats, so that a percent sign is two."""
        said = self.said.get(locale())
        if said is None:
            said = self.said[locale()] = {}
        found = said.get(text)
        if found is None:
            found = Markup(self._catalog().ugettext(text))  # noqa: S704 - from our own templates and catalogs
            if len(said) < self.most:
                said[text] = found
        return found % variables if variables or "%" in found else found

    def _catalog(self) -> Any:
        return self.get_translations()  # type: ignore[no-untyped-call]  # as above

    def say_many(self, one: str, many: str, num: int, /, **variables: Any) -> Markup:
        """Translate a text that counts, for a template."""
        found = Markup(self._catalog().ungettext(one, many, num))  # noqa: S704 - as above
        return found % {"num": num, **variables}


class _Babel(Babel):
    """Babel with one catalog for all requests."""

    texts = _Texts("messages")

    @property
    def domain_instance(self) -> _Texts:
        """Return the catalog; a request asks for it once."""
        return self.texts


def install(app: Flask, _: Kernel) -> None:
    """Attach Babel and the filters that templates use."""
    _Babel(app, locale_selector=_locale, timezone_selector=zone)  # type: ignore[no-untyped-call]
    texts = _Babel.texts
    app.jinja_env.globals.update(_=texts.say, gettext=texts.say, ngettext=texts.say_many)
    app.jinja_env.filters.update(day=day, short_day=short_day, time_of=time_of, local=local, moment=moment, city=city)
