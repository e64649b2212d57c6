"""Rows of messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.db import Row, Tx
from services.links.preferences.domain import Sent

_FIELDS = "mail_id, store_id, kind, about, channel, ambassador_id, state, reason, created_at, ended_at"
_ADD = """
insert into mails (mail_id, store_id, kind, about, channel, ambassador_id, state, created_at)
select i, :store_id, k, b, c, a, 'waiting', :now
from unnest(cast(:ids as text[]), cast(:kinds as text[]), cast(:abouts as text[]), cast(:channels as text[]),
  cast(:ambassadors as text[])) as t(i, k, b, c, a)
"""
_GET = f"select {_FIELDS} from mails where store_id = :store_id and mail_id = :mail_id"  # noqa: S608  # our own words
_END = """
update mails set state = :state, reason = coalesce(cast(:reason as text), nullif(reason, 'given_up')), ended_at = :now,
  ambassador_id = coalesce(cast(:ambassador_id as text), ambassador_id)
where store_id = :store_id and mail_id = :mail_id and state = 'waiting'
"""
_GIVEN_UP = """
update mails set reason = 'given_up' where store_id = :store_id and mail_id = :mail_id and state = 'waiting'
"""
_CAME = """
select distinct about from mails
where store_id = :store_id and about = any(cast(:abouts as text[])) and kind = :kind and state in ('sent', 'kept')
"""
_AGAIN = """
update mails set state = 'waiting', reason = 'again', ended_at = null
where store_id = :store_id and mail_id = :mail_id and state = 'sent' and reason is null
"""
_CAME_BACK = """
update mails set state = 'bounced', reason = :reason, ended_at = :now
where store_id = :store_id and mail_id = :mail_id and state in ('sent', 'waiting')
"""
_ARRIVED = """
update mails set state = 'delivered', ended_at = coalesce(ended_at, :now)
where store_id = :store_id and mail_id = :mail_id and state in ('sent', 'waiting')
"""
_PAGE = f"""
select {_FIELDS} from mails where store_id = :store_id
  and (cast(:state as text) is null or state = :state)
  and (cast(:ambassador_id as text) is null or ambassador_id = :ambassador_id)
  and (cast(:channel as text) is null or channel = :channel)
  and (cast(:before as timestamptz) is null or (created_at, mail_id) < (:before, cast(:before_id as text)))
order by created_at desc, mail_id desc limit :count
"""  # noqa: S608

_FORGET = "delete from mails where store_id = any(cast(:stores as text[])) and created_at <= :moment"
_OLDEST = """
select store_id, min(created_at) as at from mails where store_id = any(cast(:stores as text[])) group by store_id
"""

Channel = Sent
State = Literal["waiting", "sent", "delivered", "kept", "dropped", "refused", "bounced"]
"""`delivered`: a report says that it arrived, where there are such. `kept`: nothing sends mails here, and a demo shows
what would have been sent. `dropped`: there was nobody to send it to any more. `refused`: the address takes none.
`bounced`: it was sent, and came back.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message."""

    mail_id: str
    store_id: str
    kind: str
    about: str
    channel: Channel
    ambassador_id: str | None
    state: State
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


def _mail(row: Row) -> Mail:
    return Mail(**row._asdict())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A message to be sent."""

    mail_id: str
    kind: str
    about: str
    channel: Channel
    ambassador_id: str | None


async def add(tx: Tx, store_id: str, mails: Sequence[NewMail]) -> None:
    """Notes that messages are to be sent."""
    if mails:
        await tx.execute(
            _ADD,
            store_id=store_id,
            ids=[mail.mail_id for mail in mails],
            kinds=[mail.kind for mail in mails],
            abouts=[mail.about for mail in mails],
            channels=[mail.channel for mail in mails],
            ambassadors=[mail.ambassador_id for mail in mails],
            now=tx.now,
        )


async def get(tx: Tx, store_id: str, mail_id: str) -> Mail | None:
    """One mail."""
    row = await tx.one_or_none(_GET, store_id=store_id, mail_id=mail_id)
    return _mail(row) if row else None


async def end(
    tx: Tx, store_id: str, mail_id: str, *, state: State, reason: str | None = None, ambassador_id: str | None = None
) -> None:
    """Notes what became of it, once."""
    await tx.execute(
        _END, store_id=store_id, mail_id=mail_id, state=state, reason=reason, ambassador_id=ambassador_id, now=tx.now
    )


async def given_up(tx: Tx, store_id: str, mail_id: str) -> None:
    """Notes that nothing tries any more to send it. It goes on waiting: an operator may have it tried again."""
    await tx.execute(_GIVEN_UP, store_id=store_id, mail_id=mail_id)


async def delivered(tx: Tx, store_id: str, kind: str, abouts: Sequence[str]) -> set[str]:
    """Of these subjects those of which a mail of this kind left, and has not come back."""
    if not abouts:
        return set()
    rows = await tx.all(_CAME, store_id=store_id, kind=kind, abouts=list(abouts))
    return {row.about for row in rows}


async def again(tx: Tx, store_id: str, mail_id: str) -> bool:
    """Lets a mail be sent once more that was sent and came back; False if it was so before."""
    return await tx.execute(_AGAIN, store_id=store_id, mail_id=mail_id) > 0


async def came_back(tx: Tx, store_id: str, mail_id: str, *, reason: str) -> None:
    """Notes that a mail which was sent was not delivered; also where its report was quicker than our own note."""
    await tx.execute(_CAME_BACK, store_id=store_id, mail_id=mail_id, reason=reason, now=tx.now)


async def arrived(tx: Tx, store_id: str, mail_id: str) -> None:
    """Notes that a message arrived; also where that report was quicker than our own note that it was sent."""
    await tx.execute(_ARRIVED, store_id=store_id, mail_id=mail_id, now=tx.now)


async def page(
    tx: Tx,
    store_id: str,
    *,
    before: tuple[datetime, str] | None,
    count: int,
    state: str | None = None,
    ambassador_id: str | None = None,
    channel: str | None = None,
) -> Sequence[Mail]:
    """A store's messages, the newest first, from behind one of them."""
    moment, mail_id = before or (None, None)
    rows = await tx.all(
        _PAGE,
        store_id=store_id,
        before=moment,
        before_id=mail_id,
        count=count,
        state=state,
        ambassador_id=ambassador_id,
        channel=channel,
    )
    return [_mail(row) for row in rows]


async def forget_before(tx: Tx, stores: Sequence[str], moment: datetime) -> dict[str, datetime]:
    """Forgets the mails of these stores up to a moment; when each store's oldest is from."""
    await tx.execute(_FORGET, stores=list(stores), moment=moment)
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}
