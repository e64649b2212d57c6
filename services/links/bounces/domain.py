"""Reading reports of mail systems: of failed delivery (RFC 3464) and of complaints (ARF, RFC 5965). Pure.

A report is believed for the mail that it names by an id which only that mail's recipient has seen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Final, Literal

from services.links.mail.domain import NOBODY_THERE

Action = Literal["suppress", "keep", "retry", "nothing"]
"""`suppress`: nothing is sent there any more. `keep`: it failed, and the address may be good. `retry`: once more, in a
while. `nothing`: no failure.
"""
HEADER: Final = "X-Kith-Message"
"""Of each mail: by it a report is known that came to another address than the mail's own."""
MOST_BYTES: Final = 200_000
_MOST_REPORTS: Final = 20
_ID: Final = r"[0-9a-hjkmnp-tv-z]{26}"
_NAMED: Final = re.compile(rf"\b(mai_{_ID})/(str_{_ID})\b")
_RETURNED_TO: Final = re.compile(rf"\+({_ID})\.({_ID})@", re.IGNORECASE)
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_TO: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_MAILBOX: Final = re.compile(r"<([^<>\s]+@[^<>\s]+)>|([^<>\s;,\"]+@[^<>\s;,\"]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one report says of one recipient."""

    mail_id: str
    store_id: str
    kind: Literal["bounce", "complaint"]
    action: Action
    status: str
    """The enhanced status code (RFC 3463), "" where there is none."""
    addresses: tuple[str, ...]
    """Of the recipient, the best first: as we wrote it, before whatever forwarded it."""


class Unreadable(ValueError):
    """This is no report of a mail system, or not of a mail of ours."""


def read(raw: bytes) -> list[Report]:
    """What a mail system reports, recipient by recipient. Raises `Unreadable`."""
    try:
        message = message_from_bytes(raw[:MOST_BYTES], policy=compat32)
        parts = list(message.walk())
    except (RecursionError, ValueError, LookupError):
        raise Unreadable("This message cannot be read.") from None
    mail_id, store_id = _ours(message, parts)
    written_to = _written_to(parts)
    found = [*_bounces(parts), *_complaints(parts)]
    if not found:
        raise Unreadable("This is no report of a mail system: it has neither a delivery status nor feedback.")
    return [
        Report(
            mail_id=mail_id,
            store_id=store_id,
            kind=kind,
            action=action,
            status=status,
            addresses=tuple(dict.fromkeys((*original, *written_to, *final))),
        )
        for kind, action, status, original, final in found[:_MOST_REPORTS]
    ]


def verdict(action: str, status: str) -> Action:
    """What to do about a recipient, by the report's action and its enhanced status code."""
    if action.strip().lower() != "failed":
        return "nothing"  # delayed, relayed, expanded, delivered
    match = _STATUS.search(status)
    if match is None:
        return "keep"
    kind, subject, detail = match.groups()
    if kind == "4":
        return "retry"
    if f"5.{subject}.{detail}" in NOBODY_THERE:
        return "suppress"
    return "keep"


_Found = tuple[Literal["bounce", "complaint"], Action, str, tuple[str, ...], tuple[str, ...]]


def _bounces(parts: list[Message]) -> Iterator[_Found]:
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if not isinstance(block, Message) or "Action" not in block:
                continue  # the first one is of the message, the others are of its recipients
            status = _text(block, "Status")
            if not _STATUS.search(status):
                status = _text(block, "Diagnostic-Code")
            code = _STATUS.search(status)
            yield (
                "bounce",
                verdict(_text(block, "Action"), status),
                code[0] if code else "",
                _mailboxes(_text(block, "Original-Recipient")),
                _mailboxes(_text(block, "Final-Recipient")),
            )


def _complaints(parts: list[Message]) -> Iterator[_Found]:
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        payload = part.get_payload()
        # The parser gives the fields as a message inside, or as text.
        inside = payload[0] if isinstance(payload, list) and payload else payload
        fields = inside if isinstance(inside, Message) else message_from_bytes(str(inside).encode("utf-8", "replace"))
        kind = _text(fields, "Feedback-Type").strip().lower()
        action: Action = "nothing" if kind == "not-spam" else "suppress"
        yield "complaint", action, "", _mailboxes(_text(fields, "Original-Rcpt-To")), ()


def _ours(message: Message, parts: list[Message]) -> tuple[str, str]:
    """Which mail of which store came back."""
    for part in parts:
        found = _NAMED.search(_text(part, HEADER)) or _NAMED.search(_header_in_text(part))
        if found:
            return found[1], found[2]
    for name in _TO:
        own = _RETURNED_TO.search(_text(message, name))
        if own:
            return f"mai_{own[1].lower()}", f"str_{own[2].lower()}"
    raise Unreadable("This report names no mail of ours.")


def _header_in_text(part: Message) -> str:
    """The header where only the mail's head came back, as text (RFC 3462)."""
    if part.get_content_type() != "text/rfc822-headers":
        return ""
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return "\n".join(line for line in text.splitlines() if line.lower().startswith(HEADER.lower()))


def _written_to(parts: list[Message]) -> tuple[str, ...]:
    """Whom the returned mail was written to."""
    for part in parts:
        if part.get(HEADER) is not None:
            return _mailboxes(_text(part, "To"))
    return ()


def _mailboxes(text: str) -> tuple[str, ...]:
    return tuple(one or two for one, two in _MAILBOX.findall(text[:1000]))[:5]


def _text(message: Message, name: str) -> str:
    return str(message.get(name, ""))
