"""The settings of a store: which pages there are, and the bar that leads through them."""

from typing import Any, Final

from services.ui import Choice, Speech

SETTINGS: Final = "/console/links/settings"
"""Their first page, and their entry of the side bar."""
LOOK: Final = "/console/links/look"
DOMAINS: Final = "/console/links/domains"
LINK_DOMAIN: Final = "/console/links/link-domain"
TELEGRAM: Final = "/console/links/telegram"
SMS: Final = "/console/links/sms"
KEYS: Final = "/console/links/keys"
IDENTIFY: Final = "/console/links/identify"
PLACEHOLDERS: Final = "/console/links/settings/placeholders"


def settings_bar(speech: Speech, here: str) -> dict[str, Any]:
    """What each of them gives to its frame: the bar, and which entry of the side bar they belong to."""
    pages = {
        SETTINGS: speech.say("General"),
        LOOK: speech.say("Look"),
        DOMAINS: speech.say("Domains"),
        LINK_DOMAIN: speech.say("Link domain"),
        TELEGRAM: speech.say("Telegram"),
        SMS: speech.say("SMS"),
        KEYS: speech.say("API keys"),
        IDENTIFY: speech.say("Customer proof"),
        PLACEHOLDERS: speech.say("Placeholders"),
    }
    bar = [Choice(label, href=href, current=href == here) for href, label in pages.items()]
    return {"tabs": bar, "nav_current": SETTINGS}
