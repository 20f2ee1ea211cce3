"""Secrets that must be read again, such as those of authenticator apps, sealed before they reach the database.

What only has to be recognised (passwords, tokens, recovery codes) is kept as a hash instead.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"academy: secrets in the database"


class Vault:
    """Seals with the first of the installation's secrets, opens with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Derive a key of its own from each secret, the newest first: one that signs cookies seals nothing."""
        self._fernets = [Fernet(_key(secret)) for secret in secrets]
        self._all = MultiFernet(self._fernets)

    def seal(self, text: str) -> str:
        """Return what the database keeps of a text."""
        return self._all.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Return the text again; None where the secret that sealed it is gone."""
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def resealed(self, sealed: str) -> str | None:
        """Return it sealed with the newest secret; None where it is already, or can't be opened any more."""
        try:
            self._fernets[0].decrypt(sealed.encode())
        except InvalidToken:
            text = self.open(sealed)
            return None if text is None else self.seal(text)
        return None


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
