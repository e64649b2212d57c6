"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

pytest_plugins = ["tests.support.browser", "tests.support.kafka", "tests.support.postgres", "tests.support.two_stores"]
