"""Reading what forms of payouts send."""

from services.common.money import from_decimal
from services.kernel.errors import Invalid


def amount_of(text: str, currency: str, field: str) -> int | None:
    """An amount as people write it, in minor units; None for an empty field. Raises `Invalid`, of `field`."""
    written = text.strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not written:
        return None
    amount = from_decimal(written, currency, field=field)
    if amount <= 0:
        raise Invalid.field(field, "An amount is above zero.")
    return amount
