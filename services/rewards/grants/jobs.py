"""Work by the clock: holds that end; and orders that waited, where there are many."""

from services.kernel.service import DueJob
from services.rewards.grants.actions.release import release_due
from services.rewards.grants.actions.waiting import WAITING_JOB, decide_waiting
from services.rewards.release_rules.domain import RELEASE_JOB

DUE_JOBS = (DueJob(name=RELEASE_JOB, run=release_due), DueJob(name=WAITING_JOB, run=decide_waiting))
