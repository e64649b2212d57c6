"""The API of payouts: terms, batches, what became of payouts. Where money goes ambassadors alone set, at the portal."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from contracts.events.payouts import PayoutStatus
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.destinations import sql as destinations
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.actions import files, results
from services.rewards.payouts.actions import terms as setting
from services.rewards.payouts.actions.results import Outcome, Result
from services.rewards.payouts.domain.states import Payout, Provider
from services.rewards.payouts.domain.terms import USUAL_COLUMNS, Terms
from services.rewards.payouts.schemas import (
    CSV_COLUMNS,
    AllTermsOut,
    BatchIn,
    BatchOut,
    DestinationOut,
    MarkIn,
    PayoutLifeOut,
    PayoutOut,
    PreviewOut,
    ResultsIn,
    TermsIn,
    TermsOut,
)
from services.rewards.payouts.sql import calls
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import ready as books
from services.rewards.payouts.sql import terms as rows
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["payouts"])

Id = Annotated[str, Path(max_length=64)]
_Filter = Annotated[str | None, Query(max_length=64)]
MOST_PARTS = 1_000


@router.get("/v1/payout-terms")
async def get_terms(call: Annotated[Call, require("payouts:read")]) -> AllTermsOut:
    """What holds in each currency that something is set for."""
    async with call.transaction() as tx:
        return AllTermsOut(data=[TermsOut.of(one, now=tx.now) for one in await rows.all_terms(tx, call.store_id)])


@router.put("/v1/payout-terms/{currency}")
async def put_terms(currency: Id, body: TermsIn, call: Annotated[Call, require("payouts:write")]) -> TermsOut:
    """Sets what holds in a currency. A tighter `approval_minor` holds at once, a looser one a day later."""
    columns = USUAL_COLUMNS if body.columns is None else tuple((one.heading, one.field) for one in body.columns)
    wanted = Terms(
        currency=currency,
        minimum_minor=body.minimum_minor,
        approval_minor=body.approval_minor,
        may_request=body.may_request,
        columns=columns,
    )
    payer = None if body.payer is None else (body.payer.holder, body.payer.iban)
    async with call.transaction() as tx:
        kept = await setting.put(tx, call.ctx.require_sealing(), call.store_id, wanted, payer=payer)
        return TermsOut.of(kept, now=tx.now)


@router.get("/v1/payout-batches/preview")
async def get_preview(
    call: Annotated[Call, require("payouts:read")],
    currency: Annotated[str, Query(pattern=r"^[A-Z]{3}$")],
    provider: Provider = "manual",
    requested_only: bool = False,
) -> PreviewOut:
    """What a batch prepared now would hold, and who is left out of it and why."""
    async with call.snapshot() as tx:
        found = await batches.preview(tx, call.store_id, currency=currency, provider=provider, asked=requested_only)
    return PreviewOut.of(currency, found)


@router.post("/v1/payout-batches", status_code=201, response_model=BatchOut)
async def post_batch(body: BatchIn, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Prepares a batch: the whole available balance of everybody who can be paid is set aside, as a draft."""
    return await call.once(
        lambda tx: batches.prepare(
            tx, call.store_id, currency=body.currency, provider=body.provider, asked=body.requested_only
        ),
        answer=BatchOut.of,
    )


@router.get("/v1/payout-batches")
async def get_batches(
    call: Annotated[Call, require("payouts:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[BatchOut]:
    """Lists batches, youngest first."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        found = await sql.batches(tx, call.store_id, before=start[0] if start else None, count=limit + 1)
    return page_of(found, limit, show=BatchOut.of, after=lambda one: (one.batch_id,))


@router.get("/v1/payout-batches/{batch_id}")
async def get_batch(batch_id: Id, call: Annotated[Call, require("payouts:read")]) -> BatchOut:
    """One batch, and how its payouts stand."""
    async with call.snapshot() as tx:
        batch = await batches.get(tx, call.store_id, batch_id)
        return BatchOut.of(batch, await sql.tally(tx, call.store_id, batch_id))


@router.post("/v1/payout-batches/{batch_id}/approve", response_model=BatchOut)
async def post_approve_batch(batch_id: Id, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Lets a batch be sent. Above the store's limit another key approves than the one that prepared it."""
    return await call.once(lambda tx: batches.approve(tx, call.store_id, batch_id), status=200, answer=BatchOut.of)


@router.post("/v1/payout-batches/{batch_id}/send", response_model=BatchOut)
async def post_send(batch_id: Id, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Sends an approved batch. Payouts whose destination changed, or of whose money something was taken back, are
    cancelled instead.
    """
    return await call.once(lambda tx: batches.send(tx, call.store_id, batch_id), status=200, answer=BatchOut.of)


@router.post("/v1/payout-batches/{batch_id}/cancel", response_model=BatchOut)
async def post_cancel_batch(batch_id: Id, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Calls off a batch that was not sent: all its money is available again."""
    return await call.once(lambda tx: batches.cancel(tx, call.store_id, batch_id), status=200, answer=BatchOut.of)


@router.get(
    "/v1/payout-batches/{batch_id}/file",
    responses={
        200: {"content": {"text/csv": {}, "application/xml": {}}, "description": "The file."},
        409: {"description": "There is no such file of this batch, or not yet."},
    },
)
async def get_file(
    batch_id: Id, call: Annotated[Call, require("payouts:write")], format: Literal["csv", "bank_file"] = "csv"
) -> Response:
    """The batch for a spreadsheet or a bank, with holders and accounts. That it was made is noted."""
    return await file_of(call, batch_id, format)


@router.post("/v1/payout-batches/{batch_id}/results", response_model=BatchOut)
@takes_up_to(1024 * 1024)
async def post_results(batch_id: Id, body: ResultsIn, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Takes what became of a batch's payouts: all of the list, or nothing. A repeat changes nothing."""
    if (body.results is None) == (body.csv is None):
        raise Invalid.field("results", "Give either results or csv.", code="missing")
    listed = results.results_of(body.csv) if body.csv is not None else [one.result() for one in body.results or ()]
    return await call.once(
        lambda tx: results.of_batch(tx, call.store_id, batch_id, listed), status=200, answer=BatchOut.of
    )


@router.get("/v1/payouts", response_model=Page[PayoutOut])
async def get_payouts(
    call: Annotated[Call, require("payouts:read")],
    batch_id: _Filter = None,
    ambassador_id: _Filter = None,
    status: PayoutStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[PayoutOut] | Response:
    """Lists payouts, youngest first."""
    asked = {"batch_id": batch_id, "ambassador_id": ambassador_id, "status": status}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    start = cursors.decode(cursor, str)
    labels = Labels()

    async def fetch(before: tuple[str] | None, count: int) -> Sequence[PayoutOut]:
        async with call.transaction() as tx:
            after = before[0] if before else None
            found = await sql.listed(tx, call.store_id, before=after, count=count, filters=filters)
            places = await destinations.several(tx, call.store_id, [one.destination_id for one in found])
            if format == "csv":
                await labels.learn(tx, call.store_id, (one.ambassador_id for one in found))
        return [PayoutOut.of(one, places.get(one.destination_id)) for one in found]

    if format == "csv":
        return await csv_download(
            fetch,
            after=lambda one: (one.id,),
            show=lambda one: one.flat() | labels.of(one.ambassador_id),
            columns=CSV_COLUMNS,
            filename="payouts",
            start=start,
        )
    return page_of(await fetch(start, limit + 1), limit, show=lambda one: one, after=lambda one: (one.id,))


@router.get("/v1/payouts/{payout_id}")
async def get_payout(payout_id: Id, call: Annotated[Call, require("payouts:read")]) -> PayoutLifeOut:
    """One payout: the rewards it is made of, and its life."""
    async with call.snapshot() as tx:
        payout = await results.get(tx, call.store_id, payout_id)
        places = await destinations.several(tx, call.store_id, [payout.destination_id])
        parts = await books.parts(
            tx,
            call.store_id,
            ambassador_id=payout.ambassador_id,
            currency=payout.currency,
            after=payout.after_number,
            before=payout.reserve_number,
            count=MOST_PARTS,
        )
        life = await sql.life(tx, call.store_id, payout_id)
        called = (await calls.several(tx, call.store_id, [payout_id])).get(payout_id)
    return PayoutLifeOut.whole(payout, places.get(payout.destination_id), parts, life, called)


@router.post("/v1/payouts/{payout_id}/cancel", response_model=PayoutOut)
async def post_cancel(payout_id: Id, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Takes a payout out of its batch before that is sent: its money is available again."""
    return await call.once(lambda tx: results.cancel(tx, call.store_id, payout_id), status=200, answer=PayoutOut.of)


@router.post("/v1/payouts/{payout_id}/look-up", status_code=202, response_model=PayoutOut)
async def post_look_up(payout_id: Id, call: Annotated[Call, require("payouts:write")]) -> Response:
    """Has the provider asked, soon, what became of a payout. Nothing is sent again by it."""
    return await call.once(lambda tx: results.look_up(tx, call.store_id, payout_id), status=202, answer=PayoutOut.of)


@router.post("/v1/payouts/{payout_id}/mark-paid", response_model=PayoutOut)
async def post_paid(
    payout_id: Id, call: Annotated[Call, require("payouts:write")], body: MarkIn | None = None
) -> Response:
    """Says that a payout arrived."""
    return await _mark(call, payout_id, "paid", body)


@router.post("/v1/payouts/{payout_id}/mark-failed", response_model=PayoutOut)
async def post_failed(
    payout_id: Id, call: Annotated[Call, require("payouts:write")], body: MarkIn | None = None
) -> Response:
    """Says that a payout was not made: its money is available again."""
    return await _mark(call, payout_id, "failed", body)


@router.post("/v1/payouts/{payout_id}/mark-returned", response_model=PayoutOut)
async def post_returned(
    payout_id: Id, call: Annotated[Call, require("payouts:write")], body: MarkIn | None = None
) -> Response:
    """Says that a payout came back, also after it was paid: its money is available again."""
    return await _mark(call, payout_id, "returned", body)


async def _mark(call: Call, payout_id: str, outcome: Outcome, body: MarkIn | None) -> Response:
    result = Result(payout_id=payout_id, outcome=outcome, **(body or MarkIn()).model_dump())

    async def mark(tx: Tx) -> Payout:
        await results.get(tx, call.store_id, payout_id)
        return (await results.settle(tx, call.store_id, [result]))[0]

    return await call.once(mark, status=200, answer=PayoutOut.of)


@router.get("/v1/payout-destinations/{ambassador_id}")
async def get_destination(ambassador_id: Id, call: Annotated[Call, require("payouts:read")]) -> DestinationOut:
    """Where an ambassador's money goes, by its last signs."""
    async with call.transaction() as tx:
        found = await destinations.current(tx, call.store_id, ambassador_id)
    if found is None:
        raise NotFound("This ambassador has not said where their money goes.", code="no_destination")
    return DestinationOut.of(found)


async def file_of(call: Call, batch_id: str, format: str) -> Response:
    """A batch's file as a download."""
    sealing = call.ctx.require_sealing()
    async with call.transaction() as tx:
        if format == "csv":
            content = (await files.csv_of(tx, sealing, call.store_id, batch_id)).encode()
        else:
            content = await files.bank_file_of(tx, sealing, call.store_id, batch_id)
    kind, ending = ("text/csv; charset=utf-8", "csv") if format == "csv" else ("application/xml", "xml")
    headers = {
        "content-disposition": f'attachment; filename="{batch_id}.{ending}"',
        "cache-control": "private, no-store",
    }
    return Response(content, media_type=kind, headers=headers)
