"""Rows of preferences and suppressions."""

from collections.abc import Iterable, Mapping

from services.kernel.db import Row, Tx
from services.links.preferences.domain import Preferences, Suppressed

_FIELDS = "channel, quiet_from, quiet_to, zone, most_a_day, digest, mail_too"
_PREFERENCES = f"""
select ambassador_id, {_FIELDS} from preferences
where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
"""  # noqa: S608  # our own words
_PUT = f"""
insert into preferences (store_id, ambassador_id, {_FIELDS}, changed_at)
values (:store_id, :ambassador_id, :channel, :quiet_from, :quiet_to, :zone, :most_a_day, :digest, :mail_too, :now)
on conflict (store_id, ambassador_id) do update set channel = excluded.channel, quiet_from = excluded.quiet_from,
  quiet_to = excluded.quiet_to, zone = excluded.zone, most_a_day = excluded.most_a_day, digest = excluded.digest,
  mail_too = excluded.mail_too, changed_at = excluded.changed_at
"""  # noqa: S608
_FORGET = "delete from preferences where store_id = :store_id and ambassador_id = :ambassador_id"
# What a bounce says of an address, its owner's word outlives: who unsubscribed stays so.
_SUPPRESS = """
insert into suppressions (store_id, mail_hash, reason, at) values (:store_id, :mail_hash, :reason, :now)
on conflict (store_id, mail_hash) do update set reason = excluded.reason, at = excluded.at
where suppressions.reason = 'bounced' and excluded.reason <> 'bounced'
"""
_LIFT = """
delete from suppressions where store_id = :store_id and mail_hash = :mail_hash
  and (cast(:reason as text) is null or reason = :reason)
"""
_SUPPRESSED = "select mail_hash, reason from suppressions where store_id = :store_id and mail_hash = any(:hashes)"


async def of(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> Mapping[str, Preferences]:
    """What these people chose, by id; who chose nothing is left out."""
    rows = await tx.all(_PREFERENCES, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return {row.ambassador_id: _preferences(row) for row in rows}


async def put_preferences(tx: Tx, store_id: str, ambassador_id: str, wish: Preferences) -> None:
    """Keeps what somebody chose."""
    await tx.execute(
        _PUT,
        store_id=store_id,
        ambassador_id=ambassador_id,
        channel=wish.channel,
        quiet_from=wish.quiet_from,
        quiet_to=wish.quiet_to,
        zone=wish.zone,
        most_a_day=wish.most_a_day,
        digest=wish.digest,
        mail_too=wish.mail_too,
        now=tx.now,
    )


async def forget(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Forgets what somebody chose."""
    await tx.execute(_FORGET, store_id=store_id, ambassador_id=ambassador_id)


async def suppress(tx: Tx, store_id: str, mail_hash: str, reason: Suppressed) -> bool:
    """Sends nothing to an address any more; False if that was so already, for this reason or a stronger one."""
    return await tx.execute(_SUPPRESS, store_id=store_id, mail_hash=mail_hash, reason=reason, now=tx.now) > 0


async def lift(tx: Tx, store_id: str, mail_hash: str, *, reason: Suppressed | None = None) -> bool:
    """Lets an address be written to again, if it was suppressed for this reason; False if it was not."""
    return await tx.execute(_LIFT, store_id=store_id, mail_hash=mail_hash, reason=reason) > 0


async def suppressed(tx: Tx, store_id: str, hashes: Iterable[str]) -> dict[str, Suppressed]:
    """Of these addresses those that get nothing, with the reason."""
    rows = await tx.all(_SUPPRESSED, store_id=store_id, hashes=sorted(set(hashes)))
    return {row.mail_hash: row.reason for row in rows}


def _preferences(row: Row) -> Preferences:
    found = row._asdict()
    found.pop("ambassador_id")
    return Preferences(**found)
