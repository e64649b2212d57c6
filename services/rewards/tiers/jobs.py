"""Work by the clock: windows and days of grace that end, time since joining, programs with other tiers."""

from services.kernel.service import DueJob
from services.rewards.tiers.actions import move_due
from services.rewards.tiers.domain import TIERS_JOB

DUE_JOBS = (DueJob(name=TIERS_JOB, run=move_due),)
