"""A stop in the middle of the work, as a deployment does it: what was accepted is kept, and no answer was false."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.faults.history import History, side_by_side
from tests.support.product import running
from tests.support.wait import until

pytestmark = pytest.mark.timeout(300)


async def test_a_stop_under_load_loses_and_refuses_nothing_that_was_accepted(tmp_path: Path) -> None:
    folder = tmp_path / "kith"
    async with (
        running("run", folder, demo=False) as product,
        httpx.AsyncClient(base_url=product.url, timeout=60) as http,
    ):
        history = await History.begin(http, product.operator_key)
        done = asyncio.Event()

        async def ordering(worker: int) -> None:
            number = 0
            while not done.is_set() and 0 not in history.refused:
                await history.order(f"{worker}-{number}", number)
                number += 1

        async def clicking() -> None:
            while not done.is_set() and 0 not in history.refused:
                await history.click(len(history.acked))

        load = asyncio.gather(*(ordering(worker) for worker in range(6)), clicking(), clicking())
        await until(lambda: len(history.acked) > 300 and history.clicks > 100, within=60, what="load")
        product.starter.send_signal(signal.SIGTERM)
        await until(lambda: product.starter.poll() is not None, within=60, what="the product ends")
        done.set()
        await load
        assert product.starter.returncode == 0
        # A connection that is refused or closed between two requests is no answer. Every answer there was is true.
        assert set(history.refused) <= {0}
    async with (
        running("run", folder, demo=False) as product,
        httpx.AsyncClient(base_url=product.url, timeout=60) as history.http,
    ):

        async def rewarded() -> bool:
            found = await history.rewards()
            return {name: found.get(name) for name in history.acked} == history.expected()

        await until(rewarded, within=120, every=0.5, what="the rewards of every order that was acknowledged")
        counted = await until(lambda: _all_clicks(history), within=60, what="every click")
        assert counted <= history.clicks + history.clicks_unknown
        assert await history.out_of_balance() == 0
        orders = [history.http.get(f"/v1/orders/{name}", headers=history.headers) for name in history.acked]
        assert {answer.status_code for answer in await side_by_side(orders)} == {200}


async def _all_clicks(history: History) -> int:
    counted = await history.counted_clicks()
    return counted if counted >= history.clicks else 0
