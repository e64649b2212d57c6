"""An order endpoint as most would write it: FastAPI, a pydantic body, one INSERT and commit for each request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel


class Customer(BaseModel):
    """The buyer."""

    id: str | None = None
    email: str | None = None


class Order(BaseModel):
    """The body of an order call, with the same fields that ours takes."""

    order_id: str
    placed_at: datetime
    status: str
    currency: str
    total_minor: int
    subtotal_minor: int | None = None
    customer: Customer | None = None
    token: str | None = None
    visitor_id: str | None = None
    codes: list[str] = []
    items: list[dict[str, Any]] = []


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["TEXTBOOK_DATABASE_URL"], min_size=16, max_size=16) as pool:
        await pool.execute(
            "create table if not exists textbook_orders (store_id text, order_id text, placed_at timestamptz,"
            " status text, currency text, total_minor bigint, subtotal_minor bigint, customer_id text, body text,"
            " received_at timestamptz default now(), primary key (store_id, order_id))"
        )
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.post("/v1/orders", status_code=202)
async def accept(order: Order, request: Request) -> dict[str, str]:
    """Inserts the order and answers after the commit."""
    await request.app.state.pool.execute(
        "insert into textbook_orders (store_id, order_id, placed_at, status, currency, total_minor, subtotal_minor,"
        " customer_id, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        "store",
        order.order_id,
        order.placed_at,
        order.status,
        order.currency,
        order.total_minor,
        order.subtotal_minor,
        order.customer.id if order.customer else None,
        order.model_dump_json(),
    )
    return {"order_id": order.order_id, "status": "accepted"}
