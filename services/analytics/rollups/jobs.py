"""Goes on counting what came before its store was set up."""

from services.analytics.rollups.actions.count import count_waiting
from services.kernel.service import DueJob

WAITING = DueJob(name="count-waiting", run=count_waiting)
