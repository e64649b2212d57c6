"""Lines that are safe before the answer and in the database a moment later.

`append` writes one line to this process's own file: it survives the end of the process, also by `kill -9`. It does not
wait for the disk, so a power cut or a crash of the machine can take the last seconds. A drain reads the file (from the
page cache) and hands batches of lines to a function, in the transaction that also moves the file's cursor: each line
takes effect once. Whoever holds a file's lock owns it; files of dead processes are adopted. A last line without its end
was never acknowledged, and is ignored.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from services.kernel import failpoints, vital
from services.kernel.db import FAILURES, Database, Tx, is_transient
from services.kernel.errors import Unavailable
from services.kernel.ids import new_id
from services.kernel.telemetry import SPOOL_AGE, SPOOL_BAD, SPOOL_BYTES, SPOOL_REFUSED, describe

_READ_CURSOR = "select position from spool_cursors where spool = :spool for update"
_MOVE_CURSOR = """
insert into spool_cursors (spool, position, at) values (:spool, :position, now())
on conflict (spool) do update set position = excluded.position, at = excluded.at
"""
_DROP_CURSOR = "delete from spool_cursors where spool = :spool"
_SUFFIX = ".spool"

Drain = Callable[[Tx, list[bytes]], Awaitable[None]]
"""Gives a batch of lines, without their ends, their effect. Calls `tx.see` itself if it touches stores' tables."""


class SpoolFull(Unavailable):
    """The line is not safe: the disk or the spool's bound is full. Nothing of it was kept."""

    code = "spool_full"


class _File:
    """One locked file: its size, and up to where its lines are in the database."""

    def __init__(self, path: Path, fd: int, *, size: int) -> None:
        self.path = path
        self.fd = fd
        self.size = size
        self.position: int | None = None
        """None until the cursor was read."""

    @property
    def waiting(self) -> int:
        return self.size - (self.position or 0)

    def close(self) -> None:
        os.close(self.fd)


class Spool:
    """The lines of one kind in one process. Open it with `async with`, or `start` and `stop`."""

    DRAIN_EVERY_S = 0.1
    ADOPT_EVERY_S = 5.0
    MAX_LINE = 64 * 1024

    def __init__(
        self,
        directory: Path,
        name: str,
        *,
        db: Database,
        drain: Drain,
        max_bytes: int = 256 * 1024 * 1024,
        rotate_bytes: int = 8 * 1024 * 1024,
        read_bytes: int = 256 * 1024,
        max_lines: int = 1000,
    ) -> None:
        self._directory = directory
        self._name = name
        self._db = db
        self._drain = drain
        self._max_bytes = max_bytes
        self._rotate_bytes = rotate_bytes
        self._read_bytes = read_bytes
        self._max_lines = max_lines
        self._files: list[_File] = []
        """Oldest first; the last is the one that is written to."""
        self._waiting = 0
        self._since: float | None = None
        self._torn = False
        self._filled = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger().bind(spool=name)
        for counter in (SPOOL_REFUSED, SPOOL_BAD):  # a series that begins at its first one shows no increase
            counter.labels(name)

    async def __aenter__(self) -> "Spool":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        """Opens a file of its own and begins to drain, beginning with what dead processes left."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._adopt()
        self._files.append(self._create())
        self._task = vital.start(self._run(), name=f"spool-{self._name}")

    async def stop(self, *, within_s: float = 5) -> None:
        """Drains what it can; what is left stays on disk for the next process."""
        self._stopping.set()
        self._filled.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within_s)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for file in list(self._files):
            if file.position is not None and file.waiting == 0:
                with suppress(*FAILURES):
                    await self._retire(file)
            else:
                file.close()
        self._files.clear()

    @property
    def waiting_bytes(self) -> int:
        """What is on disk and not yet in the database."""
        return self._waiting

    def append(self, line: bytes) -> None:
        """Makes one line safe; it must not contain a line feed. Raises `SpoolFull`, and then nothing was kept."""
        file = self._files[-1] if self._files else None
        if file is None or self._stopping.is_set():
            raise SpoolFull("The process is stopping.")
        data = line + b"\n"
        length = len(data)
        if length > self.MAX_LINE or self._waiting + length > self._max_bytes:
            self._refuse("The spool is full; try again in a moment.")
        if self._torn:
            self._mend(file)
        if failpoints.any_armed():
            if failpoints.armed("spool.append"):
                os.write(file.fd, data[: length // 2])
            failpoints.hit("spool.append")
        try:
            written = os.write(file.fd, data)
        except OSError:
            written = 0
        if written != length:
            self._torn = written > 0
            if self._torn:
                with suppress(OSError):
                    self._mend(file)
            self._refuse("The disk is full; try again in a moment.")
        file.size += length
        self._waiting += length
        if self._since is None:
            self._since = time.monotonic()
            self._filled.set()

    def _refuse(self, detail: str) -> None:
        SPOOL_REFUSED.labels(self._name).inc()
        raise SpoolFull(detail)

    def _mend(self, file: _File) -> None:
        """Cuts off the piece of a line that did not fit."""
        os.ftruncate(file.fd, file.size)
        self._torn = False

    def _create(self) -> _File:
        # Locked under another name first: nobody may adopt it between its making and its locking.
        final = self._directory / f"{self._name}-{new_id('spl')}{_SUFFIX}"
        making = final.with_suffix(".new")
        fd = os.open(making, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        making.rename(final)
        file = _File(final, fd, size=0)
        file.position = 0
        return file

    def _adopt(self) -> None:
        """Takes over the files whose owners are gone."""
        own = {file.path for file in self._files}
        for path in sorted(self._directory.glob(f"{self._name}-spl_*{_SUFFIX}")):
            if path in own:
                continue
            try:
                fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            state = os.fstat(fd)
            if state.st_nlink == 0:  # another process has just finished with it
                os.close(fd)
                continue
            self._log.info("spool.adopted", path=path.name, bytes=state.st_size)
            self._files.insert(0, _File(path, fd, size=state.st_size))
            self._waiting += state.st_size
            self._since = self._since or time.monotonic()
            self._filled.set()

    async def _run(self) -> None:
        pause_s = self.DRAIN_EVERY_S
        adopted = time.monotonic()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._filled.wait(), self.ADOPT_EVERY_S)
            if not self._stopping.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause_s)
            self._filled.clear()
            try:
                if time.monotonic() - adopted > self.ADOPT_EVERY_S:
                    adopted = time.monotonic()
                    self._adopt()
                    self._measure()
                await self._empty()
                pause_s = self.DRAIN_EVERY_S
            except Exception as error:
                self._log.warning("spool.retry", seconds=pause_s, bytes=self._waiting, **describe(error))
                if not is_transient(error):
                    raise
                self._filled.set()
                pause_s = min(pause_s * 2, 2.0)
            self._measure()
            if self._stopping.is_set():
                return

    async def _empty(self) -> None:
        while self._files:
            started = time.monotonic()
            file = self._files[0]
            if file.position is None:
                await self._find_position(file)
            elif not await self._step(file):
                if len(self._files) == 1:
                    # What came since is younger than this; with nothing waiting, the next line wakes the drain.
                    self._since = None if file.waiting == 0 else started
                    if file.size < self._rotate_bytes or file.waiting:
                        return
                    self._files.append(self._create())
                await self._retire(file)

    async def _find_position(self, file: _File) -> None:
        async with self._db.transaction() as tx:
            file.position = int(await tx.scalar(_READ_CURSOR, spool=file.path.stem) or 0)
        self._waiting -= min(file.position, file.size)

    async def _step(self, file: _File) -> bool:
        """Takes one batch of lines into the database; False if there is none."""
        position = file.position or 0
        data = os.pread(file.fd, min(self._read_bytes, file.size - position), position)
        if len(data) == self._read_bytes and b"\n" not in data:
            data = os.pread(file.fd, min(self.MAX_LINE + 1, file.size - position), position)
        lines = data.split(b"\n", self._max_lines)
        lines.pop()  # what follows the last end: nothing, a torn line, or the next batch
        if not lines:
            return False
        await self._apply(file, position, lines)
        return True

    async def _apply(self, file: _File, position: int, lines: list[bytes]) -> None:
        """Gives lines their effect; where that fails for good, in two halves, down to single lines."""
        end = position + sum(map(len, lines)) + len(lines)
        try:
            async with self._db.transaction() as tx:
                await self._drain(tx, lines)
                await tx.execute(_MOVE_CURSOR, spool=file.path.stem, position=end)
                failpoints.hit("spool.before_commit")
            failpoints.hit("spool.after_commit")
        except Exception as error:
            if is_transient(error):
                raise
            self._log.warning("spool.failed", count=len(lines), **describe(error))
            if len(lines) > 1:
                middle = len(lines) // 2
                await self._apply(file, position, lines[:middle])
                await self._apply(file, file.position or 0, lines[middle:])
                return
            await self._put_aside(file, lines[0], end)
        file.position = end
        self._waiting -= end - position

    async def _put_aside(self, file: _File, line: bytes, end: int) -> None:
        """A line that nothing can be made of goes to a file beside, for a person to look at."""
        with open(self._directory / f"{self._name}.bad", "ab") as bad:  # noqa: ASYNC230  # rare, and small
            bad.write(line + b"\n")
        SPOOL_BAD.labels(self._name).inc()
        async with self._db.transaction() as tx:
            await tx.execute(_MOVE_CURSOR, spool=file.path.stem, position=end)

    async def _retire(self, file: _File) -> None:
        """Removes a drained file. The file goes first: a cursor without a file is harmless, the reverse is not."""
        file.path.unlink(missing_ok=True)
        self._waiting -= file.waiting  # a torn last line
        self._files.remove(file)
        file.close()
        if file.size:
            async with self._db.transaction() as tx:
                await tx.execute(_DROP_CURSOR, spool=file.path.stem)

    def _measure(self) -> None:
        SPOOL_BYTES.labels(self._name).set(self._waiting)
        SPOOL_AGE.labels(self._name).set(0 if self._since is None else time.monotonic() - self._since)
