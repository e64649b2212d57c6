"""The portal's pages of the catalogue: what can be redeemed, one item with its confirmation, what was redeemed."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Form, Path, Request, Response

from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import PortalSession, read_portal_visitor
from services.common.store_look import look_of
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import AppError, NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.rewards.catalogue import sql, words
from services.rewards.catalogue.actions import redeem
from services.rewards.catalogue.actions.items import ItemNotFound
from services.rewards.catalogue.domain import Item, Redemption
from services.rewards.pages import Reader, reader_of
from services.rewards.slices import sql as slices
from services.rewards.spending import actions as spending
from services.ui import Fact
from services.ui.forms import new_once, once_of

router = APIRouter(include_in_schema=False)

PAGE: Final = "/p/catalogue"
_ITEMS: Final = 100
_HISTORY: Final = 30
Id = Annotated[str, Path(max_length=64)]
_Text = Annotated[str, Form(max_length=64)]


class _Offer(NamedTuple):
    """An item as one ambassador sees it."""

    item: Item
    price: int
    can: int
    """What they can spend on it."""
    barred: str
    """Why it cannot be redeemed now; empty where it can."""


@router.get(PAGE)
async def catalogue_page(request: Request, lang: str = "") -> Response:
    """What can be redeemed, and what was."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await _reader(tx, request, who)
        offers = await _offers(tx, reader, who)
        mine = {"ambassador_id": who.ambassador_id}
        history = await sql.listed(tx, who.store_id, before=None, count=_HISTORY, filters=mine)
    return _shown(
        reader,
        who,
        "catalogue/portal.html",
        title=reader.speech.say("Redeem"),
        balances=_balances(reader, offers),
        offers=[_card(reader, one) for one in offers],
        history=[_line(reader, one) for one in history],
    )


@router.get(PAGE + "/{item_id}")
async def confirm_page(item_id: Id, request: Request, lang: str = "") -> Response:
    """One item: what it costs, what is left then, and the button."""
    return await _confirm(request, item_id)


@router.post(PAGE + "/{item_id}", dependencies=[limit("redeem", per_minute=10)])
async def redeem_form(item_id: Id, request: Request, price: _Text = "", once: _Text = "", lang: str = "") -> Response:
    """Redeems it at the price that the page showed. `once` makes a second pressing harmless."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    key = once_of(once)
    expected = int(price) if price.isascii() and price.isdigit() else 0
    try:
        async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
            await _refuse_gone(tx, who)
            one = await redeem.redeem(tx, who.store_id, who.ambassador_id, item_id, price=expected, once=key)
    except NotFound:
        raise
    except AppError as error:
        return await _confirm(request, item_id, wrong=error)
    return Response(status_code=303, headers={"location": f"{PAGE}#{one.redemption_id}"})


@router.post(PAGE + "/redemptions/{redemption_id}/cancel", dependencies=[limit("redeem-cancel", per_minute=10)])
async def cancel_form(redemption_id: Id, request: Request) -> Response:
    """Calls off what waits."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        await _refuse_gone(tx, who)
        one = await redeem.get(tx, who.store_id, redemption_id)
        if one.ambassador_id != who.ambassador_id:
            raise redeem.RedemptionNotFound(redemption_id)
        await redeem.cancel(tx, who.store_id, redemption_id)
    return Response(status_code=303, headers={"location": f"{PAGE}#{redemption_id}"})


async def _confirm(request: Request, item_id: str, *, wrong: AppError | None = None) -> Response:
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await _reader(tx, request, who)
        found = await sql.item(tx, who.store_id, item_id)
        known = await slices.ambassador(tx, who.store_id, who.ambassador_id)
        if found is None or known is None or found.program_id != known.program_id or found.status == "archived":
            raise ItemNotFound(item_id)
        (offer,) = await _priced(tx, reader, who, [found])
    say = reader.speech.say
    left = offer.can - offer.price
    facts = [
        Fact(say("It costs"), reader.amount(offer.price, offer.item.unit), strong=True),
        Fact(say("You can spend"), reader.amount(offer.can, offer.item.unit)),
    ]
    if left >= 0:
        facts.append(Fact(say("Left then"), reader.amount(left, offer.item.unit)))
    return _shown(
        reader,
        who,
        "catalogue/confirm.html",
        status=200 if wrong is None else wrong.status,
        title=offer.item.name,
        item=offer.item,
        facts=facts,
        price=offer.price,
        once=new_once(),
        may=left >= 0 and not offer.barred,
        barred=offer.barred,
        missing=_missing(reader, offer),
        coupon=offer.item.pool_id is not None,
        problem=words.wrong_text(reader, wrong),
    )


async def _reader(tx: Tx, request: Request, who: PortalSession) -> Reader:
    await _refuse_gone(tx, who)
    return await reader_of(request, tx, who.store_id)


async def _refuse_gone(tx: Tx, who: PortalSession) -> None:
    if await slices.portal_is_closed(tx, who.store_id, who.ambassador_id):
        raise NotFound("There is no such ambassador.")


async def _offers(tx: Tx, reader: Reader, who: PortalSession) -> list[_Offer]:
    known = await slices.ambassador(tx, who.store_id, who.ambassador_id)
    if known is None:
        return []
    filters = {"program_id": known.program_id, "status": "active"}
    found = await sql.items(tx, who.store_id, before=None, count=_ITEMS, filters=filters)
    return await _priced(tx, reader, who, found)


async def _priced(tx: Tx, reader: Reader, who: PortalSession, found: Sequence[Item]) -> list[_Offer]:
    """Items with what they cost and what is there for them; each kind of balance and tier is looked up once."""
    free = await sql.free(tx, who.store_id, [one.pool_id for one in found if one.pool_id])
    can, tiers, offers = {}, {}, []
    for item in found:
        holder = redeem.holder_of(item, who.ambassador_id)
        if holder not in can:
            can[holder] = await spending.spendable(tx, holder)
        if item.program_id not in tiers:
            tiers[item.program_id] = await redeem.tier_of(tx, who.store_id, who.ambassador_id, item.program_id)
        why = item.barred(reader.now, None if item.pool_id is None else free.get(item.pool_id, 0))
        offers.append(
            _Offer(
                item,
                item.price_in(tiers[item.program_id]),
                can[holder],
                "" if why is None else words.why_text(reader.speech, why),
            )
        )
    return offers


def _balances(reader: Reader, offers: Sequence[_Offer]) -> list[str]:
    found = {(one.item.paid_in, one.item.unit): one.can for one in offers}
    return [reader.amount(can, unit) for (_, unit), can in sorted(found.items())]


def _missing(reader: Reader, offer: _Offer) -> str:
    short = offer.price - offer.can
    if short <= 0:
        return ""
    return reader.speech.say("%(amount)s to go", amount=reader.amount(short, offer.item.unit))


def _card(reader: Reader, offer: _Offer) -> dict[str, Any]:
    item = offer.item
    return {
        "name": item.name,
        "description": item.description,
        "price": reader.amount(offer.price, item.unit),
        "href": f"{PAGE}/{item.item_id}" if not offer.barred and offer.can >= offer.price else "",
        "note": offer.barred or _missing(reader, offer),
        "share": min(1.0, offer.can / offer.price),
    }


def _line(reader: Reader, one: Redemption) -> dict[str, Any]:
    return {
        "id": one.redemption_id,
        "name": one.name,
        "when": reader.fmt.date(one.made_at),
        "cost": words.cost_text(reader, one),
        "chip": words.status_chip(reader.speech, one.status),
        "code": one.code if one.status == "fulfilled" else None,
        "cancel": f"{PAGE}/redemptions/{one.redemption_id}/cancel" if one.status == "requested" else "",
    }


def _shown(reader: Reader, who: PortalSession, template: str, **values: Any) -> Response:
    return reader.page(
        template,
        headers={"cache-control": "private, no-store"},
        style=look_of(who.store_id),
        bar=portal_bar(reader.speech, SHARE),
        base=PAGE,
        **values,
    )
