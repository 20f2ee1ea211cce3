"""What a room says, in the viewer's language: headings, reactions, and the words of scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.web import i18n
from forums.posts import engine


def for_me(html: str, me: Viewer) -> Markup:
    """Take a stored post's HTML as it is, with the viewer's own name marked."""
    return Markup(marking(me)(html))  # noqa: S704 - rendered and cleaned when it was written


def marking(me: Viewer) -> Callable[[str], str]:
    """Return `for_me` for many posts of one page, each still a text."""
    mark = f'class="mention" data-p="{encode(me.person_id)}"'
    mine = f'class="mention is-me" data-p="{encode(me.person_id)}"'

    def marked(html: str) -> str:
        return html.replace(mark, mine)

    return marked


def date_of(at: datetime) -> date:
    """Return the date of an instant where the viewer is."""
    return i18n.local(at).date()


def day_of(day: date, today: date) -> str:
    """Write the heading of a day."""
    if day == today:
        return _("Today, %(day)s", day=i18n.day(day))
    if day == today - timedelta(days=1):
        return _("Yesterday, %(day)s", day=i18n.day(day))
    return i18n.day(day)


def emojis() -> list[tuple[str, str]]:
    """Return each reaction that can be given and its spoken name."""
    names = (_("heart"), _("hands up"), _("sparkles"), _("idea"), _("laughing"), _("thank you"))
    return list(zip(engine.REACTIONS, names, strict=True))


def roles() -> dict[str, str]:
    """Return the tags that stand beside names."""
    return {"lead": _("Program lead"), "facilitator": _("Facilitator"), "mentor": _("Mentor")}


def slow() -> dict[int, str]:
    """Return what slow mode says in a room, by its seconds."""
    return {
        10: _("Slow mode: one message each in 10 seconds."),
        30: _("Slow mode: one message each in 30 seconds."),
        60: _("Slow mode: one message each a minute."),
        300: _("Slow mode: one message each in 5 minutes."),
        900: _("Slow mode: one message each in 15 minutes."),
    }


def words() -> Markup:
    """Return what scripts say, in the viewer's language: JSON as it stands in an attribute."""
    return _words(i18n.locale())


@lru_cache(100)
def _words(_locale: Locale) -> Markup:
    """Say it all once for each language; it is the same for everybody."""
    said = {
        "sending": _("Sending…"),
        "waiting": _("Kept. It is sent when you are back."),
        "loose": _("This browser keeps nothing. Leave this page open until what you write is sent."),
        "gone": _("%(name)s removed this message.", name="{name}"),
        "gone_by": _("This message was removed by somebody who looks after this room."),
        "typing": [
            _("%(name)s is writing…", name="{a}"),
            _("%(a)s and %(b)s are writing…", a="{a}", b="{b}"),
            _("Several people are writing…"),
        ],
        "new": _("New since %(moment)s", moment="{t}"),
        "jump": [_("1 new message"), _("%(n)s new messages", n="{n}")],
        "end": _("Newest messages"),
        "today": _("Today, %(day)s", day="{day}"),
        "here": _("%(n)s here now", n="{n}"),
        "from": _("Message from %(name)s", name="{name}"),
        "acts": _("Actions for the message from %(name)s", name="{name}"),
        "react": [
            _("%(emoji)s, 1 person", emoji="{e}"),
            _("%(emoji)s, %(n)s people", emoji="{e}", n="{n}"),
            _(", including you"),
        ],
        "emojis": dict(emojis()),
        "roles": roles(),
        "remove": _("Remove this message for everybody? Its words are gone for good."),
        "reply": _("Replying to"),
        "edit": _("Changing your message"),
        "long": _("This is %(n)s characters too long. Shorten it or send it in two parts.", n="{n}"),
        "closed": _("This room is not open to you any more. What you wrote is kept on this device."),
        "locked": _("Nothing can be added here any more. What you wrote is kept on this device."),
        "slow": slow(),
        "later": _("Kept. It is sent at %(time)s.", time="{t}"),
        "net": [
            _("The live connection does not get through. Messages come and go without it, a little slower."),
            " " + _("1 message is not sent yet."),
            " " + _("%(n)s messages are not sent yet.", n="{n}"),
            _("You are offline. What you write is kept and sent when you are back."),
            _("Connecting again. What you write is kept and sent."),
            _("You are offline, and this browser keeps nothing: leave this page open until what you write is sent."),
            _("Connecting again. This browser keeps nothing: leave this page open until what you write is sent."),
        ],
        "solve": [_("Mark as the answer"), _("Not the answer after all")],
        "failed": _("That did not work. Nothing was changed; please try again."),
        "stale": _(
            "The academy could not check that this is from you. What you wrote is kept: "
            "sign out and in again, then try once more."
        ),
    }
    return escape(json.dumps(said))
