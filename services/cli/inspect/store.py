"""Findings about a store: the line in its page as its server sends it, and what reaches Kith while it is tried."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from html.parser import HTMLParser
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from services.cli.inspect.findings import Finding, failure, ok, warning

EVERY_S: Final = 1.0
"""How often a check is read."""
_MOST: Final = 5_000_000
"""Bytes of a page that are looked at."""
_SCRIPT: Final = "kith"
_NAME: Final = "line in the page"


class CannotAsk(Exception):
    """Kith does not answer as it should; the text says what to mend."""


class Line(NamedTuple):
    """The line of a page that loads `kith.js`."""

    src: str
    key: str


def lines_in(html: str, url: str) -> list[Line]:
    """The lines of a page, in their order."""
    found = _Lines(url)
    found.feed(html)
    return found.lines


async def look_at_page(client: httpx.AsyncClient, url: str, secret: str) -> tuple[list[Finding], str]:
    """What a store's page says of Kith, and where it says that Kith is. `secret` is a secret key of the store. Raises
    nothing that a page can cause.
    """
    try:
        html, at = await _fetched(client, url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = "give the address of a page that everybody can open"
        return [failure("page", f"{url} does not answer: {type(error).__name__}", advice)], ""
    lines = lines_in(html, at)
    if not lines:
        advice = "if a tag manager adds it, look below whether it reports; else put it into every page"
        return [warning(_NAME, f"{at} does not load kith.js", advice)], ""
    kith = "{0.scheme}://{0.netloc}".format(urlsplit(lines[0].src))
    return [await _of_line(client, lines[0], kith, secret)], kith


async def _of_line(client: httpx.AsyncClient, line: Line, kith: str, secret: str) -> Finding:
    if not line.key:
        return failure(_NAME, "it has no data-key", "give it the store's publishable key")
    if line.key.startswith("kith_sk_"):
        return failure(
            _NAME, "it has a secret key, which everybody can read", "revoke that key at once; use a publishable one"
        )
    store = secret.split("_")[3:4]
    if not line.key.startswith("kith_pk_") or line.key.split("_")[3:4] != store:
        return failure(_NAME, "its key is none of this store's", "copy the publishable key anew")
    try:
        # Looked at by its key alone: a report without a body changes nothing.
        answer = await client.post(f"{kith}/v1/track", content=b"{}", headers={"authorization": f"Bearer {line.key}"})
    except httpx.HTTPError as error:
        return failure(_NAME, f"{kith} does not answer: {type(error).__name__}", "see that its src is Kith's address")
    if answer.status_code == 401:
        return failure(_NAME, "its key is not valid, or was revoked", "copy the publishable key anew")
    return ok(_NAME, f"kith.js of {kith}, with a key of this store")


async def begin(client: httpx.AsyncClient, kith: str, secret: str, without: Sequence[str]) -> str:
    """Begins a check. Raises `CannotAsk`."""
    answer = await _asked(client, "POST", f"{kith}/v1/install-checks", secret, json={"without": list(without)})
    return str(answer["id"])


async def steps(
    client: httpx.AsyncClient, kith: str, secret: str, check: str, *, wait_s: float
) -> AsyncIterator[dict[str, Any]]:
    """How a check stands, now and whenever it has changed, until it is well, has ended, or `wait_s` is over. Raises
    `CannotAsk`.
    """
    until, before = time.monotonic() + wait_s, None
    while True:
        found = await _asked(client, "GET", f"{kith}/v1/install-checks/{check}", secret)
        if found != before:
            yield found
            before = found
        if found["well"] or not found["goes_on"] or time.monotonic() >= until:
            return
        await asyncio.sleep(min(EVERY_S, max(0.0, until - time.monotonic())))


def finding_of(step: dict[str, Any]) -> Finding:
    """A step of a check, once nobody waits for it any more."""
    name, detail = step["title"], step["detail"] or step["at"] or "there"
    if step["text"] and step["state"] == "waiting" and not step["needed"]:
        return warning(name, step["text"], step["mend"])
    if step["text"]:
        return failure(name, step["text"], step["mend"] or "")
    if step["state"] == "done":
        return ok(name, detail)
    if step["needed"]:
        return failure(name, "not seen", step["mend"] or "")
    return ok(name, "not seen, and not needed")


async def _fetched(client: httpx.AsyncClient, url: str) -> tuple[str, str]:
    async with client.stream("GET", url, follow_redirects=True) as answer:
        answer.raise_for_status()
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > _MOST:
                break
        return body.decode(answer.encoding or "utf-8", "replace"), str(answer.url)


async def _asked(client: httpx.AsyncClient, method: str, url: str, secret: str, **more: Any) -> dict[str, Any]:
    try:
        answer = await client.request(method, url, headers={"authorization": f"Bearer {secret}"}, **more)
    except httpx.HTTPError as error:
        raise CannotAsk(f"{url} does not answer: {type(error).__name__}; give --kith") from error
    if answer.is_success:
        found: dict[str, Any] = answer.json()
        return found
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = "this is not Kith; give --kith"
    raise CannotAsk(f"{url} answered {answer.status_code}: {detail}")


class _Lines(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.lines: list[Line] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        src = urljoin(self._url, found.get("src") or "")
        name = urlsplit(src).path.rpartition("/")[2]
        if tag == "script" and name.startswith(f"{_SCRIPT}.") and name.endswith(".js"):
            self.lines.append(Line(src, (found.get("data-key") or "").strip()))
