"""Tests' databases lie in memory only within the container's limit, and what killed runs left there goes."""

import fcntl
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support import memory

GIB = 2**30


def group(folder: Path, *, limit: str, taken: int, unused: int, former: bool = False) -> None:
    """A control group, as Linux shows it; a `former` one is of version 1."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ("memory.limit_in_bytes" if former else "memory.max")).write_text(f"{limit}\n")
    (folder / ("memory.usage_in_bytes" if former else "memory.current")).write_text(f"{taken}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{'total_' if former else ''}inactive_file {unused}\n")


def test_the_tightest_group_around_a_process_says_what_is_left(tmp_path: Path) -> None:
    group(tmp_path / "docker", limit=str(4 * GIB), taken=3 * GIB, unused=GIB)
    group(tmp_path / "docker" / "one", limit="max", taken=GIB, unused=0)
    assert memory.left_to("0::/docker/one\n", tmp_path) == [2 * GIB]
    group(tmp_path / "docker" / "one", limit=str(GIB), taken=GIB, unused=0)
    assert min(memory.left_to("0::/docker/one\n", tmp_path)) == 0


def test_inside_a_container_its_group_is_the_root(tmp_path: Path) -> None:
    group(tmp_path, limit=str(4 * GIB), taken=GIB, unused=0)
    assert memory.left_to("0::/\n", tmp_path) == [3 * GIB]
    group(tmp_path / "memory", limit=str(2 * GIB), taken=GIB, unused=GIB // 2, former=True)
    assert memory.left_to("9:cpu:/x\n4:memory:/docker/elsewhere\n", tmp_path) == [3 * GIB // 2]


def test_without_a_group_nothing_is_known(tmp_path: Path) -> None:
    assert memory.left_to("0::/user.slice\n", tmp_path) == []


@pytest.mark.parametrize(
    ("disk", "machine", "groups", "workers", "room"),
    [
        (5, 5, [5], 1, True),
        (5, 5, [], 1, True),  # without a group the machine alone counts
        (4, 5, [5], 1, False),  # as much as is taken is not enough
        (5, 4, [5], 1, False),
        (5, 5, [9, 4], 1, False),
        (5, 5, [5], 2, False),  # each worker has a server
        (6, 6, [6], 2, True),
    ],
)
def test_there_is_room_where_the_place_the_machine_and_every_group_have_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: int,
    machine: int,
    groups: list[int],
    workers: int,
    room: bool,
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=disk * GIB))
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=machine * GIB))
    monkeypatch.setattr(memory, "left_to", lambda *_: [group * GIB for group in groups])
    assert memory.has_room(tmp_path, workers) is room
    assert not memory.has_room(tmp_path / "none", workers), "a place that is not there"


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    long_ago = time.time() - 3600
    left, used, young, other = (tmp_path / name for name in ("kith-pg-a", "kith-pg-b", "kith-pg-c", "else"))
    for folder in (left, used, young, other):
        (folder / "data").mkdir(parents=True)
    for folder in (left, used, other):
        os.utime(folder, (long_ago, long_ago))
    lock = os.open(used, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        memory.clear(tmp_path)
    finally:
        os.close(lock)
    assert sorted(tmp_path.iterdir()) == [other, used, young]
