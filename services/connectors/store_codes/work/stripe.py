"""Puts codes into a Stripe account as promotion codes, and looks them up there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.connectors.store_codes.domain import stripe
from services.connectors.store_codes.domain.port import Absent, Put, Refused, Result, Want
from services.connectors.store_codes.domain.terms import Terms
from services.connectors.store_codes.work.api import Api, NoAnswer

AT_ONCE: Final = 20
"""Codes of one turn: each takes a call or two, and Stripe has no batches."""
_EXPLAINED: Final = frozenset({400})


def headers(user: str | None, password: str) -> Mapping[str, str]:
    """What opens the API."""
    return {"authorization": f"Bearer {password}", "stripe-version": stripe.VERSION}


async def look_up(api: Api, wants: Sequence[Want], found: Callable[[Result], None]) -> None:
    """Looks codes up, one call for each."""
    for want in wants:
        found(stripe.found_in(await api.ask(stripe.lookup(want.code)), want))


async def put(api: Api, wants: Sequence[Want], done: Callable[[Result], None]) -> None:
    """Makes promotion codes and switches off those that are not wanted, or not so, any more."""
    made: set[str] = set()
    for want in wants:
        done(await _put(api, want, made))


async def _put(api: Api, want: Want, made: set[str]) -> Result:
    problem = stripe.problem_of(want, api.now)
    if want.remote_id is not None:
        answer = await api.ask_for(stripe.switch_off(want.remote_id), also={404})
        if want.terms is None and answer.status != 404:
            return Put(want.code_id, want.remote_id)
    if want.terms is None:
        return Absent(want.code_id)
    if problem is not None:
        return Refused(want.code_id, problem)
    try:
        return await _make(api, want, want.terms, made)
    except NoAnswer as no:
        if want.remote_id is None:
            raise
        # The one of before is off by now: what is there is no longer what was noted.
        raise NoAnswer(no.reason, after=no.after, unanswered=True) from no


async def _make(api: Api, want: Want, terms: Terms, made: set[str]) -> Result:
    name = stripe.coupon_name(terms)
    if name not in made:
        answer = await api.ask_for(stripe.coupon(terms), also=_EXPLAINED)
        if not answer.ok and not stripe.is_there(answer.body):
            return stripe.made_in(answer.status, answer.body, want)
        made.add(name)
    answer = await api.ask_for(stripe.promotion_code(want, terms), also=_EXPLAINED)
    return stripe.made_in(answer.status, answer.body, want)
