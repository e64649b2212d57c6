"""A connection that carries codes, with what feeds and serves it: the consumer, a worker, and a shop outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from contracts.events import EVENTS, Payload
from contracts.events.catalog import ProgramPublished
from contracts.events.store_codes import CodesCarried, StoreCodeChanged
from contracts.program import Discount, Percent
from services.connectors.store_codes.consumer import take
from services.connectors.store_codes.work.turns import TASK_KINDS
from services.kernel.work.worker import Worker
from tests.integration.attribution.world import SHOP
from tests.support.attribution import event_of, program
from tests.support.connectors import Pair
from tests.support.edge import OPENING, SEALING, key, make_context
from tests.support.wait import until
from tests.support.woo_shop import Door

OWNER = key("orders:read", "orders:write", "codes:read", "codes:write", store=SHOP)
TEN = Discount(give=Percent(kind="percent", basis_points=1000))


def promising(discount: Discount | None = TEN, **fields: Any) -> ProgramPublished:
    """A version of the program with this discount."""
    published = program(store=SHOP, **fields)
    served = {"friend_benefit": "discount" if discount else "none", "discount": discount}
    return published.model_copy(update={"program": published.program.model_copy(update=served)})


@dataclass
class Carrying:
    """A connection, the service's consumer and its worker; the door leads to the shop."""

    both: Pair
    door: Door
    id: str

    async def arrive(self, *payloads: Payload) -> None:
        """The consumer takes these events, in one transaction."""
        async with self.both.db.transaction([SHOP]) as tx:
            await take(tx, [event_of(payload) for payload in payloads])

    async def patch(self, **fields: Any) -> dict[str, Any]:
        answer = await self.both.http.patch(f"/v1/connections/{self.id}", headers=OWNER, json=fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def codes(self) -> dict[str, Any]:
        """How codes stand at the connection."""
        answer = await self.both.http.get(f"/v1/connections/{self.id}", headers=OWNER)
        found: dict[str, Any] = answer.json()["codes"]
        return found

    async def listed(self, **params: str) -> list[dict[str, Any]]:
        answer = await self.both.http.get(f"/v1/connections/{self.id}/codes", headers=OWNER, params=params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """How codes stand, once they stand like this."""

        async def look() -> dict[str, Any] | None:
            found = await self.codes()
            return found if {name: found[name] for name in wanted} == wanted else None

        return await until(look, within=60, what=f"codes stand like {wanted}") or {}

    async def rested(self) -> None:
        """Waits until no task of the connection is on its way."""

        async def rests() -> bool:
            async with self.both.db.transaction([SHOP]) as tx:
                return not await tx.scalar("select count(*) from code_carriers where awake")

        await until(rests, within=60, what="nothing is left to do")

    async def states(self, code_id: str) -> list[str]:
        """What was told of a code, in the order in which it was."""
        async with self.both.db.transaction([SHOP]) as tx:
            rows = await tx.all("select type, data from outbox where topic = 'kith.checkouts' order by id")
        published = [EVENTS[row.type].model_validate_json(bytes(row.data)) for row in rows]
        return [one.state for one in published if isinstance(one, StoreCodeChanged) and one.code_id == code_id]

    async def carried(self) -> list[bool]:
        """Whether it carries codes, each time that this changed."""
        return [carries for carries, _ in groupby(one.carries for one in await self.announced())]

    async def announced(self) -> list[CodesCarried]:
        """What was told of the connection itself."""
        async with self.both.db.transaction([SHOP]) as tx:
            rows = await tx.all("select data from outbox where type = :type order by id", type=CodesCarried.TYPE)
        return [CodesCarried.model_validate_json(bytes(row.data)) for row in rows]

    async def hasten(self) -> None:
        """Lets what waits for a shop, or holds the lease of a worker that is gone, go on at once."""
        async with self.both.db.transaction([SHOP]) as tx:
            await tx.execute("delete from work_lanes")
            await tx.execute("update work_tasks set due = now(), leased_until = null where state = 'waiting'")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        context = make_context(self.both.db, name="connectors", sealing=SEALING, opening=OPENING)
        context.outbound = self.door
        worker = Worker(context, TASK_KINDS)
        worker.start()
        try:
            yield
        finally:
            await worker.stop()
