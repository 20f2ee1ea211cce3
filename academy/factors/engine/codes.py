"""Codes of authenticator apps (TOTP, RFC 6238) and recovery codes: pure calculation."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
import segno

STEP = 30
"""Seconds that one code of an app lasts."""
DRIFT = 1
"""Steps that a phone's clock may be off, to either side."""
CODES = 10
"""Recovery codes that somebody gets at once."""
DIGITS = re.compile(r"\d{6}", re.ASCII)


def new_secret() -> str:
    """Make the secret of an app: 160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, *, account: str, issuer: str) -> str:
    """Return the otpauth address that an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def picture(text: str) -> str:
    """Draw a QR code as an SVG element without any style; dark on light in every theme, as scanners want it."""
    code = segno.make(text, error="m", micro=False)
    drawn: str = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step whose code this is, up to one step off; None for no such code."""
    digits = tidy(code)
    if not DIGITS.fullmatch(digits):
        return None
    now, generator = int(at.timestamp()) // STEP, pyotp.TOTP(secret)
    steps = range(now - DRIFT, now + DRIFT + 1)
    return next((s for s in steps if secrets.compare_digest(generator.generate_otp(s), digits)), None)


def tidy(code: str) -> str:
    """Take out what people type between the letters of a code: spaces and dashes."""
    return re.sub(r"[\s-]", "", code).casefold()


def new_codes() -> list[str]:
    """Make ten recovery codes of 80 random bits each, in groups of four letters and digits."""
    return [_code() for _ in range(CODES)]


def _code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def code_hash(person_id: UUID, code: str) -> str:
    """Return what the database keeps of a recovery code. With 80 random bits there is nothing to guess."""
    return hashlib.sha256(person_id.bytes + tidy(code).encode()).hexdigest()
