"""What the clock does with decisions: it settles them."""

from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.actions.write import SETTLE
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=SETTLE, run=settle),)
