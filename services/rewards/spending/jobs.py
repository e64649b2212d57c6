"""Work by the clock: reservations whose time is over."""

from services.kernel.service import DueJob
from services.rewards.spending.actions import release_due
from services.rewards.spending.domain import EXPIRY_JOB

DUE_JOBS = (DueJob(name=EXPIRY_JOB, run=release_due),)
