"""How a store's codes stand at its checkouts, in figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.connectors.store_codes.domain.port import State
from services.connectors.store_codes.sql import carriers, codes
from services.kernel.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How codes stand at one connection's checkout."""

    on: bool
    problem: str | None
    counts: Mapping[State, int]
    applies: bool = True
    hosts: Sequence[str] = ()


async def of_store(tx: Tx, store_id: str, connection_id: str | None = None) -> dict[str, Summary]:
    """By connection, those that carry codes or did; or of one of them."""
    counts = await codes.counts(tx, store_id, connection_id)
    return {
        name: Summary(
            on=carrier.on,
            problem=carrier.problem,
            counts=counts.get(name, {}),
            applies=carrier.applies,
            hosts=carrier.hosts,
        )
        for name, carrier in (await carriers.of_store(tx, store_id)).items()
    }
