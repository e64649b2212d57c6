"""`kith simulate` against the running product: what it sends, shuffled and twice, becomes one order."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.two_stores import TwoStores
from tests.support.wait import until

pytestmark = pytest.mark.timeout(300)
SECRET = "a-secret-of-the-shop"


async def simulate(*argv: str) -> tuple[int, list[dict[str, object]], str]:
    kith = Path(sys.executable).with_name("kith")
    program = await asyncio.create_subprocess_exec(
        *(str(kith), "simulate", *argv, "--json"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, wrong = await asyncio.wait_for(program.communicate(), 120)
    return program.returncode or 0, [json.loads(line) for line in output.splitlines()], wrong.decode()


async def test_what_is_simulated_becomes_one_order(two_stores: TwoStores) -> None:
    http, store = two_stores.client, two_stores.b
    body = {"platform": "woocommerce", "secret": SECRET, "order_prefix": "sim-"}
    made = (await http.post("/v1/connections", headers=store.secret, json=body)).json()
    url = f"{str(http.base_url).rstrip('/')}/in/woocommerce/{made['id']}"
    code, output, wrong = await simulate(
        *("woocommerce", "order.created", "order.updated", "--url", url, "--secret", SECRET),
        *("--order", "77001", "--times", "2", "--shuffle", "--late", "60"),
    )
    assert code == 0, wrong
    assert sorted(str(one["said"]) for one in output) == ["duplicate", "duplicate", "taken", "taken"]

    async def paid() -> bool:
        answer = await http.get("/v1/orders/sim-77001", headers=store.secret)
        return answer.status_code == 200 and answer.json()["total_minor"] == 5090

    await until(paid, within=60, what="the order is known")
    refused, output, _ = await simulate("woocommerce", "order.created", "--url", url, "--secret", "another-secret")
    assert (refused, output[0]["status"]) == (1, 401)
    unknown, _, wrong = await simulate("woocommerce", "order.paid", "--url", url)
    assert unknown == 1
    assert "order.created" in wrong
