"""Fields that callers fill: times are written out, or refused."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from services.kernel.http.fields import When

ADAPTER: TypeAdapter[datetime] = TypeAdapter(When)


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00Z", "2026-01-31t14:00:00+02:00", "2026-01-31 12:00:00.000Z", "2026-01-31T09:30-02:30"],
)
def test_a_time_with_its_zone_is_taken(text: str) -> None:
    assert ADAPTER.validate_python(text) == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *(5, 5.5, "5", "1700000000", 1_700_000_000_000, True, None, "", "now", "2026-01-31", "2026-01-31T12:00:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z"),
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(value)


def test_the_description_says_date_time() -> None:
    assert ADAPTER.json_schema() == {"type": "string", "format": "date-time"}
