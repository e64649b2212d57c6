"""The toy as a process of its own, for tests that kill it. Settings come from the environment."""

import uvloop

from services.kernel.runner import run_services
from services.kernel.settings import Settings
from tests.support.toy import TOY

uvloop.run(run_services([TOY], Settings()))
