"""From events to messages, in the transaction that takes the events: what is committed is sent, and is sent once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from services.connectors.endpoints.domain import webhooks
from services.connectors.endpoints.sql import endpoints as sql
from services.connectors.endpoints.sql import messages, sendings
from services.connectors.endpoints.sql.endpoints import Endpoint
from services.connectors.endpoints.sql.messages import Message
from services.connectors.endpoints.sql.sendings import NewSending
from services.connectors.settings import MESSAGES_KEPT
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id
from services.kernel.work import NewTask, add_tasks, release

TASK: Final = "webhook"
FORGET: Final = "connectors.forget-messages"


async def take(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Writes what endpoints are to be sent of these events. An event that comes again adds nothing."""
    endpoints: defaultdict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in await sql.of_stores(tx, sorted({event.store_id for event in events})):
        endpoints[endpoint.store_id].append(endpoint)
    gone = await _gone(tx, events, endpoints)
    found: dict[tuple[str, str], Message] = {}
    wanted: list[NewSending] = []
    for event in events:
        type_ = webhooks.type_of(event.data, event.at)
        if type_ is None or any((event.store_id, one) in gone for one in webhooks.subjects(event.data)):
            continue
        began = webhooks.began(event.data, event.at)
        listeners = [e for e in endpoints.get(event.store_id, ()) if type_ in e.events and e.created_at <= began]
        if listeners:
            name, person = webhooks.message_id(event.data, event.id), webhooks.person_of(event.data)
            body = webhooks.body(type_, event.at, event.data)
            found.setdefault((event.store_id, name), Message(event.store_id, name, type_, event.at, person, body))
            wanted += [_sending(tx, one, name) for one in listeners]
    await send(tx, list(found.values()), wanted)


async def _gone(tx: Tx, events: Sequence[Event[Any]], listening: Collection[str]) -> set[tuple[str, str]]:
    """Which of the people and links that these events are about are gone, by these events or earlier ones. What was
    kept of those that go now is withdrawn.
    """
    about = {(event.store_id, one) for event in events for one in webhooks.subjects(event.data)}
    if not about:
        return set()
    # The store's lock: who is erased in one transaction is not reported in another that began before its end. A store
    # without endpoints is sent nothing of what was before its first one.
    await tx.lock_stores({store for store, _ in about if store in listening})
    going = sorted({(event.store_id, ended) for event in events if (ended := webhooks.ended(event.data))})
    if going:
        await messages.withdraw_of(tx, going)
        await messages.withdraw(tx, [(store, webhooks.created(link)) for store, link in going])
        await messages.note_gone(tx, [one for one in going if one[0] in listening])
    return await messages.gone(tx, sorted(one for one in about if one[0] in listening))


async def send(tx: Tx, kept: Sequence[Message], wanted: Sequence[NewSending]) -> None:
    """Keeps messages, and has each tried at once where its endpoint is on. Those that are written already stay."""
    if not wanted:
        return
    await messages.add(tx, kept)
    added = await sendings.add(tx, wanted)
    await add_tasks(
        tx,
        [
            task(one.store_id, one.endpoint_id, one.delivery_id, 0)
            for one in wanted
            if one.delivery_id in added and one.state == "waiting"
        ],
    )
    await schedule(tx, FORGET, dict.fromkeys({one.store_id for one in kept}, tx.now + MESSAGES_KEPT))


def task(store_id: str, endpoint_id: str, delivery_id: str, round_: int) -> NewTask:
    """The task that tries a delivery, in its endpoint's lane."""
    return NewTask(
        kind=TASK,
        store_id=store_id,
        lane=endpoint_id,
        key=f"{delivery_id}:{round_}",
        payload={"delivery": delivery_id, "round": round_},
    )


async def at_once(tx: Tx, endpoint_id: str) -> None:
    """Leaves an endpoint alone no longer, whatever it asked for: its owner wants it called."""
    await release(tx, kind=TASK, lane=endpoint_id)


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Drops what is too old, some at a time; returns when to come again."""
    oldest = await messages.forget(tx, stores, before=tx.now - MESSAGES_KEPT, count=2000)
    if oldest is None:
        return dict.fromkeys(stores, tx.now)
    return {store: at + MESSAGES_KEPT for store, at in oldest.items()}


def _sending(tx: Tx, endpoint: Endpoint, message_id: str) -> NewSending:
    return NewSending(
        endpoint.store_id,
        new_id("whd", at=tx.now),
        endpoint.endpoint_id,
        message_id,
        "waiting" if endpoint.off is None else "skipped",
    )
