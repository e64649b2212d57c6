"""The console's page of domains: which count, which wait for a proof, and what to publish for it."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.links.domains.api.look import look, proof_in
from services.links.domains.api.rest import listed, open_claim
from services.links.domains.domain import METHODS, Finding
from services.links.domains.schemas import DomainIn, DomainOut
from services.links.stores import actions as stores
from services.links.stores.api import policy_of, reader_of
from services.links.stores.domain import Method
from services.links.stores.words import DOMAINS, settings_bar
from services.ui import Chip, Fact, Reader, Speech

router = APIRouter(include_in_schema=False)

HOME: Final = DOMAINS


@router.get(HOME)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """The store's domains. Who may not change them is shown how to get there."""
    return await _page(request, call)


@router.post(HOME)
async def post_new(request: Request, call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Names one domain more."""
    given = str((await request.form()).get("domain", "")).strip()
    policy = await policy_of(call.ctx)
    try:
        wanted = DomainIn(domain=given).domain
        async with call.transaction() as tx:
            await stores.add_domain(tx, call.store_id, wanted, policy)
    except (ValidationError, AppError):
        return await _page(request, call, given=given, wrong=True, status=422)
    return Response(status_code=303, headers={"location": HOME})


@router.post(HOME + "/{domain}/verify", dependencies=[limit("domain-verify", per_minute=10)])
async def post_verify(domain: str, request: Request, call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Looks for the proof, and shows what was found."""
    claim = await open_claim(call, domain)
    if claim is None:
        return Response(status_code=303, headers={"location": HOME})
    findings = await look(call.ctx, call.store_id, claim)
    async with call.transaction() as tx:
        await stores.checked_domain(tx, call.store_id, claim, proof_in(findings))
    return await _page(request, call, looked_at=domain, findings=findings)


@router.post(HOME + "/{domain}/remove")
async def post_remove(domain: str, request: Request, call: Annotated[Call, viewer("domains:write")]) -> Response:
    """Takes a domain away."""
    policy = await policy_of(call.ctx)
    async with call.transaction() as tx:
        await stores.drop_domain(tx, call.store_id, domain, policy)
    return Response(status_code=303, headers={"location": HOME})


async def _page(
    request: Request,
    call: Call,
    *,
    given: str = "",
    wrong: bool = False,
    looked_at: str = "",
    findings: Mapping[Method, Finding] | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        domains = await listed(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    error = speech.say("Write a domain of your own, such as shop.example.com; none that others share.")
    return reader.page(
        "domains/list.html",
        status=status,
        title=speech.say("Domains"),
        domains=[_card(one, reader) for one in domains],
        last=len(own.domains) == 1,
        found=[Fact(_method(speech, m), _finding(speech, findings[m])) for m in METHODS] if findings else [],
        looked_at=looked_at,
        given=given,
        error=error if wrong else "",
        may_change="domains:write" in call.caller.scopes,
        **settings_bar(speech, HOME),
    )


def _card(one: DomainOut, reader: Reader) -> dict[str, object]:
    speech = reader.speech
    proved = one.status == "proved"
    chip = Chip(speech.label("chip", "Proved"), "good", "tick") if proved else _waiting(speech)
    reported = [Fact(speech.say("Proved"), reader.fmt.moment(one.proved_at))] if one.proved_at else []
    if one.method is not None:
        reported.append(Fact(speech.say("By"), _method(speech, one.method)))
    if one.checked_at is not None and not proved:
        reported.append(Fact(speech.say("Looked at"), reader.fmt.moment(one.checked_at)))
    return {"name": one.domain, "proved": proved, "chip": chip, "facts": reported, "publish": one.publish}


def _waiting(speech: Speech) -> Chip:
    return Chip(speech.label("chip", "Not proved"), "warn", "ring")


def _method(speech: Speech, method: Method) -> str:
    return {
        "dns": speech.say("TXT record"),
        "file": speech.say("File"),
        "script": speech.say("Script on the front page"),
    }[method]


def _finding(speech: Speech, finding: Finding) -> str:
    return {
        "found": speech.say("found"),
        "missing": speech.say("nothing there yet"),
        "different": speech.say("something else stands there"),
        "unreachable": speech.say("did not answer"),
        "private_address": speech.say("leads into a private network"),
    }[finding]
