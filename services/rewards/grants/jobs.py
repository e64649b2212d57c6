"""Work by the clock: holds that end; and orders that waited, where there are many."""

from services.kernel.service import DueJob
from services.rewards.grants.actions.regrant import RELEASE_JOB
from services.rewards.grants.actions.release import release_due
from services.rewards.grants.actions.waiting import WAITING_JOB, decide_waiting

DUE_JOBS = (DueJob(name=RELEASE_JOB, run=release_due), DueJob(name=WAITING_JOB, run=decide_waiting))
