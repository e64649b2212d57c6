"""`make faults`: a longer round of purchases, refunds, kills and outages, with a table at the end."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.history import History, side_by_side
from tests.faults.inside import QUESTIONS, asked, dead_letters
from tests.faults.neighbours import MOST, Beside, beside_a_flood, p50, p95
from tests.support.product import Product, running
from tests.support.wait import until

HONEST = {0, 502, 503, 504}
"""Refusals that are allowed while processes are killed: the gateway's own, and ours."""
VICTIMS = [f"{name}-{n}" for name in ("links", "connectors", "attribution", "rewards", "analytics") for n in (1, 2)]


@dataclass(frozen=True)
class Round:
    """How much of everything."""

    orders: int
    refunds: int
    kills: int
    walk_in: int
    seed: int


@dataclass(frozen=True)
class End:
    """What was found when all was quiet again. `unbalanced`: units that did not add up, in all snapshots together."""

    decided: int
    rewards: dict[str, list[int]]
    dead_letters: int
    unbalanced: int
    snapshots: int
    """Snapshots that were taken; during an outage none can be."""
    untrue: list[str]
    """What operators' commands found wrong."""


async def main(wanted: Round, console: Console) -> int:
    """Runs the round; returns how many findings there are."""
    console.print(f"Seed {wanted.seed}: {wanted.orders} orders, {wanted.refunds} refunds, {wanted.kills} kills.")
    with tempfile.TemporaryDirectory(prefix="kith-faults-") as folder:
        async with (
            running("split", Path(folder) / "kith") as product,
            httpx.AsyncClient(base_url=product.url, timeout=20) as http,
        ):
            held_up = await _beside(console, product, http, walk_in=wanted.walk_in)
            history = await History.begin(http, product.operator_key)
            snapshots = [*await _live(product, history, wanted)]
            await _quiet(history)
            snapshots.append(await history.out_of_balance())
            end = End(
                decided=await history.decided(),
                rewards=await history.rewards(),
                dead_letters=await dead_letters(product),
                unbalanced=sum(snapshots),
                snapshots=len(snapshots),
                untrue=await _untrue(product),
            )
            return _report(console, history, end, held_up=held_up)


async def _beside(console: Console, product: Product, http: httpx.AsyncClient, *, walk_in: int) -> int:
    """Whether a flooded store's neighbour was held up, also when it was looked at once more."""
    for _ in range(2):
        found = await beside_a_flood(product, http, orders=100, walk_in=walk_in)
        _print_beside(console, found)
        if not found.held_up:
            return 0
    return 1


def _print_beside(console: Console, found: Beside) -> None:
    """How a flooded store's neighbour fared."""
    row = {
        "alone p50": f"{p50(found.alone):.2f} s",
        "alone p95": f"{p95(found.alone):.2f} s",
        "flooded p50": f"{p50(found.flooded):.2f} s",
        "flooded p95": f"{p95(found.flooded):.2f} s",
        f"ratio, at most {MOST}": f"{found.ratio:.1f}" + ("" if found.steady else ", on a busy machine"),
        "flood: orders": str(found.orders),
        "reports taken": str(found.reports[202]),
        "reports refused": str(found.reports[429]),
        "turns over 50 ms": f"{found.late:.1%}",
    }
    table = Table(*row, title="A quiet store's order → rewards, beside a flooded one")
    table.add_row(*row.values())
    console.print(table)


async def _untrue(product: Product) -> list[str]:
    found = []
    for words in QUESTIONS:
        try:
            await asked(product, *words)
        except AssertionError as error:
            found.append(str(error))
    return found


async def _live(product: Product, history: History, wanted: Round) -> list[int]:
    """Orders and refunds, with kills and two outages spread over them; snapshots of the books on the way."""
    chance = random.Random(wanted.seed)
    at = sorted(chance.sample(range(wanted.orders), wanted.kills))
    outages = {wanted.orders // 3: "kafka", 2 * wanted.orders // 3: "postgres"}
    faults: list[asyncio.Task[None]] = []
    snapshots: list[int] = []
    with Progress(transient=True) as bar:
        task = bar.add_task("Living through it", total=wanted.orders)
        for start in range(0, wanted.orders, 100):
            names = range(start, min(start + 100, wanted.orders))
            kills = [chance.choice(VICTIMS) for number in at if number in names]
            faults += [asyncio.create_task(_kill(product, victim)) for victim in kills]
            faults += [asyncio.create_task(_outage(product, name)) for n, name in outages.items() if n in names]
            await side_by_side(history.order(f"o{n}", n, tries=600) for n in names)
            await side_by_side(history.click(n) for n in names[:30])
            share = names[: 100 * wanted.refunds // wanted.orders]
            await side_by_side(history.refund_all(f"o{n}") for n in share)
            snapshots += await _snapshot(history)
            bar.update(task, completed=names[-1] + 1)
    await asyncio.gather(*faults)
    return snapshots


async def _kill(product: Product, victim: str) -> None:
    def kill() -> bool:
        try:
            product.kill(victim)
        except (FileNotFoundError, ProcessLookupError):
            return False
        return True

    await until(kill, within=120, every=0.2, what=f"{victim} to be there and die")


async def _outage(product: Product, name: str) -> None:
    product.hold(name)
    await _kill(product, name)
    await asyncio.sleep(10)
    product.release(name)


async def _snapshot(history: History) -> list[int]:
    """Units out of balance now; during an outage there may be no answer, and so no snapshot."""
    try:
        return [await history.out_of_balance()]
    except (AssertionError, httpx.TransportError):
        return []


async def _quiet(history: History) -> None:
    async def same() -> bool:
        return await history.rewards() == history.expected()

    waiting: Awaitable[bool] = until(same, within=600, every=2, what="quiet")
    try:
        await waiting
    except AssertionError:
        return


def _report(console: Console, history: History, end: End, *, held_up: int) -> int:
    expected, found = history.expected(), end.rewards
    lost = [name for name in expected if len(found.get(name, ())) < 2]
    twice = [name for name, amounts in found.items() if len(amounts) > 2]
    wrong = [name for name in expected if name not in lost and name not in twice and found[name] != expected[name]]
    refused = sum(history.refused.values())
    # A refusal is honest if it says when to come back; a connection that breaks under a kill says nothing at all.
    false = history.without_retry_after + sum(n for status, n in history.refused.items() if status not in HONEST)
    happened = {
        "acked": len(expected),
        "decided": end.decided,
        "rewarded": len(found),
        "refunded": len(history.refunded),
        "refused, then taken": refused,
        "snapshots": end.snapshots,
    }
    zeros = {
        "lost": len(lost),
        "twice": len(twice),
        "wrong amount": len(wrong),
        "undecided": len(expected) - end.decided,
        "dead letters": end.dead_letters,
        "false refusals": false,
        "snapshots out of balance": end.unbalanced,
        "verify, replay, reconcile": len(end.untrue),
        "quiet store held up": held_up,
    }
    for title, row in (("What happened", happened), ("What must be zero", zeros)):
        table = Table(*row, title=title)
        table.add_row(*map(str, row.values()))
        console.print(table)
    if false:
        console.print(f"Answers by status, 0 for a broken connection: {history.refused}")
    for complaint in end.untrue:
        console.print(complaint, markup=False)
    return sum(map(abs, zeros.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--refunds", type=int, default=2_500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--walk-in", type=int, default=5_000, help="orders of a flooded store's one customer")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    printed = Console(width=None if sys.stdout.isatty() else 120)
    sys.exit(1 if asyncio.run(main(Round(**vars(parser.parse_args())), printed)) else 0)
