"""The hot paths of an open-source rival, RefRef, rebuilt as little as honesty allows, on our stack and database.

Its sale, as its published API does it: look the API key up by its hash and note its use, find the referral of the
customer, keep the event, read the program's rules, write the reward. (There it is some transactions; here one.) Its
redirect looks the link up in the database each time. It records no click there; here it writes one row, because a
redirect that counts nothing is no peer. No framework of its own is imitated: both run on FastAPI, uvicorn and asyncpg.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

CODES = 20
CUSTOMERS = 1000
KEY = "peer-key"
_SCHEMA = """
drop schema if exists peer cascade; create schema peer;
create table peer.links (code text primary key, destination text not null);
create table peer.clicks (id uuid primary key, code text not null, at timestamptz not null, agent text, referrer text);
create index on peer.clicks (code, at);
create table peer.apikeys (id uuid primary key, hash text not null unique, uses bigint not null, used_at timestamptz);
create table peer.referrals (id uuid primary key, external_id text not null unique, referrer text not null);
create table peer.events (id uuid primary key, type text not null, referral_id uuid, payload jsonb, at timestamptz);
create index on peer.events (referral_id);
create table peer.rules (id uuid primary key, program text not null, priority int not null, config jsonb not null);
create table peer.rewards (id uuid primary key, referral_id uuid not null, event_id uuid not null,
  rule_id uuid not null, beneficiary text not null, amount_minor bigint not null, currency text not null,
  status text not null, at timestamptz);
create index on peer.rewards (referral_id);
"""


class Payload(BaseModel):
    """What was bought, and by whom."""

    user_id: str
    order_id: str
    amount_minor: int
    currency: str


class Purchase(BaseModel):
    """The body of a sale call."""

    timestamp: datetime
    product_id: str
    payload: Payload


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["PEER_DATABASE_URL"], min_size=16, max_size=16) as pool:
        await pool.execute(_SCHEMA)
        await pool.executemany(
            "insert into peer.links values ($1, 'https://shop.example/')", [(f"code{n}",) for n in range(CODES)]
        )
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        await pool.execute("insert into peer.apikeys values ($1, $2, 0, null)", uuid4(), digest)
        people = [(uuid4(), f"c{n}", f"a{n % CODES}") for n in range(CUSTOMERS)]
        await pool.executemany("insert into peer.referrals values ($1, $2, $3)", people)
        rules = [(uuid4(), "p", n, orjson.dumps({"percent": 10}).decode()) for n in range(2)]
        await pool.executemany("insert into peer.rules values ($1, $2, $3, $4)", rules)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/{code}")
async def redirect(code: str, request: Request) -> Response:
    """Looks the link up, writes the click, sends the visitor on."""
    async with request.app.state.pool.acquire() as connection:
        destination = await connection.fetchval("select destination from peer.links where code = $1", code)
        agent, referrer = request.headers.get("user-agent"), request.headers.get("referer")
        await connection.execute(
            "insert into peer.clicks values ($1, $2, $3, $4, $5)", uuid4(), code, datetime.now(UTC), agent, referrer
        )
    return Response(status_code=302, headers={"location": f"{destination}?ref={code}"})


@app.post("/v1/track/purchase", status_code=202)
async def purchase(reported: Purchase, request: Request) -> dict[str, str]:
    """Key, event, referral, rules, rewards: one transaction per sale."""
    now, event = datetime.now(UTC), uuid4()
    digest = hashlib.sha256(request.headers["x-api-key"].encode()).hexdigest()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.fetchval(
            "update peer.apikeys set uses = uses + 1, used_at = $2 where hash = $1 returning id", digest, now
        )
        referral = await connection.fetchrow(
            "select id, referrer from peer.referrals where external_id = $1", reported.payload.user_id
        )
        await connection.execute(
            "insert into peer.events values ($1, 'purchase', $2, $3, $4)",
            *(event, referral["id"], reported.payload.model_dump_json(), now),
        )
        for rule in await connection.fetch("select * from peer.rules where program = 'p' order by priority desc"):
            amount = reported.payload.amount_minor * orjson.loads(rule["config"])["percent"] // 100
            await connection.execute(
                "insert into peer.rewards values ($1, $2, $3, $4, $5, $6, $7, 'pending_disbursal', $8)",
                *(
                    uuid4(),
                    referral["id"],
                    event,
                    rule["id"],
                    referral["referrer"],
                    amount,
                    reported.payload.currency,
                    now,
                ),
            )
    return {"success": "true"}
