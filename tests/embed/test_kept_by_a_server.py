"""The guide's recipe for Safari: a shop's own server writes the cookies once more. Its lines run here as they stand."""

import asyncio
import re
import shutil
import socket
from collections.abc import Callable, Sequence
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from tests.embed.shop import FIRST, SECOND, Shop
from tests.support.wait import until

GUIDE = (Path(__file__).parents[2] / "docs" / "connect.md").read_text()
LONG_S = 34_000_000
VISITOR = "v_" + "0a" * 16
ASKED: tuple[tuple[dict[str, str], str], ...] = (
    ({}, ""),
    ({}, FIRST),
    ({"kith_t": f"{FIRST}~{SECOND}", "kith_v": VISITOR, "kith_c": "1"}, ""),
    ({"kith_t": FIRST, "kith_v": VISITOR}, SECOND),
    ({"kith_c": "0"}, ""),
    ({"kith_t": "<b>", "kith_v": f"{VISITOR}x", "kith_c": "2", "other": "1"}, "k1.short"),
)
"""Cookies that come, and the token in the address."""


def recipe(language: str, domain: str) -> str:
    """The guide's lines in a language, for a domain."""
    section = GUIDE[GUIDE.index("### Longer than seven days in Safari") :]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1].replace("shop.example", domain)


def in_python(domain: str) -> Callable[[Scope], Sequence[bytes]]:
    """The lines of Python; their framework's request and response are as Starlette's, but for two names."""
    names: dict[str, Any] = {"re": re}
    exec(recipe("python", domain), names)  # the guide is ours

    def keep(scope: Scope) -> Sequence[bytes]:
        asked, response = Request(scope), Response()
        names["keep"](SimpleNamespace(COOKIES=asked.cookies, GET=asked.query_params), response)
        return [value for name, value in response.raw_headers if name == b"set-cookie"]

    return keep


def written(lines: Sequence[str]) -> dict[str, tuple[str, str, str, bool, str, bool]]:
    """Cookies by name: value, path, domain, secure, same site and hidden from scripts. All live as long as may be."""
    found: dict[str, Morsel[str]] = {}
    for line in lines:
        found |= SimpleCookie(line)
    assert all(abs(int(one["max-age"]) - LONG_S) < 60 for one in found.values())
    return {
        name: (
            one.value,
            one["path"],
            one["domain"],
            bool(one["secure"]),
            one["samesite"].lower(),
            bool(one["httponly"]),
        )
        for name, one in found.items()
    }


def asks(cookies: dict[str, str], token: str) -> tuple[str, str]:
    """A query and a header."""
    return f"kith={token}" if token else "", "; ".join(f"{name}={value}" for name, value in cookies.items())


def by_python(cookies: dict[str, str], token: str) -> dict[str, tuple[str, str, str, bool, str, bool]]:
    query, header = asks(cookies, token)
    scope = {"type": "http", "query_string": query.encode(), "headers": [(b"cookie", header.encode())]}
    return written([line.decode() for line in in_python("shop.example")(scope)])


def test_what_came_is_kept_for_longer_and_nothing_else_is_written() -> None:
    kept = [{name: one[0] for name, one in by_python(*asked).items()} for asked in ASKED]
    assert kept == [
        {},
        {"kith_t": FIRST},
        {"kith_t": f"{FIRST}~{SECOND}", "kith_v": VISITOR, "kith_c": "1"},
        {"kith_t": FIRST, "kith_v": VISITOR},  # the script puts the second behind the first
        {"kith_c": "0"},
        {},
    ]
    assert by_python({"kith_v": VISITOR}, "") == {"kith_v": (VISITOR, "/", "shop.example", True, "lax", False)}


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no php here")
async def test_the_lines_of_php_write_the_same(tmp_path: Path) -> None:
    (tmp_path / "page.php").write_text(recipe("php", "shop.example"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    argv = ("php", "-d", "display_errors=stderr", "-S", place, str(tmp_path / "page.php"))
    server = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://{place}", timeout=60) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(answers, within=60, what="php serves the page")
            for cookies, token in ASKED:
                query, header = asks(cookies, token)
                answer = await client.get(f"/?{query}", headers={"cookie": header} if header else {})
                assert written(answer.headers.get_list("set-cookie")) == by_python(cookies, token)
    finally:
        server.terminate()
        await server.wait()


@pytest.mark.browser
async def test_the_script_and_the_server_write_one_cookie_between_them(shop: Shop) -> None:
    shop.keep = in_python("localhost")
    await shop.open(f"/?kith={FIRST}")
    visitor = (await shop.cookies())["kith_v"]
    await shop.open("/cart")
    await shop.open(f"/?kith={SECOND}")
    await shop.open("/cart")
    cookies = [
        one for one in await shop.page.context.cookies(shop.url) if one["name"] != "kith_s"
    ]  # ends with the visit
    assert sorted((one["name"], one["value"]) for one in cookies) == [
        ("kith_t", f"{FIRST}~{SECOND}"),
        ("kith_v", visitor),
    ]
    assert all(one["secure"] and not one["httpOnly"] for one in cookies), "the server wrote them, the script reads them"
    assert await shop.page.evaluate("kith('token')") == SECOND
