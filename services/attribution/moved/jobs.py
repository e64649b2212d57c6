"""What the clock does with what was moved: it drops it. The timers that the former version set lead here too."""

from services.attribution.moved.actions import forget
from services.attribution.moved.sql import FORGET, FORMER
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=FORGET, run=forget), DueJob(name=FORMER, run=forget))
