"""The words of mails about accounts. Each says why it came and what to do when it was not you.

A letter to an address that nobody has proved yet holds no word that a stranger chose: whoever can make us write
to an address must not choose what we say there.
"""

from __future__ import annotations

from flask_babel import gettext as _

from academy.kernel.mail import Letter


def password_changed(*, name: str, address: str, academy: str, url: str) -> Letter:
    """Tell somebody that their password was changed."""
    return _letter(
        name,
        address,
        _("Your password was changed"),
        _(
            "the password of your account at %(academy)s was changed, and every other device was signed out.",
            academy=academy,
        ),
        _("If it was you, all is well. If it was not, choose a new password at once:") + f"\n{url}/forgot",
        _("You get this mail because this is the address of your account at %(academy)s.", academy=academy),
    )


def _letter(name: str, address: str, subject: str, *parts: str) -> Letter:
    """Put a letter together; without a name it greets nobody by name."""
    hello = _("Hello %(name)s,", name=name) if name else _("Hello,")
    return Letter(to_name=name, to_address=address, subject=subject, text="\n\n".join((hello, *parts)) + "\n")
