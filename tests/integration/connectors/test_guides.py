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
from services.connectors.guides.domain.coupon import PHP as COUPON
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
WOO_SHOP = """<?php
class Session extends ArrayObject {
    function get($name) { return $this[$name] ?? null; }
    function set($name, $value) { $this[$name] = $value; }
    function set_customer_session_cookie($set) { $this['cookie'] = $set; }
}
class Cart {
    public $goods = 0; public $coupons = [];
    function is_empty() { return $this->goods === 0; }
    function get_applied_coupons() { return $this->coupons; }
    function apply_coupon($code) { $this->coupons[] = $code; return true; }
}
class Shop { public $session; public $cart; }
class WC_Coupon { function __construct(public $code) {} }
class WC_Discounts {
    function __construct(private $cart) {}
    function is_coupon_valid($coupon) { return $this->cart->goods >= 20 ?: new stdClass; }
}
function WC() { static $shop = new Shop; return $shop; }
function wp_unslash($text) { return stripslashes($text); }
function wc_format_coupon_code($text) { return strtolower(trim($text)); }
function wc_get_coupon_id_by_code($code) { return $code === 'anna10' ? 7 : 0; }
function add_action($name, $run, $rank = 10, $takes = 1) { $GLOBALS['hooks'][$name] = $run; }
function happens($name) { $GLOBALS['hooks'][$name](); }
function opens($query) { $_GET = $query; happens('wp_loaded'); }
function puts($price) { WC()->cart->goods += $price; happens('woocommerce_add_to_cart'); }
function says() { echo json_encode(WC()->cart->coupons), PHP_EOL; }
require $argv[1];
opens(['coupon' => 'ANNA10']); // a request without a session
WC()->session = new Session; WC()->cart = new Cart;
opens([]); opens(['coupon' => ['ANNA10']]); opens(['coupon' => 'NOBODYS']); puts(20); says();
WC()->cart = new Cart;
opens(['coupon' => 'ANNA10']); says();
puts(10); says();
puts(10); says();
WC()->cart->coupons = []; puts(5); says(); // the buyer took it out
WC()->cart->coupons = ['spring']; opens(['coupon' => 'ANNA10']); says();
function remove_query_arg($name) {
    [$path, $query] = explode('?', $_SERVER['REQUEST_URI'], 2); parse_str($query, $said); unset($said[$name]);
    return $path . '?' . http_build_query($said);
}
function wp_safe_redirect($url) { echo json_encode([$url, ...WC()->cart->coupons]), PHP_EOL; }
$_SERVER['REQUEST_METHOD'] = 'GET'; $_SERVER['REQUEST_URI'] = '/p/7?coupon=ANNA10&ref=anna';
WC()->cart->coupons = []; opens(['coupon' => 'ANNA10']); says(); // the page itself is not made
"""


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
async def test_the_lines_for_woocommerce_apply_a_code_once_when_there_is_enough_in_the_cart(tmp_path: Path) -> None:
    (tmp_path / "kith.php").write_text(COUPON)
    (tmp_path / "shop.php").write_text(WOO_SHOP)
    argv = ("php", "-d", "display_errors=stderr", str(tmp_path / "shop.php"), str(tmp_path / "kith.php"))
    program = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, wrong = await asyncio.wait_for(program.communicate(), 60)
    assert (program.returncode, wrong) == (0, b"")
    assert [json.loads(line) for line in output.splitlines()] == [
        [],  # no code, two at once, somebody's else
        [],  # the cart is empty
        [],  # too little in it
        ["anna10"],
        [],  # the buyer took it out, and it stays out
        ["spring"],  # one code each
        ["/p/7?ref=anna", "anna10"],  # the page's address is left without it, and nothing comes after that
    ]


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
