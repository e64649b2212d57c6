"""Sends what was written before once more, and samples: nothing of this counts for or against an endpoint."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

import contracts
from services.connectors.endpoints.actions import manage, notify
from services.connectors.endpoints.domain import webhooks
from services.connectors.endpoints.sql import sendings
from services.connectors.endpoints.sql.messages import Message
from services.connectors.endpoints.sql.sendings import NewSending, Sending
from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.kernel.ids import new_id
from services.kernel.work import add_tasks

AT_ONCE: Final = 5_000
"""Deliveries that one call replays."""
_EXAMPLES = Path(contracts.__file__).parent / "examples"


async def replay(tx: Tx, store_id: str, delivery_id: str) -> Sending:
    """Sends a delivery again, under its own id, also to an endpoint that is off. Raises `NotFound`, and `Conflict`
    where it was about a person or a link that is gone.
    """
    found = await sendings.one(tx, store_id, delivery_id)
    if found is None:
        raise NotFound("There is no such delivery.")
    await manage.get(tx, store_id, found.endpoint_id)
    if not await _again(tx, store_id, [delivery_id]):
        raise Conflict("It was about a person or a link that is gone: there is nothing left to send.", code="erased")
    await notify.at_once(tx, found.endpoint_id)
    tx.note("endpoint.replayed", on=found.endpoint_id)
    return await sendings.one(tx, store_id, delivery_id) or found


async def replay_since(
    tx: Tx, store_id: str, endpoint_id: str, *, since: datetime, all_: bool
) -> tuple[int, datetime | None]:
    """Sends again what an endpoint did not take since a moment, or `all_` that was written since then. Returns how much
    that is, and the moment from which to go on where there is more. Raises `NotFound`.
    """
    await manage.get(tx, store_id, endpoint_id)
    found = await sendings.since(tx, store_id, endpoint_id, since=since, all_=all_, count=AT_ONCE)
    count = await _again(tx, store_id, [delivery_id for delivery_id, _ in found])
    await notify.at_once(tx, endpoint_id)
    tx.note("endpoint.replayed", on=endpoint_id)
    return count, found[-1][1] if len(found) == AT_ONCE else None


async def send_test(tx: Tx, store_id: str, endpoint_id: str, *, type_: str) -> Sending:
    """Sends a sample, also to an endpoint that is off. Raises `NotFound` and `Invalid`."""
    endpoint = await manage.get(tx, store_id, endpoint_id)
    manage.known([type_])
    name, delivery_id = new_id("test", at=tx.now), new_id("whd", at=tx.now)
    message = Message(store_id, name, type_, tx.now, None, sample(type_, tx.now), test=True)
    await notify.send(tx, [message], [NewSending(store_id, delivery_id, endpoint.endpoint_id, name, "waiting")])
    await notify.at_once(tx, endpoint_id)
    tx.note("endpoint.tried", on=endpoint_id)
    found = await sendings.one(tx, store_id, delivery_id)
    assert found is not None
    return found


def sample(type_: str, at: datetime) -> bytes:
    """What such a webhook may look like: made of the contract's own example."""
    return webhooks.sample(type_, at, _example(webhooks.WEBHOOKS[type_].TYPE))


@lru_cache(maxsize=64)
def _example(event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((_EXAMPLES / event_type / "first.json").read_bytes())
    return found


async def _again(tx: Tx, store_id: str, ids: Sequence[str]) -> int:
    begun = await sendings.again(tx, store_id, ids)
    await add_tasks(tx, [notify.task(store_id, one.endpoint_id, one.delivery_id, one.round) for one in begun])
    return len(begun)
