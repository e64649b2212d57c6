"""What a gateway says of a message that it took, or of a phone. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from services.links.sms_gateways.domain.numbers import number_of

Status = Literal["delivered", "failed", "stop", "start"]
_OF_NUMBERS: Final = frozenset({"stop", "start"})


@dataclass(frozen=True, slots=True)
class Report:
    """`message_id` is of what was delivered or failed; `number` of whom somebody wrote STOP or START from."""

    status: Status
    message_id: str = ""
    number: str = ""
    reason: str = ""


def read(body: bytes) -> Report | None:
    """A report; None for what is none that we understand."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("status") not in get_args(Status):
        return None
    status: Status = found["status"]
    if status in _OF_NUMBERS:
        stated = found.get("number")
        number = number_of(stated) if isinstance(stated, str) and len(stated) <= 40 else None
        return None if number is None else Report(status, number=number)
    message_id, reason = found.get("id"), found.get("reason")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= 64 or not message_id.isprintable():
        return None
    return Report(status, message_id, reason=reason if isinstance(reason, str) else "")
