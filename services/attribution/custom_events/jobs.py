"""What the clock does with custom events: decides what was put off, looks back for who joined, and settles; orders too,
on which some depend."""

from collections.abc import Sequence
from datetime import datetime

from services.attribution.custom_events.actions.decide import SETTLE, decide_more
from services.attribution.custom_events.actions.joined import DECIDE, LOOK_BACK, look_again
from services.attribution.custom_events.actions.look_back import look_back
from services.attribution.custom_events.actions.settle import settle
from services.attribution.decisions.actions.settle import settle as settle_decided
from services.attribution.decisions.actions.write import SETTLE as SETTLE_ORDERS
from services.kernel.db import Tx
from services.kernel.service import DueJob


async def settle_orders(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Settles orders, and has those events decided anew that waited for it."""
    return await settle_decided(tx, stores, then=look_again)


DUE_JOBS = (
    DueJob(name=SETTLE_ORDERS, run=settle_orders),
    DueJob(name=DECIDE, run=decide_more),
    DueJob(name=LOOK_BACK, run=look_back),
    DueJob(name=SETTLE, run=settle),
)
