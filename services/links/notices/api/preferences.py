"""HTTP of how somebody is notified."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter

from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.links.people import actions as people
from services.links.people.sql import Ambassador, mail_of
from services.links.preferences import actions, sql
from services.links.preferences.schemas import PreferencesIn, PreferencesOut

router = APIRouter(tags=["messages"])
_PATH = "/v1/ambassadors/{ambassador_id}/preferences"


@router.get(_PATH)
async def get_preferences(ambassador_id: str, call: Annotated[Call, require("ambassadors:read")]) -> PreferencesOut:
    """How an ambassador is notified."""
    async with call.transaction() as tx:
        return await preferences_of(tx, await people.get(tx, call.store_id, ambassador_id))


@router.put(_PATH)
async def put_preferences(
    ambassador_id: str, body: PreferencesIn, call: Annotated[Call, require("ambassadors:write")]
) -> PreferencesOut:
    """Keeps how an ambassador wants to be notified, as they said it to the store."""
    async with call.transaction() as tx:
        person = await people.present(tx, call.store_id, ambassador_id)
        await sql.put_preferences(tx, call.store_id, ambassador_id, body.wish())
        tx.note("ambassador.changed", on=ambassador_id, after={"changed": "preferences"})
        return await preferences_of(tx, person)


async def preferences_of(tx: Tx, person: Ambassador) -> PreferencesOut:
    """What somebody chose, and by what they can be reached."""
    wish = await actions.wish_of(tx, person.store_id, person.ambassador_id)
    return PreferencesOut(
        ambassador_id=person.ambassador_id,
        **asdict(wish),
        mail=await mail_state(tx, person),
        telegram=person.telegram is not None,
        sms=await sms_state(tx, person),
    )


async def mail_state(tx: Tx, person: Ambassador) -> str:
    """Whether somebody can be mailed: `ok`, `none`, or why not."""
    found = mail_of(person.contact_hashes)
    if person.email is None or found is None:
        return "none"
    return (await sql.suppressed(tx, person.store_id, [found])).get(found, "ok")


async def sms_state(tx: Tx, person: Ambassador) -> str:
    """Whether somebody can be sent SMS: `ok`, `none` without a proved number, or why not."""
    if person.sms is None or person.sms_hash is None:
        return "none"
    return (await sql.suppressed(tx, person.store_id, [person.sms_hash])).get(person.sms_hash, "ok")
