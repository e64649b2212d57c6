"""The task that sends a mail: composed when it runs, so that who was erased meanwhile is sent nothing."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from email.message import EmailMessage
from functools import partial
from itertools import product
from typing import Final, TypeAlias, get_args

import aiosmtplib
import structlog
from prometheus_client import Counter

from services.common.contacts import contact_hashes
from services.kernel.auth.ring import KeyRing
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind
from services.links.mail import sql
from services.links.mail.actions import TASK
from services.links.mail.domain import NOBODY_THERE, Letter, NoAddress, message, return_path
from services.links.mail.sql import Channel, Mail, State
from services.links.pages import PAGES
from services.links.preferences import sql as preferences
from services.links.settings import SmtpSettings, smtp_settings
from services.links.stores import actions as stores

Composer: TypeAlias = Callable[[Context, Tx, Mail], Awaitable[Letter | None]]
"""What a mail says and to whom, read now; None when there is nobody to notify, or nothing any more."""

_SENT = Counter(
    "kith_mails_total", "Messages by kind and channel, and what became of them.", ("kind", "channel", "state")
)
_log = structlog.get_logger()

Composers: TypeAlias = Mapping[str, Composer]
_NOBODY: Final = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(NOBODY_THERE)))})\b")
"""How a relay's answer begins that knows of no such mailbox."""
PER_RELAY: Final = 10
"""Connections to the relay at a time."""


def task_kinds(composers: Composers) -> tuple[TaskKind, ...]:
    """The kind of task that sends, with the composers of all kinds of mails."""
    ways = [*product(composers, ["email"]), *product(["notice"], get_args(Channel)), ("phone_code", "sms")]
    for (kind, channel), state in product(ways, get_args(State)):
        _SENT.labels(kind, channel, state)  # a series that begins at its first one shows no increase
    return (
        TaskKind(
            name=TASK, run=partial(run, composers), per_lane=PER_RELAY, per_store=5, deadline_s=30, given_up=given_up
        ),
    )


def count(mail: Mail, state: State) -> None:
    """Counts what became of a message, for whoever watches."""
    _SENT.labels(mail.kind, mail.channel, state).inc()


def can_send(ctx: Context) -> bool:
    """Whether people can be written to at all: by a relay, or in a demo, which shows what it would have sent."""
    return smtp_settings().host is not None or ctx.settings.demo


async def run(composers: Composers, ctx: Context, task: Task) -> Outcome:
    """Sends one mail."""
    mail_id = str(task.payload["mail_id"])
    async with ctx.db.transaction([task.store_id]) as tx:
        mail = await sql.get(tx, task.store_id, mail_id)
        if mail is None or mail.state != "waiting":
            return Done()
        composer = composers.get(mail.kind)
        letter = await composer(ctx, tx, mail) if composer else None
        store = await stores.get(tx, task.store_id)
        unwanted = None if letter is None else await _unwanted(ctx, tx, mail, letter)
    if letter is None:
        return _ended(mail, "dropped", "nobody")
    if unwanted is not None:
        return _ended(mail, "dropped", unwanted, letter)
    settings = smtp_settings()
    if settings.host is None:
        return _ended(mail, "kept" if ctx.settings.demo else "dropped", "no_relay", letter)
    try:
        made = message(
            letter,
            html=html_of(letter, store.name),
            store=store.name,
            sender=settings.sender_address,
            key=(mail.store_id, mail.mail_id),
            written_at=mail.created_at.astimezone(UTC),
        )
    except NoAddress:
        return _ended(mail, "refused", "no_address", letter)
    return await _hand_over(ctx.ring, settings, made, mail, letter)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """No relay took it in all that time: the log says so instead of letting it look as if it were about to leave."""
    await sql.given_up(tx, task.store_id, str(task.payload["mail_id"]))


async def _unwanted(ctx: Context, tx: Tx, mail: Mail, letter: Letter) -> str | None:
    """Why this address gets no mail that it did not ask for a moment ago; None where it may get it."""
    if not letter.unsubscribe:
        return None
    hashes = contact_hashes(ctx.ring, email=letter.to)
    return next(iter((await preferences.suppressed(tx, mail.store_id, hashes)).values()), None)


async def _hand_over(ring: KeyRing, settings: SmtpSettings, made: EmailMessage, mail: Mail, letter: Letter) -> Outcome:
    """Gives the mail to the relay. What the relay will never take of this person is their address's state, not a
    failure of ours; what it does not take of anybody is tried again, and an operator is notified in the end.
    """
    try:
        await aiosmtplib.send(
            made,
            sender=_comes_back_to(settings, mail),
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            timeout=settings.timeout_s,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusal = min(error.recipients, key=lambda refusal: refusal.code)
        if refusal.code < 500:
            return Retry(reason=f"smtp_{refusal.code}")
        gone = contact_hashes(ring, email=letter.to) if _NOBODY.match(refusal.message) else ()
        return _ended(mail, "refused", f"smtp_{refusal.code}", letter, gone=gone)
    except aiosmtplib.SMTPAuthenticationError:
        return Retry(reason="smtp_login", hold_lane=True)
    except aiosmtplib.SMTPDataError as error:
        # Spam, size or policy: of this mail, and for good. What comes with 4xx passes.
        return _ended(mail, "refused", f"smtp_{error.code}", letter) if error.code >= 500 else Retry(reason="smtp_data")
    except aiosmtplib.SMTPResponseException as error:
        return Retry(reason=f"smtp_{error.code}")
    except (aiosmtplib.SMTPException, OSError):
        return Retry(reason="smtp_away", hold_lane=True)
    return _ended(mail, "sent", None, letter)


def html_of(letter: Letter, store: str) -> str:
    """The letter's HTML part."""
    return PAGES.render_text("mail/letter.html", letter.language, context={"letter": letter, "store": store})


def _comes_back_to(settings: SmtpSettings, mail: Mail) -> str | None:
    """The envelope's sender; None for the mail's own."""
    return return_path(settings.bounces.strip(), mail.mail_id, mail.store_id) if settings.bounces else None


def _ended(
    mail: Mail, state: State, reason: str | None, letter: Letter | None = None, *, gone: Sequence[str] = ()
) -> Outcome:
    """Notes what became of a mail; `gone` are hashes of an address that the relay knows to be nobody's."""
    ambassador_id = letter.ambassador_id if letter else None

    async def note(tx: Tx) -> None:
        await sql.end(tx, mail.store_id, mail.mail_id, state=state, reason=reason, ambassador_id=ambassador_id)
        for mail_hash in gone:
            await preferences.suppress(tx, mail.store_id, mail_hash, "bounced")

    count(mail, state)
    _log.info("mail.ended", kind=mail.kind, outcome=state, reason=reason or "")
    return Done(note=note)
