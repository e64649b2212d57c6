"""The console's pages of guides: what a store runs on, and for each the steps with the store's own addresses."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql
from services.connectors.accounts.sql import Account
from services.connectors.guides.domain.guide import Guide
from services.connectors.guides.domain.registry import GUIDES, SERVER
from services.connectors.guides.words import CHECK, HOME, KEYS, steps_of, text_of, title_of
from services.connectors.pages import reader_of
from services.connectors.platforms.domain.registry import PLATFORMS
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, viewer
from services.ui import Choice, Column, Name, Reader, Row, Table

router = APIRouter(include_in_schema=False)

CONNECTIONS = "/console/connectors/connections"


@router.get(HOME)
async def guides_page(call: Annotated[Call, viewer("orders:read")]) -> Response:
    """What a store may run on."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        own = await sql.page(tx, call.store_id)
    return reader.page(
        "guides/list.html",
        title=reader.speech.say("Connect your store"),
        nav_current=HOME,
        table=_table(reader, {one.platform for one in own}),
    )


@router.get(HOME + "/{platform}")
async def guide_page(
    platform: Annotated[str, Path(max_length=40)],
    call: Annotated[Call, viewer("orders:read")],
    connection: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """One guide, with the addresses of the connection that is named, or else of the store's first of this platform."""
    guide = GUIDES.get(platform)
    if guide is None:
        raise NotFound("There is no such guide.")
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        own = [one for one in await sql.page(tx, call.store_id) if one.platform == platform]
    chosen = next((one for one in own if one.account_id == connection), own[0] if own else None)
    return reader.page(
        "guides/one.html",
        title=title_of(guide, reader.speech),
        nav_current=HOME,
        home=HOME,
        choices=[
            Choice(one.account_id, href=f"{HOME}/{platform}?connection={one.account_id}", current=one is chosen)
            for one in own
        ]
        if len(own) > 1
        else [],
        chosen=chosen.account_id if chosen else "",
        **guide_of(call, reader, guide, chosen),
    )


def guide_of(call: Call, reader: Reader, guide: Guide, account: Account | None, secret: str = "") -> dict[str, Any]:
    """What the steps of a guide show. `secret`: where it may be shown, this once."""
    speech, about = reader.speech, PLATFORMS.get(guide.name)
    url = accounts.url_of(call.ctx, account, secret) if account is not None else ""
    return {
        "steps": steps_of(guide, speech, kith=call.ctx.settings.base_url, url=url, secret=secret),
        "notes": [text_of(note, speech) for note in guide.notes],
        "types": [(name, text_of(text, speech)) for name, text in guide.types],
        "url": url,
        "hides_secret": bool(about and about.key_in_address and not secret),
        "needs_connection": guide.name != SERVER,
        "connect": f"{CONNECTIONS}?platform={guide.name}#new",
        "connection": f"{CONNECTIONS}/{account.account_id}" if account is not None else "",
        "keys": KEYS,
        "check": CHECK,
    }


def _table(reader: Reader, connected: set[str]) -> Table:
    speech = reader.speech
    rows = []
    for guide in GUIDES.values():
        state = speech.say("connected") if guide.name in connected else None
        below = {
            "generic": speech.say("Any server that can sign"),
            SERVER: speech.say("Any server, by the API"),
        }.get(guide.name, "")
        rows.append(
            Row(
                cells={
                    "platform": Name(title_of(guide, speech), below=below, href=f"{HOME}/{guide.name}"),
                    "state": state,
                },
                key_figure=state or "",
                facts=[],
            )
        )
    return Table(
        name=speech.say("Platforms"),
        columns=[Column("platform", speech.label("head", "Platform")), Column("state", speech.label("head", "Status"))],
        rows=rows,
        listing=True,
    )
