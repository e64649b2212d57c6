"""What the clock does with polls: it begins their rounds, and forgets what is old."""

from services.connectors.polls.actions import JOB, begin_due
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=JOB, run=begin_due),)
