"""The console's form to add an ambassador."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.db import Tx
from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.problems import field_path
from services.links.ambassadors import actions
from services.links.ambassadors.actions import AlreadyIn, Joining
from services.links.ambassadors.api.rest import hashes
from services.links.ambassadors.schemas import AmbassadorIn
from services.links.ambassadors.words import field_mend
from services.links.pages import AMBASSADORS
from services.links.people import sql as people
from services.links.people.sql import Ambassador
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.sql import Store
from services.ui import Choice, FieldError, Speech

router = APIRouter(include_in_schema=False)

_HOME = "/console/links/ambassadors"
_WHO = ("name", "email", "phone", "external_id")
"""At least one of these says who it is."""


@router.get(f"{_HOME}/new")
async def get_new(request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = "") -> Response:
    """The form to add somebody."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        return await _form(request, own, tx, {}, {})


@router.post(_HOME)
async def post_new(request: Request, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Adds somebody. Whom the program has already, by customer id, address or number, is named instead."""
    given = {name: value for name, value in (await request.form()).items() if isinstance(value, str) and value.strip()}
    wrong: dict[str, str] = {}
    known_id = ""
    try:
        if not any(given.get(name) for name in _WHO):
            wrong["name"] = "nobody"
        body = AmbassadorIn.model_validate(given)
        if not wrong:
            # What raises leaves nothing behind: the form is shown again by another transaction.
            async with call.transaction() as tx:
                member = await actions.add_new(tx, call.store_id, _joining(body), hash_contacts=hashes(call))
            return Response(status_code=303, headers={"location": f"{_HOME}/{member.ambassador.ambassador_id}"})
    except ValidationError as error:
        wrong |= {field_path(item["loc"]): "wrong" for item in error.errors(include_url=False)}
    except AlreadyIn as error:
        wrong, known_id = {error.field: "taken"}, error.ambassador_id
    except AppError:
        wrong["program_id"] = "wrong"
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        known = await people.get(tx, call.store_id, known_id) if known_id else None
        return await _form(request, own, tx, given, wrong, known=known, status=422)


def _joining(body: AmbassadorIn) -> Joining:
    return Joining(
        program_id=body.program_id,
        external_id=body.external_id,
        email=body.email,
        phone=body.phone,
        name=body.name,
        public_name=body.public_name,
        group_name=body.group,
    )


async def _form(
    request: Request,
    own: Store,
    tx: Tx,
    form: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    known: Ambassador | None = None,
    status: int = 200,
) -> Response:
    reader = reader_of(request, own, tx.now)
    speech = reader.speech
    choices = await programs.names(tx, own.store_id)
    labels = {
        "program_id": speech.say("Program"),
        "name": speech.say("Full name"),
        "public_name": speech.say("Name that friends see"),
        "email": speech.say("E-mail"),
        "phone": speech.say("Phone"),
        "external_id": speech.say("Customer id"),
        "group": speech.say("Group"),
    }
    texts = {field: _sentence(field, word, known, speech) for field, word in wrong.items()}
    return reader.page(
        "ambassadors/form.html",
        nav_current=AMBASSADORS,
        status=status,
        title=speech.say("Add an ambassador"),
        form={**dict.fromkeys(labels, ""), **form},
        labels=labels,
        wrong=texts,
        known_href=f"{_HOME}/{known.ambassador_id}" if known else "",
        summary=[FieldError(field, labels.get(field, field), text) for field, text in texts.items()],
        programs=[
            Choice(one.name, value=one.program_id, current=one.program_id == form.get("program_id"))
            for one in choices
            if one.status == "active"
        ],
    )


def _sentence(field: str, word: str, known: Ambassador | None, speech: Speech) -> str:
    """What to do about a wrong field, in the reader's language."""
    if word == "nobody":
        return speech.say("Say who it is: a name, an e-mail address, a phone number or a customer id.")
    if word == "taken" and known is not None:
        if known.name:
            return speech.say("%(name)s is an ambassador of this program with it already.", name=known.name)
        return speech.say("Somebody is an ambassador of this program with it already.")
    return field_mend(field, speech)
