"""Work by the clock: lots that expire."""

from services.kernel.service import DueJob
from services.rewards.lots.actions import expire_due
from services.rewards.lots.domain import EXPIRY_JOB

DUE_JOBS = (DueJob(name=EXPIRY_JOB, run=expire_due),)
