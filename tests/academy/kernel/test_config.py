"""Settings: every wrong value is refused with one line that names it."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from academy.kernel.config import Settings, SettingsError

SECRET = "0123456789abcdef"


def settings(tmp_path: Path, **env: str) -> Settings:
    return Settings.from_environment({"SECRET_KEY": SECRET, "ACADEMY_INSTANCE": str(tmp_path), **env})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACADEMY_ENV", "prod"),
        ("ACADEMY_ASYNC", "asyncio"),
        ("ACADEMY_DEMO", "yes"),
        ("ACADEMY_JOBS", "sometimes"),
        ("ACADEMY_MAIL", "pigeon"),
        ("ACADEMY_LOG", "loud"),
        ("ACADEMY_PROXIES", "one"),
        ("ACADEMY_PROXIES", "-1"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80 80"),
        ("ACADEMY_BASE_URL", "academy.example.org"),
        ("ACADEMY_BASE_URL", "ftp://academy.example.org"),
        ("ACADEMY_BASE_URL", "https://"),
        ("ACADEMY_BASE_URL", "https://[half"),
        ("ACADEMY_BASE_URL", "https://host:port"),
        ("ACADEMY_SMTP_URL", "mail.example.org"),
        ("ACADEMY_SMTP_URL", "smtp://"),
        ("ACADEMY_SMTP_URL", "smtp://host:25000000"),
        ("ACADEMY_SMTP_URL", "smtp://[half"),
        ("ACADEMY_MAIL_FROM", "academy"),
        ("ACADEMY_MAIL_FROM", "academy@example.org\nBcc: x@example.org"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", "http://host:6379"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://host:port"),
        ("REDIS_URL", "redis://host/academy"),
        ("REDIS_URL", "unix://"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://host/academy"),
        ("DATABASE_URL", "postgresql+psycopg2://host/academy"),
        ("DATABASE_URL", "postgresql://host:port/academy"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_wrong_value_is_refused_with_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, **{name: value})
    assert name in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_secret_is_never_in_what_is_said_of_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, SECRET_KEY="hunter2")
    assert "hunter2" not in str(refused.value)
    assert SECRET not in repr(settings(tmp_path))
    assert "p4ss" not in repr(settings(tmp_path, ACADEMY_SMTP_URL="smtp://me:p4ss@host"))


def test_a_password_in_a_wrong_database_address_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, DATABASE_URL="postgresql://me:p4ss@host:port/academy")
    assert "p4ss" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://127.0.0.1",
        "redis://me:p4ss@host:6380/3",
        "rediss://host/0",
        "unix:///run/redis.sock?db=2",
        "redis://h?db=1",
    ],
)
def test_a_redis_is_named_by_its_address_and_its_password_is_kept(tmp_path: Path, url: str) -> None:
    found = settings(tmp_path, REDIS_URL=url)
    assert found.redis_url == url
    assert "p4ss" not in repr(found)


def test_a_redis_by_tls_may_name_whom_to_trust(tmp_path: Path) -> None:
    trusted = tmp_path / "our ca.pem"
    trusted.touch()
    url = f"rediss://:p4ss@host/0?ssl_ca_certs={quote(str(trusted))}"
    assert settings(tmp_path, REDIS_URL=url).redis_url == url
    trusted.unlink()
    with pytest.raises(SettingsError, match="there is no such file") as refused:
        settings(tmp_path, REDIS_URL=url)
    assert "p4ss" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "rediss://:p4ss@host/0?ssl_ca_cert=/a",
        "rediss://:p4ss@host/0?ssl_cert_reqs=none",
        "redis://:p4ss@host/0?ssl_ca_certs=/etc/hosts",
        "redis://:p4ss@host/0?db=x",
        "redis://:p4ss@host/0?nonsense",
        "unix:///run/redis.sock?ssl_ca_certs=/etc/hosts",
    ],
)
def test_what_is_asked_of_redis_and_is_not_known_stops_the_start_and_not_the_first_message(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL") as refused:
        settings(tmp_path, REDIS_URL=url)
    assert "p4ss" not in str(refused.value)


def test_a_password_in_a_wrong_address_of_redis_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, REDIS_URL="redis://:p4ss@host/academy")
    assert "p4ss" not in str(refused.value)


def test_production_without_a_secret_refuses(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY is missing"):
        Settings.from_environment({"ACADEMY_ENV": "production", "ACADEMY_INSTANCE": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_development_makes_a_secret_once_and_keeps_it_to_its_owner(tmp_path: Path) -> None:
    first = Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path)})
    second = Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    one = Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path / "one")})
    two = Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path / "two")})
    assert one.secret_key != two.secret_key


def test_an_empty_environment_is_a_development_server_with_sqlite(tmp_path: Path) -> None:
    found = Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path)})
    assert found.database_url == f"sqlite:///{tmp_path / 'academy.db'}"
    assert (found.env, found.mail, found.jobs, found.async_mode) == ("development", "file", "embedded", "gevent")
    assert (found.demo, found.secure, found.base_url) == (False, False, "http://127.0.0.1:8000")


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    found = settings(tmp_path, DATABASE_URL="", ACADEMY_ENV="", ACADEMY_PROXIES="", PORT="")
    assert found.database_url.startswith("sqlite:///")
    assert found.proxies == 0


def test_the_stock_driver_is_for_threads_alone(tmp_path: Path) -> None:
    assert settings(tmp_path).realtime_driver == "own"
    found = settings(tmp_path, ACADEMY_ASYNC="threading", ACADEMY_REALTIME_DRIVER="stock")
    assert found.realtime_driver == "stock"
    with pytest.raises(SettingsError, match="^ACADEMY_REALTIME_DRIVER is 'fast': write one of own, stock.$"):
        settings(tmp_path, ACADEMY_REALTIME_DRIVER="fast")


@pytest.mark.parametrize("mode", ["gevent", "eventlet"])
def test_the_stock_driver_is_refused_where_it_would_break_frames(tmp_path: Path, mode: str) -> None:
    with pytest.raises(SettingsError, match=f"^ACADEMY_REALTIME_DRIVER=stock can't be used with ACADEMY_ASYNC={mode}"):
        settings(tmp_path, ACADEMY_ASYNC=mode, ACADEMY_REALTIME_DRIVER="stock")


def test_production_sends_mail_by_smtp(tmp_path: Path) -> None:
    assert settings(tmp_path, ACADEMY_ENV="production", ACADEMY_BASE_URL="https://a.example.org").mail == "smtp"


def test_production_without_its_address_refuses(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ACADEMY_BASE_URL is missing"):
        settings(tmp_path, ACADEMY_ENV="production")


@pytest.mark.parametrize(
    ("mode", "driver"), [("gevent", "psycopg"), ("threading", "psycopg"), ("eventlet", "psycopg2")]
)
def test_postgresql_is_spoken_to_by_the_driver_that_the_mode_can_wait_with(
    tmp_path: Path, mode: str, driver: str
) -> None:
    for scheme in ("postgres", "postgresql", f"postgresql+{driver}"):
        found = settings(tmp_path, ACADEMY_ASYNC=mode, DATABASE_URL=f"{scheme}://me:p4ss@host/academy")
        assert found.database_url == f"postgresql+{driver}://me:p4ss@host/academy"


@pytest.mark.parametrize(
    ("mode", "driver"), [("gevent", "psycopg2"), ("threading", "psycopg2"), ("eventlet", "psycopg")]
)
def test_a_driver_that_the_mode_cant_wait_with_is_refused(tmp_path: Path, mode: str, driver: str) -> None:
    with pytest.raises(SettingsError, match=f"^DATABASE_URL names .* which the {mode} mode can't wait with"):
        settings(tmp_path, ACADEMY_ASYNC=mode, DATABASE_URL=f"postgresql+{driver}://me:p4ss@host/academy")


def test_postgresql_under_eventlet_without_its_driver_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="^PostgreSQL under eventlet needs psycopg2: pip install"):
        settings(tmp_path, ACADEMY_ASYNC="eventlet", DATABASE_URL="postgresql://me@host/academy")
    assert settings(tmp_path, ACADEMY_ASYNC="eventlet").database_url.startswith("sqlite:///")


def test_the_address_follows_the_port_unless_it_is_given(tmp_path: Path) -> None:
    assert settings(tmp_path, PORT="9000").base_url == "http://127.0.0.1:9000"
    found = settings(tmp_path, PORT="9000", ACADEMY_BASE_URL="https://academy.example.org/")
    assert (found.base_url, found.secure) == ("https://academy.example.org", True)


def test_a_sender_may_have_a_name(tmp_path: Path) -> None:
    found = settings(tmp_path, ACADEMY_MAIL_FROM="The academy <academy@example.org>")
    assert found.mail_from == "The academy <academy@example.org>"


def test_secrets_of_before_are_read_in_order(tmp_path: Path) -> None:
    old = f"{SECRET}-1, {SECRET}-2"
    found = settings(tmp_path, SECRET_KEY=f"{SECRET}-0", SECRET_KEY_FALLBACKS=old)
    assert found.secrets == (f"{SECRET}-0", f"{SECRET}-1", f"{SECRET}-2")
    assert f"{SECRET}-1" not in repr(found)


def test_a_short_secret_of_before_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY_FALLBACKS") as refused:
        settings(tmp_path, SECRET_KEY_FALLBACKS="hunter2")
    assert "hunter2" not in str(refused.value)
