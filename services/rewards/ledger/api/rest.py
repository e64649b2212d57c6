"""The API of the ledger. It reads; entries are written by what happens to rewards."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.ledger import sql
from services.rewards.ledger.domain import OF_AMBASSADORS, Account
from services.rewards.ledger.schemas import CSV_COLUMNS, EntryOut, TrialBalanceOut
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["ledger"])


@router.get("/v1/ledger/entries", response_model=Page[EntryOut])
async def get_entries(
    call: Annotated[Call, require("rewards:read")],
    account: Account | None = None,
    owner: Annotated[str | None, Query(max_length=255, description="A program, an ambassador or a friend.")] = None,
    reward_id: Annotated[str | None, Query(max_length=255)] = None,
    payout_id: Annotated[str | None, Query(max_length=255)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[EntryOut] | Response:
    """Lists entries, youngest first."""
    filters = {"account": account and str(account), "owner": owner, "reward_id": reward_id, "payout_id": payout_id}
    start = cursors.decode(cursor, int, int)
    given = {name: value for name, value in filters.items() if value}
    if format == "csv":
        return await download(call, given, start=start)
    async with call.transaction() as tx:
        lines = await sql.lines(tx, call.store_id, before=start, count=limit + 1, filters=given)
    return page_of(lines, limit, show=EntryOut.of, after=lambda line: (line.number, line.line))


@router.get("/v1/ledger/trial-balance")
async def get_trial_balance(call: Annotated[Call, require("rewards:read")]) -> TrialBalanceOut:
    """Debits and credits of each currency and unit, and of each kind of account in it."""
    async with call.transaction() as tx:
        return TrialBalanceOut.of(await sql.totals_of(tx, call.store_id))


async def download(call: Call, filters: Mapping[str, str], *, start: tuple[int, int] | None) -> Response:
    """The entries as CSV, youngest first."""
    labels = Labels()

    async def fetch(before: tuple[int, int] | None, count: int) -> Sequence[sql.Line]:
        async with call.transaction() as tx:
            found = await sql.lines(tx, call.store_id, before=before, count=count, filters=filters)
            await labels.learn(tx, call.store_id, map(_ambassador, found))
            return found

    return await csv_download(
        fetch,
        after=lambda line: (line.number, line.line),
        show=lambda line: EntryOut.of(line).flat() | labels.of(_ambassador(line)),
        columns=CSV_COLUMNS,
        filename="ledger",
        start=start,
    )


def _ambassador(line: sql.Line) -> str | None:
    """Whose account it is, if an ambassador's."""
    return line.owner if line.account in OF_AMBASSADORS else None
