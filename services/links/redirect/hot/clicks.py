"""Clicks on their way: one line in the spool before the answer, an event in the outbox a moment later."""

from collections.abc import Sequence

from services.kernel.db import Database, Tx, is_transient
from services.kernel.errors import Unavailable
from services.kernel.outbox import with_trace
from services.kernel.spool import Spool, SpoolFull


class Clicks:
    """Makes clicks safe. A line is the event's row of the outbox, encoded (`kernel.outbox`), so that many lines become
    events at the cost of one copy.
    """

    def __init__(self, db: Database, spool: Spool) -> None:
        self._db = db
        self._spool = spool

    def keep(self, line: bytes) -> bool:
        """Puts the click into the spool; False when that is full, and then `write_through` is the other way."""
        try:
            self._spool.append(line)
        except SpoolFull:
            return False
        return True

    async def write_through(self, line: bytes) -> None:
        """Puts the click into the outbox itself. Raises `Unavailable`."""
        try:
            async with self._db.transaction() as tx:
                await drain(tx, [line])
        except Exception as error:
            if is_transient(error):
                raise Unavailable("The click cannot be kept at this moment; open the link again.") from error
            raise


async def drain(tx: Tx, lines: Sequence[bytes]) -> None:
    """Turns spooled clicks into events."""
    tx.emit_encoded(map(with_trace, lines))
