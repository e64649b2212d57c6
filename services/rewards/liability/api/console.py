"""What is owed by age: a fragment of the ledger's page."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.kernel.http.call import Call, viewer
from services.rewards.ledger.api.words import account_label
from services.rewards.liability import actions
from services.rewards.liability.domain import Liability
from services.rewards.lots.sql.lots import Liable
from services.rewards.pages import Reader, reader_of
from services.ui import Column, Row, Table

router = APIRouter(include_in_schema=False)


@router.get("/console/rewards/liability")
async def liability_part(call: Annotated[Call, viewer("rewards:read")], lang: str = "") -> Response:
    """What the store owes in each unit, by days since it was granted."""
    async with call.snapshot() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await actions.liabilities(tx, call.store_id)
        expiring = await actions.expiring(tx, call.store_id)
    units = sorted({one.unit for one in found})
    tables = [_table(reader, unit, [one for one in found if one.unit == unit]) for unit in units]
    if expiring:
        tables.append(_expiry(reader, expiring))
    return reader.page("liability/block.html", tables=tables)


def _expiry(reader: Reader, expiring: list[Liable]) -> Table:
    say = reader.speech.say

    def name(one: Liable) -> str:
        unit = reader.unit_name(one.unit)
        return unit if one.kind == "points" else say("Store credit, %(unit)s", unit=unit)

    return Table(
        name=say("Available, and expires within so many days"),
        columns=[
            Column("unit", say("Points and store credit")),
            *(Column(f"c{place}", head, figure=True) for place, head in enumerate(("0–30", "31–60", "61–90", "> 90"))),
        ],
        rows=[
            Row(cells={"unit": name(one)} | {f"c{n}": reader.figure(x, one.unit) for n, x in enumerate(one.amounts)})
            for one in expiring
        ],
    )


def _table(reader: Reader, unit: str, found: list[Liability]) -> Table:
    speech = reader.speech

    def row(name: str, amounts: tuple[int, ...]) -> Row:
        cells = {f"c{place}": reader.figure(amount, unit) for place, amount in enumerate(amounts)}
        return Row(cells={"account": name, **cells})

    def amounts(one: Liability) -> tuple[int, ...]:
        return (*one.buckets, -one.overdrawn, one.total)

    heads = (
        *("0–30", "31–60", "61–90", "> 90"),
        speech.label("head", "Overdrawn"),
        speech.label("head", "Owed"),
    )
    return Table(
        name=speech.say("Owed by age, %(unit)s", unit=reader.unit_name(unit)),
        columns=[
            Column("account", reader.unit_name(unit)),
            *(Column(f"c{place}", head, figure=True, minor=place == 4) for place, head in enumerate(heads)),
        ],
        rows=[row(account_label(speech, one.account), amounts(one)) for one in found],
        total=row(speech.say("Sum"), tuple(map(sum, zip(*map(amounts, found), strict=True)))),
    )
