"""The task that sends an SMS by the store's gateway: each store in a lane of its own."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind
from services.links.mail import sql as messages
from services.links.mail.actions import TASKS
from services.links.mail.sql import Mail, State
from services.links.mail.work import count
from services.links.notices.actions.compose import Reader, compose, reader_of
from services.links.notices.actions.dispatch import notify_elsewhere
from services.links.notices.sql import notices
from services.links.phone_codes import sql as codes
from services.links.preferences import sql as preferences
from services.links.preferences.domain import Suppressed
from services.links.sms.actions import phones
from services.links.sms.domain.text import notice
from services.links.sms_gateways import sql as sql
from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.actions.gateway import Away, Refused, Sms, Taken, Verdict, Wait
from services.links.sms_gateways.domain.numbers import is_allowed
from services.links.sms_gateways.domain.segments import plain, segments
from services.links.sms_gateways.sql import Settings

PER_GATEWAY: Final = 5
PATIENCE: Final = timedelta(days=1)
"""So long a message waits for a gateway, whatever that says, before what it is about goes by another channel."""
_GONE: Final[dict[str, Suppressed]] = {"unknown_number": "bounced", "opted_out": "unsubscribed"}
_SEGMENTS = Counter("kith_sms_segments_total", "Segments of SMS that gateways took, by kind of message.", ("kind",))
for _kind in ("notice", "phone_code"):
    _SEGMENTS.labels(_kind)  # a series that begins at its first one shows no increase
_log = structlog.get_logger()


async def send(ctx: Context, task: Task) -> Outcome:
    """Sends one message. Who has ended them, or has no proved number any more, is notified by another channel."""
    async with ctx.db.transaction([task.store_id]) as tx:
        mail = await messages.get(tx, task.store_id, str(task.payload["mail_id"]))
        if mail is None or mail.state != "waiting":
            return Done()
        reader = None if mail.ambassador_id is None else await reader_of(ctx, tx, mail.store_id, mail.ambassador_id)
        if reader is None or reader.person is None:
            return _ended(mail, "dropped", "nobody")
        to, text = await _content(ctx, tx, mail, reader)
        if text is None:
            return _ended(mail, "dropped", "nobody")
        gateway = await sql.get(tx, mail.store_id)
        if gateway is None or gateway.state != "active":
            return _elsewhere(mail, "sms_off")
        if to is None:
            return _elsewhere(mail, "sms_ended")
        if not is_allowed(to, gateway.prefixes):
            return _elsewhere(mail, "sms_prefix")
        cost = segments(text)
        over = await setup.reserve(tx, gateway, mail.mail_id, cost)
    if over is not None:
        return _elsewhere(mail, f"sms_limit_{over}")
    try:
        port = setup.gateway_of(ctx, gateway)
    except ValueError:
        return _elsewhere(mail, "sms_sealed", back=True)
    now = ctx.live.now()
    verdict = await port.send(Sms(id=mail.mail_id, to=to, text=text, sender=gateway.sender), now=now)
    return _outcome(mail, gateway, verdict, phones.hash_of(ctx.ring, to), cost, now)


async def _content(ctx: Context, tx: Tx, mail: Mail, reader: Reader) -> tuple[str | None, str | None]:
    """To which number, and what; no number of who has ended messages, no text where there is nothing to say."""
    person = reader.person
    if person is None:
        return None, None
    if mail.kind == phones.KIND:
        code = await codes.get(tx, mail.store_id, mail.about)
        asked = person.sms_asked
        good = code is not None and code.expires_at > real_time() and asked is not None
        if not good or code is None or asked is None or phones.hash_of(ctx.ring, asked) != code.number_hash:
            return None, None
        say = reader.speech.say
        text = say(
            "%(store)s: your code is %(code)s. It is good for 10 minutes. Nobody will ever ask you for it.",
            store=reader.store.name,
            code=phones.code_of(ctx.ring, code.code_id),
        )
        return asked, plain(text)
    composed = await compose(ctx, tx, reader, await notices.of_message(tx, mail.store_id, mail.about))
    if composed is None:
        return None, None
    text = notice(reader.store.name, composed.subject, composed.paragraphs, composed.url)
    if person.sms is None or person.sms_hash is None:
        return None, text
    barred = await preferences.suppressed(tx, mail.store_id, [person.sms_hash])
    return (None if barred else person.sms), text


def _outcome(mail: Mail, gateway: Settings, verdict: Verdict, number: str, cost: int, now: datetime) -> Outcome:
    late = now - mail.created_at > PATIENCE
    match verdict:
        case Taken():
            _SEGMENTS.labels(mail.kind).inc(cost)
            return _ended(mail, "sent", None)
        case Wait():
            # It was not taken, and to be asked to wait is no failure of this message.
            if late:
                return _elsewhere(mail, "sms_busy", back=True)
            return Retry(reason="sms_busy", after=verdict.after, hold_lane=True, failed=False)
        case Away():
            return _elsewhere(mail, "sms_away") if late else Retry(reason="sms_away", hold_lane=True)
        case Refused(why="gateway"):
            return _elsewhere(mail, "sms_refused", back=True, refused=gateway, status=verdict.status)
        case Refused():
            reason = f"sms_{verdict.why}" if verdict.why in _GONE else f"sms_{verdict.status}"
            return _elsewhere(mail, reason, back=True, gone=_GONE.get(verdict.why), number=number)


def _elsewhere(
    mail: Mail,
    reason: str,
    *,
    back: bool = False,
    refused: Settings | None = None,
    status: int = 0,
    gone: Suppressed | None = None,
    number: str = "",
) -> Outcome:
    """This way does not lead there: what was to be sent waits for another channel. With `back`, nothing was sent that
    costs anything; with `gone`, the number gets nothing any more.
    """

    async def note(tx: Tx) -> None:
        if refused is not None:
            await sql.set_refused(tx, refused, f"sms_{status}")
        if gone is not None:
            await preferences.suppress(tx, mail.store_id, number, gone)
        if back:
            await setup.give_back(tx, mail.store_id, mail.mail_id)
        await notify_elsewhere(tx, mail, reason)

    count(mail, "refused")
    _log.info("mail.ended", kind=mail.kind, outcome="refused", reason=reason)
    return Done(note=note)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """The gateway did not take it in all that time: it goes by another channel."""
    mail = await messages.get(tx, task.store_id, str(task.payload["mail_id"]))
    if mail is not None and mail.state == "waiting":
        await notify_elsewhere(tx, mail, reason if reason.startswith("sms_") else "sms_away")
        count(mail, "refused")


def _ended(mail: Mail, state: State, reason: str | None) -> Outcome:
    async def note(tx: Tx) -> None:
        await messages.end(tx, mail.store_id, mail.mail_id, state=state, reason=reason)

    count(mail, state)
    _log.info("mail.ended", kind=mail.kind, outcome=state, reason=reason or "")
    return Done(note=note)


TASK_KINDS: Final = (TaskKind(name=TASKS["sms"], run=send, per_lane=PER_GATEWAY, given_up=given_up),)
