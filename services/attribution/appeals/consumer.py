"""Who is erased has written nothing: the words go, the store's answers to them too."""

from collections.abc import Sequence

from contracts.events.catalog import AmbassadorSaved
from services.attribution.appeals import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def forget(tx: Tx, events: Sequence[Event[AmbassadorSaved]]) -> None:
    """Takes out what was written by ambassadors who were erased."""
    gone = {(event.store_id, event.data.ambassador_id) for event in events if event.data.status == "erased"}
    await sql.forget(tx, sorted(gone))


HANDLERS = (Handler(events=(AmbassadorSaved,), handle=forget),)
