"""Ambassadors are told that some of their balance expires soon, and what became of what they redeemed."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.events.balances import BalanceExpiring, ExpiringAmount
from contracts.events.redemptions import (
    Redemption,
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionReturned,
)
from contracts.events.rewards import Beneficiary
from tests.integration.links.mailing import an_hour_later, relay, working
from tests.integration.links.notifying import notify, receive
from tests.integration.links.test_notices import ANNA, BELA, came
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer

__all__ = ["an_hour_later", "relay", "working"]


def expiring(
    links: Replica, shop: Shop, who: str, *amounts: ExpiringAmount, kind: Any = "ambassador"
) -> BalanceExpiring:
    now = links.ctx.live.now()
    return BalanceExpiring(
        store_id=shop.id,
        beneficiary=Beneficiary(kind=kind, id=who),
        amounts=amounts,
        last_day=date(2031, 3, 8),
        expires_at=now + timedelta(days=7),
        noticed_at=now,
    )


def redeemed(
    event: type[Redemption], links: Replica, shop: Shop, who: str, status: Any, name: str = "Mug", **cost: Any
) -> Redemption:
    now = links.ctx.live.now()
    return event(
        store_id=shop.id,
        redemption_id=f"rdm_{name}",
        revision=2,
        ambassador_id=who,
        program_id="prg_1",
        item_id="itm_1",
        item_version=1,
        item_name=name,
        kind="goods",
        status=status,
        requested_at=now,
        changed_at=now,
        **(cost or {"points": 1200}),
    )


@pytest.mark.usefixtures("working")
async def test_what_expires_soon_is_told_once_with_its_day_and_what_keeps_it(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]
    bela = (await shop.ambassador(program, email=BELA, locale="uk"))["id"]
    points, credit = ExpiringAmount(points=1200), ExpiringAmount(amount_minor=450, currency="EUR")
    both = expiring(links, shop, anna, points, credit)
    await receive(links, both, expiring(links, shop, bela, ExpiringAmount(points=22, idle=True)))
    await receive(links, both, expiring(links, shop, "a-customer", points, kind="friend"))
    await notify(links)
    (message,) = await came(relay, 1)
    assert "1,200 points + €4.50" in message and "until 8\xa0Mar\xa02031, and then expires." in message
    assert "If you earn" not in message
    assert relay.to(ANNA)[-1]["Subject"] == "1,200 points + €4.50 can be used until 8\xa0Mar\xa02031"
    (other,) = await came(relay, 1, BELA)
    assert "22 бали" in other and "Якщо до того щось отримати або витратити, баланс залишиться." in other

    # More of that day came: it is told anew. Who reads it when the day is over is told of nothing.
    more = expiring(links, shop, anna, ExpiringAmount(points=1300), credit)
    await receive(links, more.model_copy(update={"noticed_at": both.noticed_at + timedelta(hours=1)}))
    late = both.model_copy(update={"expires_at": both.noticed_at, "noticed_at": both.noticed_at + timedelta(hours=2)})
    await receive(links, late)
    await notify(links, after=timedelta(minutes=1))
    assert "1,300 points + €4.50" in (await came(relay, 2))[-1]


@pytest.mark.usefixtures("working")
async def test_who_redeemed_is_told_what_became_of_it(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="en"))["id"]
    sent = redeemed(RedemptionFulfilled, links, shop, anna, "fulfilled")
    await receive(links, sent)
    await receive(links, sent)
    await notify(links)
    (message,) = await came(relay, 1)
    assert "has sent you what you redeemed, or done it: Mug." in message

    await receive(links, redeemed(RedemptionReturned, links, shop, anna, "returned"))
    await notify(links)
    assert "came back: Mug. Back in your balance: 1,200 points." in (await came(relay, 2))[-1]
    hat = redeemed(RedemptionCancelled, links, shop, anna, "cancelled", "Hat", amount_minor=2500, currency="EUR")
    await receive(links, hat)
    await notify(links)
    assert "comes to nothing: Hat. Back in your balance: €25." in (await came(relay, 3))[-1]


@pytest.mark.usefixtures("working")
async def test_a_store_may_leave_it_to_its_own_messages(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="en"))["id"]
    answer = await shop.http.put("/v1/message-occasions/balance_expiring", json={"told": False})
    assert answer.status_code < 300, answer.text
    await receive(links, expiring(links, shop, anna, ExpiringAmount(points=5)))
    await receive(links, redeemed(RedemptionFulfilled, links, shop, anna, "fulfilled"))
    await notify(links)
    (message,) = await came(relay, 1)
    assert "Mug" in message
