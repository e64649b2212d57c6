"""What the clock does with custom events: decides what was put off, and settles."""

from services.attribution.custom_events.actions.decide import DECIDE, SETTLE, decide_more
from services.attribution.custom_events.actions.settle import settle
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=DECIDE, run=decide_more), DueJob(name=SETTLE, run=settle))
