"""A watch over the books of all stores, for the alerts that must never ring."""

import structlog
from prometheus_client import Gauge

from services.kernel.context import Context
from services.kernel.service import Job
from services.rewards.verification.actions import audit_due, audits, imbalanced

IMBALANCE = Gauge("kith_ledger_imbalance", "Stores whose debits and credits differ in some unit: always 0.")
DIFFERING = Gauge("kith_ledger_differing", "Stores in whose books the newest audit found something: always 0.")
UNAUDITED = Gauge("kith_ledger_audit_oldest_seconds", "Since when some store's books were not gone through.")


async def watch(context: Context) -> None:
    """Adds up what is kept of each account, and says what the newest audits found."""
    stores = await imbalanced(context.db)
    IMBALANCE.set(len(stores))
    for store_id in stores:
        structlog.get_logger().error("ledger.imbalance", store_id=store_id)
    differing, oldest_s = await audits(context.db)
    DIFFERING.set(differing)
    UNAUDITED.set(oldest_s)


async def audit(context: Context) -> None:
    """Goes through the books of each store whose last audit was a day ago, and logs what differs. Locks nothing; of
    several replicas one takes a store.
    """
    async for report in audit_due(context.db):
        for finding in report.findings:
            structlog.get_logger().error(
                "ledger.differs", store_id=report.store_id, kind=finding.kind, detail=finding.detail
            )


JOBS = (
    Job(name="ledger-imbalance", every_s=60, run=watch),
    # At least so often is looked whose turn it is. Each store's comes once a day.
    Job(name="ledger-audit", every_s=3600, run=audit),
)
