"""Events in: what codes there are, and what they stand for. In a group of its own: orders that come in wait for none of
it, and an installation that is older than this reads what was set up before.
"""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from services.connectors.store_codes.actions.carry import wake_stores
from services.connectors.store_codes.sql import set_up
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler

GROUP: Final = "store-codes"


async def take(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keeps what is newer, and has the connections of these stores look what changes at their checkouts."""
    programs: dict[tuple[str, str], ProgramPublished] = {}
    for event in events:
        if isinstance(event.data, ProgramPublished):
            known = programs.setdefault((event.store_id, event.data.program_id), event.data)
            if known.version < event.data.version:
                programs[event.store_id, event.data.program_id] = event.data
    saved = [event.data for event in events if isinstance(event.data, CodeSaved)]
    people = [event.data for event in events if isinstance(event.data, AmbassadorSaved)]
    await set_up.keep_programs(tx, list(programs.values()))
    codes = newest(saved, key=lambda one: (one.store_id, one.code_id))
    owners = newest(people, key=lambda one: (one.store_id, one.ambassador_id))
    await set_up.keep_codes(tx, list(codes.values()))
    await set_up.keep_ambassadors(tx, list(owners.values()))
    await wake_stores(
        tx,
        whole={store_id for store_id, _ in programs},
        saved=list(codes),
        owners=list(owners),
        stores={event.store_id for event in events},
    )


HANDLERS = (Handler(events=(ProgramPublished, CodeSaved, AmbassadorSaved), handle=take, group=GROUP),)
