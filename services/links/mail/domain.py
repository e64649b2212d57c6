"""What a mail says and how it looks on the wire. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from services.links.stores.domain import ascii_host

NOBODY_THERE: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""What mail systems answer of a recipient who is not there, and will not be tomorrow (RFC 3463). Others of the same
class speak of the sender (5.1.7, 5.1.8) or of nobody in particular.
"""


class NoAddress(ValueError):
    """No mail can be sent to this address, by whichever relay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as its author writes it: texts are in the reader's language already."""

    to: str
    ambassador_id: str | None
    language: str
    subject: str
    before: tuple[str, ...]
    """Paragraphs above the button."""
    label: str = ""
    url: str = ""
    """What the button says and where it leads; a mail may have none."""
    code: str = ""
    """A few digits to be typed elsewhere."""
    after: tuple[str, ...] = ()
    """Paragraphs below."""
    unsubscribe: str = ""
    """Where its reader ends mails of this sort (RFC 8058). Only what somebody asked for at this moment has none: it is
    sent to whoever asks.
    """
    unsubscribe_label: str = ""


def text_of(letter: Letter, store: str) -> str:
    """The letter for a reader without HTML: the same words in the same order."""
    parts = [*letter.before]
    if letter.url:
        parts.append(f"{letter.label}:\n{letter.url}")
    if letter.code:
        parts.append(f"    {letter.code}")
    last = [f"{letter.unsubscribe_label}: {letter.unsubscribe}"] if letter.unsubscribe else []
    return "\n\n".join([*parts, *letter.after, *last, f"-- \n{store}"]) + "\n"


def message_id(store_id: str, key: str, domain: str) -> str:
    """The same for each sending of one mail, so that one which is sent again is seen to be the same."""
    return f"<{hashlib.sha256(f'{store_id} {key}'.encode()).hexdigest()[:32]}@{domain}>"


def message(
    letter: Letter, *, html: str, store: str, sender: str, key: tuple[str, str], written_at: datetime
) -> EmailMessage:
    """What is handed to the relay. `key` is the mail's store and id. Raises `NoAddress` for one that no header can
    hold.
    """
    sender = in_ascii(sender)
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(display_name=store, addr_spec=sender)
    made["To"] = _recipient(letter.to)
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(written_at)
    made["Message-ID"] = message_id(*key, sender.rpartition("@")[2])
    made["X-Kith-Message"] = f"{key[1]}/{key[0]}"
    made["Content-Language"] = letter.language
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(text_of(letter, store), cte="quoted-printable")
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    return made


def return_path(address: str, mail_id: str, store_id: str) -> str:
    """Where a mail comes back to: an address of its own below `address`, or that one where it is too long for more."""
    local, _, domain = address.rpartition("@")
    own = f"{local}+{mail_id.removeprefix('mai_')}.{store_id.removeprefix('str_')}"
    return f"{own}@{domain}" if len(own) <= 64 else address


def in_ascii(address: str) -> str:
    """An address with its domain as every relay takes it: in letters of another script only relays with SMTPUTF8 do.
    Raises `ValueError`.
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("this is no address")
    return f"{local}@{domain if domain.isascii() else ascii_host(domain)}"


def _recipient(address: str) -> Address:
    try:
        return Address(addr_spec=in_ascii(address))
    except (ValueError, HeaderParseError):
        raise NoAddress("no header can hold this address") from None
