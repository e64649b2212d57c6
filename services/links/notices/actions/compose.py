"""What a message says: a template with its values, read when it is sent. Nobody's name, and no order's total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.common.event_names import deed_text
from services.common.milestone_names import milestone_text
from services.common.tier_names import times
from services.kernel.context import Context
from services.kernel.db import Tx
from services.links.ambassadors import sql as members
from services.links.ambassadors.actions import portal_url, shown_code
from services.links.hosts.hot import share_base
from services.links.links.schemas import share_url
from services.links.notices import words
from services.links.notices.domain import filling
from services.links.notices.domain.occasions import ABOUT, Occasion, Words
from services.links.notices.sql import announcements, notices, templates
from services.links.notices.sql import rewards as reward_rows
from services.links.notices.sql.notices import Notice
from services.links.pages import PAGES
from services.links.people.sql import Ambassador
from services.links.stores import actions as stores
from services.links.stores.sql import Store
from services.ui import LANGUAGES, Format, Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a message, in which language, and what every message may say to them."""

    person: Ambassador | None
    """None of a message that is looked at only."""
    store: Store
    speech: Speech
    fmt: Format
    values: dict[str, str]
    """Without `code` where the store's checkout does not know it: what would name it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message's words, for whichever channel."""

    subject: str
    paragraphs: tuple[str, ...]
    label: str
    url: str


async def reader_of(
    ctx: Context, tx: Tx, store_id: str, ambassador_id: str, *, language: str | None = None
) -> Reader | None:
    """Who is notified, in their language or a given one; None for who was erased."""
    member = await members.get(tx, store_id, ambassador_id)
    if member is None or member.ambassador.status == "erased":
        return None
    store = await stores.get(tx, store_id)
    spoken = language or (member.ambassador.locale or store.locale)[:2]
    values = {
        "program": member.program_name,
        "link": share_url(share_base(ctx, store_id), member.slug),
        "page": portal_url(ctx.settings.base_url, member.ambassador.program_id),
    }
    code = await shown_code(tx, member)
    return _reader(store, spoken, tx.now, values if code is None else values | {"code": code}, member.ambassador)


def nobody(ctx: Context, store: Store, language: str, now: datetime) -> Reader:
    """A reader made up, for words that are looked at."""
    base = ctx.settings.base_url
    values = {"program": store.name, "link": share_url(base, "anna"), "code": "ANNA10", "page": f"{base}/p"}
    return _reader(store, language, now, values, None)


def invited(store: Store, language: str, now: datetime) -> Reader:
    """Somebody who is no ambassador yet."""
    return _reader(store, language, now, {"page": ""}, None)


def _reader(store: Store, spoken: str, now: datetime, values: dict[str, str], person: Ambassador | None) -> Reader:
    language = spoken if spoken in LANGUAGES else "en"
    return Reader(
        person=person,
        store=store,
        speech=PAGES.speech(language),
        fmt=Format(language, zone=ZoneInfo(store.timezone), now=now),
        values={"store": store.name, **values},
    )


async def compose(ctx: Context, tx: Tx, reader: Reader, waiting: Sequence[Notice]) -> Text | None:
    """What these notices say to somebody; None when there is nothing to say any more."""
    wordings: list[tuple[Words, dict[str, str]]] = []
    for notice in waiting:
        found = await _wording(ctx, tx, reader, notice)
        if found is not None:
            wordings.append(found)
    if not wordings:
        return None
    if len(wordings) == 1:
        text = fill(reader, *wordings[0])
        own = waiting[0]
        if own.occasion != announcements.OCCASION or len(waiting) > 1:
            return text
        return replace(text, url=f"{ctx.settings.base_url}/p/news/{own.notice_id}")
    body = "\n\n".join(filling.paragraphs(one, reader.values | values)[0] for one, values in wordings)
    return fill(reader, await words_of(tx, reader, "digest"), {"news": body})


@dataclass(frozen=True, slots=True)
class Update:
    """Something that happened, in a sentence, and when."""

    text: str
    when: str


async def latest(ctx: Context, tx: Tx, reader: Reader, *, count: int = 20) -> list[Update]:
    """What somebody's own page shows of what happened lately: also what was sent nowhere."""
    if reader.person is None:
        return []
    found = []
    for notice in await notices.latest(tx, reader.store.store_id, reader.person.ambassador_id, count=count):
        wording = await _wording(ctx, tx, reader, notice)
        if wording is not None:
            text = filling.paragraphs(wording[0], reader.values | wording[1])[0]
            found.append(Update(text, reader.fmt.moment(notice.happened_at)))
    return found


async def _wording(ctx: Context, tx: Tx, reader: Reader, notice: Notice) -> tuple[Words, dict[str, str]] | None:
    """The words for a notice and their own values; None where it has become untrue, or is of a newer build."""
    if notice.occasion == announcements.OCCASION:
        one = await announcements.get(tx, notice.store_id, str(notice.facts["announcement_id"]))
        texts = {} if one is None else one.texts
        # Whose language was left out reads the store's, or whichever there is.
        spoken = (reader.speech.language, reader.store.locale[:2], *texts)
        found = next((texts[language] for language in spoken if language in texts), None)
        return None if found is None else (Words(**found), {})
    values = await _values(ctx, tx, reader, notice)
    if values is None or notice.occasion not in ABOUT:
        return None
    return await words_of(tx, reader, notice.occasion), values


async def words_of(tx: Tx, reader: Reader, occasion: Occasion) -> Words:
    """The store's own words in the reader's language, else ours."""
    own = await templates.one(tx, reader.store.store_id, occasion, reader.speech.language)
    return own.words if own is not None else words.default_words(occasion, reader.speech)


def fill(reader: Reader, template: Words, values: dict[str, str]) -> Text:
    """A template with its values."""
    all_values = reader.values | values
    return Text(
        subject=filling.subject(template, all_values),
        paragraphs=filling.paragraphs(template, all_values),
        label=filling.filled(template.label, all_values),
        url=reader.values["page"],
    )


def _deed(facts: Mapping[str, Any], currency: str, reader: Reader) -> str:
    """What a reward is for that is for no order: something a friend did, or a milestone."""
    if "milestone" in facts:
        return milestone_text(str(facts["milestone"]), currency, reader.speech, reader.fmt)
    return deed_text(str(facts["event_name"]), reader.speech)


async def _values(ctx: Context, tx: Tx, reader: Reader, notice: Notice) -> dict[str, str] | None:
    """A notice's own values; None where it has become untrue."""
    speech, fmt, facts = reader.speech, reader.fmt, notice.facts
    match notice.occasion:
        case "attributed":
            return await _of_order(tx, reader, notice)
        case "waiting" | "rejected":
            return {"reason": words.reason(str(facts["reason"]), speech)}
        case "available" | "earned" | "goodwill":
            reward = await reward_rows.one(tx, notice.store_id, notice.subject)
            if reward is None or reward.amount_minor == 0:
                return None
            deed = {"deed": _deed(facts, reward.currency, reader)} if notice.occasion == "earned" else {}
            return {"amount": words.amount(reward.amount_minor, reward, speech, fmt)} | deed
        case "took_back":
            reward = await reward_rows.one(tx, notice.store_id, str(facts["reward_id"]))
            if reward is None:
                return None
            lost = int(facts["before_minor"]) - int(facts["after_minor"])
            return {
                "amount": words.amount(lost, reward, speech, fmt),
                "left": words.amount(int(facts["after_minor"]), reward, speech, fmt),
                "reason": words.reason(str(facts["reason"]), speech),
            }
        case "balance_expiring":
            return _of_balance(reader, facts, tx.now)
        case "redemption_fulfilled" | "redemption_cancelled" | "redemption_returned":
            cost = words.part(facts["points"], facts["amount_minor"], facts["currency"], speech, fmt)
            return {"item": str(facts["item"]), "amount": cost}
        case "tier_reached" | "tier_left":
            return {
                "tier": str(facts["tier"] or speech.say("none")),
                "before": str(facts["before"] or speech.say("none")),
                "times": times(int(facts["basis_points"]), fmt),
            }
        case "appeal_answered":
            return {"answer": words.answer(str(facts["outcome"]), speech)}
        case "destination_changed":
            usable = fmt.moment(datetime.fromisoformat(str(facts["usable_at"])))
            return {"method": words.method(str(facts["method"]), speech), "usable": usable}
        case "terms_changed":
            terms = f"{ctx.settings.base_url}/terms/{facts['program_id']}"
            return {"version": str(facts["version"]), "terms": terms}
    return {}


def _of_balance(reader: Reader, facts: Mapping[str, Any], now: datetime) -> dict[str, str] | None:
    """What expires and until when it can be used; None where that is over."""
    speech, fmt = reader.speech, reader.fmt
    if datetime.fromisoformat(str(facts["expires_at"])) <= now:
        return None
    amounts = [words.part(one["points"], one["amount_minor"], one["currency"], speech, fmt) for one in facts["amounts"]]
    stays = all(one["idle"] for one in facts["amounts"])
    return {
        "amount": " + ".join(amounts),
        "day": fmt.date(date.fromisoformat(str(facts["last_day"])), year=True),
        "stays": words.stays(speech) if stays else "",
    }


async def _of_order(tx: Tx, reader: Reader, notice: Notice) -> dict[str, str] | None:
    every = await reward_rows.of_order(tx, notice.store_id, notice.ambassador_id, notice.subject)
    rewards = [reward for reward in every if reward.amount_minor]
    if every and not rewards:
        return None  # it came back before anybody was notified
    return {
        "reward": words.reward_sentence(rewards, reader.speech, reader.fmt),
        "amount": words.total(rewards, reader.speech, reader.fmt),
    }
