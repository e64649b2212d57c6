"""The look at a claimed domain: outside every transaction, at three places at once."""

import asyncio
from collections.abc import Awaitable

from services.kernel.auth import api_keys
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.names import NoNameServer, txt_records
from services.kernel.outbound import Answer, OutboundError
from services.links.domains import domain as evidence
from services.links.domains.domain import METHODS, Finding
from services.links.stores.domain import Method
from services.links.stores.sql import Claim

_TIME_S = 8.0
_MOST_FILE = 1_000
_MOST_PAGE = 2_000_000


async def look(ctx: Context, store_id: str, claim: Claim) -> dict[Method, Finding]:
    """What each place says. Takes at most some seconds, and raises nothing that a domain can cause."""
    where = evidence.places(claim.domain, claim.token)

    def is_own(key: str) -> bool:
        try:
            caller = api_keys.read(ctx.ring, key)
        except Unauthorized:
            return False
        return caller.kind == "pk" and caller.store_id == store_id and caller.key_id not in ctx.live.revoked

    async def records() -> Finding:
        return evidence.in_records(await txt_records(where.dns_name), where.text)

    async def fetched(url: str, most_bytes: int) -> Answer:
        return await ctx.outbound.send("GET", url, purpose="domain-proof", deadline_s=_TIME_S, most_bytes=most_bytes)

    async def file() -> Finding:
        answer = await fetched(where.file_url, _MOST_FILE)
        return evidence.in_file(answer.status, answer.body, where.text)

    async def page() -> Finding:
        answer = await fetched(where.page_url, _MOST_PAGE)
        return evidence.in_page(answer.status, answer.body, is_own)

    found = await asyncio.gather(_answered(records()), _answered(file()), _answered(page()))
    return dict(zip(METHODS, found, strict=True))


def proof_in(findings: dict[Method, Finding]) -> Method | None:
    """The first way that proves it."""
    return next((method for method in METHODS if findings[method] == "found"), None)


async def _answered(asked: Awaitable[Finding]) -> Finding:
    try:
        return await asked
    except NoNameServer:
        return "unreachable"
    except OutboundError as failed:
        reported: dict[str, Finding] = {"address_refused": "private_address", "too_large": "different"}
        return reported.get(failed.reason, "unreachable")
