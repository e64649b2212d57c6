"""A store's own words, looked at and tried before people read them."""

from datetime import UTC, datetime

from services.common.event_names import deed_text
from services.common.tier_names import times
from services.common.words import Translatable, _
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import FieldError, Invalid, NotFound
from services.kernel.ids import new_id
from services.links.mail import actions as mails
from services.links.mail.actions import Message
from services.links.notices import words
from services.links.notices.actions.compose import Reader, Text, fill
from services.links.notices.domain import filling
from services.links.notices.domain.occasions import OCCASIONS, Occasion, Words, values_of
from services.links.notices.domain.plan import is_alarm
from services.links.notices.sql import notices as sql
from services.links.notices.sql import templates
from services.links.notices.sql.rewards import Reward
from services.links.people import actions as people
from services.links.people.actions import Erased
from services.links.preferences.actions import INVITES_JOB
from services.ui import LANGUAGES, Speech

TRY = "try"
"""The kind of a message that is sent for a try."""
_SAMPLE = Reward(
    store_id="",
    reward_id="",
    ambassador_id="",
    order_id="",
    revision=1,
    amount_minor=1250,
    currency="EUR",
    pay_as="cash",
    status="available",
    available_at=None,
)
_USABLE = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)


def check(occasion: Occasion, template: Words) -> None:
    """Raises `Invalid` for each field that cannot be filled."""
    wrong = []
    for field in ("subject", "body", "label"):
        try:
            filling.check(getattr(template, field), values_of(occasion))
        except filling.BadTemplate as error:
            wrong.append(FieldError(field, "bad_template", error.mend))
    if not wrong and not template.body.strip():
        wrong.append(FieldError("body", "empty", Translatable(_("Write at least one paragraph."))))
    if wrong:
        raise Invalid(wrong[0].detail, errors=wrong)


async def save(tx: Tx, store_id: str, occasion: Occasion, language: str, template: Words) -> None:
    """Keeps a store's words. Raises `Invalid`."""
    check(occasion, template)
    await templates.put(tx, store_id, occasion, language, template)
    tx.note("template.changed", on=f"{occasion}:{language}", after={"own": True})


async def drop(tx: Tx, store_id: str, occasion: Occasion, language: str) -> None:
    """Goes back to our words. Twice is as good as once."""
    if await templates.delete(tx, store_id, occasion, language):
        tx.note("template.changed", on=f"{occasion}:{language}", after={"own": False})


async def set_enabled(tx: Tx, store_id: str, occasion: Occasion, *, enabled: bool) -> None:
    """Whether people are notified of an occasion. Raises `Invalid` for the collection, which is none, and for not
    warning people.
    """
    if occasion == "digest":
        raise Invalid.field("occasion", "A collection of several messages is no occasion; turn these off one by one.")
    if not enabled and is_alarm(occasion):
        raise Invalid.field("told", "People are always told of this: it warns them of who got into their account.")
    await sql.set_enabled(tx, store_id, occasion, enabled=enabled)
    if not enabled and occasion in ("invite_friend", "invite_join"):
        await schedule(tx, INVITES_JOB, {store_id: tx.now})  # what was not sent yet is not sent
    tx.note("occasion.changed", on=occasion, after={"told": enabled})


async def enabled(tx: Tx, store_id: str) -> dict[Occasion, bool]:
    """Of which occasions a store notifies."""
    turned_off = await sql.turned_off(tx, [store_id])
    return {one: (store_id, one) not in turned_off for one in OCCASIONS if one != "digest"}


async def send_try(tx: Tx, store_id: str, ambassador_id: str, occasion: Occasion, language: str) -> str:
    """Has the message sent to somebody, with values made up; returns its id. Raises `NotFound`, `Erased`, or
    `Invalid` for who has no address.
    """
    return await mail_try(tx, store_id, ambassador_id, f"{occasion}:{language}")


async def mail_try(tx: Tx, store_id: str, ambassador_id: str, about: str) -> str:
    """Has a try of words (an occasion's or an announcement's, in a language) mailed. Raises as `send_try`."""
    person = await people.get(tx, store_id, ambassador_id)
    if person.status == "erased":
        raise Erased(Translatable(_("This ambassador was erased: nobody is there to write to.")))
    if person.email is None:
        raise Invalid.field("ambassador_id", Translatable(_("This ambassador has no mail address.")), code="no_address")
    mail_id = new_id("mai", at=tx.now)
    await mails.send_all(tx, store_id, [Message(mail_id=mail_id, kind=TRY, about=about, ambassador_id=ambassador_id)])
    tx.note("template.tried", on=about, after={"message_id": mail_id})
    return mail_id


def sample(ctx: Context, reader: Reader, occasion: Occasion, template: Words) -> Text:
    """A template with values made up."""
    speech, fmt = reader.speech, reader.fmt
    made = {
        "amount": words.amount(_SAMPLE.amount_minor, _SAMPLE, speech, fmt),
        "left": words.amount(750, _SAMPLE, speech, fmt),
        "reward": words.reward_sentence([_SAMPLE], speech, fmt),
        "reason": words.reason("not_new_customer" if occasion == "rejected" else "unpaid", speech),
        "day": fmt.date(_USABLE.date(), year=True),
        "stays": words.stays(speech),
        "item": speech.say("A mug"),
        "deed": deed_text("signup", speech),
        "tier": "Gold",
        "before": "Silver",
        "times": times(20_000, fmt),
        "answer": words.answer("attributed", speech),
        "version": "2",
        "terms": f"{ctx.settings.base_url}/join/",
        "news": _updates(speech),
        "method": words.method("iban", speech),
        "usable": fmt.moment(_USABLE),
        "inviter": "Anna",
        "offer": speech.say("Your friend gets 10% off the first order."),
    }
    if occasion == "took_back":
        made["reason"] = words.reason("partly_refunded", speech)
    return fill(reader, template, made)


def _updates(speech: Speech) -> str:
    return "\n\n".join(
        (
            speech.say("A friend opened your link"),
            speech.say("Your page shows what it brings."),
        )
    )


async def words_in(tx: Tx, store_id: str, occasion: Occasion, language: str, speech: Speech) -> Words:
    """The store's own words in a language, else ours."""
    own = await templates.one(tx, store_id, occasion, language)
    return own.words if own is not None else words.default_words(occasion, speech)


def known(occasion: str) -> Occasion:
    """The occasion of a name. Raises `NotFound`."""
    for one in OCCASIONS:
        if one == occasion:
            return one
    raise NotFound("There is no such occasion.")


def spoken(language: str) -> str:
    """The language of a code. Raises `NotFound`."""
    if language not in LANGUAGES:
        raise NotFound("Messages have no such language.")
    return language
