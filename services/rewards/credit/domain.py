"""Who may spend at a checkout, and by which id. Pure."""

import re
from typing import Final

_CONTACT: Final = re.compile(r"[epi]_[0-9a-f]{32}")


def names_a_contact(customer_id: str) -> bool:
    """Whether it is an address or a number, or the hash of one: who types it in has not proved that it is theirs."""
    return "@" in customer_id or customer_id.startswith("+") or _CONTACT.fullmatch(customer_id) is not None
