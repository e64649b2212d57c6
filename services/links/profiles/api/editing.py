"""Changing an ambassador at the console: the form, blocking, and groups of many at once."""

import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.errors import Conflict, Invalid
from services.kernel.http.call import Call, viewer
from services.kernel.http.credentials import demand
from services.kernel.http.problems import field_path
from services.links.ambassadors import actions
from services.links.ambassadors.api.rest import hashes
from services.links.ambassadors.schemas import AmbassadorPatch, GroupIn
from services.links.ambassadors.sql import Member
from services.links.pages import AMBASSADORS, results_page
from services.links.people import actions as people
from services.links.profiles.api.console import HOME
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Choice, FieldError, Speech

router = APIRouter(include_in_schema=False)

_ID: Final = re.compile(r"amb_[0-9a-z]{1,40}")
_FIELDS: Final = (
    "name",
    "public_name",
    "email",
    "phone",
    "external_id",
    "group",
    "sponsor_id",
    "locale",
    "notes",
    "code",
)


@router.get(HOME + "/{ambassador_id}/edit")
async def get_form(
    ambassador_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = ""
) -> Response:
    """The form with what is known."""
    return await _form(request, call, ambassador_id, {}, set())


@router.post(HOME + "/{ambassador_id}/edit")
async def post_form(
    ambassador_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")]
) -> Response:
    """Saves what the form says: a field that came empty is empty from now on, but for the code, which it holds for who
    may make codes.
    """
    sent = await request.form()
    given = {name: _plain(text) for name in _FIELDS if isinstance(text := sent.get(name), str)}
    if "code" in given:
        demand(call.caller, "codes:write")
    wrong: set[str] = set()
    try:
        body = AmbassadorPatch.model_validate({name: text or None for name, text in given.items()})
        async with call.transaction() as tx:
            await actions.change(tx, call.store_id, ambassador_id, body.changes(), hash_contacts=hashes(call))
        return _back(ambassador_id)
    except ValidationError as error:
        wrong = {field_path(item["loc"]) for item in error.errors(include_url=False)}
    except Invalid as error:
        wrong = {"sponsor_id:cycle" if one.code == "sponsor_cycle" else one.field for one in error.errors}
    except people.Erased:
        raise
    except Conflict as error:
        wrong = {"external_id" if error.code == "external_id_taken" else f"code:{error.code}"}
    return await _form(request, call, ambassador_id, given, wrong, status=422)


@router.post(HOME + "/{ambassador_id}/status")
async def post_status(
    ambassador_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")]
) -> Response:
    """Blocks somebody, or lets them take part again; back to the page of `seen`, else to theirs."""
    sent = await request.form()
    status, seen = "blocked" if sent.get("status") == "blocked" else "active", sent.get("seen")
    async with call.transaction() as tx:
        await actions.change(tx, call.store_id, ambassador_id, {"status": status}, hash_contacts=hashes(call))
    return _back(seen if isinstance(seen, str) and _ID.fullmatch(seen) else ambassador_id)


@router.post(HOME + "/groups")
async def post_groups(request: Request, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Puts those who were chosen in the list into a group; without a name, out of theirs. Back to the list."""
    sent = await request.form()
    chosen = [one for one in sent.getlist("who") if isinstance(one, str)]
    group, back = sent.get("group"), sent.get("back")
    moved = 0
    if chosen:
        try:
            body = GroupIn(ambassador_ids=chosen, group=(group.strip() or None) if isinstance(group, str) else None)
        except ValidationError:
            raise Invalid.field("group", "A group has at most 60 signs, in one line.") from None
        async with call.transaction() as tx:
            moved = await actions.set_group(tx, call.store_id, body.ambassador_ids, body.group)
    place = results_page(back)
    query = urlencode({"moved": moved})
    return Response(status_code=303, headers={"location": f"{place}{'&' if '?' in place else '?'}{query}"})


def _plain(text: str) -> str:
    """Browsers send lines with a carriage return."""
    return text.replace("\r\n", "\n").strip()


def _back(ambassador_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{HOME}/{ambassador_id}"})


async def _form(
    request: Request,
    call: Call,
    ambassador_id: str,
    given: Mapping[str, str],
    wrong: set[str],
    *,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        await people.present(tx, call.store_id, ambassador_id)
        member = await actions.get(tx, call.store_id, ambassador_id)
        reader = reader_of(request, own, tx.now)
    speech, person = reader.speech, member.ambassador
    labels = {
        "name": speech.say("Full name"),
        "public_name": speech.say("Name that friends see"),
        "email": speech.say("E-mail"),
        "phone": speech.say("Phone"),
        "external_id": speech.say("Customer id"),
        "code": speech.say("Own promo code"),
        "group": speech.say("Group"),
        "sponsor_id": speech.say("Brought by"),
        "locale": speech.say("Language"),
        "notes": speech.say("Notes"),
    }
    texts = {one.partition(":")[0]: _sentence(one, speech) for one in sorted(wrong)}
    form = {**_known(member), **given}
    return reader.page(
        "profiles/edit.html",
        nav_current=AMBASSADORS,
        status=status,
        title=person.name or member.code,
        back=f"{HOME}/{ambassador_id}",
        form=form,
        labels=labels,
        wrong=texts,
        summary=[FieldError(field, labels.get(field, field), text) for field, text in texts.items()],
        languages=_languages(form["locale"], speech),
        may_code="codes:write" in call.caller.scopes,
    )


def _known(member: Member) -> dict[str, str]:
    person = member.ambassador
    known = {name: getattr(person, name) or "" for name in _FIELDS if name not in ("group", "code")}
    return {**known, "group": person.group_name or "", "code": member.code}


def _languages(chosen: str, speech: Speech) -> list[Choice]:
    known = [chosen, *LANGUAGES] if chosen and chosen not in LANGUAGES else list(LANGUAGES)
    choices = [Choice(LANGUAGES.get(one, one), value=one, current=one == chosen) for one in known]
    return [Choice(speech.say("The store’s"), value="", current=not chosen), *choices]


def _sentence(wrong: str, speech: Speech) -> str:
    """What to do about a wrong field, in the reader's language."""
    return {
        "code": speech.say("A code has 1 to 64 Latin letters, digits, hyphens and underscores."),
        "code:code_taken": speech.say("The store has this code already. Choose another."),
        "email": speech.say("Write an e-mail address, such as anna@example.com."),
        "phone": speech.say("A phone number has 7 to 15 digits. Begin with + and the country’s code."),
        "external_id": speech.say(
            "Another ambassador has this id, or it is none: no mail address and no phone number."
        ),
        "public_name": speech.say("At most 40 signs, without an address or a number."),
        "group": speech.say("At most 60 signs, in one line."),
        "sponsor_id": speech.say("Write the id of another ambassador of this program."),
        "sponsor_id:cycle": speech.say("This one was brought by them: nobody can stand above themselves."),
        "notes": speech.say("At most 4,000 signs."),
    }.get(wrong) or speech.say("At most 120 signs, in one line.")
