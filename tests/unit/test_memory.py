"""Tests' databases lie in memory only within the container's limit, and what killed runs left there goes."""

import fcntl
import os
import time
from pathlib import Path

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
