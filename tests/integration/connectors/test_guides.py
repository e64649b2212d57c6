"""What the guide says of the platforms is what the code does: its table has the same words, its lines of PHP run."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.attribution.orders.schemas import OrderIn
from services.common.order_facts import Clock
from services.connectors.guides.domain import snippets
from services.connectors.guides.domain.guide import filled
from services.connectors.guides.domain.registry import GUIDES
from services.connectors.guides.domain.table import as_markdown as guides_as_markdown
from services.connectors.platforms.domain.port import Asked, Delivered
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.table import as_markdown
from tests.integration.attribution.world import NOW

GUIDE = (Path(__file__).parents[3] / "docs" / "connect.md").read_text()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHOP = """<?php
namespace Bitrix\\Main { class EventManager {
    static $all = [];
    static function getInstance() { return new self; }
    function addEventHandler($module, $name, $handler) { self::$all[$name] = $handler; }
} }
namespace {
class Thing { function __construct(private array $v) {} function __call($n, $a) { return $this->v[$n] ?? null; } }
require $argv[1];
$_COOKIE['kith_t'] = 'k1.a~k1.b';
$email = new Thing(['getValue' => 'eva@example.com']);
$order = new Thing([
    'getId' => 17, 'getDateInsert' => new DateTime('2026-11-03T12:00:00+03:00'), 'isPaid' => true,
    'isCanceled' => false, 'getCurrency' => 'RUB',
    'getPrice' => 5090.0, 'getDeliveryPrice' => 490.0, 'getTaxPrice' => 0.0, 'getUserId' => 5,
    'getField' => new DateTime('2026-11-03T12:01:00+03:00'),
    'getPropertyCollection' => new Thing(['getUserEmail' => $email]),
    'getDiscount' => new Thing(['getApplyResult' => ['COUPON_LIST' => ['ANNA10' => ['COUPON' => 'ANNA10']]]]),
]);
(Bitrix\\Main\\EventManager::$all['OnSaleOrderSaved'])(new Thing(['getParameter' => $order]));
}
"""
"""As little of the shop as the lines of the guide touch."""


def test_the_guide_has_the_rules_as_the_code_has_them() -> None:
    found = re.search(r"<!-- rules:.*?-->\n\n(.*?)\n<!-- end of rules -->", GUIDE, re.DOTALL)
    assert found is not None
    assert found[1] == as_markdown(PLATFORMS.values())


def test_the_guide_has_the_steps_as_the_console_has_them() -> None:
    found = re.search(r"<!-- guides:.*?-->\n\n(.*?)\n<!-- end of guides -->", GUIDE, re.DOTALL)
    assert found is not None
    assert found[1] == guides_as_markdown(GUIDES.values(), PLATFORMS)
    assert set(PLATFORMS) < set(GUIDES)


async def test_the_lines_of_python_sign_an_order_that_is_read(tmp_path: Path) -> None:
    came: list[Asked] = []
    async with shop_that_answers(came) as kith:
        code = filled(snippets.PYTHON, kith=kith, url=f"{kith}/in/generic/con_1", secret=SECRET)
        (tmp_path / "tell.py").write_text(code)
        await ran(sys.executable, "-I", str(tmp_path / "tell.py"))
    [asked] = came
    platform = PLATFORMS["generic"]
    assert platform.authenticate(asked, [SECRET.encode()], int(asked.headers["webhook-timestamp"]))
    [order] = platform.read(Delivered("", asked.body, Clock(NOW), NOW)).orders
    assert (order.order_id, order.total_minor, order.codes) == ("10482", 5090, ("ANNA10",))


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_the_call_of_an_own_server_is_an_order() -> None:
    came: list[Asked] = []
    async with shop_that_answers(came) as kith:
        await ran("sh", "-ec", filled(snippets.ORDER, kith=kith), KITH_SECRET_KEY="kith_sk_1")
    [asked] = came
    assert asked.headers["authorization"] == "Bearer kith_sk_1"
    order = OrderIn.model_validate_json(asked.body)
    assert (order.order_id, order.total_minor, order.codes) == ("10482", 5090, ("ANNA10",))


@asynccontextmanager
async def shop_that_answers(came: list[Asked], *, first: str = "200 OK") -> AsyncIterator[str]:
    """An address that takes what comes; the first request gets the answer `first`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        came.append(Asked(headers, await reader.readexactly(int(headers["content-length"]))))
        status = first if len(came) == 1 else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def ran(*argv: str, **env: str) -> bytes:
    """Runs a program to its end, which is a good one; what it complained of."""
    program = await asyncio.create_subprocess_exec(
        *argv, env={"PATH": os.environ["PATH"], **env}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, wrong = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 0, wrong
    return wrong


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no php here")
async def test_the_lines_for_bitrix_sign_an_order_that_is_read(tmp_path: Path) -> None:
    found = re.search(r"## 1C-Bitrix.*?```php\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    (tmp_path / "init.php").write_text(found[1])
    (tmp_path / "shop.php").write_text(SHOP)
    came: list[Asked] = []
    async with shop_that_answers(came, first="500 No") as kith:
        argv = ("php", "-d", "display_errors=stderr", str(tmp_path / "shop.php"), str(tmp_path / "init.php"))
        assert await ran(*argv, KITH_URL=f"{kith}/in/bitrix/con_1", KITH_SECRET=SECRET) == b""
    assert len(came) == 2, "what was not taken is told once more"
    platform = PLATFORMS["bitrix"]
    for asked in came:
        assert platform.authenticate(asked, [SECRET.encode()], int(asked.headers["webhook-timestamp"]))
    assert platform.name_of(came[0]) == platform.name_of(came[1])
    assert json.loads(came[0].body)["type"] == "order.saved"
    [order] = platform.read(Delivered("", came[0].body, Clock(NOW), NOW)).orders
    assert (order.order_id, order.status, order.total_minor, order.subtotal) == ("17", "paid", 509_000, 460_000)
    assert (order.codes, order.tokens, order.customer.email) == (("ANNA10",), ("k1.a", "k1.b"), "eva@example.com")
