"""HTTP of stores, and the reader of any console page of one."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from services.common.scopes import FIRST
from services.kernel.auth.api_keys import KeyKind, issue
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, operator, require
from services.kernel.http.credentials import demand
from services.kernel.http.pages import Page, csv_response
from services.kernel.ids import new_id
from services.links.keys import actions as keys
from services.links.keys.schemas import KeyCreated, KeyIn
from services.links.keys.sql import Key
from services.links.pages import PAGES
from services.links.settings import LinksSettings
from services.links.stores import actions
from services.links.stores import sql as rows
from services.links.stores.domain import DomainPolicy, is_loopback, suffixes
from services.links.stores.schemas import StoreCreated, StoreIn, StoreOut, StorePatch
from services.links.stores.sql import Store
from services.ui import Reader

router = APIRouter(tags=["stores"])

_COLUMNS = ("id", "name", "currency", "timezone", "domains", "locale", "created_at")


@router.post("/v1/stores", status_code=201, response_model=StoreCreated)
async def post_store(body: StoreIn, call: Annotated[Call, operator()]) -> Response:
    """Sets up a store, with a secret key for its server and a publishable one for its pages."""
    store_id = new_id("str", at=call.ctx.live.now())
    policy = await policy_of(call.ctx)

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
            policy,
        )
        secret = await keys.create(tx, store_id, kind="sk", label="First secret key")
        publishable = await keys.create(tx, store_id, kind="pk", label="First publishable key")
        return StoreCreated(
            **StoreOut.of(store, body.domains).model_dump(),
            secret_key_id=secret.key_id,
            publishable_key_id=publishable.key_id,
            secret_key_scopes=secret.scopes,
        )

    def with_keys(answer: dict[str, Any]) -> dict[str, Any]:
        ring, own = call.ctx.ring, answer["id"]
        # An answer of before scopes were kept in it derives the key of that time, not one that may do more.
        scopes = answer.get("secret_key_scopes") or FIRST
        return {
            **answer,
            "secret_key": issue(ring, kind="sk", store_id=own, key_id=answer["secret_key_id"], scopes=scopes),
            "publishable_key": issue(ring, kind="pk", store_id=own, key_id=answer["publishable_key_id"]),
        }

    return await call.once(set_up, answer=lambda created: created, reveal=with_keys, stores=[store_id])


@router.get("/v1/stores", response_model=Page[StoreOut])
async def get_stores(
    call: Annotated[Call, require("programs:read")], format: Literal["json", "csv"] = "json"
) -> Page[StoreOut] | Response:
    """Lists what stores the caller's key is for: one."""
    async with call.transaction() as tx:
        own = StoreOut.of(await actions.get(tx, call.store_id), await rows.claims(tx, call.store_id))
    if format == "csv":
        row = {**own.model_dump(exclude={"placeholders"}), "domains": " ".join(own.domains)}
        return csv_response([row], _COLUMNS, filename="stores")
    return Page(data=[own], next_cursor=None)


@router.get("/v1/stores/{store_id}")
async def get_store(store_id: str, call: Annotated[Call, require("programs:read")]) -> StoreOut:
    """The caller's own store."""
    _own_only(call, store_id)
    async with call.transaction() as tx:
        return StoreOut.of(await actions.get(tx, store_id), await rows.claims(tx, store_id))


@router.patch("/v1/stores/{store_id}")
async def patch_store(store_id: str, body: StorePatch, call: Annotated[Call, require("programs:write")]) -> StoreOut:
    """Changes the caller's own store."""
    _own_only(call, store_id)
    if body.domains is not None:
        demand(call.caller, "domains:write")
    policy = await policy_of(call.ctx)
    async with call.transaction() as tx:
        store = await actions.change(
            tx,
            store_id,
            name=body.name,
            timezone=body.timezone,
            locale=body.locale,
            placeholders=body.placeholders.named(call.ctx.ring) if body.placeholders is not None else None,
        )
        if body.domains is not None:
            store = await actions.name_domains(tx, store_id, body.domains, policy)
        return StoreOut.of(store, await rows.claims(tx, store_id))


@router.post("/v1/stores/{store_id}/keys", status_code=201, response_model=KeyCreated)
async def post_owners_key(store_id: str, body: KeyIn, call: Annotated[Call, operator()]) -> Response:
    """Makes an API key for any store, with any scopes: the way to a key that may change domains."""
    kind: KeyKind = "sk" if body.kind == "secret" else "pk"

    async def make(tx: Tx) -> Key:
        await actions.get(tx, store_id)
        return await keys.create(tx, store_id, kind=kind, scopes=body.scopes, label=body.label)

    def with_key(answer: dict[str, Any]) -> dict[str, Any]:
        scopes, key_id = answer["scopes"], answer["id"]
        return {**answer, "key": issue(call.ctx.ring, kind=kind, store_id=store_id, key_id=key_id, scopes=scopes)}

    return await call.once(make, answer=KeyCreated.of, reveal=with_key, stores=[store_id])


async def policy_of(ctx: Context) -> DomainPolicy:
    """What this installation demands of new domains."""
    asked = LinksSettings().domain_proof
    await asyncio.to_thread(suffixes)
    host = urlsplit(ctx.settings.base_url).hostname or ""
    return DomainPolicy(demo=ctx.settings.demo, proof=not is_loopback(host) if asked is None else asked)


def reader_of(request: Request, own: Store, now: datetime) -> Reader:
    """The reader of a console page of this store."""
    return Reader(PAGES, request, store=own.name, locale=own.locale[:2], zone=ZoneInfo(own.timezone), now=now)


def _own_only(call: Call, store_id: str) -> None:
    if store_id != call.store_id:
        raise NotFound("There is no such store.")
