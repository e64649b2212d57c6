"""A process that goes on with sweeps and backlogs until none is left, to be killed:
`python -m tests.support.sweeping URL`.
"""

import asyncio
import sys

from services.attribution.decisions.actions.later import BACKLOG
from services.attribution.decisions.actions.sweep import SWEEP
from services.attribution.main import SERVICE
from services.kernel.db import Database
from services.kernel.jobs import Jobs
from tests.support.edge import make_context


async def go_on(db: Database) -> None:
    """Runs the due jobs as their runner does."""
    jobs = Jobs(make_context(db, name="attribution"), jobs=(), due_jobs=SERVICE.due_jobs)
    await jobs.run_due(SWEEP)
    await jobs.run_due(BACKLOG)


async def _main(url: str) -> None:
    db = Database(url, schema="attribution")
    await go_on(db)
    await db.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
