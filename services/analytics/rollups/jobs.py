"""Goes on counting what came before its store was set up."""

from services.analytics.rollups.actions.count import count_waiting
from services.kernel.service import DueJob

COUNT_WAITING = "count-waiting"

DUE_JOBS = (DueJob(name=COUNT_WAITING, run=count_waiting),)
