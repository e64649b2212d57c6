"""What people call the channels that a link is shared through, and the icon beside it: one table for every page."""

from typing import Final, NamedTuple

from services.common.words import Translator, _


class Channel(NamedTuple):
    """One channel. Networks' own names are the same in every language."""

    name: str
    icon: str


CHANNELS: Final[dict[str, Channel]] = {
    "telegram": Channel("Telegram", "telegram"),
    "whatsapp": Channel("WhatsApp", "whatsapp"),
    "instagram": Channel("Instagram", "instagram"),
    "facebook": Channel("Facebook", "facebook"),
    "viber": Channel("Viber", "viber"),
    "vk": Channel("VK", "vk"),
    "ok": Channel("OK", "odnoklassniki"),
    "x": Channel("X", "x-network"),
    "linkedin": Channel("LinkedIn", "linkedin"),
    "sms": Channel("SMS", "message-circle"),
    "email": Channel(_("E-mail"), "mail"),
    "qr": Channel(_("QR code"), "qr-code"),
    "copy": Channel(_("Copied link"), "copy"),
    "native": Channel(_("Phone’s share sheet"), "share-2"),
    "material": Channel(_("Materials"), "megaphone"),
    "code": Channel(_("Promo code"), "ticket"),
    "customer": Channel(_("Returning friends"), "users"),
    "": Channel(_("Link, no channel"), "link"),
}

WITHOUT_CLICKS: Final = frozenset({"code", "customer"})
"""Ways to an order on which nobody clicks: their pages have no number of clicks, nor of friends who came by one."""


def channel_text(channel: str, speech: Translator) -> str:
    """A channel in words; the store's own channel names are shown as they are."""
    known = CHANNELS.get(channel)
    return speech.say(known.name) if known else channel


def channel_icon(channel: str) -> str:
    """The icon beside it."""
    known = CHANNELS.get(channel)
    return known.icon if known else "link"
