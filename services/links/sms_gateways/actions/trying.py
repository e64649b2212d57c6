"""A try of a store's gateway, to a number of the marketer's own, which is kept nowhere."""

from services.kernel.errors import Conflict, Invalid
from services.kernel.http.call import Call
from services.kernel.ids import new_id
from services.links.pages import PAGES
from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.actions.gateway import Refused, Sms, Taken, Verdict, Wait
from services.links.sms_gateways.domain.numbers import is_allowed, number_of
from services.links.sms_gateways.domain.segments import plain, segments
from services.links.stores import actions as stores


async def try_out(call: Call, to: str) -> tuple[Verdict, int]:
    """Has a word sent at once, outside of any transaction, and counts it: what the gateway says, and the segments.
    Raises `NotFound`, `Invalid` for a number that is none or that the store sends nothing to, and `Conflict` where its
    limit is used up or its secret cannot be opened.
    """
    async with call.transaction() as tx:
        gateway = await setup.get(tx, call.store_id)
        store = await stores.get(tx, call.store_id)
        number = number_of(to)
        if number is None:
            raise Invalid.field("to", "Write the number with its country’s code, as in +37369123456.")
        if not is_allowed(number, gateway.prefixes):
            raise Invalid.field("to", "The store sends to no such number: add how it begins.", code="not_there")
        say = PAGES.speech(store.locale[:2]).say
        text = plain(say("%(store)s: messages to ambassadors will look like this one.", store=store.name))
        if await setup.spend(tx, gateway, segments(text)) is not None:
            raise Conflict("The store’s messages are used up. Raise its limit, or wait.", code="limit_reached")
        try:
            port = setup.gateway_of(call.ctx, gateway)
        except ValueError:
            raise Conflict("The secret cannot be opened any more: give it anew.", code="secret_lost") from None
        tx.note("sms.tried", on=call.store_id)
        message = Sms(id=new_id("try", at=tx.now), to=number, text=text, sender=gateway.sender)
        now = tx.now
    return await port.send(message, now=now), segments(text)


def outcome_of(verdict: Verdict) -> tuple[str, int | None, str | None]:
    """A verdict as callers read it: outcome, status and reason."""
    match verdict:
        case Taken():
            return "taken", None, None
        case Wait():
            return "busy", None, None
        case Refused():
            return "refused", verdict.status, verdict.why
    return "away", None, None
