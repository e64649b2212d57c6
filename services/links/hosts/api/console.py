"""The console's page of the store's link domain."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.links.hosts import actions
from services.links.hosts.domain import Finding
from services.links.hosts.schemas import LinkDomainIn
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import LINK_DOMAIN, settings_bar
from services.ui import Speech

router = APIRouter(include_in_schema=False)

HOME: Final = LINK_DOMAIN


@router.get(HOME)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """Where share links are."""
    return await _page(request, call)


@router.post(HOME)
async def post_page(request: Request, call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Chooses a domain."""
    given = str((await request.form()).get("domain", "")).strip()
    try:
        wanted = LinkDomainIn(domain=given).domain
        async with call.transaction() as tx:
            await actions.choose(tx, call.ctx, call.store_id, wanted)
    except (ValidationError, AppError):
        return await _page(request, call, given=given, wrong=True, status=422)
    return Response(status_code=303, headers={"location": HOME})


@router.post(HOME + "/verify", dependencies=[limit("link-domain-verify", per_minute=10)])
async def post_verify(request: Request, call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Asks the name server, and shows what it says."""
    async with call.transaction() as tx:
        domain = await actions.wanted(tx, call.store_id)
    finding = await actions.look(call.ctx, domain)
    refused = ""
    if finding == "found":
        try:
            async with call.transaction() as tx:
                await actions.use(tx, call.ctx, call.store_id, domain)
        except AppError as error:
            refused = error.code
    return await _page(request, call, finding=finding, refused=refused)


@router.post(HOME + "/remove")
async def post_remove(call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Goes back to our address."""
    async with call.transaction() as tx:
        await actions.drop(tx, call.store_id)
    return Response(status_code=303, headers={"location": HOME})


async def _page(
    request: Request,
    call: Call,
    *,
    given: str = "",
    wrong: bool = False,
    finding: Finding | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        shown = await actions.shown(tx, call.ctx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    not_below = speech.say("Choose a domain below one that you proved, as in go.shop.example.")
    found = _finding(speech, finding) if finding else ""
    if refused:
        found = speech.say("Another store uses this domain.") if refused == "domain_taken" else not_below
    return reader.page(
        "hosts/edit.html",
        status=status,
        title=speech.say("Link domain"),
        shown=shown,
        given=given,
        found=found,
        good=finding == "found" and not refused,
        example=f"go.{own.domains[0]}" if own.domains else "go.shop.example",
        error=not_below if wrong else "",
        may_change="domains:write" in call.caller.scopes,
        **settings_bar(speech, HOME),
    )


def _finding(speech: Speech, finding: Finding) -> str:
    return {
        "found": speech.say("The domain leads here: share links are on it now."),
        "elsewhere": speech.say("The domain leads somewhere else."),
        "missing": speech.say("There is no record of this name yet."),
        "unreachable": speech.say("The name server did not answer."),
    }[finding]
