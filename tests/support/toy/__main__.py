"""The toy as a process of its own, for tests that kill it. Settings come from the environment."""

import os

import uvloop

from services.kernel.runner import run_services
from services.kernel.settings import Settings
from services.kernel.work.worker import Worker
from tests.support.toy import TOY

if margin_s := os.environ.get("TOY_LEASE_MARGIN_S"):  # a killed worker's tasks are free again this soon
    Worker.MARGIN_S = float(margin_s)

uvloop.run(run_services([TOY], Settings()))
