"""The scripts as they are sent: shortened without a change of meaning, and kept for pages that pin one."""

import base64
import hashlib

import httpx
import pytest
from fastapi import FastAPI

from services.links.embed.actions import PINNED, SCRIPTS
from services.links.embed.api.script import router
from services.links.embed.domain.script import packed, tag
from services.links.embed.domain.shrink import shrink


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("/* why */\nvar total = 1\n// how\nuse(total)\n", "var a=1\nuse(a)\n"),
        # A key, what stands behind a dot and a text are not the name; both sides of a conditional are.
        (
            "var size = 2\nuse({ size: size }, it.size, 'size', size ? size : 0)",
            "var a=2\nuse({size:a},it.size,'size',a?a:0)\n",
        ),
        # Functions have names of their own, and never one that they need from outside.
        (
            "function outer(first) {\n  return function (second) { return first + second + a }\n}",
            "function b(b){return function(c){return b+c+a}}\n",
        ),
        (
            "var url = 'https://x//y' // a comment\nvar re = /[/\"']\\/x/g\n",
            "var b='https://x//y'\nvar a=/[/\"']\\/x/g\n",
        ),
        ("go()\n;[1].map(f)\nreturn a in b", "go();[1].map(f)\nreturn a in b\n"),
    ],
)
def test_a_script_is_shortened_without_a_change_of_meaning(source: str, short: str) -> None:
    assert shrink(source) == short


def test_every_version_that_a_page_may_have_pinned_is_served_as_it_was() -> None:
    for (name, digest), sent in PINNED.items():
        assert (sent.name, sent.digest) == (name, digest)
        assert hashlib.sha256(sent.body).hexdigest().startswith(digest)
        assert sent.integrity == "sha384-" + base64.b64encode(hashlib.sha384(sent.body).digest()).decode()
    for released in (("kith", "ca040b465413"), ("kith", "0bcbdb8742ad"), ("kith-share", "66fac87d66f8")):
        assert released in PINNED


async def test_the_addresses_of_the_scripts() -> None:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kith") as client:
        for name, sent in SCRIPTS.items():
            newest = await client.get(f"/{name}.js")
            pinned = await client.get(newest.headers["content-location"])
            assert newest.content == pinned.content == sent.body
            assert "immutable" in pinned.headers["cache-control"]
            assert "immutable" not in newest.headers["cache-control"]
            for answer in (newest, pinned):
                assert answer.headers["access-control-allow-origin"] == "*"
                assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        earlier = await client.get("/kith.ca040b465413.js")
        assert packed("kith", earlier.content).digest == "ca040b465413"


def test_the_line_of_a_pinned_version_names_its_hash() -> None:
    sent = SCRIPTS["kith"]
    line = tag("https://kith.example", sent, "kith_pk_1", pinned=True)
    assert (
        f'src="https://kith.example/kith.{sent.digest}.js" integrity="{sent.integrity}" crossorigin="anonymous"' in line
    )
