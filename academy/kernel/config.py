"""Settings from the environment: typed, documented, refused with one clear line when wrong."""

from __future__ import annotations

import importlib.util
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from limits import parse
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from academy.kernel.secret import embedded_secret

Mode = Literal["gevent", "threading", "eventlet"]
Environment = Literal["development", "production"]
MailTo = Literal["console", "file", "smtp"]
SECRET_BYTES = 16
LAST_PORT = 65535
DRIVERS: dict[str, str] = {
    "gevent": "postgresql+psycopg",
    "threading": "postgresql+psycopg",
    "eventlet": "postgresql+psycopg2",
}
"""How each mode speaks to PostgreSQL: psycopg 3 would hold up eventlet's hub, psycopg 2 gevent's."""
REDIS_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
MOST_MEGABYTES = 4096


class SettingsError(Exception):
    """A setting can't be used; the message is one line that names it and says what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs from one installation to the next.

    | variable | meaning | default |
    | --- | --- | --- |
    | DATABASE_URL | where the data is: sqlite:///… or postgresql://… | SQLite in the instance folder |
    | REDIS_URL | what several server processes share: redis://…, rediss://… or unix://… | none: one process |
    | PORT | where to listen, when no address says so | 8000 |
    | SECRET_KEY | signs cookies, forms; 16 bytes or more; required in production | made once, in the instance folder |
    | SECRET_KEY_FALLBACKS | secrets of before, commas between, newest first: read, never written with | none |
    | ACADEMY_ENV | development or production | development |
    | ACADEMY_INSTANCE | folder for the embedded database, videos, mail and the made secret | instance |
    | ACADEMY_BASE_URL | the address people use, for links in mail; required in production | http://127.0.0.1:8000 |
    | ACADEMY_ASYNC | gevent, threading or eventlet | gevent |
    | ACADEMY_REALTIME_DRIVER | own, or stock: the WebSocket driver of python-engineio, with threading alone | own |
    | ACADEMY_DEMO | 1 allows the demo academy and shows its sign-ins | 0 |
    | ACADEMY_JOBS | embedded (jobs run inside the server) or separate (by `academy jobs run`) | embedded |
    | ACADEMY_MAIL | console, file or smtp | file in development, smtp in production |
    | ACADEMY_SMTP_URL | smtp://user:password@host:port, smtps://… for TLS from the start | smtp://127.0.0.1:25 |
    | ACADEMY_MAIL_FROM | the sender's address | academy@localhost |
    | ACADEMY_LOG | debug, info, warning or error | info |
    | ACADEMY_API_RATE | how many requests the API takes from one person in a while | 600 per minute |
    | ACADEMY_MEDIA_MB | how large a video may be, in MB of 1,048,576 bytes; 1 to 4096 | 200 |
    | ACADEMY_METRICS | a token of 16 characters or more; whoever sends it may read /metrics | none: no such page |
    | ACADEMY_PROXIES | how many proxies in front add X-Forwarded-* headers | 0 |
    """

    database_url: str
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    redis_url: str = field(default="", repr=False)
    env: Environment = "development"
    instance: Path = Path("instance")
    base_url: str = "http://127.0.0.1:8000"
    async_mode: Mode = "gevent"
    realtime_driver: Literal["own", "stock"] = "own"
    demo: bool = False
    jobs: Literal["embedded", "separate", "off"] = "embedded"
    mail: MailTo = "file"
    smtp_url: str = field(default="smtp://127.0.0.1:25", repr=False)
    mail_from: str = "academy@localhost"
    log_level: str = "info"
    api_rate: str = "600 per minute"
    media_mb: int = 200
    metrics: str = field(default="", repr=False)
    proxies: int = 0
    testing: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every secret that is still read, the one that is written with first."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def secure(self) -> bool:
        """Whether people reach this installation by HTTPS."""
        return self.base_url.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raises `SettingsError` with one clear line."""
        env = os.environ if environment is None else environment
        stage = _one_of(env, "ACADEMY_ENV", ("development", "production"), "development")
        instance = Path(env.get("ACADEMY_INSTANCE") or "instance").absolute()
        mode = _one_of(env, "ACADEMY_ASYNC", tuple(DRIVERS), "gevent")
        mail = _one_of(env, "ACADEMY_MAIL", ("console", "file", "smtp"), "smtp" if stage == "production" else "file")
        return cls(
            env=stage,  # type: ignore[arg-type]  # _one_of has checked it
            instance=instance,
            database_url=_database(env, instance, mode),
            redis_url=_redis(env),
            secret_key=_secret(env, stage, instance),
            secret_key_fallbacks=_old_secrets(env),
            base_url=_address(env, stage),
            async_mode=mode,  # type: ignore[arg-type]
            realtime_driver=_driver(env, mode),  # type: ignore[arg-type]
            demo=_flag(env, "ACADEMY_DEMO"),
            jobs=_one_of(env, "ACADEMY_JOBS", ("embedded", "separate", "off"), "embedded"),  # type: ignore[arg-type]
            mail=mail,  # type: ignore[arg-type]
            smtp_url=_smtp(env),
            mail_from=_sender(env),
            log_level=_one_of(env, "ACADEMY_LOG", ("debug", "info", "warning", "error"), "info"),
            api_rate=_rate(env),
            media_mb=_megabytes(env),
            metrics=_metrics(env),
            proxies=_count(env, "ACADEMY_PROXIES"),
        )


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = env.get(name) or default
    if value not in allowed:
        message = f"{name} is {value!r}: write one of {', '.join(allowed)}."
        raise SettingsError(message)
    return value


def _driver(env: Mapping[str, str], mode: str) -> str:
    driver = _one_of(env, "ACADEMY_REALTIME_DRIVER", ("own", "stock"), "own")
    if driver == "stock" and mode != "threading":
        message = (
            f"ACADEMY_REALTIME_DRIVER=stock can't be used with ACADEMY_ASYNC={mode}: a slow reader would get broken "
            "frames. Write ACADEMY_ASYNC=threading, or leave the driver out."
        )
        raise SettingsError(message)
    return driver


def _flag(env: Mapping[str, str], name: str) -> bool:
    return _one_of(env, name, ("0", "1"), "0") == "1"


def _count(env: Mapping[str, str], name: str) -> int:
    value = env.get(name) or "0"
    if not value.isdecimal():
        message = f"{name} is {value!r}: write a whole number such as 0 or 1."
        raise SettingsError(message)
    return int(value)


def _megabytes(env: Mapping[str, str]) -> int:
    value = env.get("ACADEMY_MEDIA_MB") or "200"
    if not (value.isascii() and value.isdecimal() and len(value) < 5 and 0 < int(value) <= MOST_MEGABYTES):
        message = f"ACADEMY_MEDIA_MB is {value[:20]!r}: write a whole number from 1 to {MOST_MEGABYTES}, such as 200."
        raise SettingsError(message)
    return int(value)


def _metrics(env: Mapping[str, str]) -> str:
    token = env.get("ACADEMY_METRICS") or ""
    if token and not (len(token) >= SECRET_BYTES and token.isascii() and token.isprintable() and " " not in token):
        message = f"ACADEMY_METRICS can't be used: write at least {SECRET_BYTES} ASCII characters without spaces."
        raise SettingsError(message)
    return token


def _database(env: Mapping[str, str], instance: Path, mode: str) -> str:
    url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'academy.db'}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        message = "DATABASE_URL can't be read: write sqlite:///path/to/file.db or postgresql://user@host/name."
        raise SettingsError(message) from error
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername=DRIVERS[mode])
    if parsed.drivername not in {"sqlite", *DRIVERS.values()}:
        message = f"DATABASE_URL names {parsed.drivername!r}: only sqlite and postgresql are supported."
        raise SettingsError(message)
    if parsed.drivername not in {"sqlite", DRIVERS[mode]}:
        message = (
            f"DATABASE_URL names {parsed.drivername!r}, which the {mode} mode can't wait with: write postgresql://…, "
            f"which chooses {DRIVERS[mode].partition('+')[2]} by itself."
        )
        raise SettingsError(message)
    if parsed.drivername == DRIVERS["eventlet"] and importlib.util.find_spec("psycopg2") is None:
        message = "PostgreSQL under eventlet needs psycopg2: pip install 'capability-academy[eventlet]'."
        raise SettingsError(message)
    if parsed.drivername == "sqlite" and parsed.database in {None, "", ":memory:"}:
        message = "DATABASE_URL names an SQLite database in memory: name a file, as data must outlive the process."
        raise SettingsError(message)
    return parsed.render_as_string(hide_password=False)


def _redis(env: Mapping[str, str]) -> str:
    url = env.get("REDIS_URL") or ""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        socket = parts.scheme == "unix" and parts.path
        number = options.get("db") or ("" if socket else parts.path.strip("/")) or "0"
        readable = socket or (parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0)
    except ValueError:
        readable = number = ""
    if not url:
        return url
    if not (readable and number.isascii() and number.isdecimal()):
        message = "REDIS_URL can't be read: write redis://host:6379/0, rediss://… for TLS or unix:///path/to/socket."
        raise SettingsError(message)
    known = {"db", *(("username", "password") if socket else ()), *(REDIS_TLS if parts.scheme == "rediss" else ())}
    for name, value in options.items():
        if name not in known:
            message = (
                f"REDIS_URL says {name}=…, which is not known here: rediss:// takes {', '.join(REDIS_TLS)}, each with "
                "the path of a file; unix:// takes db, username and password."
            )
            raise SettingsError(message)
        if name in REDIS_TLS and not Path(value).is_file():
            message = f"REDIS_URL says {name}={value}: there is no such file."
            raise SettingsError(message)
    return url


def _secret(env: Mapping[str, str], stage: str, instance: Path) -> str:
    secret = env.get("SECRET_KEY", "")
    if secret:
        if len(secret.encode()) < SECRET_BYTES:
            example = f"{secrets.token_hex(4)}…"
            message = f"SECRET_KEY is too short: write at least {SECRET_BYTES} bytes, such as {example} made at random."
            raise SettingsError(message)
        return secret
    if stage == "production":
        message = "SECRET_KEY is missing: in production write a long random text that stays the same."
        raise SettingsError(message)
    return embedded_secret(instance)


def _old_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    found = tuple(secret for part in env.get("SECRET_KEY_FALLBACKS", "").split(",") if (secret := part.strip()))
    if any(len(secret.encode()) < SECRET_BYTES for secret in found):
        message = f"SECRET_KEY_FALLBACKS: write each old secret whole ({SECRET_BYTES} bytes or more), commas between."
        raise SettingsError(message)
    return found


def _port(env: Mapping[str, str]) -> int:
    value = env.get("PORT") or "8000"
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= LAST_PORT):
        message = f"PORT is {value!r}: write a number from 1 to {LAST_PORT}, such as 8000."
        raise SettingsError(message)
    return int(value)


def _rate(env: Mapping[str, str]) -> str:
    rate = env.get("ACADEMY_API_RATE") or "600 per minute"
    try:
        parse(rate)
    except ValueError as error:
        message = f"ACADEMY_API_RATE is {rate!r}: write a number and a time, such as 600 per minute."
        raise SettingsError(message) from error
    return rate


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        readable = parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        return None
    return parts if readable else None


def _sender(env: Mapping[str, str]) -> str:
    sender = env.get("ACADEMY_MAIL_FROM") or "academy@localhost"
    try:
        Address(addr_spec=parseaddr(sender)[1])
    except (MessageError, ValueError, IndexError) as error:
        message = f"ACADEMY_MAIL_FROM is {sender!r}: write an address such as academy@example.org."
        raise SettingsError(message) from error
    if not sender.isprintable() or "@" not in parseaddr(sender)[1]:
        message = f"ACADEMY_MAIL_FROM is {sender!r}: write an address such as academy@example.org."
        raise SettingsError(message)
    return sender


def _address(env: Mapping[str, str], stage: str) -> str:
    port = _port(env)
    if stage == "production" and not env.get("ACADEMY_BASE_URL"):
        message = "ACADEMY_BASE_URL is missing: in production write the address people use, such as https://academy.example.org."
        raise SettingsError(message)
    url = (env.get("ACADEMY_BASE_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        message = f"ACADEMY_BASE_URL is {url!r}: write an address such as https://academy.example.org."
        raise SettingsError(message)
    return url


def _smtp(env: Mapping[str, str]) -> str:
    url = env.get("ACADEMY_SMTP_URL") or "smtp://127.0.0.1:25"
    parts = _parts(url)
    if parts is None or parts.scheme not in {"smtp", "smtps"}:
        message = "ACADEMY_SMTP_URL can't be read: write smtp://user:password@host:port or smtps://…"
        raise SettingsError(message)
    return url
