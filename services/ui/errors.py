"""What the page for a failure says: the same answer as a problem document, for somebody who followed a link.

The edge shows it to whoever asked for a page; a fragment's failure is shown in its place by `console.js` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.common.words import Translatable, _
from services.ui.locales import Speech

_DETAILS: Final[Mapping[str, str]] = {
    "rate_limited": _("That was very often in a short time. Wait a minute, then try again."),
    "foreign_origin": _("This form was not sent by one of our pages. Open the page again, and send it from there."),
    "session_ended": _("You signed out. Sign in again."),
    "session_expired": _("You were signed in for long, and it ended. Sign in again."),
    "revoked_key": _("The key that you signed in with was revoked. Sign in with another one."),
    "missing_scope": _("The key that you signed in with may not do this."),
    "method_not_allowed": _("This address takes nothing that is sent like this. Go back, and open the page anew."),
    "timeout": _("What you sent did not arrive in time. Send it once more."),
    "nul": _("There is a sign in it that cannot stand here."),
    "invalid": _("A part of the address, or of what you sent, is missing or cannot be read. Go back, and try again."),
}
"""What refusals of the edge mean to a person, by their codes; callers of the API read them in English."""


def failure_words(speech: Speech, status: int) -> tuple[str, str]:
    """The title, and what to do about it."""
    if status == 404:
        return speech.say("Nothing is at this address"), speech.say(
            "It may have moved, or the address may be cut short."
        )
    if status in (401, 403):
        return speech.say("This page is not open to you"), speech.say(
            "Your session does not reach it. Sign in with a key that does."
        )
    if status == 413:
        return speech.say("This is too long"), speech.say("It is more than is taken at once. Send it in several parts.")
    if status == 503:
        return speech.say("Part of Kith is away for the moment"), speech.say(
            "Nothing is lost. Try the same address again in a minute."
        )
    if status >= 500:
        return speech.say("This page could not be made"), speech.say(
            "The fault is ours, and it has been noted under the number below."
        )
    return speech.say("This did not work"), speech.say("The request was not understood as it came.")


def failure_detail(speech: Speech, code: str, detail: str) -> str:
    """What is wrong, as far as it can be said in the reader's language; else nothing."""
    if isinstance(detail, Translatable):
        return detail.by(speech)
    if speech.language == "en":
        return detail
    return speech.say(_DETAILS[code]) if code in _DETAILS else ""
