"""Who is signed in, for pages and the API: a cookie holding a sign-in's token, looked up once per request."""

from __future__ import annotations

from flask import Flask, g
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from academy.kernel.access import SignedOut
from academy.kernel.app import Kernel, kernel
from academy.kernel.realtime import ViewerSlot
from academy.kernel.viewer import Viewer


class SignedInUser(UserMixin):
    """What Flask-Login knows of a sign-in: its opaque token, never a person's id."""

    def __init__(self, token: str, viewer: Viewer) -> None:
        """Wrap a viewer."""
        self.token = token
        self.viewer = viewer

    def get_id(self) -> str:
        """Return what the cookie holds."""
        return self.token


def load(token: str) -> SignedInUser | None:
    """Find the sign-in of a cookie; None once it has ended."""
    slots = kernel().slots(ViewerSlot)
    with kernel().reading() as database:
        viewer = slots[0].load(database, token) if slots else None
    return SignedInUser(token, viewer) if isinstance(viewer, Viewer) else None


def viewer_or_none() -> Viewer | None:
    """Return who is signed in, or None."""
    found = current_user._get_current_object()  # noqa: SLF001 - the documented way to unwrap a LocalProxy
    return found.viewer if isinstance(found, SignedInUser) else None


def viewer() -> Viewer:
    """Return who is signed in; raises `SignedOut`."""
    found = viewer_or_none()
    if found is None:
        raise SignedOut
    return found


def nobody() -> None:
    """Answer the rest of this request as to nobody: the database can't be asked who it is."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps it
    g.nav = []


def install(app: Flask, _: Kernel) -> None:
    """Attach Flask-Login. There is no remember-me cookie: the sign-in itself lasts."""
    manager = LoginManager()
    app.config["SESSION_PROTECTION"] = None
    manager.init_app(app)
    manager.user_loader(load)
