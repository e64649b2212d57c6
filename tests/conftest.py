"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

import pytest
from hypothesis import settings

pytest_plugins = [f"tests.support.{name}" for name in ("browser", "kafka", "limits", "postgres", "two_stores")]

# How long an example takes says nothing on a shared machine; the test's own time limit is over all of them.
settings.register_profile("kith", deadline=None)
settings.load_profile("kith")

PROCESSES = ("tests/faults/", "tests/e2e/", "tests/integration/cli/", "tests/integration/product/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each file has one worker. All files that start the product's own processes share one: two would starve each
    other.
    """
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("processes" if file.startswith(PROCESSES) else file))
