"""Work by the clock: holds that end; and orders that waited, where there are many."""

from services.kernel.service import DueJob
from services.rewards.grants.actions.arrive import WAITING_JOB, decide_waiting
from services.rewards.grants.actions.regrant import RELEASE_JOB
from services.rewards.grants.actions.release import release_due

RELEASE = DueJob(name=RELEASE_JOB, run=release_due)
WAITING = DueJob(name=WAITING_JOB, run=decide_waiting)
