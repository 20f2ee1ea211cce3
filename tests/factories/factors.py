"""Makers of second factors, and a small authenticator that makes and uses passkeys as a device does."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

from academy.factors import actions
from academy.factors.engine import codes
from academy.kernel import clock
from academy.kernel.app import Kernel
from tests.factories import people

ORIGIN = "https://academy.example.org"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def app(kernel: Kernel, person_id: UUID) -> tuple[str, list[str]]:
    """Give somebody a confirmed app; returns its secret and their recovery codes."""
    secret, written = codes.new_secret(), codes.new_codes()
    sealed, owner = kernel.vault.seal(secret), people.viewer(kernel, person_id)
    hashes = [codes.code_hash(person_id, code) for code in written]
    kernel.commit(lambda s: actions.begin_app(s, viewer=owner, sealed=sealed))
    # Confirmed by a code of some time ago, so that the one of now is still to be used.
    step = int(clock.now().timestamp()) // codes.STEP - 10
    kernel.commit(lambda s: actions.confirm_app(s, viewer=owner, step=step, code_hashes=hashes))
    return secret, written


def shown(secret: str, *, steps: int = 0) -> str:
    """Return what an app shows now, or some steps from now."""
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // codes.STEP + steps)


@dataclass
class Device:
    """A device with one passkey: what a browser would send of it, as JSON text."""

    origin: str = ORIGIN
    rp_id: str = "academy.example.org"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    counts: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: str = ""

    @property
    def id(self) -> str:
        return bytes_to_base64url(self.credential_id)

    def make(self, asked: str) -> str:
        """Answer what the server asked for a new passkey."""
        options = json.loads(asked)
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        point = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(point)
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": bytes_to_base64url(self._client("webauthn.create", options["challenge"])),
            "attestationObject": bytes_to_base64url(attestation),
            "transports": ["internal", "hybrid", "carrier-pigeon"],
        }
        return self._answer(response)

    def sign(self, asked: str) -> str:
        """Answer what the server asked to be signed."""
        options = json.loads(asked)
        self.count += 1 if self.counts else 0
        data, client = self._data(self.flags), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "userHandle": self.handle,
        }
        return self._answer(response)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, object]) -> str:
        whole = {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}
        return json.dumps({**whole, "clientExtensionResults": {}})


def hashes(person_id: UUID, written: Sequence[str]) -> list[str]:
    """Return what the database keeps of recovery codes."""
    return [codes.code_hash(person_id, code) for code in written]
