"""What the clock does with deliveries: it forgets them."""

from services.attribution.hooks.actions import FORGET, forget
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=FORGET, run=forget),)
