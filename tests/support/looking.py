"""Workers that look for what is due more often than in the product: most of what a test waits for is due at once."""

import pytest

from services.kernel.work.worker import Worker


@pytest.fixture
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all workers in this process."""
    monkeypatch.setattr(Worker, "LOOK_EVERY_S", 0.05)
