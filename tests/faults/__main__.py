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
from tests.faults.inside import dead_letters
from tests.support.product import Product, running
from tests.support.wait import until

HONEST = {0, 502, 503, 504}
"""Refusals that are allowed while processes are killed: the gateway's own, and ours."""
VICTIMS = [f"{name}-{n}" for name in ("links", "attribution", "rewards", "analytics") for n in (1, 2)]


@dataclass(frozen=True)
class Round:
    """How much of everything."""

    orders: int
    refunds: int
    kills: int
    seed: int


@dataclass(frozen=True)
class End:
    """What was found when all was quiet again. `unbalanced`: units that did not add up, in all snapshots together."""

    decided: int
    rewards: dict[str, list[int]]
    dead_letters: int
    unbalanced: int


async def main(wanted: Round, console: Console) -> int:
    """Runs the round; returns how many findings there are."""
    console.print(f"Seed {wanted.seed}: {wanted.orders} orders, {wanted.refunds} refunds, {wanted.kills} kills.")
    with tempfile.TemporaryDirectory(prefix="kith-faults-") as folder:
        async with (
            running("split", Path(folder) / "kith") as product,
            httpx.AsyncClient(base_url=product.url, timeout=20) as http,
        ):
            history = await History.begin(http, product.operator_key)
            unbalanced = await _live(product, history, wanted)
            await _quiet(history)
            unbalanced += await history.out_of_balance()
            end = End(await history.decided(), await history.rewards(), await dead_letters(product), unbalanced)
            return _report(console, history, end)


async def _live(product: Product, history: History, wanted: Round) -> int:
    """Orders and refunds, with kills and two outages spread over them; snapshots of the books on the way."""
    chance = random.Random(wanted.seed)
    at = sorted(chance.sample(range(wanted.orders), wanted.kills))
    outages = {wanted.orders // 3: "kafka", 2 * wanted.orders // 3: "postgres"}
    faults: list[asyncio.Task[None]] = []
    unbalanced = 0
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
            unbalanced += await _snapshot(history)
            bar.update(task, completed=names[-1] + 1)
    await asyncio.gather(*faults)
    return unbalanced


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


async def _snapshot(history: History) -> int:
    """Units out of balance now; an answer that cannot be had during an outage says nothing."""
    try:
        return await history.out_of_balance()
    except (AssertionError, httpx.TransportError):
        return 0


async def _quiet(history: History) -> None:
    async def same() -> bool:
        return await history.rewards() == history.expected()

    waiting: Awaitable[bool] = until(same, within=600, every=2, what="quiet")
    try:
        await waiting
    except AssertionError:
        return


def _report(console: Console, history: History, end: End) -> int:
    expected, found = history.expected(), end.rewards
    lost = [name for name in expected if len(found.get(name, ())) < 2]
    twice = [name for name, amounts in found.items() if len(amounts) > 2]
    wrong = [name for name in expected if name not in lost and name not in twice and found[name] != expected[name]]
    answered = Table("acked", "decided", "rewarded", "refunded", "refused, then taken", title="What happened")
    refused = sum(history.refused.values())
    answered.add_row(*map(str, (len(expected), end.decided, len(found), len(history.refunded), refused)))
    broken = Table(
        *("lost", "twice", "wrong amount", "undecided", "dead letters", "false refusals", "snapshots out of balance"),
        title="What must be zero",
    )
    # A refusal is honest if it says when to come back; a connection that breaks under a kill says nothing at all.
    false = history.without_retry_after + sum(n for status, n in history.refused.items() if status not in HONEST)
    zeros = (len(lost), len(twice), len(wrong), len(expected) - end.decided, end.dead_letters, false, end.unbalanced)
    broken.add_row(*map(str, zeros))
    console.print(answered, broken)
    if false:
        console.print(f"Answers by status, 0 for a broken connection: {history.refused}")
    return sum(map(abs, zeros))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--refunds", type=int, default=2_500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    sys.exit(1 if asyncio.run(main(Round(**vars(parser.parse_args())), Console())) else 0)
