"""A disk that can be filled and emptied under a running product."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import psutil

SIZE = "400m"
RATION = 8 * 1024 * 1024
"""Longest file that may be written while the disk counts as full: half a segment of PostgreSQL's log."""


class Disk(Protocol):
    """What a test does with it."""

    holds_spools: ClassVar[bool]
    """Whether a spool's short file feels it too."""

    @property
    def folder(self) -> Path:
        """A folder that lies on it."""

    def fill(self, starter: int) -> None:
        """From now on there is no room for what the processes of this starter write."""

    def free(self, starter: int) -> None:
        """There is room again."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A file system of its own in memory, where we may mount one; else the folder as it is, with rationed processes."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "kith", str(folder))
    try:
        yield FileSystem(folder) if mounted else Ration(folder)
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


@dataclass(frozen=True)
class FileSystem:
    """Full when a file of ballast has taken what was free."""

    folder: Path
    holds_spools: ClassVar[bool] = True

    def fill(self, starter: int) -> None:
        """Writes until nothing goes in any more."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (1024 * 1024, 4096):
                try:
                    while ballast.write(b"\1" * size) == size:
                        pass
                except OSError:
                    continue

    def free(self, starter: int) -> None:
        """Throws the ballast out."""
        (self.folder / "ballast").unlink()


@dataclass(frozen=True)
class Ration:
    """For who may not mount: no process of the product, nor its children to come, may write a file beyond a length.

    It tells the server apart from a full disk by the error's number only, and its log cannot grow all the same.
    """

    folder: Path
    holds_spools: ClassVar[bool] = False

    def fill(self, starter: int) -> None:
        """Sets the limit on all processes there are; new ones inherit it."""
        self._limit(starter, RATION)

    def free(self, starter: int) -> None:
        """Lifts it."""
        self._limit(starter, None)

    @staticmethod
    def _limit(starter: int, length: int | None) -> None:
        first = psutil.Process(starter)
        for process in (first, *first.children(recursive=True)):
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                _, most = resource.prlimit(first.pid, resource.RLIMIT_FSIZE)
                soft = most if length is None else length
                owner = process.uids().real
                if owner == os.geteuid():
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, most))
                else:  # a root without all of root's rights: only the account itself may
                    reported = "unlimited" if soft == resource.RLIM_INFINITY else str(soft)
                    _run("prlimit", f"--pid={process.pid}", f"--fsize={reported}:", account=process)


def _run(*argv: str, account: psutil.Process | None = None) -> bool:
    user, group = (account.uids().real, account.gids().real) if account else (None, None)
    try:
        found = subprocess.run(
            argv, capture_output=True, check=False, user=user, group=group, extra_groups=[] if account else None
        )
    except FileNotFoundError:
        return False
    return found.returncode == 0
