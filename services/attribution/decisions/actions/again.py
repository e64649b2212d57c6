"""Deciding again: all that is open of some people, when something came that concerns them."""

from collections.abc import Collection

from services.attribution.decisions.actions.claims import claim_codes
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.sql import orders as order_rows
from services.kernel.db import Tx

Pair = tuple[str, str]


async def decide_open(tx: Tx, people: Collection[Pair], friends: Friends, numbers: Numbers) -> None:
    """Decides every open order of these people, who are among `friends`; the caller keeps these."""
    if not people:
        return
    rows = await order_rows.open_of(tx, people)
    gathered = await gather(tx, {pair: row.person_id for pair, row in rows.items()}, rows, friends.now)
    await claim_codes(tx, gathered, numbers)
    written = await decide_and_write(tx, gathered, numbers)
    friends.decided(gathered, written, untouched=friends.now.keys() - set(people))
