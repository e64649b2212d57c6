"""Where the tests' databases may lie in memory: how much of it this process may still have, and what killed runs left.

Pages of a file system in memory count for the container that wrote them: its limit holds, not only the machine's.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from services.cli.local.postgres import Postgres

PLACE = Path("/dev/shm")
"""Where a database's hundreds of files cost a fifth of what they cost on a disk: each test has a database."""
SERVER = 2**30
"""Bytes, more than a worker's server takes."""
REST = 3 * 2**30
"""Bytes that everything else of a run may take."""
_PREFIX = "kith-pg-"
_NEW_S = 60.0
"""A folder this young may belong to somebody who has not locked it yet."""


@contextmanager
def folder(place: Path = PLACE) -> Iterator[Path]:
    """A folder for a server, in memory where all workers' servers have room there, else on the disk. It is locked as
    long as it is used, and removed at the end.
    """
    clear(place)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place if has_room(place, workers) else None))
    lock = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def has_room(place: Path, workers: int) -> bool:
    """Whether there is such a place in memory, with room for the servers of all workers and the rest of the run."""
    if not place.is_dir():
        return False
    groups = Path("/proc/self/cgroup")
    ours = left_to(groups.read_text(), Path("/sys/fs/cgroup")) if groups.exists() else []
    free = min(shutil.disk_usage(place).free, psutil.virtual_memory().available, *ours)
    return free > REST + workers * SERVER


def clear(place: Path) -> None:
    """Removes folders that runs left behind which were killed: nobody has them locked, and their servers are gone."""
    for left in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or already removed
            lock = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - left.stat().st_mtime > _NEW_S and Postgres(left / "data").pid is None:
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)


def left_to(groups: str, root: Path) -> list[int]:
    """What control groups leave a process, in bytes: its own, and those around them. `groups` are those that it is in,
    as Linux lists them (of version 2, and of version 1), `root` is where all of them lie.
    """
    left = []
    for line in groups.splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds == "":
            left += _along(root, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            left += _along(root / "memory", path, *names)
    return left


def _along(root: Path, path: str, most: str, now: str, unused: str) -> list[int]:
    """What each group from `root` down leaves. Files that were read long ago give way, and do not count as taken."""
    own = root / path.strip("/")
    left = []
    for group in (own, *own.parents):
        if group.is_relative_to(root):
            with suppress(OSError, ValueError):  # not there from inside of a container, or "max"
                limit, taken = int((group / most).read_text()), int((group / now).read_text())
                figures = dict(one.split() for one in (group / "memory.stat").read_text().splitlines())
                left.append(limit - taken + int(figures.get(unused, 0)))
    return left
