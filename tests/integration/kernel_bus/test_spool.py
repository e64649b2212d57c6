"""The spool: safe before the answer, in the database once, whatever dies in between."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.kernel.db import Database, Tx
from services.kernel.spool import Spool, SpoolFull
from tests.support.toy import note
from tests.support.wait import until


async def notes(db: Database) -> list[str]:
    async with db.transaction() as tx:
        return sorted(row.note for row in await tx.all("select note from notes"))


def spool(folder: Path, db: Database, **options: int) -> Spool:
    return Spool(folder, "clicks", db=db, drain=note, **options)


def abandon(dying: Spool) -> None:
    """What the end of a process leaves: the file without its lock, and nobody who drains."""
    assert dying._task is not None
    dying._task.cancel()
    for file in dying._files:
        file.close()
    dying._files.clear()


async def test_every_line_takes_effect_once(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db, max_lines=7, read_bytes=64) as lines:
        for n in range(100):
            lines.append(b"%03d" % n)
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == [f"{n:03}" for n in range(100)]
    assert list(tmp_path.iterdir()) == []


async def test_a_dead_process_s_lines_are_adopted_and_a_torn_one_is_ignored(db: Database, tmp_path: Path) -> None:
    dying = spool(tmp_path, db)
    dying.start()
    dying.append(b"one")
    dying.append(b"two")
    (path,) = tmp_path.iterdir()
    abandon(dying)
    with path.open("ab") as file:
        file.write(b"tor")
    async with spool(tmp_path, db) as lines:
        lines.append(b"three")
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == ["one", "three", "two"]


async def test_lines_that_were_drained_before_a_crash_are_not_drained_again(db: Database, tmp_path: Path) -> None:
    dying = spool(tmp_path, db)
    dying.start()
    dying.append(b"one")
    await until(lambda: notes(db))
    dying.append(b"two")
    abandon(dying)
    async with spool(tmp_path, db) as lines:
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == ["one", "two"]


async def test_a_living_process_s_file_is_left_alone(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db) as first, spool(tmp_path, db) as second:
        first.append(b"one")
        second.append(b"two")
        await until(lambda: first.waiting_bytes == second.waiting_bytes == 0)
    assert await notes(db) == ["one", "two"]


async def test_one_bad_line_is_put_aside_and_the_rest_flows(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db) as lines:
        for line in (b"one", b"bad", b"two"):
            lines.append(line)
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == ["one", "two"]
    assert (tmp_path / "clicks.bad").read_bytes() == b"bad\n"


async def test_files_are_rotated_and_removed_when_drained(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db, rotate_bytes=100) as lines:
        for batch in range(3):
            for n in range(20):
                lines.append(b"%d-%04d" % (batch, n))
            await until(lambda: lines.waiting_bytes == 0)
        await until(lambda: len(list(tmp_path.iterdir())) == 1)
        assert next(tmp_path.iterdir()).stat().st_size < 100
    assert len(await notes(db)) == 60


async def test_beyond_its_bound_it_refuses(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db, max_bytes=10) as lines:
        lines.append(b"12345")
        with pytest.raises(SpoolFull):
            lines.append(b"67890")
        await until(lambda: lines.waiting_bytes == 0)
        lines.append(b"67890")


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As a full disk does it: the write that crosses the limit is cut short, the next fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_full_disk_refuses_the_line_keeps_the_others_and_recovers(db: Database, tmp_path: Path) -> None:
    async with spool(tmp_path, db) as lines:
        with files_no_larger_than(20):
            lines.append(b"first line")
            with pytest.raises(SpoolFull):
                lines.append(b"a second line that does not fit")
            lines.append(b"third")
        lines.append(b"fourth")
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == ["first line", "fourth", "third"]


async def test_it_waits_out_a_database_that_is_away(db: Database, tmp_path: Path) -> None:
    away, tried = True, 0

    async def drain(tx: Tx, lines: list[bytes]) -> None:
        nonlocal tried
        tried += 1
        if away:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        await note(tx, lines)

    async with Spool(tmp_path, "clicks", db=db, drain=drain) as lines:
        lines.append(b"one")
        await until(lambda: tried > 1)
        lines.append(b"two")
        assert lines.waiting_bytes == 8
        away = False
        await until(lambda: lines.waiting_bytes == 0)
    assert await notes(db) == ["one", "two"]
