"""The words of mails about accounts. Each says why it came and what to do when it was not you.

A letter to an address that nobody has proved holds no word that a stranger chose: whoever can make us write to
any address must not choose what we say there. A lead's invitation names the lead, the group and the person.
"""

from __future__ import annotations

from flask_babel import gettext as _

from academy.kernel.mail import Letter


def reset(*, name: str, address: str, academy: str, link: str) -> Letter:
    """Give somebody the link to a new password."""
    return _letter(
        name,
        address,
        _("A new password for %(academy)s", academy=academy),
        _("Choose a new password here. The link works once, within an hour:") + f"\n{link}",
        _("If you did not ask for this, you need to do nothing. Your password stays as it is."),
        _(
            "You get this mail because somebody asked for a new password for this address at %(academy)s.",
            academy=academy,
        ),
    )


def password_changed(*, name: str, address: str, academy: str, url: str) -> Letter:
    """Tell somebody that their password was changed."""
    return _letter(
        name,
        address,
        _("Your password was changed"),
        _(
            "The password of your account at %(academy)s was changed, and every other device was signed out.",
            academy=academy,
        ),
        _("If it was you, all is well. If it was not, choose a new password at once:") + f"\n{url}/forgot",
        _("You get this mail because this is the address of your account at %(academy)s.", academy=academy),
    )


def prove_address(*, address: str, academy: str, link: str) -> Letter:
    """Ask at a new address whether it is theirs."""
    return _letter(
        "",
        address,
        _("Is this your address?"),
        _("Somebody with an account at %(academy)s wants to sign in with this address.", academy=academy),
        _("If that is you, confirm it here within a day. You are asked to sign in first:") + f"\n{link}",
        _("If it is not you, you need to do nothing. This address is then not used."),
        _("You get this mail because this address was written down at %(academy)s.", academy=academy),
    )


def address_taken(*, name: str, address: str, academy: str, url: str) -> Letter:
    """Tell the owner of an account that somebody else wrote their address down as theirs."""
    return _letter(
        name,
        address,
        _("Your address was used at %(academy)s", academy=academy),
        _(
            "Somebody wanted to use this address for another account at %(academy)s. It is the address of yours, "
            "so nothing was changed.",
            academy=academy,
        ),
        _("If that was you, this is the account that the address belongs to:") + f"\n{url}/sign-in",
        _("You get this mail because this is the address of your account at %(academy)s.", academy=academy),
    )


def address_changed(*, name: str, address: str, academy: str, link: str) -> Letter:
    """Tell the address before that another one has taken its place, with the way back."""
    return _letter(
        name,
        address,
        _("You sign in with another address now"),
        _("The address of your account at %(academy)s was changed. This one is no longer used.", academy=academy),
        _("If it was you, all is well. If it was not, take it back here, within seven days:") + f"\n{link}",
        _("You get this mail because this was the address of your account at %(academy)s.", academy=academy),
    )


def invitation(*, name: str, address: str, academy: str, group: str, by: str, link: str) -> Letter:
    """Invite somebody into a group."""
    return _letter(
        name,
        address,
        _("%(by)s invites you to %(group)s", by=by, group=group),
        _("%(by)s invites you to %(group)s at %(academy)s.", by=by, group=group, academy=academy),
        _("See the invitation and join here. The link works once, within two weeks:") + f"\n{link}",
        _("If you do not want to join, you need to do nothing."),
        _("You get this mail because %(by)s wrote down this address.", by=by),
    )


def first(*, name: str, address: str, academy: str, by: str, link: str) -> Letter:
    """Give somebody whom an admin brought in the link to their first password."""
    return _letter(
        name,
        address,
        _("You have an account at %(academy)s", academy=academy),
        _("%(by)s made you an account at %(academy)s. You sign in with this address.", by=by, academy=academy),
        _("Choose your password here. The link works once, within two weeks:") + f"\n{link}",
        _("If you do not want an account, you need to do nothing."),
        _("You get this mail because %(by)s wrote down this address.", by=by),
    )


def sign_up(*, address: str, academy: str, group: str, link: str) -> Letter:
    """Give somebody who came by a join link the link to their account."""
    return _letter(
        "",
        address,
        _("Join %(group)s", group=group),
        _("Make your account and join %(group)s here. The link works once, within a day:", group=group) + f"\n{link}",
        _("If you did not ask for this, you need to do nothing. No account is made."),
        _(
            "You get this mail because this address was written down to join %(group)s at %(academy)s.",
            group=group,
            academy=academy,
        ),
    )


def join_with_account(*, name: str, address: str, academy: str, group: str, link: str) -> Letter:
    """Tell somebody who has an account already how to join with it."""
    return _letter(
        name,
        address,
        _("Join %(group)s with your account", group=group),
        _("You have an account at %(academy)s already. Sign in, and join %(group)s here:", academy=academy, group=group)
        + f"\n{link}",
        _("If you did not ask for this, you need to do nothing."),
        _("You get this mail because your address was written down to join %(group)s.", group=group),
    )


def _letter(name: str, address: str, subject: str, *parts: str) -> Letter:
    """Put a letter together; without a name it greets nobody by name."""
    hello = _("Hello %(name)s,", name=name) if name else _("Hello,")
    return Letter(
        to_name=name, to_address=address, subject=subject, text="\n\n".join((hello, *parts)) + "\n", about="account"
    )
