"""A watch over the trial balances of all stores, for the alert that must never ring."""

import structlog
from prometheus_client import Gauge

from services.kernel.context import Context
from services.kernel.service import Job
from services.rewards.verification.actions import imbalanced

IMBALANCE = Gauge("kith_ledger_imbalance", "Stores whose debits and credits differ in some unit: always 0.")


async def watch(context: Context) -> None:
    """Adds up what is kept of each account. The entries themselves are compared by `verify`."""
    stores = await imbalanced(context.db)
    IMBALANCE.set(len(stores))
    for store_id in stores:
        structlog.get_logger().error("ledger.imbalance", store_id=store_id)


JOBS = (Job(name="ledger-imbalance", every_s=60, run=watch),)
