"""Who is signed in, for pages and the API: a cookie holding a sign-in's token, looked up once per request.

A request to the API may carry a personal API token instead, in the Authorization header; then that counts alone.
"""

from __future__ import annotations

from flask import Flask, Response, after_this_request, g, request
from flask.globals import _cv_app
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from academy.kernel.access import SignedOut
from academy.kernel.app import Kernel, kernel
from academy.kernel.authentication import BearerSlot, ViewerSlot
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


def bearer_token() -> str | None:
    """Return the token that this request carries, None without one. Pages know no tokens; sockets are shown theirs."""
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and request.path.startswith("/api/") else None


def _enter_by_token() -> None:
    """Let the token's owner in, or nobody: a cookie beside a token does not count."""
    token = bearer_token()
    if token is None:
        return
    app = kernel()
    slot = next(iter(app.slots(BearerSlot)), None)
    with app.reading() as database:
        found = slot.load_each(database, [token]).get(token) if slot else None
    if slot is None or found is None:
        nobody()
        raise SignedOut(
            _("This token is not known, or it has expired or was revoked. Make a new one on your own page.")
        )
    found_viewer, stale = found
    g._login_user = SignedInUser("", found_viewer)  # noqa: SLF001 - where Flask-Login keeps it
    if stale:
        used, token_id = slot.used, found_viewer.sign_in_id

        @after_this_request
        def later(response: Response) -> Response:
            # Written once the answer has left: reading stays reading.
            response.call_on_close(lambda: used(app, [token_id]))
            return response


def load(token: str) -> SignedInUser | None:
    """Find the sign-in of a cookie; None once it has ended."""
    slots = kernel().slots(ViewerSlot)
    with kernel().reading() as database:
        viewer = slots[0].load(database, token) if slots else None
    return SignedInUser(token, viewer) if isinstance(viewer, Viewer) else None


def viewer_or_none() -> Viewer | None:
    """Return who is signed in, or None."""
    context = _cv_app.get(None)
    # A page asks this a hundred times; once Flask-Login has looked, what it found is where it keeps it.
    found = context.g.get("_login_user") if context is not None else None
    if found is None:
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


def install(app: Flask, _kernel: Kernel) -> None:
    """Attach Flask-Login. There is no remember-me cookie: the sign-in itself lasts."""
    manager = LoginManager()
    app.config["SESSION_PROTECTION"] = None
    manager.init_app(app)
    manager.user_loader(load)
    app.before_request(_enter_by_token)
