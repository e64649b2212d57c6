"""`python -m benchmarks.simulation [orders]`: how long the simulator takes for a past period of a million orders.

Some thousands of orders go the way of rewards (decided, granted, posted) and are multiplied by SQL. Then a run decides
all of them under a draft with a budget and a limit per ambassador, on this process, its two helpers and the database.
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import uvloop

from benchmarks.stage import Stage, staged
from contracts.events.catalog import ProgramPublished, StoreConfigured
from contracts.events.conversions import Conversion, ConversionAttributed
from contracts.events.orders import Figures
from contracts.program import Program
from services.common.scopes import SCOPES
from services.common.store_slice import keep_stores
from services.kernel.auth.ring import KeyRing
from services.kernel.bus.port import Event
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.live import LiveState
from services.rewards.grants.actions.regrant import take_states
from services.rewards.grants.actions.waiting import take_programs
from services.rewards.simulations.actions import replay, runs

_STORE, _PROGRAM = "str_01k9x0m0q4s8t2w6y0a4c8e2g6", "prg_01k9x0n2r6t0w4y8b2d6f0h4k8"
_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
_TEMPLATES, _AMBASSADORS, _AT_ONCE = 5_000, 500, 500
_COPY_CONVERSIONS = """
insert into rewards.conversions (store_id, order_id, revision, program_id, body, waiting, placed_at)
select store_id, order_id || '~' || k, revision, program_id, body, waiting, placed_at + k * interval '1 second'
from rewards.conversions, generate_series(1, $1) k
"""
_COPY_REWARDS = """
insert into rewards.rewards select (jsonb_populate_record(r, jsonb_build_object('order_id', r.order_id || '~' || k,
  'reward_id', r.reward_id || '~' || k, 'beneficiary_id', case when r.side = 'friend' then r.beneficiary_id || '~' || k
  else r.beneficiary_id end))).* from rewards.rewards r, generate_series(1, $1) k
"""


def _program(*, share: int, capped: bool) -> Program:
    """Both sides; as a draft with a limit for each ambassador, and a budget that lasts."""
    limits = {"per_ambassador": {"amount_minor": 200_000, "period": "month"}} if capped else {}
    return Program.model_validate(
        {
            "name": "Give 10, get 10",
            "currency": "EUR",
            "landing_url": "https://shop.example/",
            "budget": {"amount_minor": 10**12} if capped else None,
            "rewards": [
                {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 1000}},
                {
                    "name": "ambassador",
                    "to": "ambassador",
                    "which": "every",
                    "give": {"kind": "percent", "basis_points": share},
                    "limits": limits,
                },
            ],
        }
    )


def _state(number: int) -> Conversion:
    """A decision as attribution publishes it: three lines, a customer's number, a winner."""
    items = [
        {"sku": f"S-{n}", "product_id": f"{70 + n}", "category": "coffee", "amount_minor": 1500 + n, "line_id": f"{n}"}
        for n in range(3)
    ]
    return ConversionAttributed.model_validate(
        {
            "store_id": _STORE,
            "order_id": f"{100_000 + number}",
            "revision": 2,
            "status": "attributed",
            "reason": "code",
            "placed_at": _BEGAN + timedelta(minutes=30 * number),
            "decided_at": _BEGAN + timedelta(minutes=30 * number, seconds=2),
            "settled_at": _BEGAN + timedelta(days=14, minutes=30 * number),
            "figures": Figures.model_validate(
                {"status": "paid", "currency": "EUR", "total_minor": 5090, "subtotal_minor": 4503, "items": items}
            ),
            "refunded_minor": 1000 if number % 20 == 0 else 0,
            "friend_id": f"{8000 + number}",
            "order_number": 1 + (number % 3 == 0),
            "new_customer": number % 3 != 0,
            "program_id": _PROGRAM,
            "program_version": 1,
            "ambassador_id": f"amb_01k9x0p7v1x5z9c3e7g1j5{number % _AMBASSADORS:04}",
            "winner": {"kind": "code", "at": _BEGAN, "code": "ANNA10"},
            "as_of": number,
            "engine": "2",
        }
    )


async def _lived(db: Database, stage: Stage, orders: int) -> None:
    """A store whose program had so many orders."""
    store = StoreConfigured(
        store_id=_STORE,
        name="Shop",
        currency="EUR",
        timezone="Europe/Berlin",
        domains=("shop.example",),
        locale="en",
        created_at=_BEGAN,
        revision=1,
    )
    version = ProgramPublished(
        store_id=_STORE,
        program_id=_PROGRAM,
        version=1,
        published_at=_BEGAN - timedelta(days=1),
        program=_program(share=1000, capped=False),
    )
    async with db.transaction([_STORE]) as tx:
        await keep_stores(tx, [Event(id="1", type=store.TYPE, at=_BEGAN, store_id=_STORE, data=store)])
        await take_programs(tx, [version])
    templates = min(orders, _TEMPLATES)
    for first in range(0, templates, _AT_ONCE):
        async with db.transaction([_STORE]) as tx:
            await take_states(tx, [_state(n) for n in range(first, min(first + _AT_ONCE, templates))])
    async with stage.connected() as connection:
        await connection.execute("set session_replication_role = replica; set synchronous_commit = off")
        if orders > templates:
            for statement in (_COPY_CONVERSIONS, _COPY_REWARDS):
                await connection.execute(statement, orders // templates - 1, timeout=1800)
        await connection.execute("vacuum analyze", timeout=1800)


def _processor_s(stage: Stage) -> dict[str, float]:
    """Seconds of the processor, by who took them."""
    own = psutil.Process().cpu_times()
    sessions = [psutil.Process(pid).cpu_times() for pid in stage.session_pids()]
    return {
        "this process": own.user + own.system,
        "helpers": own.children_user + own.children_system,
        "database": sum(one.user + one.system for one in sessions),
    }


async def _measure(stage: Stage, orders: int) -> None:
    settings = stage.settings
    ring = KeyRing(
        secret_keys=settings.secret_keys,
        contact_key=settings.contact_key,
        operator_key=settings.operator_key,
        scopes=SCOPES,
    )
    db = Database(stage.database_url, schema="rewards")
    ctx = Context(service="rewards", settings=settings, db=db, ring=ring, live=LiveState(db))
    try:
        await _lived(db, stage, orders)
        draft = _program(share=1500, capped=True)
        async with db.transaction([_STORE]) as tx:
            span = {"from_at": _BEGAN, "to_at": _BEGAN + timedelta(days=3650)}
            run = await runs.start(tx, _STORE, program_id=_PROGRAM, draft=draft, **span)
        before, began = _processor_s(stage), time.perf_counter()
        sittings = 1
        while await replay.go_on(ctx, _STORE, run.simulation_id, within_s=30):
            sittings += 1
        took = time.perf_counter() - began
        after = _processor_s(stage)
        async with db.transaction([_STORE]) as tx:
            run = await runs.get(tx, _STORE, run.simulation_id)
    finally:
        await db.close()
    used = ", ".join(f"{name} {after[name] - before[name]:.1f}" for name in after)
    print(f"{run.done:,} orders, {run.state}, in {took:.1f} s and {sittings} sittings: {run.done / took:,.0f} a second")
    print(f"seconds of the processor ({os.cpu_count()} of them): {used}")
    for (cap, rule, unit), cut in run.figures.caps.items():
        print(f"{cap}, {rule}: {cut.rewards:,} rewards, {cut.amount_minor / 100:,.2f} {unit}")


async def _run(orders: int) -> None:
    with tempfile.TemporaryDirectory(prefix="kith-simulation-") as folder:
        async with staged(Path(folder)) as stage:
            await _measure(stage, orders)


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks.simulation", description=__doc__)
    parser.add_argument("orders", nargs="?", type=int, default=1_000_000)
    uvloop.run(_run(parser.parse_args().orders))


if __name__ == "__main__":
    main()
