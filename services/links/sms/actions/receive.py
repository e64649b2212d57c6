"""What a gateway reports: delivered, failed, and whoever wrote STOP or START."""

from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.links.mail import sql as messages
from services.links.notices.actions.dispatch import notify_elsewhere
from services.links.people import sql as people
from services.links.preferences import sql as suppressions
from services.links.sms.actions.phones import hash_of
from services.links.sms.domain.reports import Report


async def receive(tx: Tx, ring: KeyRing, store_id: str, report: Report) -> None:
    """Does what a report says. Twice is as good as once; of messages that are not the store's nothing is done."""
    match report.status:
        case "stop":
            await suppressions.suppress(tx, store_id, hash_of(ring, report.number), "unsubscribed")
        case "start":
            await suppressions.lift(tx, store_id, hash_of(ring, report.number), reason="unsubscribed")
        case "delivered" | "failed":
            await _of_message(tx, store_id, report)


async def _of_message(tx: Tx, store_id: str, report: Report) -> None:
    mail = await messages.get(tx, store_id, report.message_id)
    if mail is None or mail.channel != "sms" or mail.state not in ("waiting", "sent"):
        return
    if report.status == "delivered":
        await messages.arrived(tx, store_id, mail.mail_id)
        return
    await messages.came_back(tx, store_id, mail.mail_id, reason="sms_failed")
    if report.reason == "unknown_number" and mail.ambassador_id is not None:
        person = await people.get(tx, store_id, mail.ambassador_id)
        if person is not None and person.sms_hash is not None:
            await suppressions.suppress(tx, store_id, person.sms_hash, "bounced")
    await notify_elsewhere(tx, mail, "sms_failed")
