"""Makes the shared fixtures known. They live in plain modules under `tests/support`."""

from hypothesis import settings

pytest_plugins = [f"tests.support.{name}" for name in ("browser", "kafka", "limits", "postgres", "two_stores")]

# How long an example takes says nothing on a shared machine; the test's own time limit is over all of them.
settings.register_profile("kith", deadline=None)
settings.load_profile("kith")
