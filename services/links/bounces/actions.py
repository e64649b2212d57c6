"""Doing what a mail system's report means."""

from datetime import timedelta
from typing import Final, Literal, get_args

from prometheus_client import Counter

from services.common.contacts import contact_hashes
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database, Tx
from services.kernel.due import schedule
from services.links.bounces.domain import Report, read
from services.links.invites import sql as invites
from services.links.mail import actions as mails
from services.links.mail import sql
from services.links.mail.sql import Mail
from services.links.people import sql as people
from services.links.preferences import sql as preferences
from services.links.preferences.actions import INVITES_JOB

Done = Literal["suppressed", "kept", "retried", "ignored"]
AGAIN: Final = timedelta(hours=1)
_REPORTS = Counter("kith_mail_reports_total", "Reports of mail systems about our mails.", ("kind", "done"))
for _kind in ("bounce", "complaint"):  # a series that begins at its first one shows no increase
    for _done in get_args(Done):
        _REPORTS.labels(_kind, _done)


async def take(db: Database, ring: KeyRing, raw: bytes) -> list[tuple[Report, Done]]:
    """Does what a report means; the same one twice does it once. Raises `Unreadable`."""
    found: list[tuple[Report, Done]] = []
    for report in read(raw):
        done = await _take(db, ring, report)
        _REPORTS.labels(report.kind, done).inc()
        found.append((report, done))
    return found


async def _take(db: Database, ring: KeyRing, report: Report) -> Done:
    if report.action == "nothing":
        return "ignored"
    async with db.transaction([report.store_id]) as tx:
        mail = await sql.get(tx, report.store_id, report.mail_id)
        if mail is None or mail.channel != "email":
            return "ignored"
        reason = f"dsn_{report.status}" if report.status else report.kind
        if report.action == "retry" and await sql.again(tx, mail.store_id, mail.mail_id):
            await mails.again(tx, mail, due=tx.now + AGAIN)
            return "retried"
        await sql.came_back(tx, mail.store_id, mail.mail_id, reason=reason)
        if report.action != "suppress":
            return "kept"
        # A report is written by whoever has seen the mail's id: of nobody but the mail's own reader it is believed.
        own = await _own(tx, mail)
        hashes = {found for address in report.addresses for found in contact_hashes(ring, email=address)}
        if own is None or own not in hashes:
            return "kept"
        why: Literal["complained", "bounced"] = "complained" if report.kind == "complaint" else "bounced"
        await preferences.suppress(tx, mail.store_id, own, why)
        await schedule(tx, INVITES_JOB, {mail.store_id: tx.now})
        return "suppressed"


async def _own(tx: Tx, mail: Mail) -> str | None:
    """The keyed hash of the address that a mail was for; None where nobody knows any more."""
    if mail.kind == "invite":
        invite = await invites.get(tx, mail.store_id, mail.about)
        return None if invite is None else invite.mail_hash
    reader = None if mail.ambassador_id is None else await people.get(tx, mail.store_id, mail.ambassador_id)
    return None if reader is None else people.mail_of(reader.contact_hashes)
