"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

from hypothesis import settings

pytest_plugins = ["tests.support.browser", "tests.support.kafka", "tests.support.postgres", "tests.support.two_stores"]

# How long an example takes says nothing on a shared machine; the test's own time limit is over all of them.
settings.register_profile("kith", deadline=None)
settings.load_profile("kith")
