"""Events in: a friend became an ambassador, and the order by which they had been brought is final. In a group of its
own: nothing waits for it.
"""

from collections.abc import Sequence
from typing import Final

from contracts.events.actions import Action, ActionAttributed, ActionSettled
from contracts.program import FRIEND_JOINED
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import Ref, newest
from services.kernel.service import Handler
from services.links.referrers.actions import note_referrers

GROUP: Final = "referrers"


async def on_joined(tx: Tx, events: Sequence[Event[Action]]) -> None:
    """Who brought each new ambassador. A repeat changes nothing: who has a sponsor keeps that one."""
    joined = [event.data for event in events if event.data.name == FRIEND_JOINED]
    latest = newest(joined, key=lambda one: (one.store_id, one.event_id))
    found: dict[Ref, str] = {
        (one.store_id, one.event_id.removeprefix(f"{FRIEND_JOINED}-")): one.ambassador_id
        for one in latest.values()
        if one.status == "attributed" and not one.cancelled and one.ambassador_id is not None
    }
    await note_referrers(tx, found)


HANDLERS = (Handler(events=(ActionAttributed, ActionSettled), handle=on_joined, group=GROUP),)
