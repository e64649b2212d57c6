"""What the page for a failure says: the same answer as a problem document, for somebody who followed a link.

The edge shows it to whoever asked for a page; a fragment's failure is shown in its place by `console.js` instead.
"""

from __future__ import annotations

from services.ui.locales import Speech


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
