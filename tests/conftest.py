"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

import gc
from collections.abc import Generator

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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The garbage collector rests while tests are collected, and afterwards leaves alone what stands, as it does in the
    product's processes: a million objects of modules, routes and tests, which it would go over again and again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
