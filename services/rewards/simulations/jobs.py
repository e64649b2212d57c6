"""Work by the clock: runs are deleted some days after they were made."""

from services.kernel.service import DueJob
from services.rewards.simulations.actions.runs import FORGET_JOB, forget

DUE_JOBS = (DueJob(name=FORGET_JOB, run=forget),)
