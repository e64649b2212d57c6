"""Puts codes into a Shopify shop as code discounts, and looks them up there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from services.connectors.store_codes.domain import shopify
from services.connectors.store_codes.domain.port import Refused, Request, Result, Unreadable, Want
from services.connectors.store_codes.domain.shopify import Denied, Throttled
from services.connectors.store_codes.work.api import Api, NoAnswer

Read = TypeVar("Read")
_DENIED: Final = "access_denied"


def headers(user: str | None, password: str) -> Mapping[str, str]:
    """What opens the API."""
    return {"x-shopify-access-token": password}


async def look_up(api: Api, wants: Sequence[Want], found: Callable[[Result], None]) -> None:
    """Looks codes up, all of them in one call."""
    for result in await _ask(api, shopify.lookup(wants), lambda body: shopify.found_in(body, wants)):
        found(result)


async def put(api: Api, wants: Sequence[Want], done: Callable[[Result], None]) -> None:
    """Makes discounts, or changes those that are there, in one call. What cannot be promised there takes nothing off
    if it did.
    """
    refused = await _refused(api, wants)
    asked = [replace(want, terms=None) if want.code_id in refused else want for want in wants]
    asked = [want for want in asked if want.terms is not None or want.remote_id is not None]
    if asked:
        now = api.now
        for result in await _ask(api, shopify.put(asked, now), lambda body: shopify.done_in(body, asked)):
            if result.code_id not in refused:
                done(result)
    for result in refused.values():
        done(result)


async def hosts(api: Api) -> Sequence[str]:
    """The host of the API, and the domain that buyers see, if the shop says which."""
    try:
        primary = await _ask(api, shopify.domain(), shopify.domain_in)
    except Unreadable:
        return (api.host,)
    except NoAnswer as no:
        if no.reason != _DENIED:
            raise
        return (api.host,)
    return tuple(dict.fromkeys((api.host, primary)))


async def _refused(api: Api, wants: Sequence[Want]) -> dict[str, Refused]:
    """Codes that have ended already, and amounts in another currency than the shop's."""
    promised = [(want, want.terms) for want in wants if want.terms is not None]
    found = {
        want.code_id: Refused(want.code_id, "expired")
        for want, terms in promised
        if terms.expires_at is not None and terms.expires_at <= api.now
    }
    if any(terms.in_money for _, terms in promised):
        currency = await _ask(api, shopify.currency(), shopify.currency_in)
        for want, terms in promised:
            if terms.in_money and terms.currency != currency:
                found[want.code_id] = Refused(want.code_id, "currency", currency)
    return found


async def _ask(api: Api, request: Request, read: Callable[[bytes], Read]) -> Read:
    try:
        return read(await api.ask(request))
    except Throttled as slow:
        raise NoAnswer("throttled", after=timedelta(seconds=slow.wait_s), unanswered=False) from slow
    except Denied as denied:
        raise NoAnswer(_DENIED, unanswered=False) from denied
