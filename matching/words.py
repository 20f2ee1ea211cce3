"""What the words of an explanation go through: flask_babel's functions fit as they are."""

from __future__ import annotations

from typing import Protocol


class Gettext(Protocol):
    """Translates a message and fills in its named places."""

    def __call__(self, string: str, /, **variables: object) -> str:
        """Return the message in the reader's language."""
        ...


class Ngettext(Protocol):
    """Translates a message whose form depends on a number; ``num`` is one of its places."""

    def __call__(self, singular: str, plural: str, num: int, /, **variables: object) -> str:
        """Return the message in the reader's language."""
        ...
