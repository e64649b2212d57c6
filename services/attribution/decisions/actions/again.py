"""Deciding again: all that is open of some people, when something came that concerns them."""

from collections.abc import Collection

from services.attribution.decisions.actions.claims import claim_codes
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather
from services.attribution.decisions.actions.later import open_orders, put_off
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain.history import BEGINNING
from services.attribution.decisions.sql import people as people_sql
from services.kernel.db import Tx
from services.kernel.revisions import Ref


async def decide_open(tx: Tx, people: Collection[Ref], friends: Friends, numbers: Numbers) -> set[Ref]:
    """Decides every open order of these people, who are among `friends`; the caller keeps these. Returns those who have
    so many that they are decided later.
    """
    if not people:
        return set()
    rows, later = await open_orders(tx, dict.fromkeys(people, BEGINNING), friends)
    await put_off(tx, dict.fromkeys(later, BEGINNING))
    gathered = await gather(tx, {pair: row.person_id for pair, row in rows.items()}, rows, friends.now)
    await claim_codes(tx, gathered, numbers)
    written = await decide_and_write(tx, gathered, numbers)
    friends.decided(gathered, written, untouched=friends.now.keys() - (set(people) - later))
    return later


async def decide_refused(tx: Tx, codes: Collection[Ref], numbers: Numbers) -> None:
    """Decides open orders again that name a code, by (store, text), of which a use was given back: one of them may take
    it.
    """
    if codes:
        people = await people_sql.concerned(tx, {(store_id, f"d:{text}") for store_id, text in codes})
        friends = await Friends.read(tx, people)
        await decide_open(tx, people, friends, numbers)
        await friends.keep(tx)
