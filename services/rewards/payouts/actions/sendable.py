"""Whether a payout may still leave: asked when its batch is sent, and before a provider is first called for it."""

from collections.abc import Sequence

from services.kernel.db import Tx
from services.rewards.destinations import sql as destinations
from services.rewards.payouts.domain.states import Payout
from services.rewards.payouts.sql import ready as books


async def refused(tx: Tx, store_id: str, payouts: Sequence[Payout]) -> dict[str, str]:
    """Which of these must not be sent any more, and why. The store must be locked."""
    places = await destinations.several(tx, store_id, [one.destination_id for one in payouts])
    wanted = [(one.ambassador_id, one.currency, one.reserve_number) for one in payouts]
    since = await books.cash_since(tx, store_id, wanted)
    blocked = await destinations.blocked(tx, store_id, [one.ambassador_id for one in payouts])
    found: dict[str, str] = {}
    for one in payouts:
        place = places.get(one.destination_id)
        if one.ambassador_id in blocked:
            found[one.payout_id] = "blocked"
        elif place is None or place.ended_at is not None:
            found[one.payout_id] = "destination_changed"
        elif place.usable_at > tx.now:
            found[one.payout_id] = "cooling_off"
        elif since[one.ambassador_id, one.reserve_number] < 0:
            found[one.payout_id] = "taken_back"
    return found
