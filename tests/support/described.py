"""Every answer of the API that any test gets has a status which the API's description names.

Walks by chance along the description find such an answer once in many runs; the tests of what routes do have met it
before.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from services.kernel.http.timing import Timing

_DOCUMENTS = Path(__file__).parents[2] / "contracts" / "openapi"
_met: set[tuple[str, str, str, int]] = set()


@cache
def _statuses(service: str) -> dict[tuple[str, str], frozenset[int]]:
    """The statuses that a service's description names, by method and address."""
    paths = json.loads((_DOCUMENTS / f"{service}.json").read_text())["paths"]
    return {
        (method.upper(), path): frozenset(int(status) for status in operation["responses"])
        for path, item in paths.items()
        for method, operation in item.items()
    }


def undescribed(service: str, method: str, route: str, status: int) -> bool:
    """Whether the description has this operation, but not this answer of it."""
    if not (_DOCUMENTS / f"{service}.json").exists():
        return False
    named = _statuses(service).get(("GET" if method == "HEAD" else method, route))
    return named is not None and status not in named and status != 500


def pytest_configure() -> None:
    """Watches the services of this process: at the first answer of each kind that one of them counts."""
    begin = Timing.series

    def watched(self: Timing, method: str, route: str, status: int) -> list[float]:
        if undescribed(self._service, method, route, status):
            _met.add((self._service, method, route, status))
        return begin(self, method, route, status)

    Timing.series = watched  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _as_described() -> Iterator[None]:
    yield
    met = sorted(_met)
    _met.clear()
    assert not met, f"answers that the description does not name: {met}"
