"""Has standings follow what is counted."""

from services.analytics.rollups.actions.results import STANDINGS
from services.analytics.standings.actions import follow
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=STANDINGS, run=follow),)
