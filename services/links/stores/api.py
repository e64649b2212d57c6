"""HTTP of stores, and the reader of any console page of one."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from services.kernel.auth.api_keys import issue
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, operator, require
from services.kernel.http.pages import Page, csv_response
from services.kernel.ids import new_id
from services.kernel.pages import Reader
from services.links.keys import actions as keys
from services.links.pages import PAGES
from services.links.stores import actions
from services.links.stores.schemas import StoreCreated, StoreIn, StoreOut, StorePatch
from services.links.stores.store import Store

router = APIRouter(tags=["stores"])

_COLUMNS = ("id", "name", "currency", "timezone", "domains", "locale", "created_at")


@router.post("/v1/stores", status_code=201, response_model=StoreCreated)
async def post_store(body: StoreIn, call: Annotated[Call, operator()]) -> Response:
    """Sets up a store, with a secret key for its server and a publishable one for its pages."""
    store_id = new_id("str", at=call.ctx.live.now())

    async def set_up(tx: Tx) -> StoreCreated:
        store = await actions.create(
            tx,
            Store(
                store_id=store_id,
                name=body.name,
                currency=body.currency,
                timezone=body.timezone,
                domains=body.domains,
                locale=body.locale,
                created_at=tx.now,
                revision=1,
            ),
        )
        secret = await keys.create(tx, store_id, kind="sk", label="First secret key")
        publishable = await keys.create(tx, store_id, kind="pk", label="First publishable key")
        return StoreCreated(
            **StoreOut.of(store).model_dump(), secret_key_id=secret.key_id, publishable_key_id=publishable.key_id
        )

    def with_keys(answer: dict[str, Any]) -> dict[str, Any]:
        ring, own = call.ctx.ring, answer["id"]
        return {
            **answer,
            "secret_key": issue(ring, kind="sk", store_id=own, key_id=answer["secret_key_id"]),
            "publishable_key": issue(ring, kind="pk", store_id=own, key_id=answer["publishable_key_id"]),
        }

    return await call.once(set_up, answer=lambda created: created, reveal=with_keys, stores=[store_id])


@router.get("/v1/stores", response_model=Page[StoreOut])
async def get_stores(
    call: Annotated[Call, require("programs:read")], format: Literal["json", "csv"] = "json"
) -> Page[StoreOut] | Response:
    """Lists what stores the caller's key is for: one."""
    async with call.transaction() as tx:
        own = StoreOut.of(await actions.get(tx, call.store_id))
    if format == "csv":
        return csv_response([{**own.model_dump(), "domains": " ".join(own.domains)}], _COLUMNS, filename="stores")
    return Page(data=[own], next_cursor=None)


@router.get("/v1/stores/{store_id}")
async def get_store(store_id: str, call: Annotated[Call, require("programs:read")]) -> StoreOut:
    """The caller's own store."""
    _own_only(call, store_id)
    async with call.transaction() as tx:
        return StoreOut.of(await actions.get(tx, store_id))


@router.patch("/v1/stores/{store_id}")
async def patch_store(store_id: str, body: StorePatch, call: Annotated[Call, require("programs:write")]) -> StoreOut:
    """Changes the caller's own store."""
    _own_only(call, store_id)
    async with call.transaction() as tx:
        return StoreOut.of(
            await actions.change(
                tx, store_id, name=body.name, timezone=body.timezone, domains=body.domains, locale=body.locale
            )
        )


def reader_of(request: Request, own: Store, now: datetime) -> Reader:
    """The reader of a console page of this store."""
    return Reader(PAGES, request, store=own.name, locale=own.locale[:2], zone=ZoneInfo(own.timezone), now=now)


def _own_only(call: Call, store_id: str) -> None:
    if store_id != call.store_id:
        raise NotFound("There is no such store.")
