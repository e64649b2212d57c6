"""The console's pages of the catalogue: its items, and the form that adds or changes one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.errors import AppError, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.catalogue import sql, words
from services.rewards.catalogue.actions import items
from services.rewards.catalogue.api import forms
from services.rewards.catalogue.domain import Item
from services.rewards.pages import Reader, reader_of
from services.rewards.pools import sql as pools
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Name, Pagination, Row, Table
from services.ui.forms import sent

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/rewards/catalogue"
QUEUE: Final = "/console/rewards/redemptions"
NAV: Final = LIST
_ROWS: Final = 25
_POOLS: Final = 200
_MOST_WAITING: Final = 1_000
Id = Annotated[str, Path(max_length=64)]
_Program = Annotated[str, Query(max_length=64)]


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("rewards:read")], program: _Program = "", cursor: Cursor = None
) -> Response:
    """A program's catalogue, youngest first, and the form that adds to it."""
    return await _list(call, program, cursor=cursor)


@router.post(LIST)
async def add_form(request: Request, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Adds an item to a program's catalogue, and leads back to it."""
    form = await sent(request, forms.FIELDS, longest=forms.LONGEST, most=forms.MOST_FIELDS)
    program = form.get("program", "")
    try:
        async with call.transaction() as tx:
            reader = await reader_of(call.request, tx, call.store_id)
            known = await _known(tx, call.store_id, program)
            await items.add(tx, call.store_id, program, forms.wanted_of(form, known, reader.zone))
    except AppError as error:
        return await _list(call, program, form=form, wrong=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{LIST}?program={program}"})


@router.get(LIST + "/{item_id}")
async def item_page(item_id: Id, call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """One item, and the form that changes it."""
    return await _one(call, item_id)


@router.post(LIST + "/{item_id}")
async def change_form(item_id: Id, request: Request, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Changes an item."""
    form = await sent(request, forms.FIELDS, longest=forms.LONGEST, most=forms.MOST_FIELDS)
    try:
        async with call.transaction() as tx:
            reader = await reader_of(call.request, tx, call.store_id)
            item = await items.get(tx, call.store_id, item_id)
            known = await _known(tx, call.store_id, item.program_id)
            await items.change(tx, call.store_id, item_id, forms.changes_of(form, known, item, reader.zone))
    except NotFound:
        raise
    except AppError as error:
        return await _one(call, item_id, form=form, wrong=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{LIST}?program={item.program_id}"})


async def _known(tx: Tx, store_id: str, program_id: str) -> Program:
    program = await slices.newest(tx, store_id, program_id)
    if program is None:
        raise NotFound("There is no such program.")
    return program


async def _list(
    call: Call,
    program_id: str,
    *,
    cursor: str | None = None,
    form: Mapping[str, str] | None = None,
    wrong: AppError | None = None,
    status: int = 200,
) -> Response:
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        programs = await slices.programs(tx, call.store_id)
        chosen = program_id or (programs[0].program_id if programs else "")
        program = await slices.newest(tx, call.store_id, chosen)
        before, filters = start[0] if start else None, {"program_id": chosen}
        found = await sql.items(tx, call.store_id, before=before, count=_ROWS + 1, filters=filters)
        free = await sql.free(tx, call.store_id, [one.pool_id for one in found if one.pool_id])
        all_pools = await pools.listed(tx, call.store_id, before=None, count=_POOLS)
        low = await pools.low(tx, call.store_id)
        waiting = await sql.waiting(tx, call.store_id, most=_MOST_WAITING)
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.item_id,))
    here = f"{LIST}?program={chosen}"
    speech = reader.speech
    return reader.page(
        "catalogue/list.html",
        status=status,
        title=speech.say("Catalogue"),
        nav_current=NAV,
        freshness=reader.read_now(),
        programs=[
            Choice(one.name, href=f"{LIST}?program={one.program_id}", current=one.program_id == chosen)
            for one in programs
        ],
        program_name=next((one.name for one in programs if one.program_id == chosen), ""),
        waiting=speech.count("%(n)s redemption waits", "%(n)s redemptions wait", waiting, n=reader.fmt.number(waiting)),
        queue=QUEUE,
        low=[Name(one.name, href=f"/console/rewards/pools/{one.pool_id}") for one in low],
        table=_table(reader, page.data, free),
        paging=Pagination(
            speech.count("%(n)s item on this page", "%(n)s items on this page", len(page.data)),
            previous=here if cursor else "",
            next=f"{here}&cursor={page.next_cursor}" if page.next_cursor else "",
        ),
        may_write="rewards:write" in call.caller.scopes and program is not None,
        action=LIST,
        program=chosen,
        item=None,
        problem=words.wrong_text(reader, wrong),
        **({} if program is None else forms.parts(reader, form or {}, program, all_pools, wrong)),
    )


def _table(reader: Reader, found: Sequence[Item], free: Mapping[str, int]) -> Table:
    speech = reader.speech
    rows = []
    for item in found:
        left = None if item.pool_id is None else free.get(item.pool_id, 0)
        chip = words.item_chip(reader, item, left)
        stock = item.stock if left is None else left
        rows.append(
            Row(
                cells={
                    "name": Name(item.name, below=words.kind_label(speech, item.kind), href=f"{LIST}/{item.item_id}"),
                    "state": chip,
                    "stock": "∞" if stock is None else reader.fmt.number(stock),
                    "price": words.price_text(reader, item),
                },
                key_figure=words.price_text(reader, item),
                facts=[chip.label],
            )
        )
    return Table(
        name=speech.say("Catalogue"),
        listing=True,
        columns=[
            Column("name", speech.label("head", "What")),
            Column("state", speech.label("head", "Status")),
            Column("stock", speech.label("head", "Left"), figure=True),
            Column("price", speech.label("head", "Price"), figure=True),
        ],
        rows=rows,
    )


async def _one(
    call: Call,
    item_id: str,
    *,
    form: Mapping[str, str] | None = None,
    wrong: AppError | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        item = await items.get(tx, call.store_id, item_id)
        program = await _known(tx, call.store_id, item.program_id)
        free = await sql.free(tx, call.store_id, [item.pool_id] if item.pool_id else [])
        all_pools = await pools.listed(tx, call.store_id, before=None, count=_POOLS)
    left = None if item.pool_id is None else free.get(item.pool_id, 0)
    filled: Mapping[str, str] = forms.shown(item, program, reader.zone) if form is None else form
    found: dict[str, Any] = forms.parts(reader, filled, program, all_pools, wrong)
    return reader.page(
        "catalogue/item.html",
        status=status,
        title=item.name,
        nav_current=NAV,
        freshness=reader.read_now(),
        back=f"{LIST}?program={item.program_id}",
        chip=words.item_chip(reader, item, left),
        item=item,
        may_write="rewards:write" in call.caller.scopes,
        action=f"{LIST}/{item_id}",
        program=item.program_id,
        problem=words.wrong_text(reader, wrong),
        **found,
    )
