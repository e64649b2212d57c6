"""Proving a phone by a code, and ending its messages. Only a proved number is a channel."""

import hmac
from datetime import timedelta
from typing import Final, Literal

from services.common.contacts import contact_hashes
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id
from services.links.ambassadors import actions as members
from services.links.mail import actions as mails
from services.links.mail.actions import Message
from services.links.people import actions as people
from services.links.phone_codes import sql as codes
from services.links.phone_codes.sql import KEPT, Counts
from services.links.preferences import actions as preferences
from services.links.preferences import sql as suppressions
from services.links.sms_gateways import sql as gateway_rows
from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.domain.numbers import is_allowed

KIND: Final = "phone_code"
"""The kind of the message with a code."""
FORGET_JOB: Final = "links.phone-codes"
LIFE: Final = timedelta(minutes=10)
OF_PERSON: Final = (3, 5)
"""Codes that somebody may ask for: within an hour, and within a day."""
OF_NUMBER: Final = (3, 5)
"""The same for one number, whoever asks."""
_DIGITS: Final = "phone-code"

Asked = Literal["asked", "too_often", "closed", "not_there"]


async def ask(tx: Tx, ring: KeyRing, store_id: str, ambassador_id: str, number: str) -> Asked:
    """Has a code sent to a number. The answer is the same whoever has it, and however often others asked for it.

    `not_there`: the store sends to no such number; `closed`: it sends none now; `too_often`: this person
    asked for many. Raises `NotFound`, and `Erased`.
    """
    await people.present(tx, store_id, ambassador_id)
    gateway = await gateway_rows.get(tx, store_id)
    if gateway is None or gateway.state != "active":
        return "closed"
    if not is_allowed(number, gateway.prefixes):
        return "not_there"
    number_hash = hash_of(ring, number)
    counted = await codes.counts(tx, store_id, ambassador_id=ambassador_id, number_hash=number_hash)
    if _over(OF_PERSON, counted.of_person_lately, counted.of_person):
        return "too_often"
    if counted.of_store >= gateway.most_codes_a_day or not await setup.is_open(tx, store_id):
        return "closed"
    code_id = new_id("phc", at=tx.now)
    await codes.add(
        tx,
        store_id,
        code_id,
        ambassador_id=ambassador_id,
        number_hash=number_hash,
        expires_at=real_time(LIFE).replace(microsecond=0),
    )
    await schedule(tx, FORGET_JOB, {store_id: real_time(KEPT) + tx.offset})
    await codes.ask_phone(tx, store_id, ambassador_id, number)
    if not _over_of_number(counted):
        message = Message(
            mail_id=new_id("mai", at=tx.now),
            kind=KIND,
            about=code_id,
            channel="sms",
            lane=setup.lane_of(store_id),
            ambassador_id=ambassador_id,
        )
        await mails.send_all(tx, store_id, [message])
    return "asked"


async def prove(tx: Tx, ring: KeyRing, store_id: str, ambassador_id: str, typed: str) -> bool:
    """Makes the number that a code went to the person's channel; False, and a try less, for another code. Who proves a
    number wants its messages: what ended them before is lifted. Raises `NotFound`, and `Erased`.
    """
    person = await people.present(tx, store_id, ambassador_id)
    code = await codes.newest(tx, store_id, ambassador_id, lock=True)
    if code is None:
        return False
    number = person.sms_asked
    if number is None or hash_of(ring, number) != code.number_hash or not is_code(ring, code.code_id, typed):
        await codes.tried(tx, store_id, code.code_id)
        return False
    await codes.use(tx, store_id, code.code_id)
    if person.phone is None:
        await members.change(
            tx,
            store_id,
            ambassador_id,
            {"phone": number},
            hash_contacts=lambda email, phone: contact_hashes(ring, email=email, phone=phone),
        )
    await codes.prove_phone(tx, store_id, ambassador_id, number, code.number_hash)
    await suppressions.lift(tx, store_id, code.number_hash)
    await preferences.prefer(tx, store_id, ambassador_id, "sms")
    tx.note("phone.proved", on=ambassador_id)
    return True


async def end(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Ends a person's SMS, as they wish: also for whoever may prove the number later, until they do. Twice is as good
    as once. Raises `NotFound`, and `Erased`.
    """
    person = await people.present(tx, store_id, ambassador_id)
    if person.sms_hash is None:
        return
    await suppressions.suppress(tx, store_id, person.sms_hash, "unsubscribed")
    await codes.drop_phone(tx, store_id, ambassador_id)  # codes are good for nothing now, and count against limits
    if (await preferences.wish_of(tx, store_id, ambassador_id)).channel == "sms":
        await preferences.prefer(tx, store_id, ambassador_id, "email")
    tx.note("phone.ended", on=ambassador_id)


def hash_of(ring: KeyRing, number: str) -> str:
    """The keyed hash of a number, as everywhere."""
    (found,) = contact_hashes(ring, phone=number)
    return found


def code_of(ring: KeyRing, code_id: str) -> str:
    """The six digits."""
    return _digits(ring, ring.signing_kid, code_id)


def is_code(ring: KeyRing, code_id: str, typed: str) -> bool:
    """Whether these are the digits, also where the ring's first key changed meanwhile; in constant time."""
    given = "".join(typed.split()).encode("utf-8", "replace")
    return any(hmac.compare_digest(_digits(ring, kid, code_id).encode(), given) for kid in ring.kids)


def _digits(ring: KeyRing, kid: str, code_id: str) -> str:
    tag = ring.tag_by(kid, _DIGITS, code_id.encode())
    return f"{int.from_bytes(tag[:8], 'big') % 1_000_000:06d}"


def _over(most: tuple[int, int], lately: int, today: int) -> bool:
    return lately >= most[0] or today >= most[1]


def _over_of_number(counted: Counts) -> bool:
    return _over(OF_NUMBER, counted.of_number_lately, counted.of_number)
