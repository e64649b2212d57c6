"""What a start says of its parts."""

import pytest

from services.cli.parts import Parts


def test_each_part_is_named_with_its_seconds_and_what_took_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((10.0, 21.2, 21.21, 24.21, 24.3, 64.5, 64.6, 64.61))
    monkeypatch.setattr("services.cli.parts.time.monotonic", lambda: next(moments))
    parts = Parts()
    for name in ("schemas", "nothing", "services"):
        parts.begin(name)
    assert parts.summary() == "Ready after 14 s: schemas 11.2 s, services 3.0 s."
    parts.begin("history")
    assert parts.summary_of_last() == "Its history took 40.2 s, and all is there after 54 s."
    parts.begin("history")
    assert parts.summary_of_last() == "Its history was there."
