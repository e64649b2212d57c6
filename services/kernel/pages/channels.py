"""What people call the channels that a link is shared through: one table for every page."""

from services.kernel.pages.locales import Speech


def _(message: str) -> str:
    """Marks a text to be translated where it is said."""
    return message


CHANNEL_NAMES = {
    "telegram": "Telegram", "whatsapp": "WhatsApp", "instagram": "Instagram", "facebook": "Facebook", "viber": "Viber",
    "vk": "VK", "ok": "OK", "x": "X", "linkedin": "LinkedIn", "sms": "SMS", "email": _("E-mail"), "qr": _("QR code"),
    "copy": _("Copied link"), "code": _("Promo code"), "customer": _("Returning friends"),
    "": _("Link, no channel"),
}  # fmt: skip
"""Channel → what people call it. Networks' own names are the same in every language."""


def channel_text(channel: str, speech: Speech) -> str:
    """A channel in words; the store's own channel names are shown as they are."""
    known = CHANNEL_NAMES.get(channel)
    return speech.say(known) if known else channel
