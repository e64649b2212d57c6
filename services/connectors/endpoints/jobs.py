"""What the clock does with messages: it forgets the old ones."""

from services.connectors.endpoints.actions.notify import FORGET, forget
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=FORGET, run=forget, stores=1),)
