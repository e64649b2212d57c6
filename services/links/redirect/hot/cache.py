"""Links in memory: found without a query, fresh within two seconds, and still there when the database is not.

A job reads every second what changed (`catch_up`); what changed is asked for again before its next use. While the
database is away entries serve as they are. Unknown slugs are remembered for a moment, apart, so that somebody who tries
many drives out no link.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database, is_transient
from services.links.changes import sql as changes
from services.links.links.domain import typed_slug
from services.links.redirect import sql
from services.links.redirect.hot.entry import Entry, prepare


class LinkCache:
    """The links that this process has served, at most `most` of them and `most_bytes` together."""

    UNKNOWN_FOR_S = 1.0
    DOUBT_AFTER_S = 300.0
    """After which an entry is asked for again though no change was received: belt and braces."""
    DOUBT_EVERY_S = 30.0
    PATIENCE_S = 0.5
    """How long a click waits for changes of a link that is known from before."""
    OVERLAP_S = 10.0
    """How far back changes are read each time: longer than a transaction lasts."""

    def __init__(
        self,
        db: Database,
        ring: KeyRing,
        *,
        microseconds: Callable[[], int],
        most: int = 50_000,
        most_unknown: int = 10_000,
        most_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        self._db = db
        self._ring = ring
        self._microseconds = microseconds
        self._most = most
        self._most_unknown = most_unknown
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: dict[str, Entry] = {}
        self._unknown: dict[str, float] = {}
        self._loading: dict[str, asyncio.Task[Entry | None]] = {}
        self._seen: dict[tuple[str, str], datetime] = {}
        self._caught_up_at = self._doubted_at = time.monotonic()
        self._log = structlog.get_logger()

    def ready(self, slug: str) -> Entry | None:
        """The entry of a slug as it stands in the address, if it may be used at once."""
        entry = self._entries.get(slug)
        if entry is None or self._is_old(entry):
            return None
        entry.used = True
        return entry

    async def find(self, text: str) -> Entry | None:
        """The entry of a slug as people type or paste it, asking the database where needed; None if nobody has it.

        Raises what the database raises when it is away and nothing is remembered.
        """
        slug = typed_slug(text)
        if slug is None:
            return None
        entry = self._entries.get(slug)
        if entry is not None and not self._is_old(entry):
            entry.used = True
            return entry
        if self._unknown.get(slug, 0.0) > time.monotonic():
            return None
        if entry is None:
            return await self._load(slug)
        return await self._renewed(slug, entry)

    def _is_old(self, entry: Entry) -> bool:
        return entry.stale or (entry.changes_us is not None and entry.changes_us <= self._microseconds())

    async def _renewed(self, slug: str, entry: Entry) -> Entry | None:
        """The entry as the database has it now; as it was, where the database does not say so in time."""
        if time.monotonic() < entry.ask_again_at:
            return entry
        try:
            async with asyncio.timeout(self.PATIENCE_S):
                return await self._load(slug)
        except Exception as error:
            if not is_transient(error):
                raise
            entry.ask_again_at = time.monotonic() + self.UNKNOWN_FOR_S
            return entry

    async def catch_up(self) -> None:
        """Reads what changed lately. After a gap longer than the overlap, everything is taken for changed."""
        async with self._db.transaction() as tx:
            recent = await changes.recent(tx, seconds=self.OVERLAP_S)
        now = time.monotonic()
        gap = now - self._caught_up_at > self.OVERLAP_S * 0.8
        self._caught_up_at = now
        fresh = {(kind, key) for kind, key, at in recent if self._seen.get((kind, key)) != at}
        self._seen = {(kind, key): at for kind, key, at in recent}
        if gap:
            self._log.info("links.cache_doubted", count=len(self._entries))
        if gap or fresh:
            for entry in self._entries.values():
                if gap or not fresh.isdisjoint(_names(entry)):
                    entry.stale = True
        if now - self._doubted_at > self.DOUBT_EVERY_S:
            self._doubted_at = now
            for entry in self._entries.values():
                if now - entry.loaded_at > self.DOUBT_AFTER_S:
                    entry.stale = True

    async def _load(self, slug: str) -> Entry | None:
        # One question for all who wait for the same slug; the one who asked first may hang up without harm.
        return await asyncio.shield(self._loading.get(slug) or self._start(slug))

    def _start(self, slug: str) -> "asyncio.Task[Entry | None]":
        task = asyncio.create_task(self._read(slug), name="link-load")
        self._loading[slug] = task
        task.add_done_callback(lambda _: self._loading.pop(slug, None))
        return task

    async def _read(self, slug: str) -> Entry | None:
        began = time.monotonic()
        async with self._db.transaction() as tx:
            found = await sql.find(tx, slug)
        if found is None:
            self._forget(slug)
            if len(self._unknown) >= self._most_unknown:
                self._unknown.clear()
            self._unknown[slug] = time.monotonic() + self.UNKNOWN_FOR_S
            return None
        entry = prepare(found, slug=slug, ring=self._ring, loaded_at=began)
        entry.used = True
        self._forget(slug)
        self._bytes += entry.size
        while self._entries and (len(self._entries) >= self._most or self._bytes > self._most_bytes):
            self._make_room()
        self._entries[slug] = entry
        return entry

    def _make_room(self) -> None:
        """Drops the oldest entry that was not used since it was last looked at; used ones get another round."""
        for _ in range(len(self._entries)):
            slug = next(iter(self._entries))
            entry = self._entries.pop(slug)
            if not entry.used:
                self._bytes -= entry.size
                return
            entry.used = False
            self._entries[slug] = entry
        self._forget(next(iter(self._entries)))

    def _forget(self, slug: str) -> None:
        entry = self._entries.pop(slug, None)
        if entry is not None:
            self._bytes -= entry.size


def _names(entry: Entry) -> tuple[tuple[str, str], ...]:
    return (
        ("link", entry.link_id),
        ("program", entry.program_id),
        ("ambassador", entry.ambassador_id),
        ("store", entry.store_id),
    )
