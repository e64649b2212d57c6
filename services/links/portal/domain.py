"""Ways to share a link: the address that each network or messenger understands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from contracts.splits import WHOLE, Split
from services.common.channels import CHANNELS, channel_text
from services.common.words import Translator


@dataclass(frozen=True, slots=True)
class Way:
    """One way to share: `channel` is what clicks through it are counted under."""

    channel: str
    name: str
    icon: str
    href: str
    copies: str = ""
    """What is copied beside, for a network that takes no text from an address: to be pasted there."""


_PATTERNS: Final = {
    "telegram": "https://t.me/share/url?url={url}&text={text}",
    "whatsapp": "https://wa.me/?text={both}",
    "viber": "viber://forward?text={both}",
    "vk": "https://vk.com/share.php?url={url}&title={text}",
    "ok": "https://connect.ok.ru/offer?url={url}&title={text}",
    "instagram": "https://www.instagram.com/",
    "facebook": "https://www.facebook.com/sharer/sharer.php?u={url}",
    "x": "https://x.com/intent/post?text={text}&url={url}",
    "linkedin": "https://www.linkedin.com/sharing/share-offsite/?url={url}",
    "sms": "sms:?&body={both}",
    "email": "mailto:?subject={subject}&body={both}",
}
_TO_PASTE: Final = frozenset({"instagram"})
_IN_THE_TEXT: Final = frozenset({"vk", "ok", "instagram"})
"""Where hashtags are words of the post."""
_BY_LANGUAGE: Final = {
    "ru": "telegram whatsapp vk ok viber sms email instagram facebook x linkedin",
    "uk": "telegram viber instagram facebook whatsapp sms email x linkedin",
    "ro": "whatsapp facebook instagram telegram viber sms email linkedin x ok",
    "en": "whatsapp telegram instagram facebook x linkedin sms email viber",
}
"""Where those who read a language talk to their friends, the most likely place first."""


def with_channel(url: str, channel: str) -> str:
    """The share link, marked with where it was shared."""
    return f"{url}{'&' if '?' in url else '?'}ch={channel}"


def ways(
    url: str, text: str, subject: str, speech: Translator, *, language: str, hashtags: Sequence[str] = ()
) -> list[Way]:
    """Messengers and networks, in the order in which readers of the language use them. `text` comes before the link;
    `hashtags`, without their signs, go where a network makes something of them, and into no message to a person.
    """
    tags = "".join(f" #{tag}" for tag in hashtags)

    def filled(channel: str) -> Way:
        link = with_channel(url, channel)
        message = f"{text}{tags}" if channel in _IN_THE_TEXT else text
        href = _PATTERNS[channel].format(
            url=quote(link, safe=""), text=quote(message, safe=""), both=quote(f"{message} {link}", safe=""),
            subject=quote(subject, safe=""),
        )  # fmt: skip
        if hashtags and channel == "x":
            href = f"{href}&hashtags={quote(','.join(hashtags), safe='')}"
        elif hashtags and channel == "facebook":
            href = f"{href}&hashtag={quote(f'#{hashtags[0]}', safe='')}"  # it takes one, and no text
        copies = f"{text} {link}{tags}" if channel in _TO_PASTE else ""
        return Way(channel, channel_text(channel, speech), CHANNELS[channel].icon, href, copies)

    return [filled(channel) for channel in _BY_LANGUAGE.get(language, _BY_LANGUAGE["en"]).split()]


def choices(split: Split) -> list[int]:
    """The few parts that the page offers for oneself, in basis points, the largest first."""
    offered = {WHOLE, WHOLE // 2, 0, split.min_basis_points, split.max_basis_points, split.default_basis_points}
    return sorted((part for part in offered if split.allows(part)), reverse=True)
