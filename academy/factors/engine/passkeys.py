"""Passkeys (WebAuthn): what a browser is asked to sign, and whether what came back is that. Pure calculation.

Whoever answers must have shown the device that it is them (by finger, face or PIN), so a passkey counts as both steps.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

TIMEOUT = 5 * 60 * 1000
"""Milliseconds that a browser waits for its owner."""
LONGEST = 20_000
"""Characters of an answer: beyond that it is none."""
BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,1400}", re.ASCII)
TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)


@dataclass(frozen=True)
class Party:
    """For whom passkeys are: a host name, the address that pages come from, and what people call it."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Known:
    """A passkey that the server knows."""

    id: UUID
    person_id: UUID
    credential_id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A passkey that a browser has just made."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]


def party_of(base_url: str, name: str) -> Party | None:
    """Return for whom passkeys are at an address; None where browsers allow none.

    They need a name, as no passkey is for an IP address, and HTTPS, unless the name is localhost.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        named = bool(host)
    else:
        named = False
    if not named or (parts.scheme != "https" and host != "localhost"):
        return None
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return Party(host, f"{parts.scheme}://{host}{port}", name)


def new_challenge() -> str:
    """Make what is to be signed: 256 random bits."""
    return secrets.token_urlsafe(32)


def to_make(party: Party, challenge: str, *, person_id: UUID, account: str, name: str, known: Sequence[Known]) -> str:
    """Return as JSON what a browser needs to make a passkey for somebody, none twice on one device."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=person_id.bytes,
        user_name=account,
        user_display_name=name,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(one) for one in known],
    )
    return webauthn.options_to_json(options)


def to_sign(party: Party, challenge: str, known: Sequence[Known] = ()) -> str:
    """Return as JSON what a browser needs to sign with one of these passkeys, or with any that it has for us."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT,
        allow_credentials=[_descriptor(one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _descriptor(known: Known) -> PublicKeyCredentialDescriptor:
    ways = [AuthenticatorTransport(way) for way in known.transports if way in TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(known.credential_id), transports=ways or None)


def read(answer: str) -> dict[str, Any] | None:
    """Read what a browser sent; None for what is no answer at all."""
    try:
        found = json.loads(answer) if len(answer) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        return None
    return found if BASE64URL.fullmatch(str(found.get("id", ""))) else None


def handle_of(answer: dict[str, Any]) -> str | None:
    """Return whose passkey the browser says it is, as base64url; None where it does not say."""
    found = answer["response"].get("userHandle")
    return found if isinstance(found, str) and found else None


def handle(person_id: UUID) -> str:
    """Return how a browser names a person: their id as base64url."""
    return bytes_to_base64url(person_id.bytes)


def made(party: Party, challenge: str, answer: dict[str, Any]) -> Made | None:
    """Return the passkey of an answer to `to_make`; None when it is not what was asked for."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    ways = answer["response"].get("transports") or []
    return Made(
        bytes_to_base64url(found.credential_id),
        bytes_to_base64url(found.credential_public_key),
        found.sign_count,
        tuple(way for way in ways if way in TRANSPORTS) if isinstance(ways, list) else (),
    )


def signed(party: Party, challenge: str, answer: dict[str, Any], known: Known) -> int | None:
    """Return the sign counter of an answer to `to_sign`; None when this passkey did not sign that, here and now.

    A counter that did not grow is refused: somebody may have a copy of the passkey.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found.new_sign_count
