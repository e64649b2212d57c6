"""Failpoints fire where, when and as often as they were told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kernel import failpoints


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.configure("")


def test_one_that_is_not_armed_does_nothing() -> None:
    failpoints.hit("anything")


def test_it_fires_at_its_count_and_then_no_more() -> None:
    failpoints.configure("a=raise@3, b=raise")
    failpoints.hit("a")
    failpoints.hit("a")
    assert failpoints.armed("a")
    with pytest.raises(failpoints.FailpointHit):
        failpoints.hit("a")
    failpoints.hit("a")
    with pytest.raises(failpoints.FailpointHit):
        failpoints.hit("b")


def test_with_a_folder_it_fires_once_across_restarts_and_leaves_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_FAILPOINTS_ONCE", str(tmp_path))
    failpoints.configure("a=raise")
    with pytest.raises(failpoints.FailpointHit):
        failpoints.hit("a")
    assert (tmp_path / "a").exists()
    failpoints.configure("a=raise")
    failpoints.hit("a")


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="explode"):
        failpoints.configure("a=explode")


def test_a_failpoint_of_a_service_is_there_in_its_processes_only() -> None:
    failpoints.configure("rewards:a=raise,links:b=raise,c=raise")
    failpoints.narrow({"rewards"})
    failpoints.hit("b")
    for name in ("a", "c"):
        with pytest.raises(failpoints.FailpointHit):
            failpoints.hit(name)


def test_nothing_counts_before_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_FAILPOINTS_WHEN", str(tmp_path / "begin"))
    failpoints.configure("a=raise@2")
    for _ in range(5):
        failpoints.hit("a")
    (tmp_path / "begin").touch()
    failpoints.hit("a")
    assert failpoints.armed("a")
    with pytest.raises(failpoints.FailpointHit):
        failpoints.hit("a")
