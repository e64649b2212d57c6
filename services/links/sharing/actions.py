"""Saying where a program's offer to share stands, and making the offer for a page."""

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from contracts.program import Program
from services.common import identify
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.links.ambassadors import sql as members
from services.links.hosts.hot import share_base
from services.links.landing.domain.words import share_hashtags, share_text
from services.links.links.schemas import share_url
from services.links.looks import actions as looks
from services.links.looks.domain import Look
from services.links.mail.work import can_send
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.portal.domain import ways
from services.links.programs import actions as programs
from services.links.programs.domain import words as rules_in_words
from services.links.programs.sql import Version
from services.links.sharing import sql
from services.links.sharing.schemas import KnownCustomer, OwnShare, PlaceRule, Places, ShareAsk, ShareOffer, ShareWay
from services.links.store_codes import actions as store_codes
from services.links.stores import actions as stores
from services.links.stores.domain import BadAddress, own_page
from services.links.stores.sql import Store
from services.ui import Format, Speech, choose_language


@dataclass(frozen=True, slots=True)
class Sharer:
    """Whose link is offered. `code` is None where only the link's slug said who that is, or where the store's checkout
    does not know it (yet).
    """

    slug: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What every visitor of a page is shown alike."""

    version: Version
    store: Store
    look: Look
    rules: tuple[PlaceRule, ...]


async def places(tx: Tx, store_id: str, program_id: str) -> Places:
    """Where a program's offer stands. Raises `NotFound`."""
    await programs.get(tx, store_id, program_id)
    found = await sql.rules(tx, store_id, program_id)
    return Places(rules=()) if found is None else Places.model_validate_json(f'{{"rules": {found}}}', extra="ignore")


async def put_places(tx: Tx, store_id: str, program_id: str, wanted: Places) -> Places:
    """Says where it stands. Raises `NotFound`."""
    before = await places(tx, store_id, program_id)
    if wanted != before:
        rows = ",".join(rule.model_dump_json() for rule in wanted.rules)
        await sql.put(tx, store_id, program_id, f"[{rows}]")
        tx.note("program.share_places_changed", on=program_id, after={"rules": len(wanted.rules)})
    return wanted


async def shown(tx: Tx, store_id: str, program_id: str | None) -> Shown:
    """What every visitor of a page is shown alike. Raises `NotFound` where nothing is offered."""
    program_id = program_id or await sql.offered(tx, store_id)
    if program_id is None:
        raise NotFound("The store has no program that runs.", code="nothing_offered")
    version = await programs.get(tx, store_id, program_id)
    if version.program.status != "active":
        raise NotFound("This program does not run at the moment.", code="nothing_offered")
    store, look = await stores.get(tx, store_id), await looks.get(tx, store_id)
    return Shown(version, store, look, (await places(tx, store_id, program_id)).rules)


async def sharer(ctx: Context, tx: Tx, version: Version, customer: KnownCustomer) -> Sharer | None:
    """Who is signed in at the store, if that is proven and may share."""
    store_id = version.store_id
    if not identify.proves(ctx.ring, ctx.live.revoked, store_id, customer.id, customer.proof):
        return None
    person = await people.by_external_id(tx, store_id, version.program_id, customer.id)
    member = await members.get(tx, store_id, person.ambassador_id) if person else None
    if member is None or member.ambassador.status != "active":
        return None
    shown = await store_codes.may_show(tx, store_id, version.program, member.ambassador.code_id)
    return Sharer(member.slug, member.code if shown else None)


def offer(ctx: Context, shown: Shown, asked: ShareAsk, known: Sharer | None) -> ShareOffer:
    """What a page shows. Raises `NotFound` where nothing is offered to who is not known."""
    program, store = shown.version.offered, shown.store
    if program.joining is None and known is None:  # of a program by invitation nothing is told
        raise NotFound("Nobody can join this program by themselves.", code="nothing_offered")
    language = choose_language(accepts=asked.language, default=store.locale[:2])
    speech, fmt = PAGES.speech(language), Format(language, zone=ZoneInfo(store.timezone))
    base, program_id = ctx.settings.base_url, shown.version.program_id
    return ShareOffer(
        program_id=program_id,
        store=store.name,
        language=language,
        title=rules_in_words.headline(program, speech, fmt),
        lines=rules_in_words.promises(program, speech, fmt),
        join_url=f"{base}/join/{program_id}?lang={language}" if program.joining and can_send(ctx) else None,
        sign_in_url=f"{base}/p/sign-in?program={program_id}&lang={language}",
        terms_url=f"{base}/terms/{program_id}?lang={language}" if program.joining else None,
        color=shown.look.color,
        text_color=shown.look.on_color,
        rules=shown.rules,
        own=_own(ctx, program, store, known, asked.page, language, speech) if known else None,
        words=_labels(speech),
    )


def _own(
    ctx: Context, program: Program, store: Store, sharer: Sharer, page: str | None, language: str, speech: Speech
) -> OwnShare:
    url = share_url(share_base(ctx, store.store_id), sharer.slug)
    text = share_text(
        program, store=store.name, code=sharer.code, language=language, speech=speech, fmt=Format(language)
    )
    if page is not None:
        try:
            address = str(own_page(page, store.domains)).partition("#")[0]
        except BadAddress:
            pass  # a page of somebody else's: the link leads where it always does
        else:
            url = f"{address}{'&' if '?' in address else '?'}ref={quote(sharer.slug, safe='')}"
    return OwnShare(
        url=url,
        code=sharer.code,
        text=text,
        ways=[
            ShareWay(channel=way.channel, name=way.name, href=way.href, copies=way.copies or None)
            for way in ways(
                url, text, store.name, speech, language=language, hashtags=share_hashtags(program, language)
            )
        ],
    )


def _labels(speech: Speech) -> dict[str, str]:
    """What stands on the buttons."""
    return {
        "join": speech.label("button", "Get my link"),
        "share": speech.label("button", "Share"),
        "known": speech.say("I am in already"),
        "terms": speech.say("Terms"),
        "copy": speech.label("button", "Copy"),
        "copied": speech.label("button", "Copied"),
        "close": speech.label("button", "Close"),
        "link": speech.say("Share link"),
        "code": speech.say("Promo code"),
        "by": speech.say("Share by"),
        "thanks": speech.say("Do you like it? Your friends may, too."),
    }
