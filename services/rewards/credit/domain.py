"""Who may spend at a checkout, and by which id. Pure."""

from services.common.contacts import is_hash


def names_a_contact(customer_id: str) -> bool:
    """Whether it is an address or a number, or the hash of one: who types it in has not proved that it is theirs."""
    return "@" in customer_id or customer_id.startswith("+") or is_hash(customer_id)
