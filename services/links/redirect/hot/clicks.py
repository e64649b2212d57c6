"""Clicks on their way: one line of JSON in the spool before the answer, an event in the outbox a moment later."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from contracts.events.tracking import ClickRecorded
from services.kernel.db import Database, Tx, is_transient
from services.kernel.errors import Unavailable
from services.kernel.outbox import Outgoing
from services.kernel.spool import Spool, SpoolFull

_TOPIC = str(ClickRecorded.TOPIC)


class Clicks:
    """Makes clicks safe. A line is the event's payload as it will travel."""

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
    """Turns spooled clicks into events. An event's id follows from the click's, so that a repetition is recognised."""
    tx.emit_all(_outgoing(line) for line in lines)


def _outgoing(line: bytes) -> Outgoing:
    click = orjson.loads(line)
    return Outgoing(
        event_id="evt_" + click["click_id"][4:],
        topic=_TOPIC,
        key=click["link_id"],
        type=ClickRecorded.TYPE,
        store_id=click["store_id"],
        subject=click["link_id"],
        at=datetime.fromisoformat(click["at"]),
        traceparent=None,
        data=line,
    )
