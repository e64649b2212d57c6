"""The API of ambassadors."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.common.codes import fold
from services.common.contacts import contact_hashes
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.credentials import demand
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.links.ambassadors import actions, sql
from services.links.ambassadors.actions import HashContacts, Joining
from services.links.ambassadors.schemas import (
    AmbassadorIn,
    AmbassadorJoined,
    AmbassadorOut,
    AmbassadorPatch,
    GroupIn,
    GroupOut,
)
from services.links.ambassadors.sql import Filter, Member
from services.links.hosts.hot import share_base

router = APIRouter(tags=["ambassadors"])

_COLUMNS = (
    *("id", "name", "email", "phone", "external_id", "program_id", "group", "status"),
    *("code", "link_url", "sponsor_id", "created_at", "notes"),
)


@router.post("/v1/ambassadors", status_code=201, response_model=AmbassadorJoined)
async def post_ambassador(body: AmbassadorIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Makes somebody an ambassador of a program, with a link and a personal code.

    Answers 409 with the code `already_in` and the `ambassador_id` of whom the program has already, by the external_id,
    the email or the phone: use PATCH to change them. With an Idempotency-Key a repeated request gets the answer of the
    first. `POST /v1/ambassadors/batches` answers those who are there as they are.
    """

    def with_portal(answer: dict[str, Any]) -> dict[str, Any]:
        erased = answer["status"] == "erased"
        return {**answer, "portal_url": "" if erased else portal_of(call, answer["program_id"])}

    return await call.once(
        lambda tx: actions.add_new(
            tx,
            call.store_id,
            joining_of(body),
            hash_contacts=hashes(call),
        ),
        answer=partial(AmbassadorJoined.of, base_url=share_base(call.ctx, call.store_id)),
        reveal=with_portal,
    )


@router.get("/v1/ambassadors", response_model=Page[AmbassadorOut])
async def get_ambassadors(
    call: Annotated[Call, require("ambassadors:read")],
    external_id: Annotated[str | None, Query(max_length=255)] = None,
    code: Annotated[str | None, Query(max_length=200, description="One of their codes, in any spelling.")] = None,
    program_id: Annotated[str | None, Query(max_length=64)] = None,
    group: Annotated[str | None, Query(max_length=60)] = None,
    status: Literal["active", "blocked", "erased"] | None = None,
    sort: Annotated[
        Literal["newest", "name"], Query(description="By what they brought: GET /v1/ambassador-results.")
    ] = "newest",
    q: Annotated[str | None, Query(max_length=120, description="Part of a name, address, code or external id.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[AmbassadorOut] | Response:
    """Lists ambassadors, the last who joined first, or by name."""
    start = cursors.decode(cursor, str)
    chosen = Filter(
        program_id=program_id,
        external_id=external_id,
        code=None if code is None else fold(code) or "",
        group_name=group,
        status=status,
        search=q,
    )
    order = sql.by_name if sort == "name" else sql.newest
    if format == "csv":
        return await download(call, chosen, order, start=start)
    async with call.transaction() as tx:
        rows = await order(tx, call.store_id, chosen, start[0] if start else None, limit=limit + 1)
    return page_of(rows, limit, show=partial(shown, call), after=_after)


@router.post("/v1/ambassadors/groups")
async def post_groups(body: GroupIn, call: Annotated[Call, require("ambassadors:write")]) -> GroupOut:
    """Puts up to a thousand ambassadors into a group, or out of theirs."""
    async with call.transaction() as tx:
        return GroupOut(changed=await actions.set_group(tx, call.store_id, body.ambassador_ids, body.group))


@router.get("/v1/ambassadors/{ambassador_id}")
async def get_ambassador(ambassador_id: str, call: Annotated[Call, require("ambassadors:read")]) -> AmbassadorOut:
    """One ambassador."""
    async with call.transaction() as tx:
        return shown(call, await actions.get(tx, call.store_id, ambassador_id))


@router.patch("/v1/ambassadors/{ambassador_id}")
async def patch_ambassador(
    ambassador_id: str, body: AmbassadorPatch, call: Annotated[Call, require("ambassadors:write")]
) -> AmbassadorOut:
    """Changes what is known of an ambassador, or blocks one. A new `code` is made beside those they have, and needs the
    scope codes:write too.
    """
    if "code" in body.model_fields_set:
        demand(call.caller, "codes:write")
    async with call.transaction() as tx:
        return shown(
            call,
            await actions.change(tx, call.store_id, ambassador_id, body.changes(), hash_contacts=hashes(call)),
        )


@router.delete("/v1/ambassadors/{ambassador_id}", status_code=204)
async def erase_ambassador(ambassador_id: str, call: Annotated[Call, require("ambassadors:write")]) -> None:
    """Erases the person behind an ambassador, for good: name, addresses, customer id and portal go, links end, codes
    are retired. Orders, rewards and counts stay, under the ambassador's id.
    """
    async with call.transaction() as tx:
        await actions.erase(tx, call.store_id, ambassador_id)


def joining_of(body: AmbassadorIn) -> Joining:
    """The wish of somebody to join, from what was posted."""
    return Joining(
        program_id=body.program_id,
        external_id=body.external_id,
        email=body.email,
        phone=body.phone,
        name=body.name,
        public_name=body.public_name,
        locale=body.locale,
        group_name=body.group,
        role=body.role,
        sponsor_id=body.sponsor_id,
    )


def shown(call: Call, member: Member) -> AmbassadorOut:
    """An ambassador for somebody who may know the person. Who is erased has no portal."""
    person = member.ambassador
    portal = "" if person.status == "erased" else portal_of(call, person.program_id)
    return AmbassadorOut.with_person(member, base_url=share_base(call.ctx, call.store_id), portal_url=portal)


def portal_of(call: Call, program_id: str) -> str:
    """Where a program's ambassadors sign in to their pages."""
    return actions.portal_url(call.ctx.settings.base_url, program_id)


async def download(call: Call, chosen: Filter, order: sql.Sorting, *, start: tuple[str] | None = None) -> Response:
    """The ambassadors as CSV."""

    async def fetch(after: tuple[str] | None, count: int) -> Sequence[Member]:
        async with call.transaction() as tx:
            return await order(tx, call.store_id, chosen, after[0] if after else None, limit=count)

    return await csv_download(
        fetch, after=_after, show=partial(_csv_row, call), columns=_COLUMNS, filename="ambassadors", start=start
    )


def _after(member: Member) -> tuple[str]:
    return (member.ambassador.ambassador_id,)


def _csv_row(call: Call, member: Member) -> dict[str, object]:
    """An ambassador as a row of a spreadsheet."""
    out = shown(call, member)
    return {**out.model_dump(exclude={"link", "code", "portal_url"}), "code": out.code.code, "link_url": out.link.url}


def hashes(call: Call) -> HashContacts:
    """How this call turns contacts into keyed hashes."""
    return lambda email, phone: contact_hashes(call.ctx.ring, email=email, phone=phone)
