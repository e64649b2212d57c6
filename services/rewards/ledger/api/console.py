"""The console's page of the books: the trial balance, and the entries behind it."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.ledger import sql
from services.rewards.ledger.api.rest import download
from services.rewards.ledger.api.words import account_label, movement_label
from services.rewards.ledger.domain import Account
from services.rewards.ledger.schemas import TrialBalanceOut, TrialOut
from services.rewards.ledger.sql import Line
from services.rewards.pages import Reader, reader_of
from services.ui import Choice, Column, Name, Pagination, Row, Table

router = APIRouter(include_in_schema=False)

_ROWS = 50
_PAGE = "/console/rewards/ledger"


@router.get(_PAGE)
async def ledger_page(
    call: Annotated[Call, viewer("rewards:read")],
    account: Account | None = None,
    reward_id: Annotated[str, Query(max_length=255)] = "",
    cursor: Cursor = None,
    format: Literal["html", "csv"] = "html",
) -> Response:
    """The trial balance of each currency and unit, and entries, youngest first."""
    kept = {name: str(value) for name, value in (("account", account), ("reward_id", reward_id)) if value}
    start = cursors.decode(cursor, int, int)
    if format == "csv":
        return await download(call, kept, start=start)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        totals = await sql.totals_of(tx, call.store_id)
        lines = await sql.lines(tx, call.store_id, before=start, count=_ROWS + 1, filters=kept)
    page = page_of(lines, _ROWS, show=lambda line: line, after=lambda line: (line.number, line.line))
    speech = reader.speech
    return reader.page(
        "ledger/ledger.html",
        freshness=reader.read_now(),
        title=speech.say("Ledger"),
        trials=[(reader.unit_name(one.unit), _trial(reader, one)) for one in TrialBalanceOut.of(totals).data],
        entries=_entries(reader, page.data),
        accounts=[
            Choice(account_label(speech, one), href=_href({**kept, "account": one}), current=one == account)
            for one in Account
        ],
        active=_active(reader, account, reward_id),
        csv_href=_href({**kept, "format": "csv"}),
        paging=Pagination(
            speech.count("%(n)s entry on this page", "%(n)s entries on this page", len(page.data)),
            previous=_href(kept) if cursor else "",
            next=_href({**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
    )


def _href(parameters: dict[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else _PAGE


def _active(reader: Reader, account: Account | None, reward_id: str) -> list[Choice]:
    found = []
    if account:
        href = _href({"reward_id": reward_id} if reward_id else {})
        found.append(Choice(account_label(reader.speech, account), href=href))
    if reward_id:
        href = _href({"account": account} if account else {})
        found.append(Choice(reader.speech.say("Reward %(id)s", id=reward_id), href=href))
    return found


def _trial(reader: Reader, trial: TrialOut) -> Table:
    speech = reader.speech

    def row(name: str, debits: int, credits: int) -> Row:
        return Row(
            cells={
                "account": name,
                "debits": reader.figure(debits, trial.unit),
                "credits": reader.figure(credits, trial.unit),
                "balance": reader.figure(debits - credits, trial.unit),
            }
        )

    return Table(
        name=speech.say("Trial balance, %(unit)s", unit=reader.unit_name(trial.unit)),
        columns=[
            Column("account", speech.label("head", "Account")),
            Column("debits", speech.label("head", "Debits"), figure=True),
            Column("credits", speech.label("head", "Credits"), figure=True),
            Column("balance", speech.label("head", "Balance"), figure=True),
        ],
        rows=[row(account_label(speech, one.account), one.debits, one.credits) for one in trial.accounts],
        total=row(speech.say("Sum"), trial.debits, trial.credits),
    )


def _entries(reader: Reader, lines: list[Line]) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("Entries"),
        columns=[
            Column("set", speech.label("head", "Set"), figure=True),
            Column("what", speech.label("head", "Movement")),
            Column("account", speech.label("head", "Account")),
            Column("debit", speech.label("head", "Debit"), figure=True),
            Column("credit", speech.label("head", "Credit"), figure=True),
            Column("hash", speech.label("head", "Hash"), minor=True),
        ],
        rows=[_entry(reader, line) for line in lines],
    )


def _entry(reader: Reader, line: Line) -> Row:
    speech = reader.speech
    below = reader.fmt.moment(line.at)
    if line.corrects is not None:
        below = f"{below} · {speech.say('corrects set %(n)s', n=line.corrects)}"
    href = f"/console/rewards/rewards/{line.reward_id}" if line.reward_id else ""
    amount = reader.amount(abs(line.amount_minor), line.unit)
    return Row(
        cells={
            "set": f"{line.number}",
            "what": Name(movement_label(speech, line.movement), below=below, href=href),
            "account": account_label(speech, line.account),
            "debit": amount if line.amount_minor > 0 else None,
            "credit": amount if line.amount_minor < 0 else None,
            "hash": line.hash.hex()[:12],
        }
    )
