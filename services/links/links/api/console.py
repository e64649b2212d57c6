"""The console's page of one link: where it leads, until when, and where it leads afterwards."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from services.common.channels import channel_text
from services.kernel.errors import Invalid
from services.kernel.http.call import Call, viewer
from services.links.hosts.hot import share_base
from services.links.links import actions
from services.links.links.schemas import share_url
from services.links.links.sql import Link
from services.links.pages import AMBASSADORS
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.domain import MAX_URL
from services.ui import Fact

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/link"


@router.get(HOME + "/{link_id}")
async def get_page(
    link_id: str, request: Request, call: Annotated[Call, viewer("links:read")], lang: str = ""
) -> Response:
    """One link."""
    return await _page(request, call, link_id, {}, {})


@router.post(HOME + "/{link_id}")
async def post_page(link_id: str, request: Request, call: Annotated[Call, viewer("links:write")]) -> Response:
    """Saves what the form says of it."""
    form = {name: text.strip() for name, text in (await request.form()).items() if isinstance(text, str)}
    wrong: dict[str, str] = {}
    async with call.transaction() as tx:
        zone = ZoneInfo((await stores.get(tx, call.store_id)).timezone)
        before = await actions.get(tx, call.store_id, link_id)
    changes: dict[str, object] = {}
    for field in ("destination", "fallback"):
        if field in form:
            changes[field] = form[field] or None
            if len(form[field]) > MAX_URL:
                wrong[field] = field
    if form.get("last_day", "") != _last_day(before, zone):
        try:
            changes["expires_at"] = _end_of(form["last_day"], zone) if form["last_day"] else None
        except (KeyError, ValueError, OverflowError):
            wrong["last_day"] = "last_day"
    if not wrong:
        try:
            async with call.transaction() as tx:
                await actions.change(tx, call.store_id, link_id, changes)
        except Invalid as error:
            wrong |= {one.field: one.field for one in error.errors}
    if wrong:
        return await _page(request, call, link_id, form, wrong, status=422)
    return Response(status_code=303, headers={"location": f"/console/links/ambassadors/{before.ambassador_id}"})


def _last_day(link: Link, zone: ZoneInfo) -> str:
    """The last day on which a link leads to its page, in the store's zone; empty for one without an end."""
    if link.expires_at is None:
        return ""
    return (link.expires_at - timedelta(microseconds=1)).astimezone(zone).date().isoformat()


def _end_of(day: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)


async def _page(
    request: Request,
    call: Call,
    link_id: str,
    form: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        link = await actions.get(tx, call.store_id, link_id)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    example = f"https://{own.domains[0]}/" if own.domains else "https://shop.example/"
    not_own = speech.say("Write a page of the store, such as %(example)s.", example=example)
    texts = {"destination": not_own, "fallback": not_own, "last_day": speech.say("Choose a day.")}
    return reader.page(
        "links/edit.html",
        nav_current=AMBASSADORS,
        status=status,
        title=link.slug,
        back=f"/console/links/ambassadors/{link.ambassador_id}",
        action=f"{HOME}/{link_id}",
        facts=[
            Fact(speech.say("Address"), share_url(share_base(call.ctx, call.store_id), link.slug)),
            Fact(speech.say("Channel"), channel_text(link.channel, speech) if link.channel else None),
            Fact(speech.say("Made on"), fmt.moment(link.created_at)),
        ],
        sheet="" if link.expires_at and link.expires_at <= reader.now else f"/v1/links/{link_id}/print-sheet.pdf",
        form={
            "destination": link.destination or "",
            "last_day": _last_day(link, ZoneInfo(own.timezone)),
            "fallback": link.fallback or "",
            **form,
        },
        wrong={field: texts[field] for field in wrong if field in texts},
        may_change="links:write" in call.caller.scopes,
    )
