"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

PLUGINS = ("browser", "chance", "described", "kafka", "limits", "looking", "postgres", "two_stores")
pytest_plugins = [f"tests.support.{name}" for name in PLUGINS]

PROCESSES = ("tests/faults/", "tests/e2e/", "tests/integration/cli/", "tests/upgrade/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Each file has one worker. All files that start the product's own processes share one: two would starve each
    other.

    (xdist's own groups by a mark write a node's private name, which pytest no longer reads.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "processes" if file.startswith(PROCESSES) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Who runs what, with `-n`."""
    return ByFile(config, log)
