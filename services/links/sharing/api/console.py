"""The console's page of where a program's offer to share stands on the store's pages."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.http.call import Call, viewer
from services.links.programs import actions as programs
from services.links.programs.api.console import HOME
from services.links.sharing import actions
from services.links.sharing.domain import MOST_STARS
from services.links.sharing.schemas import PlaceRule, Places
from services.links.sharing.words import placements
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import Choice, Speech

router = APIRouter(include_in_schema=False)

PAGE: Final = HOME + "/{program_id}/places"
_FIELDS: Final = ("placement", "paths", "but_not", "into")
_MOST_ROWS: Final = 40
_Rows = list[dict[str, str]]


@router.get(PAGE)
async def get_page(
    program_id: str, request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = ""
) -> Response:
    """Its rules, one by one, and room for another."""
    return await _page(request, call, program_id)


@router.post(PAGE)
async def post_page(program_id: str, request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Takes all rules at once; a row without a place is none."""
    sent = await request.form()
    rows: _Rows = [
        {field: str(sent.get(f"{field}_{number}", ""))[:5_000] for field in _FIELDS} for number in range(_MOST_ROWS)
    ]
    rows = [row for row in rows if row["placement"]]
    rules: list[PlaceRule] = []
    wrong: dict[str, str] = {}
    for number, row in enumerate(rows):
        try:
            rules.append(_rule(row))
        except ValidationError as error:
            wrong |= {f"{item['loc'][0]}_{number}": str(item["loc"][0]) for item in error.errors(include_url=False)}
    if wrong:
        return await _page(request, call, program_id, rows=rows, wrong=wrong, status=422)
    async with call.transaction() as tx:
        await actions.put_places(tx, call.store_id, program_id, Places(rules=tuple(rules)))
    return Response(status_code=303, headers={"location": PAGE.format(program_id=program_id)})


async def _page(
    request: Request,
    call: Call,
    program_id: str,
    *,
    rows: _Rows | None = None,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        newest = await programs.get(tx, call.store_id, program_id)
        found = await actions.places(tx, call.store_id, program_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    shown = rows if rows is not None else [_row(rule) for rule in found.rules]
    if len(shown) < _MOST_ROWS:
        shown = [*shown, {**dict.fromkeys(_FIELDS, ""), "paths": ""}]
    return reader.page(
        "sharing/places.html",
        status=status,
        title=speech.say("Where the offer to share stands"),
        version=newest,
        back=f"{HOME}/{program_id}",
        action=PAGE.format(program_id=program_id),
        rows=[(row, _choices(row["placement"], speech)) for row in shown],
        wrong={name: _sentence(field, speech) for name, field in (wrong or {}).items()},
        may_change="programs:write" in call.caller.scopes,
    )


def _rule(row: Mapping[str, str]) -> PlaceRule:
    """A row as a rule. Raises `ValidationError`."""
    paths = tuple(row["paths"].split()) or ("/**",)
    return PlaceRule.model_validate(
        {
            "placement": row["placement"],
            "paths": paths,
            "but_not": tuple(row["but_not"].split()),
            "into": row["into"].strip() or None,
        }
    )


def _row(rule: PlaceRule) -> dict[str, str]:
    return {
        "placement": rule.placement,
        "paths": "\n".join(rule.paths),
        "but_not": "\n".join(rule.but_not),
        "into": rule.into or "",
    }


def _choices(chosen: str, speech: Speech) -> list[Choice]:
    nowhere = Choice(speech.say("nowhere: no rule"), value="", current=not chosen)
    return [
        nowhere,
        *(Choice(text, value=value, current=value == chosen) for value, text in placements(speech).items()),
    ]


def _sentence(field: str, speech: Speech) -> str:
    if field == "into":
        return speech.say("Write a CSS selector such as header nav, or #account.")
    if field == "placement":
        return speech.say("Choose a place.")
    return speech.say("A path begins with a slash and has at most %(n)s stars, as in /p/*.", n=MOST_STARS)
