"""The moment since which a store's webhooks are sent again, as a form has it: by the store's clock, to the second."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.connectors.endpoints.api import words
from services.connectors.endpoints.api.console import _since
from services.kernel.errors import Invalid

CHISINAU = ZoneInfo("Europe/Chisinau")


def test_a_moment_keeps_its_seconds_on_the_way_to_the_form_and_back() -> None:
    moment = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
    assert words.local_moment(moment, CHISINAU) == "2026-11-22T14:00:05"
    assert _since("2026-11-22T14:00:05", CHISINAU) == moment
    assert _since("2026-11-22T14:00", CHISINAU) == moment.replace(second=0)


@pytest.mark.parametrize("typed", ["", "soon", "2026-13-01T00:00", "0001-01-01T00:00:00"])
def test_what_is_no_moment_of_the_clock_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        _since(typed, CHISINAU)
