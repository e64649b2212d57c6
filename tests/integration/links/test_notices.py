"""Ambassadors are told what becomes of their friends' orders: with the reason, and without anybody's name."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.events.appeals import AppealAnswered
from contracts.events.rewards import (
    Source,
    SourcedRewardAdjusted,
    SourcedRewardGranted,
    SourcedRewardReleased,
    SourcedRewardReversed,
)
from contracts.events.tiers import Rank, TierChanged
from services.kernel.bus.port import Event
from services.kernel.jobs import Jobs
from services.links.main import SERVICE
from services.links.notices.actions import decide
from services.links.notices.actions.dispatch import FORGET_JOB
from tests.integration.links.mailing import an_hour_later, browser, ended, relay, working
from tests.integration.links.notifying import (
    ConversionAttributed,
    ConversionDeferred,
    ConversionRejected,
    ConversionUnattributed,
    RewardAdjusted,
    RewardGranted,
    RewardReleased,
    RewardReversed,
    goodwill,
    moved,
    named,
    notify,
    order,
    receive,
    receive_outbox,
    reward,
)
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer, html_part, text_part
from tests.support.wait import until

__all__ = ["an_hour_later", "relay", "working"]

ANNA = "anna@example.com"
BELA = "bela@example.com"


async def came(relay: MailServer, count: int, address: str = ANNA) -> list[str]:
    """The texts of the mails that came, once so many are there."""
    await until(lambda: len(relay.to(address)) >= count, what=f"{count} mails to {address}")
    texts = [text_part(mail) for mail in relay.to(address)]
    assert len(texts) == count, "\n---\n".join(texts)
    return texts


@pytest.mark.usefixtures("working")
async def test_an_ambassador_is_told_of_each_step_with_its_reason(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, name="Anna Kern", locale="en"))["id"]
    await receive_outbox(links, shop)
    await notify(links)
    (joined,) = await came(relay, 1)
    assert "/r/" in joined and "ANNA10" in joined and "Anna Kern" not in joined

    waits = named(anna, verdict="waiting", reason="unpaid")
    await receive(links, order(ConversionDeferred, shop, "o-1", named=waits, reason="unpaid"))
    await notify(links, after=timedelta(minutes=11))
    assert "it is not paid yet" in (await came(relay, 2))[-1]

    counts = order(ConversionAttributed, shop, "o-1", who=anna, revision=2)
    granted = reward(RewardGranted, shop, anna, minor=460)
    await receive(links, counts, granted)
    await receive(links, counts, granted)
    await notify(links)
    message = (await came(relay, 3))[-1]
    assert "€4.60" in message and "available on" in message
    assert "1,234" not in message and "1234" not in message, "what the friend paid is the friend's business"

    less = reward(RewardAdjusted, shop, anna, minor=260, revision=2, reason="partly_refunded")
    await receive(links, less)
    await receive(links, less, granted)
    await notify(links)
    assert (
        "€2 of a reward was taken back: a part of the order was returned. What is left of it: €2.60."
        in (await came(relay, 4))[-1]
    )

    await receive(links, reward(RewardReleased, shop, anna, minor=260, revision=3, status="available"))
    await notify(links)
    mail = relay.to(ANNA)[-1] if await came(relay, 5) else None
    assert mail is not None and mail["Subject"] == "€2.60 is yours to use"
    assert "€2.60" in html_part(mail)
    await until(lambda: ended(links, shop, 5), what="an end of all mails")
    log = (await shop.got("/v1/messages", ambassador_id=anna))["data"]
    assert [(one["kind"], one["channel"], one["state"]) for one in log] == [("notice", "email", "sent")] * 5


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "ваш друг уже покупал здесь раньше"),
        ("uk", "ваш друг уже купував тут раніше"),
        ("ro", "prietenul dvs. mai cumpărase aici"),
    ],
)
async def test_why_an_order_does_not_count_is_said_in_the_persons_language(
    links: Replica, shop: Shop, relay: MailServer, language: str, text: str
) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale=language))["id"]
    refused = named(anna, verdict="refused", reason="not_new_customer")
    await receive(links, order(ConversionRejected, shop, "o-1", named=refused, reason="not_new_customer"))
    await notify(links, after=timedelta(minutes=3))
    (message,) = await came(relay, 1)
    assert text in message


@pytest.mark.usefixtures("working")
async def test_who_objected_hears_that_the_store_has_answered(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    now = links.ctx.live.now()
    answered = AppealAnswered(
        store_id=shop.id,
        appeal_id="apl_1",
        ambassador_id=anna,
        kind="wrong",
        verdict="accepted",
        outcome="goodwill",
        opened_at=now,
        answered_at=now,
    )
    await receive(links, answered)
    await receive(links, answered)
    await notify(links)
    (message,) = await came(relay, 1)
    assert "the order can be decided no more, and the store makes up for it" in message


@pytest.mark.usefixtures("working")
async def test_what_is_overtaken_or_old_is_not_told(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    waits = named(anna, verdict="waiting", reason="unpaid")
    await receive(links, order(ConversionDeferred, shop, "o-1", named=waits))
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna, revision=2))
    await receive(links, order(ConversionAttributed, shop, "o-old", who=anna), age=timedelta(days=4))
    await notify(links, after=timedelta(minutes=30))
    (message,) = await came(relay, 1)
    assert "Your page shows what it brings." in message


@pytest.mark.usefixtures("working", "an_hour_later")
async def test_what_was_overtaken_and_holds_again_is_told_once(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    attributed = order(ConversionAttributed, shop, "o-1", who=anna)
    await receive(links, attributed)
    await receive(links, order(ConversionDeferred, shop, "o-1", revision=2, reason="unpaid"))
    for _ in range(2):
        await receive(links, order(ConversionAttributed, shop, "o-1", who=anna, revision=3))
    await notify(links, after=timedelta(hours=1))
    await came(relay, 1)
    await notify(links, after=timedelta(hours=1))
    assert len(relay.to(ANNA)) == 1


@pytest.mark.usefixtures("working", "an_hour_later")
async def test_one_click_ends_the_news_and_not_the_signing_in(links: Replica, shop: Shop, relay: MailServer) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    mail = relay.to(ANNA)[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(r"<http://kith\.test(/unsubscribe/\S+)>", mail["List-Unsubscribe"])
    assert address and ANNA not in address[1] and address[1] in html_part(mail)

    looked = await links.http.get(address[1])
    assert looked.status_code == 200 and '<form class="actions" method="post"' in looked.text
    await receive(links, order(ConversionAttributed, shop, "o-2", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 2)  # looking at the page ends nothing

    for form in ({"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": (None, "One-Click")}}):
        done = await links.http.post(address[1], headers={"Origin": "null"}, **form)
        assert done.status_code == 200 and "location" not in done.headers
    await receive(links, order(ConversionAttributed, shop, "o-3", who=anna))
    await notify(links, after=timedelta(minutes=3))
    async with browser(links) as person:
        assert (await person.post("/p/sign-in", data={"program": program, "email": ANNA})).status_code == 303
    assert "/p/sign-in/mail/" in (await came(relay, 3))[-1]
    assert (await links.http.post(f"{address[1]}x")).status_code == 404


@pytest.mark.usefixtures("working")
async def test_who_has_had_enough_of_a_day_gets_the_rest_as_one(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    for number in range(8):
        await receive(links, order(ConversionAttributed, shop, f"o-{number}", who=anna))
        await notify(links, after=timedelta(minutes=3))
    await came(relay, 5)
    await notify(links, after=timedelta(hours=25))
    collected = (await came(relay, 6))[-1]
    assert collected.count("An order of a friend counts as yours.") == 3


@pytest.mark.usefixtures("working")
async def test_who_is_erased_while_a_message_waits_gets_none(links: Replica, shop: Shop, relay: MailServer) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    assert (await shop.http.delete(f"/v1/ambassadors/{anna}")).status_code == 204
    await notify(links, after=timedelta(minutes=3))
    bela = (await shop.ambassador(program, email="bela@example.com"))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-2", who=bela))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1, "bela@example.com")
    assert relay.to(ANNA) == []


async def test_a_first_friend_is_told_once_and_not_to_who_was_there_before_anybody_was_told(
    links: Replica, shop: Shop
) -> None:
    program = await shop.program()
    old = (await shop.ambassador(program, email="old@example.com"))["id"]
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("insert into notice_starts values (:s, :now)", s=shop.id, now=tx.now)
    new = (await shop.ambassador(program, email=ANNA))["id"]
    for _ in range(2):
        async with links.ctx.db.transaction([shop.id]) as tx:
            click: Event[Any] = Event(id="e", type="click", at=tx.now, store_id=shop.id, data=None)
            await decide.of_clicks(tx, {(shop.id, old): click, (shop.id, new): click})
    async with links.ctx.db.transaction([shop.id]) as tx:
        rows = await tx.all("select ambassador_id from notices where occasion = 'clicked'")
        clicked = await tx.all("select ambassador_id from activities where clicked_at is not null")
    assert [row.ambassador_id for row in rows] == [new]
    assert {row.ambassador_id for row in clicked} == {old, new}, "whether or not anybody is told of it"


@pytest.mark.usefixtures("working")
async def test_an_order_that_becomes_anothers_is_told_to_whom_it_was_promised_and_old_news_is_none(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]
    bela = (await shop.ambassador(program, email=BELA, locale="en"))["id"]
    first = order(ConversionAttributed, shop, "o-1", who=anna)
    await receive(links, first)
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    await receive(links, order(ConversionAttributed, shop, "o-2", who=anna))
    for order_id in ("o-1", "o-2"):  # of the second one nobody was told yet: it is just dropped
        await receive(links, order(ConversionAttributed, shop, order_id, who=bela, revision=2))
    await receive(
        links, first, order(ConversionDeferred, shop, "o-2", named=named(anna, verdict="waiting", reason="unpaid"))
    )
    await receive(links, order(ConversionAttributed, shop, "o-1", who=bela, revision=3))
    await notify(links, after=timedelta(hours=1))
    assert "does not count: the order belongs to somebody else" in (await came(relay, 2))[-1]
    assert "counts as yours" in (await came(relay, 1, BELA))[0]
    await receive(links, order(ConversionUnattributed, shop, "o-3"))
    async with links.ctx.db.transaction([shop.id]) as tx:
        kept = await tx.all("select order_id, revision, ambassador_id from notice_orders order by order_id")
    assert [tuple(row) for row in kept] == [("o-1", 3, bela), ("o-2", 2, bela)]


@pytest.mark.usefixtures("working")
async def test_new_terms_are_told_though_a_version_in_between_had_none(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={"terms": {"version": "1", "text": "Be kind."}})
    await receive_outbox(links, shop)
    await shop.ambassador(program, email=ANNA, locale="en")
    for joining in (None, {"terms": {"version": "2", "text": "Be kinder."}}):
        answer = await shop.http.patch(f"/v1/programs/{program}", json={"joining": joining})
        assert answer.status_code == 200, answer.text
    await receive_outbox(links, shop)
    await notify(links)
    assert "new terms, version 2" in (await came(relay, 1))[0]


@pytest.mark.usefixtures("working")
async def test_what_was_told_long_ago_leaves_a_mark_and_is_told_never_again(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    await notify(links, after=timedelta(days=181))
    await Jobs(links.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(FORGET_JOB)
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from notices where store_id = :s", s=shop.id) == 0
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna, revision=2))
    await notify(links, after=timedelta(minutes=3))
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from notices where store_id = :s", s=shop.id) == 0


@pytest.mark.usefixtures("working")
async def test_an_order_that_is_lost_in_two_steps_is_told_to_whom_it_was_promised(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]
    bela = (await shop.ambassador(program, email=BELA, locale="en"))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    await receive(links, order(ConversionDeferred, shop, "o-1", revision=2, reason="unpaid"))
    await receive(links, order(ConversionAttributed, shop, "o-1", who=bela, revision=3))
    await notify(links, after=timedelta(minutes=3))
    assert "does not count: the order belongs to somebody else" in (await came(relay, 2))[-1]


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("first", ["the reward", "the order"])
async def test_a_reward_taken_back_and_an_order_lost_are_told_as_one_thing(
    links: Replica, shop: Shop, relay: MailServer, first: str
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]
    bela = (await shop.ambassador(program, email=BELA, locale="en"))["id"]
    await receive(
        links, order(ConversionAttributed, shop, "o-1", who=anna), reward(RewardGranted, shop, anna, minor=460)
    )
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    gone = reward(RewardReversed, shop, anna, minor=0, revision=2, status="reversed", reason="reassigned")
    other = order(ConversionAttributed, shop, "o-1", who=bela, revision=2)
    for event in (gone, other) if first == "the reward" else (other, gone):
        await receive(links, event)
    await notify(links, after=timedelta(minutes=3))
    message = (await came(relay, 2))[-1]
    assert "was taken back" in message and "does not count" not in message
    await came(relay, 1, BELA)
    assert len(relay.to(ANNA)) == 2


@pytest.mark.usefixtures("working")
async def test_what_the_store_gives_by_hand_is_told_as_its_gift_and_of_no_order(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]
    granted = goodwill(SourcedRewardGranted, shop, anna, minor=1500, revision=1, status="pending")
    released = goodwill(SourcedRewardReleased, shop, anna, minor=1500, revision=2)
    await receive(links, granted, released)
    await receive(links, released, granted)
    await notify(links)
    (message,) = await came(relay, 1)
    assert relay.to(ANNA)[0]["Subject"].startswith("€15 from ")
    assert "gave you €15" in message and "order" not in message
    less = goodwill(SourcedRewardAdjusted, shop, anna, minor=500, revision=3, reason="taken_back")
    await receive(links, less)
    await notify(links)
    message = (await came(relay, 2))[-1]
    assert "€10 of a reward was taken back: the store had given it by hand. What is left of it: €5." in message


@pytest.mark.usefixtures("working")
async def test_a_reward_for_an_event_says_what_the_friend_did(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="en"))["id"]
    signup = {"source": Source(kind="event", id="signup-1"), "event_name": "signup", "reason": "granted"}
    await receive(links, goodwill(SourcedRewardReleased, shop, anna, minor=1500, revision=2, **signup))
    await notify(links)
    (message,) = await came(relay, 1)
    assert "Your reward of €15 is available from now on. What it is for: a friend’s sign-up." in message
    gone = signup | {"reason": "event_cancelled", "status": "reversed"}
    await receive(links, goodwill(SourcedRewardReversed, shop, anna, minor=0, revision=3, **gone))
    await notify(links)
    message = (await came(relay, 2))[-1]
    assert "€15 of a reward was taken back: the store called off what it was for. What is left of it: €0." in message
    five = {"source": Source(kind="period", id=f"{anna}/five/every/5/friends/10"), "reason": "granted"}
    ten = goodwill(SourcedRewardReleased, shop, anna, minor=900, revision=1, **five)
    await receive(links, ten.model_copy(update={"reward_id": "rwd_ten"}))
    await notify(links)
    message = (await came(relay, 3))[-1]
    assert "Your reward of €9 is available from now on. What it is for: milestone: 10 friends." in message


@pytest.mark.usefixtures("working")
async def test_another_tier_is_told_once_and_not_where_the_program_has_others(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA, locale="en"))["id"]

    def moved(revision: int, why: Any, before: str | None, tier: str | None, basis_points: int = 10_000) -> TierChanged:
        return TierChanged(
            store_id=shop.id,
            ambassador_id=anna,
            program_id=program,
            program_version=1,
            tier=None if tier is None else Rank(name=tier, multiplier_basis_points=basis_points),
            before=before,
            why=why,
            changed_at=datetime.now(UTC),
            revision=revision,
        )

    for _ in range(2):
        await receive(links, moved(1, "reached", None, "Gold", 12_500))
        await notify(links)
    (message,) = await came(relay, 1)
    assert "You have reached the tier Gold of Give 10, get 10." in message
    assert "Your next rewards for friends’ orders: ×1.25." in message
    await receive(links, moved(2, "program_changed", "Gold", "Star"))
    await receive(links, moved(3, "fell", "Star", None))
    await notify(links)
    message = (await came(relay, 2))[-1]
    assert "is another one now: Star → none." in message and "friends’ orders: ×1." in message
    assert len((await shop.got("/v1/messages", ambassador_id=anna))["data"]) == 2


async def test_what_waits_for_the_relay_is_no_more_than_a_days_messages(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    for number in range(12):  # a day and a half without a relay: no worker runs here
        await receive(links, order(ConversionAttributed, shop, f"o-{number}", who=anna))
        await notify(links, after=timedelta(hours=3))
    assert len((await shop.got("/v1/messages", ambassador_id=anna))["data"]) == 5
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update mails set state = 'sent', ended_at = :now where store_id = :s", s=shop.id, now=tx.now)
    await notify(links, after=timedelta(hours=25))
    assert len((await shop.got("/v1/messages", ambassador_id=anna))["data"]) == 6, "the rest as one"


@pytest.mark.usefixtures("working")
async def test_a_changed_destination_is_told_at_once_and_also_to_who_wants_no_mails(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await came(relay, 1)
    address = re.fullmatch(r"<http://kith\.test(/unsubscribe/\S+)>", relay.to(ANNA)[0]["List-Unsubscribe"])
    assert address
    await links.http.post(address[1], data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "null"})
    wish = {"channel": "portal", "digest": "weekly", "quiet_from": 1, "quiet_to": 0, "most_a_day": 1}
    kept = await shop.http.put(f"/v1/ambassadors/{anna}/preferences", json=wish)
    assert kept.status_code == 200, kept.text

    await receive(links, moved(shop, anna), order(ConversionAttributed, shop, "o-2", who=anna))
    await notify(links)
    warned = (await came(relay, 2))[-1]
    assert "where your money goes: a bank account" in warned
    assert "An order of a friend" not in warned, "a warning says nothing else"
    mail = relay.to(ANNA)[-1]
    assert mail["Subject"] == "Where your money goes has changed"
    assert mail["List-Unsubscribe"] is None
    await receive(links, moved(shop, anna))
    await notify(links)
    await receive(links, moved(shop, anna, "dst_2"))
    await notify(links)
    assert len(await came(relay, 3)) == 3  # each change once
    refused = await shop.http.put("/v1/message-occasions/destination_changed", json={"told": False})
    assert refused.status_code == 422, refused.text
