"""Work by the clock: holds that end, orders that waited, what caps refused, budgets from before any was reported."""

from services.kernel.service import DueJob
from services.rewards.budgets.domain import BUDGETS_JOB
from services.rewards.grants.actions.regrant import WAITING_JOB
from services.rewards.grants.actions.release import release_due
from services.rewards.grants.actions.retries import retry_due
from services.rewards.grants.actions.waiting import decide_waiting, look_at_stores
from services.rewards.grants.domain.retries import RETRIES_JOB
from services.rewards.release_rules.domain import RELEASE_JOB

DUE_JOBS = (
    DueJob(name=RELEASE_JOB, run=release_due),
    DueJob(name=WAITING_JOB, run=decide_waiting),
    DueJob(name=RETRIES_JOB, run=retry_due),
    DueJob(name=BUDGETS_JOB, run=look_at_stores),
)
