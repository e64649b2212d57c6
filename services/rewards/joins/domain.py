"""The set by which what lies under a contact goes over to its customer. Pure."""

from typing import Literal

from services.rewards.ledger.domain import Account, Entry, Movement, Posting


def carry(*, store_id: str, contact: str, customer_id: str, unit: str, pending: int, available: int) -> Posting | None:
    """What is on hold and available under a contact is the customer's. None where there is nothing."""
    parts: tuple[tuple[Literal[Account.FRIEND_PENDING, Account.FRIEND_AVAILABLE], int], ...] = (
        (Account.FRIEND_PENDING, pending),
        (Account.FRIEND_AVAILABLE, available),
    )
    entries = tuple(
        entry
        for account, amount in parts
        if amount
        for entry in (Entry(account, contact, unit, amount), Entry(account, customer_id, unit, -amount))
    )
    if not entries:
        return None
    return Posting(
        store_id=store_id,
        movement=Movement.JOIN,
        corrects=None,
        basis={"contact": contact, "customer": customer_id},
        entries=entries,
    )
