"""Work by the clock: holds that end."""

from services.kernel.service import DueJob
from services.rewards.grants.actions.regrant import RELEASE_JOB
from services.rewards.grants.actions.release import release_due

RELEASE = DueJob(name=RELEASE_JOB, run=release_due)
