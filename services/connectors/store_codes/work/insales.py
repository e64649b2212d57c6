"""Puts codes into an InSales shop as coupons, and looks them up there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from services.connectors.platforms.domain.insales.polling import crowded
from services.connectors.store_codes.domain import insales
from services.connectors.store_codes.domain.port import Absent, Refused, Result, Want
from services.connectors.store_codes.work.api import Api, NoAnswer
from services.kernel.outbound import Answer

_EXPLAINED: Final = frozenset({404, 422})
_REST: Final = timedelta(seconds=60)


async def look_up(api: Api, wants: Sequence[Want], found: Callable[[Result], None]) -> None:
    """Walks the list for these codes. One that is not among so many as may be walked is refused, for nobody knows."""
    left = list(wants)
    for number in range(1, insales.MOST_PAGES + 1):
        answer = await api.ask_for(insales.page(number))
        listed = insales.listed_in(answer.body)
        here = {want.code_id: result for want in left if (result := insales.found_in(listed, want)) is not None}
        for result in here.values():
            found(result)
        left = [want for want in left if want.code_id not in here]
        if not listed or not left:
            for want in left:
                found(Absent(want.code_id))
            return
        _leave_some(answer)
    for want in left:
        found(Refused(want.code_id, "too_many"))


async def put(api: Api, wants: Sequence[Want], done: Callable[[Result], None]) -> None:
    """Makes coupons, or changes those that are there, a call for each. What cannot be promised there takes nothing off
    if it did.
    """
    refused = await _refused(api, wants)
    for want in wants:
        why = refused.get(want.code_id)
        asked = replace(want, terms=None) if why is not None else want
        if asked.terms is None and asked.remote_id is None:
            done(why or Absent(want.code_id))
            continue
        answer = await api.ask_for(insales.put(asked), also=_EXPLAINED)
        result = insales.done_in(answer.status, answer.body, asked)
        done(why or result)
        if want is not wants[-1]:
            _leave_some(answer)


async def _refused(api: Api, wants: Sequence[Want]) -> dict[str, Refused]:
    """What the shop cannot promise: too late, limits that it does not know, and amounts in another currency."""
    found = {want.code_id: why for want in wants if (why := insales.problem_of(want, api.now)) is not None}
    promised = [(want, want.terms) for want in wants if want.terms is not None and want.code_id not in found]
    if any(terms.in_money for _, terms in promised):
        currency = insales.currency_in(await api.ask(insales.CURRENCIES))
        for want, terms in promised:
            if terms.in_money and terms.currency != currency:
                found[want.code_id] = Refused(want.code_id, "currency", currency)
    return found


def _leave_some(answer: Answer) -> None:
    """Raises `NoAnswer` once most of the shop's calls are used up: others need some, and what is over is refused."""
    if crowded(answer.headers.get("api-usage-limit", "")):
        raise NoAnswer("busy", after=_REST, unanswered=False)
