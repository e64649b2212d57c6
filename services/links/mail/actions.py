"""Having messages sent: rows and tasks, written with what caused them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id
from services.kernel.work import NewTask, add_tasks
from services.links.mail import sql
from services.links.mail.sql import Channel, Mail, NewMail

TASKS: Final[dict[Channel, str]] = {"email": "links.mail", "telegram": "links.telegram", "sms": "links.sms"}
"""What does the sending, by channel."""
TASK: Final = TASKS["email"]
RELAY: Final = "relay"
"""The lane: all mails leave through one door, and no address of anybody names another."""


FORGET_JOB = "links.mails"
KEPT = timedelta(days=90)
"""How long what became of a mail is known: support asks for weeks, nobody for years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be sent. `about` says to its kind's composer what it is about."""

    mail_id: str
    kind: str
    about: str
    channel: Channel = "email"
    lane: str = RELAY
    ambassador_id: str | None = None


async def send(tx: Tx, store_id: str, *, kind: str, about: str) -> str:
    """Has a mail of this kind sent; returns its id. To whom, and what it says, is read when it is sent."""
    mail_id = new_id("mai", at=tx.now)
    await send_all(tx, store_id, [Message(mail_id=mail_id, kind=kind, about=about)])
    return mail_id


async def send_all(tx: Tx, store_id: str, messages: Sequence[Message]) -> None:
    """Has messages sent, of any number in two statements."""
    rows = [
        NewMail(
            mail_id=one.mail_id,
            kind=one.kind,
            about=one.about,
            channel=one.channel,
            ambassador_id=one.ambassador_id,
        )
        for one in messages
    ]
    await sql.add(tx, store_id, rows)
    await schedule(tx, FORGET_JOB, {store_id: tx.now + KEPT})
    await add_tasks(
        tx,
        [
            NewTask(
                kind=TASKS[one.channel],
                store_id=store_id,
                lane=one.lane,
                key=one.mail_id,
                payload={"mail_id": one.mail_id},
            )
            for one in messages
        ],
    )


async def again(tx: Tx, mail: Mail, *, due: datetime) -> None:
    """Has a mail sent once more, as the same message."""
    payload = {"mail_id": mail.mail_id}
    task = NewTask(kind=TASK, store_id=mail.store_id, lane=RELAY, key=f"{mail.mail_id}:again", payload=payload, due=due)
    await add_tasks(tx, [task])
