"""What the clock does with decisions, beside settling orders (`custom_events/jobs.py`: some events wait for that): it
goes on with sweeps and backlogs, and takes placeholders out of names.
"""

from collections.abc import Sequence

from services.attribution.decisions.actions.apart import TAKE_OUT, taking_out
from services.attribution.decisions.actions.backlog import work_off
from services.attribution.decisions.actions.later import BACKLOG
from services.attribution.decisions.actions.sweep import SWEEP, sweep
from services.kernel.context import Context
from services.kernel.service import DueJob

DUE_JOBS = (
    DueJob(name=SWEEP, run=sweep),
    DueJob(name=BACKLOG, run=work_off, stores=1),
)


def keyed_jobs(ctx: Context) -> Sequence[DueJob]:
    """What needs the key that contacts are hashed under."""
    return (DueJob(name=TAKE_OUT, run=taking_out(ctx.ring)),)
