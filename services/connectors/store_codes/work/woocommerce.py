"""Puts codes into a WooCommerce shop as coupons, and looks them up there."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.connectors.store_codes.domain import woocommerce
from services.connectors.store_codes.domain.port import Refused, Result, Want
from services.connectors.store_codes.work.api import Api


async def look_up(api: Api, wants: Sequence[Want], found: Callable[[Result], None]) -> None:
    """Looks codes up, one call for each."""
    for want in wants:
        found(woocommerce.found_in(await api.ask(woocommerce.lookup(want.code)), want))


async def put(api: Api, wants: Sequence[Want], done: Callable[[Result], None]) -> None:
    """Makes coupons, or changes those that are there, in one call. Amounts are in the shop's own currency: what is
    promised in another is not put there, and takes nothing off if it was.
    """
    other = await _in_other_currency(api, wants)
    asked = [replace(want, terms=None) if want.code_id in other else want for want in wants]
    asked = [want for want in asked if want.terms is not None or want.remote_id is not None]
    results = woocommerce.done_in(await api.ask(woocommerce.batch(asked)), asked) if asked else []
    for result in results:
        if result.code_id not in other:
            done(result)
    for code_id, currency in other.items():
        done(Refused(code_id, "currency", currency))


async def hosts(api: Api) -> Sequence[str]:
    """The shop's pages are where its API is."""
    return (api.host,)


async def _in_other_currency(api: Api, wants: Sequence[Want]) -> dict[str, str]:
    if not any(want.terms is not None and want.terms.in_money for want in wants):
        return {}
    currency = woocommerce.currency_in(await api.ask(woocommerce.CURRENCY))
    return {
        want.code_id: currency
        for want in wants
        if want.terms is not None and want.terms.in_money and want.terms.currency != currency
    }
