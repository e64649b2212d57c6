"""Rate limits that do not refill while a test asks: how many requests pass does then not depend on the machine."""

import pytest

from services.kernel.http.limits import Limiter


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of every limit stands still."""
    monkeypatch.setattr(Limiter, "clock", staticmethod(lambda: 1000.0))
