"""What the clock does with imports: it begins those once more that looked back less far than is possible now."""

from services.connectors.history.actions import JOB, look_further
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=JOB, run=look_further),)
