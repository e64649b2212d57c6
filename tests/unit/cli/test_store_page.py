"""What `kith doctor --store` says of the line in a store's page."""

import httpx
import pytest

from services.cli.inspect.store import Line, lines_in, look_at_page

SHOP = "https://shop.example/"
SECRET = "kith_sk_k1_01store_01keyaaa_7f_" + "0" * 32
OWN = "kith_pk_k1_01store_01keybbb_1_" + "0" * 32
OTHERS = "kith_pk_k1_02store_01keybbb_1_" + "0" * 32


def page(key: str, src: str = "https://kith.example/kith.js") -> str:
    return f'<script defer src="{src}" data-key="{key}"></script>'


def web(html: str, *, status: int = 422) -> httpx.AsyncClient:
    """A store whose page says this, and Kith, which answers a report without a body."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "shop.example":
            return httpx.Response(200, html=html)
        assert (request.url.path, request.content) == ("/v1/track", b"{}")
        return httpx.Response(status)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def test_lines_are_found_by_what_they_load() -> None:
    html = page("a", "/kith.js") + page("b", "https://kith.example/kith.0bcbdb8742ad.js") + page("c", "/kith-forms.js")
    assert lines_in(html, SHOP) == [
        Line("https://shop.example/kith.js", "a"),
        Line("https://kith.example/kith.0bcbdb8742ad.js", "b"),
    ]


@pytest.mark.parametrize(
    ("html", "status", "verdict", "part"),
    [
        (page(OWN), 422, "ok", "of https://kith.example"),
        ("<p>nothing</p>", 422, "warning", "does not load"),
        (page(""), 422, "failure", "no data-key"),
        (page(SECRET), 422, "failure", "everybody can read"),
        (page(OTHERS), 422, "failure", "none of this store's"),
        (page("kith_pk_…"), 422, "failure", "none of this store's"),
        (page(OWN), 401, "failure", "revoked"),
    ],
)
async def test_a_line_is_named_with_what_is_wrong(html: str, status: int, verdict: str, part: str) -> None:
    async with web(html, status=status) as client:
        [finding], _ = await look_at_page(client, SHOP, SECRET)
    assert str(finding.verdict) == verdict
    assert part in finding.detail
    assert bool(finding.advice) == (verdict != "ok")


async def test_a_page_that_is_not_there_is_no_crash() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503))) as client:
        [finding], kith = await look_at_page(client, SHOP, SECRET)
    assert (str(finding.verdict), kith) == ("failure", "")
