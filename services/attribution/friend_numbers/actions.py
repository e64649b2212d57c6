"""An ambassador's friends, each under a number of the ambassador's own count, with what their orders say of them."""

from collections.abc import Mapping, Sequence

import orjson
from msgspec import Struct

from services.attribution.decisions.actions.write import REFUSED
from services.attribution.decisions.schemas.out import CandidateOut, DecisionBody
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.friend_numbers import sql
from services.attribution.slices import sql as slices_sql
from services.kernel.db import Tx
from services.kernel.threads import in_thread

_WEIGHT = {"waiting": 0, "refused": 1, "outranked": 2}
"""Of several candidates of one ambassador, the one that says most."""


class FriendOrder(Struct, frozen=True):
    """An order of a friend, as far as it concerns the ambassador."""

    number: int
    order: OrderRow
    body: DecisionBody
    own: bool
    """Whether it counts as this ambassador's."""
    reason: str
    """Of the ambassador's own proof: why it won, waits or lost; `outranked` where something else won."""


async def friends(
    tx: Tx,
    store_id: str,
    ambassador_id: str,
    *,
    skip: int = 0,
    number: int | None = None,
    count: int,
) -> list[FriendOrder]:
    """Orders that name the ambassador, the newest first, after so many. Numbers those friends who have none yet, and
    nobody anew.
    """
    keys = await _keys(tx, store_id, ambassador_id)
    if await sql.some_without(tx, store_id, ambassador_id, keys):
        await sql.take_turn(tx, store_id, ambassador_id)
        await sql.give(tx, store_id, ambassador_id, keys)
    seen = await sql.page(tx, store_id, ambassador_id, skip=skip, number=number, count=count)
    bodies = await _bodies(tx, store_id, [one.order for one in seen])
    return [
        FriendOrder(one.number, one.order, body, *_standing(body, ambassador_id))
        for one in seen
        for body in [bodies[one.order.order_id]]
    ]


async def _keys(tx: Tx, store_id: str, ambassador_id: str) -> list[str]:
    """Under which keys of `ties` orders stand that name this ambassador."""
    codes = await slices_sql.codes_of_ambassadors(tx, [(store_id, ambassador_id)])
    open_ones = [f"a:{ambassador_id}", *(f"d:{text}" for _, text in codes)]
    return [*open_ones, *(REFUSED + key for key in open_ones)]


async def _bodies(tx: Tx, store_id: str, orders: Sequence[OrderRow]) -> dict[str, DecisionBody]:
    """The newest decisions; of settled ones with the candidates of the decision that was settled."""
    newest = await _read(tx, store_id, {row.order_id: row.revision for row in orders})
    settled = {order_id: body.settled.revision for order_id, body in newest.items() if body.settled is not None}
    evidence = await _read(tx, store_id, settled)
    return {
        order_id: body.model_copy(update={"candidates": evidence[order_id].candidates})
        if order_id in evidence
        else body
        for order_id, body in newest.items()
    }


async def _read(tx: Tx, store_id: str, revisions: Mapping[str, int]) -> dict[str, DecisionBody]:
    if not revisions:
        return {}
    found = await reading.some(tx, [(store_id, order_id, revision) for order_id, revision in revisions.items()])
    return await in_thread(len(found), _parsed, found)


def _parsed(found: Mapping[tuple[str, str], tuple[str, bytes]]) -> dict[str, DecisionBody]:
    return {order_id: DecisionBody.model_validate(orjson.loads(body)) for (_, order_id), (_, body) in found.items()}


def _standing(body: DecisionBody, ambassador_id: str) -> tuple[bool, str]:
    if body.ambassador_id == ambassador_id and body.winner is not None:
        return True, body.winner.kind
    mine = [one for one in body.candidates if one.ambassador_id == ambassador_id and one.verdict != "won"]
    best = min(mine, key=_weight, default=None)
    if best is None or best.verdict == "outranked":
        return False, "outranked"
    return False, best.reason


def _weight(candidate: CandidateOut) -> int:
    return _WEIGHT.get(candidate.verdict, len(_WEIGHT))
