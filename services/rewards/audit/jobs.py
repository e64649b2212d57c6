"""A watch over the trial balances of all stores, for the alert that must never ring."""

from prometheus_client import Gauge

from services.kernel.context import Context
from services.kernel.service import Job
from services.rewards.audit.actions import imbalance

IMBALANCE = Gauge("kith_ledger_imbalance", "Debits less credits over all stores and units, in minor units: always 0.")


async def watch(context: Context) -> None:
    """Adds up what is kept of each account. The entries themselves are compared by `verify`."""
    IMBALANCE.set(await imbalance(context.db))


WATCH = Job(name="ledger-imbalance", every_s=60, run=watch)
