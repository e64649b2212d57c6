"""Notices as mails: how many one worker hands to a relay in a second, what one costs it, and whether all arrive."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from statistics import median
from time import process_time

import aiosmtplib

from benchmarks.lab import Lab
from benchmarks.measure import Comparison, Sample, alternate, spread
from benchmarks.report import Line
from benchmarks.stage import Stage, until
from services.common.scopes import SCOPES
from services.kernel import telemetry
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.ids import new_id
from services.kernel.live import LiveState
from services.kernel.work.worker import Worker
from services.links.mail import actions as mails
from services.links.mail.actions import Message
from services.links.main import SERVICE
from services.links.notices.sql import notices
from services.links.notices.sql.notices import NewNotice

AT_ONCE = 10
"""Connections to the relay at a time, on both sides."""
AMBASSADORS = 100
LEAST_RATIO = 0.1
"""The bare loop sends one text that was made before; ours claims, reads, composes, and notes each."""


@dataclass(slots=True)
class _Sink:
    """Where it listens; and, once it has ended, how many of ours it took, and how many copies of them besides."""

    port: int
    taken: int = 0
    copies: int = 0


async def send(lab: Lab) -> None:
    """The same number of mails on both sides; ours are composed, noted and counted besides."""
    telemetry.set_up_logs("warning")  # as a process with many mails would write them: not at all
    stage = await lab.stage.beside("mails")
    port, pid = await stage.serve("links")
    store = await stage.store(port, ambassadors=AMBASSADORS)
    stage.end(pid)
    with _sink() as sink:
        relay = {"HOST": "127.0.0.1", "PORT": str(sink.port), "TLS": "none", "SENDER": "a@b.example"}
        os.environ.update({f"KITH_SMTP_{name}": value for name, value in relay.items()})
        db = Database(stage.database_url, schema="links", pool_size=AT_ONCE)
        try:
            people = await _people(stage, store.id)
            ours = _ours(_context(stage, db), store.id, people, lab.size.mails)
            found = await alternate(_bare(sink.port, lab.size.mails), ours, rounds=lab.size.rounds, tick=lab.tick)
        finally:
            await db.close()
            for name in relay:
                del os.environ[f"KITH_SMTP_{name}"]
    handed = lab.size.mails * (lab.size.rounds + 1)  # a round to warm up is sent, too
    lab.report.lines.append(_line(found, sink, handed))


def _line(found: Comparison, sink: _Sink, handed: int) -> Line:
    bare, ours = (median(s.cpu_us for s in side) for side in (found.baseline, found.ours))
    rate, own = (median(s.work / s.wall_s for s in side) for side in (found.baseline, found.ours))
    return Line(
        "news as mails, one worker to a relay on this machine, the worker's CPU for one",
        f"aiosmtplib in a bare loop, one text for all: {bare:.0f} µs, {rate:.0f}/s",
        f"{ours:.0f} µs, {own:.0f}/s: claimed, composed, sent, noted; of {handed:,} the relay took {sink.taken:,}, and"
        f" {sink.copies:,} of them again",
        spread(found.ratios),
        f"≥ {LEAST_RATIO}, none lost or sent twice",
        median(found.ratios) >= LEAST_RATIO and sink.taken == handed and not sink.copies,
    )


def _bare(sink: int, count: int) -> Callable[[], Awaitable[Sample]]:
    """As the client's guide shows it: a connection for each mail, as many at a time as ours has."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "A friend has bought"
    message.set_content("An order of a friend counts as yours.\n" * 8)
    message.add_alternative("<p>An order of a friend counts as yours.</p>" * 40, subtype="html")

    async def once() -> Sample:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                await aiosmtplib.send(message, hostname="127.0.0.1", port=sink, start_tls=False)

        began, before = time.perf_counter(), process_time()
        await asyncio.gather(*(one() for _ in range(count)))
        return Sample(work=count, cpu_s=process_time() - before, wall_s=time.perf_counter() - began)

    return once


def _ours(ctx: Context, store: str, people: list[str], count: int) -> Callable[[], Awaitable[Sample]]:
    """What waits is written before; then one worker begins, and ends when nothing waits any more."""

    async def once() -> Sample:
        await _write(ctx.db, store, people, count)
        worker = Worker(ctx, SERVICE.work)
        began, before = time.perf_counter(), process_time()
        worker.start()
        await until(lambda: _none_waits(ctx.db, store), within=600, every=0.2)
        sample = Sample(work=count, cpu_s=process_time() - before, wall_s=time.perf_counter() - began)
        await worker.stop()
        return sample

    return once


async def _write(db: Database, store: str, people: list[str], count: int) -> None:
    async with db.transaction([store]) as tx:
        messages, wanted = [], []
        for number in range(count):
            who, ident = people[number % len(people)], new_id("mai")
            messages.append(Message(mail_id=ident, kind="notice", about=ident, ambassador_id=who))
            wanted.append(
                NewNotice(
                    notice_id=ident,
                    store_id=store,
                    ambassador_id=who,
                    occasion="attributed",
                    subject=ident,
                    happened_at=tx.now,
                    due=tx.now + timedelta(days=1),
                )
            )
        await notices.add(tx, wanted)
        await notices.mark_notified(tx, store, {one.mail_id: (one.mail_id, None) for one in messages})
        await mails.send_all(tx, store, messages)


async def _none_waits(db: Database, store: str) -> bool:
    async with db.transaction([store]) as tx:
        query = "select not exists (select from mails where store_id = :store and state = 'waiting')"
        return bool(await tx.scalar(query, store=store))


async def _people(stage: Stage, store: str) -> list[str]:
    """The store's ambassadors, each with a mail address."""
    async with stage.connected() as connection:
        await connection.execute(
            "update links.people set email = ambassador_id || '@example.com' where store_id = $1", store
        )
        rows = await connection.fetch("select ambassador_id from links.people where store_id = $1", store)
    return [row["ambassador_id"] for row in rows]


def _context(stage: Stage, db: Database) -> Context:
    ring = stage.settings.key_ring(SCOPES)
    return Context(service="links", settings=stage.settings, db=db, ring=ring, live=LiveState(db))


@contextmanager
def _sink() -> Iterator[_Sink]:
    """A real SMTP server in a process of its own: what it costs is nobody's."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    sink = _Sink(int(child.stdout.readline()))
    try:
        yield sink
        counted, _ = child.communicate(timeout=30)
        sink.taken, sink.copies = (int(count) for count in counted.split())
    finally:
        child.kill()
        child.wait(timeout=10)
