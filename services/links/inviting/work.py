"""Composing an invitation when it is sent: whoever wants no mail, came meanwhile or was forgotten gets none, and nobody
one that is not sent any more.
"""

from dataclasses import replace
from typing import Final

from contracts.program import Program
from services.kernel.context import Context
from services.kernel.db import Tx
from services.links.invites import domain, sql
from services.links.invites.sql import Invite
from services.links.inviting.actions import OCCASION
from services.links.landing.domain.names import first_name, leads_elsewhere
from services.links.landing.domain.words import offer
from services.links.mail.domain import Letter
from services.links.mail.sql import Mail
from services.links.notices.actions import wording
from services.links.notices.actions.compose import Reader, Text, fill, invited, reader_of, words_of
from services.links.notices.sql import notices
from services.links.preferences.actions import unsubscribe_url
from services.links.programs import actions as programs
from services.links.programs.domain.words import headline
from services.links.stores import actions as stores


async def compose(ctx: Context, tx: Tx, mail: Mail) -> Letter | None:
    """The mail to who is invited."""
    invite = await sql.get(tx, mail.store_id, mail.about)
    if invite is None or invite.email is None:
        return None
    reader = await _reader(ctx, tx, invite)
    if reader is None:
        return None
    say = reader.speech.say
    occasion = wording.known(OCCASION[invite.purpose])
    template = await words_of(tx, reader, occasion)
    text = fill(reader, template, {})
    subject = say("Once more: %(subject)s", subject=text.subject) if invite.state == "reminded" else text.subject
    whose = reader.values["inviter"]
    return Letter(
        to=invite.email,
        ambassador_id=None,
        language=reader.speech.language,
        subject=subject,
        before=text.paragraphs,
        label=text.label,
        url=address_of(ctx, invite),
        after=(
            say(
                "You get this since %(who)s gave us your address. We write once more at most, and then forget it.",
                who=whose,
            ),
        ),
        unsubscribe=unsubscribe_url(ctx.ring, ctx.settings.base_url, invite.store_id, invite.mail_hash),
        unsubscribe_label=say("No more such mails"),
    )


def address_of(ctx: Context, invite: Invite) -> str:
    """Where an invitation leads: a word of our own, which says whose mail it was to us and nobody else."""
    token = domain.token_of(ctx.ring, invite.store_id, invite.invite_id, created_at=invite.created_at, life=domain.LIFE)
    return f"{ctx.settings.base_url}/i/{token}"


async def _reader(ctx: Context, tx: Tx, invite: Invite) -> Reader | None:
    """Who reads it, with what it may say of the inviter: a first name, a link and a code. None where the program does
    not run any more, or the store sends no such invitations.
    """
    version = await programs.get(tx, invite.store_id, invite.program_id)
    turned_off = (invite.store_id, OCCASION[invite.purpose]) in await notices.turned_off(tx, [invite.store_id])
    if turned_off or version.program.status != "active":
        return None
    if invite.purpose == "join":
        store = await stores.get(tx, invite.store_id)
        reader = invited(store, invite.language, tx.now)
        rule = headline(version.offered, reader.speech, reader.fmt)
        values = {"program": version.program.name, "inviter": store.name, "offer": rule}
        return replace(reader, values={**reader.values, **values})
    found = await reader_of(ctx, tx, invite.store_id, invite.inviter_id, language=invite.language)
    if found is None or found.person is None or found.person.status != "active":
        return None
    return _of_friend(found, version.offered)


def _of_friend(reader: Reader, program: Program) -> Reader:
    person = reader.person
    name = None if person is None else person.public_name or first_name(person.name)
    if name and leads_elsewhere(name):
        name = None  # these are the only words of their own that somebody gets into a mail to strangers
    gift = offer(program, reader.values["store"], reader.speech, reader.fmt)
    values = {"inviter": name or reader.speech.say("A friend of yours"), "offer": gift}
    return replace(reader, values={**reader.values, **values})


async def text_for_friends(tx: Tx, reader: Reader) -> Text | None:
    """What an ambassador's friends get, in the language of this reader."""
    if reader.person is None:
        return None
    version = await programs.get(tx, reader.person.store_id, reader.person.program_id)
    own = _of_friend(reader, version.offered)
    return fill(own, await words_of(tx, own, "invite_friend"), {})


COMPOSERS: Final = {"invite": compose}
