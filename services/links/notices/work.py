"""Composing a notice as a mail, when it is sent: who was erased meanwhile is sent nothing."""

from datetime import datetime
from typing import Final

from services.common.contacts import contact_hashes
from services.kernel.context import Context
from services.kernel.db import Tx
from services.links.mail.domain import Letter
from services.links.mail.sql import Mail
from services.links.notices.actions import wording
from services.links.notices.actions.compose import Reader, Text, compose, fill, nobody, reader_of
from services.links.notices.domain.occasions import Occasion, Words
from services.links.notices.domain.plan import is_alarm
from services.links.notices.sql import announcements
from services.links.notices.sql import notices as sql
from services.links.preferences.actions import unsubscribe_url
from services.links.stores.sql import Store


async def compose_mail(ctx: Context, tx: Tx, mail: Mail) -> Letter | None:
    """The mail with what a person is notified of."""
    reader = None if mail.ambassador_id is None else await reader_of(ctx, tx, mail.store_id, mail.ambassador_id)
    if reader is None:
        return None
    notices = await sql.of_message(tx, mail.store_id, mail.about)
    text = await compose(ctx, tx, reader, notices)
    # Nobody can ask not to be warned: such a mail has no end to it, and goes also where no others are wanted.
    alarm = any(is_alarm(one.occasion) for one in notices)
    return None if text is None else letter_of(ctx, reader, text, may_end=not alarm)


async def compose_try(ctx: Context, tx: Tx, mail: Mail) -> Letter | None:
    """A mail by which a store tries its words: the template as it is now, with values made up."""
    name, _, language = mail.about.partition(":")
    who = mail.ambassador_id or ""
    reader = await reader_of(ctx, tx, mail.store_id, who, language=language)
    if reader is None:
        return None
    if name.startswith("ann_"):
        one = await announcements.get(tx, mail.store_id, name)
        words = None if one is None else one.texts.get(language)
        return None if words is None else letter_of(ctx, reader, fill(reader, Words(**words), {}))
    occasion = wording.known(name)
    template = await wording.words_in(tx, mail.store_id, occasion, language, reader.speech)
    return letter_of(ctx, reader, wording.sample(ctx, reader, occasion, template))


def sample_letter(
    ctx: Context, store: Store, occasion: Occasion, language: str, template: Words, *, now: datetime
) -> Letter:
    """A template as a mail to nobody, with values made up."""
    reader = nobody(ctx, store, language, now)
    return _letter(reader, wording.sample(ctx, reader, occasion, template), to="", unsubscribe=reader.values["page"])


def announced(ctx: Context, reader: Reader, words: Words) -> Letter:
    """An announcement's words as a mail to nobody."""
    return _letter(reader, fill(reader, words, {}), to="", unsubscribe=reader.values["page"])


def letter_of(ctx: Context, reader: Reader, text: Text, *, may_end: bool = True) -> Letter | None:
    """A text as a mail to its reader; None for who has no address. `may_end`: whether its reader can end such mails."""
    person = reader.person
    if person is None or person.email is None:
        return None
    hashes = contact_hashes(ctx.ring, email=person.email) if may_end else ()
    unsubscribe = unsubscribe_url(ctx.ring, ctx.settings.base_url, person.store_id, hashes[0]) if hashes else ""
    return _letter(reader, text, to=person.email, unsubscribe=unsubscribe)


def _letter(reader: Reader, text: Text, *, to: str, unsubscribe: str) -> Letter:
    say = reader.speech.say
    return Letter(
        to=to,
        ambassador_id=reader.person.ambassador_id if reader.person else None,
        language=reader.speech.language,
        subject=text.subject,
        before=text.paragraphs,
        label=text.label,
        url=text.url,
        after=(say("You are told of this as an ambassador of %(store)s.", store=reader.store.name),),
        unsubscribe=unsubscribe,
        unsubscribe_label=say("No more such mails") if unsubscribe else "",
    )


COMPOSERS: Final = {"notice": compose_mail, "try": compose_try}
