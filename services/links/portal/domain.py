"""Ways to share a link: the address that each network or messenger understands. Pure."""

from dataclasses import dataclass
from urllib.parse import quote

from services.common.channels import CHANNELS, channel_text
from services.common.words import Says


@dataclass(frozen=True, slots=True)
class Way:
    """One way to share: `channel` is what clicks through it are counted under."""

    channel: str
    name: str
    icon: str
    href: str


def with_channel(url: str, channel: str) -> str:
    """The share link, marked with where it was shared."""
    return f"{url}?ch={channel}"


def ways(url: str, text: str, subject: str, speech: Says) -> list[Way]:
    """Messengers and networks, those first that need the fewest steps. `text` comes before the link."""

    def filled(channel: str, pattern: str) -> str:
        link = with_channel(url, channel)
        return pattern.format(
            url=quote(link, safe=""), text=quote(text, safe=""), both=quote(f"{text} {link}", safe=""),
            subject=quote(subject, safe=""),
        )  # fmt: skip

    patterns = (
        ("telegram", "https://t.me/share/url?url={url}&text={text}"),
        ("whatsapp", "https://wa.me/?text={both}"),
        ("viber", "viber://forward?text={both}"),
        ("vk", "https://vk.com/share.php?url={url}&title={text}"),
        ("ok", "https://connect.ok.ru/offer?url={url}&title={text}"),
        ("facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
        ("sms", "sms:?&body={both}"),
        ("email", "mailto:?subject={subject}&body={both}"),
    )
    return [
        Way(channel, channel_text(channel, speech), CHANNELS[channel].icon, filled(channel, pattern))
        for channel, pattern in patterns
    ]
