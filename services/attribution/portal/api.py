"""The portal's page of friends, and the form by which an ambassador objects."""

from collections import Counter
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Form, Query, Request, Response

from services.attribution.appeals import actions as appeals
from services.attribution.appeals import sql as appeal_rows
from services.attribution.appeals.api import words as appeal_words
from services.attribution.appeals.domain import A_DAY, LONGEST, LONGEST_NUMBER
from services.attribution.appeals.sql import Appeal
from services.attribution.decisions.api.console import reader_of
from services.attribution.friend_numbers import actions as friend_numbers
from services.attribution.friend_numbers.actions import FriendOrder
from services.attribution.portal import words
from services.attribution.slices import sql as slices_sql
from services.common.friend_marks import mark_of
from services.common.portal_bar import FRIENDS, portal_bar
from services.common.portal_session import PortalSession, read_portal_visitor
from services.common.store_look import look_of
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound, TooMany
from services.kernel.http import cursor as cursors
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.kernel.http.pages import Cursor
from services.ui import Reader

router = APIRouter(include_in_schema=False)

_Mark = Annotated[str, Query(max_length=64)]

APPEALS: Final = "/p/appeals"
_ROWS: Final = 20
_FARTHEST: Final = 1_000_000
_NEWEST: Final = 3
"""On the portal's first page."""
_WRITTEN: Final = 50
"""Of an ambassador's appeals, so many are shown."""
_LOOKED_AT: Final = 200
"""Of an ambassador's newest friends' orders, so many say what sells."""
_BEST: Final = 5
_COPIED: Final = 2_000
"""Orders, and appeals, in a copy of somebody's data, the newest first."""


@router.get(FRIENDS)
async def get_friends(request: Request, cursor: Cursor = None, lang: str = "") -> Response:
    """Everybody who came by the ambassador who is signed in, the newest first."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    # A number and no order's place: the ambassador is shown no order's id, in a cursor either.
    skip = min(max((cursors.decode(cursor, int) or (0,))[0], 0), _FARTHEST)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await reader_of(request, tx, who.store_id)
        await _refuse_gone(tx, who)
        seen = await friend_numbers.friends(tx, who.store_id, who.ambassador_id, skip=skip, count=_ROWS + 1)
        written = await appeal_rows.newest(tx, who.store_id, ambassador_id=who.ambassador_id, count=_WRITTEN)
        rows = await _rows(ctx, tx, who, reader, seen[:_ROWS], written)
    return reader.page(
        "portal/friends.html",
        title=reader.speech.say("Your friends"),
        style=look_of(who.store_id),
        bar=portal_bar(reader.speech, FRIENDS),
        friends=rows,
        later=skip > 0,
        next=f"{FRIENDS}?cursor={cursors.encode(skip + _ROWS)}" if len(seen) > _ROWS else "",
        missing=[_shown_appeal(reader, one) for one in written if one.kind == "missing"],
    )


@router.get(f"{FRIENDS}/newest")
async def get_newest(request: Request) -> Response:
    """The newest of them: a fragment of the portal's first page."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await reader_of(request, tx, who.store_id)
        await _refuse_gone(tx, who)
        seen = await friend_numbers.friends(tx, who.store_id, who.ambassador_id, count=_NEWEST)
        rows = await _rows(ctx, tx, who, reader, seen, [])
    return reader.page("portal/newest.html", friends=rows)


@router.get(f"{FRIENDS}/links")
async def get_links(request: Request) -> Response:
    """By which of the ambassador's links friends bought: a fragment of the page of results."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await reader_of(request, tx, who.store_id)
        await _refuse_gone(tx, who)
        seen = await friend_numbers.friends(tx, who.store_id, who.ambassador_id, count=_LOOKED_AT)
        sold = Counter(one.body.winner.link_id for one in seen if one.own and one.body.winner)
        slugs = await slices_sql.slugs(tx, who.store_id, [link for link in sold if link])
    speech = reader.speech
    return reader.page(
        "portal/links.html",
        links=[
            (slugs[link], speech.count("%(n)s purchase", "%(n)s purchases", count, n=reader.fmt.number(count)))
            for link, count in sold.most_common()
            if link is not None and link in slugs
        ][:_BEST],
    )


@router.get(f"{FRIENDS}/my-data.json", dependencies=[limit("portal-friends-copy", per_minute=5)])
async def get_my_data(request: Request) -> Response:
    """A copy of what this service has of the ambassador: friends by their numbers, and what was written."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await reader_of(request, tx, who.store_id)
        await _refuse_gone(tx, who)
        seen = await friend_numbers.friends(tx, who.store_id, who.ambassador_id, count=_COPIED)
        written = await appeal_rows.newest(tx, who.store_id, ambassador_id=who.ambassador_id, count=_COPIED)
    fields = ("kind", "friend_number", "order_number", "words", "state", "opened_at", "answered_at", "answer")
    copy = {
        "friends": [
            {"number": one.number, "day": one.order.placed_at.date(), "reason": words.reason_of(reader.speech, one)}
            for one in seen
        ],
        "appeals": [{name: getattr(one, name) for name in fields} for one in written],
    }
    headers = {"content-disposition": 'attachment; filename="friends.json"', "cache-control": "private, no-store"}
    return Response(orjson.dumps(copy, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


@router.get(APPEALS)
async def get_appeal(
    request: Request, friend: Annotated[int, Query(ge=0, lt=2**31)] = 0, mark: _Mark = "", lang: str = ""
) -> Response:
    """The form by which an ambassador objects to what was decided of a friend, or says that one is missing."""
    return await _form(request, friend, mark)


@router.post(APPEALS, dependencies=[limit("appeals", per_minute=20)])
async def post_appeal(
    request: Request,
    friend: Annotated[int, Form(ge=0, lt=2**31)] = 0,
    mark: Annotated[str, Form(max_length=64)] = "",
    words: Annotated[str, Form(max_length=4 * LONGEST)] = "",
    order: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Writes it down for the store."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    try:
        async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
            await _refuse_gone(tx, who)
            meant = await _meant(ctx, tx, who, friend, mark)
            await appeals.open_appeal(
                tx,
                who.store_id,
                who.ambassador_id,
                kind="wrong" if friend else "missing",
                number=friend or None,
                order_number=order,
                words=words,
                order_id=meant.order.order_id if meant else None,
            )
    except Invalid:
        return await _form(request, friend, mark, wrong="words", given=(words, order), status=422)
    except (appeals.AlreadyOpen, appeals.Asked) as error:
        return await _form(request, friend, mark, wrong=error.code, given=(words, order), status=409)
    except TooMany as error:
        return await _form(request, friend, mark, wrong=error.code, given=(words, order), status=429)
    return Response(status_code=303, headers={"location": FRIENDS})


async def _form(
    request: Request, friend: int, mark: str, *, wrong: str = "", given: tuple[str, str] = ("", ""), status: int = 200
) -> Response:
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        reader = await reader_of(request, tx, who.store_id)
        await _refuse_gone(tx, who)
        meant = await _meant(ctx, tx, who, friend, mark)
        rows = await _rows(ctx, tx, who, reader, [meant] if meant else [], [])
    say = reader.speech.say
    return reader.page(
        "portal/appeal.html",
        status=status,
        title=appeal_words.kind_text(reader.speech, "wrong" if friend else "missing"),
        style=look_of(who.store_id),
        bar=portal_bar(reader.speech, FRIENDS),
        friend=rows[0] if rows else None,
        number=friend,
        mark=mark,
        given_words=given[0],
        given_order=given[1],
        longest=LONGEST,
        longest_number=LONGEST_NUMBER,
        error=say("Say in a few words what is wrong.") if wrong == "words" else "",
        refusal={
            "already_open": say("Your earlier message about this waits for the store’s answer."),
            "too_many_open": say("Many of your messages wait for the store’s answer. Write again when it has come."),
            "too_many_a_day": reader.speech.count(
                "At most %(n)s message a day. Write again tomorrow.",
                "At most %(n)s messages a day. Write again tomorrow.",
                A_DAY,
                n=reader.fmt.number(A_DAY),
            ),
        }.get(wrong, ""),
    )


async def _meant(ctx: Context, tx: Tx, who: PortalSession, friend: int, mark: str) -> FriendOrder | None:
    """The friend's order that is objected to: the one with the mark, the newest without one. Raises `NotFound`."""
    if not friend:
        return None
    found = await friend_numbers.friends(tx, who.store_id, who.ambassador_id, number=friend, count=appeals.OF_ONE)
    if mark:
        found = [one for one in found if mark_of(ctx.ring, who.store_id, who.ambassador_id, one.order.order_id) == mark]
    if not found:
        raise NotFound("There is no such order of this friend." if mark else "There is no friend with this number.")
    return found[0]


async def _refuse_gone(tx: Tx, who: PortalSession) -> None:
    """Raises `NotFound` for somebody who was erased: sessions end a moment later."""
    found = await slices_sql.ambassadors(tx, [(who.store_id, who.ambassador_id)])
    newest = max((saved for saved, _ in found), key=lambda saved: saved.revision, default=None)
    if newest is not None and newest.status == "erased":
        raise NotFound("There is no such ambassador.")


async def _rows(
    ctx: Context, tx: Tx, who: PortalSession, reader: Reader, seen: list[FriendOrder], written: list[Appeal]
) -> list[dict[str, object]]:
    """Friends as the pages show them. `mark` is under which rewards fills in what each brings."""
    links = {one.body.winner.link_id for one in seen if one.body.winner and one.body.winner.link_id}
    slugs = await slices_sql.slugs(tx, who.store_id, links)
    speech, fmt = reader.speech, reader.fmt
    latest: dict[str, Appeal] = {}
    for appeal in reversed(written):
        if appeal.kind == "wrong" and appeal.order_id is not None:
            latest[appeal.order_id] = appeal
    waiting = {appeal.friend_number for appeal in written if appeal.state == "open"}
    return [
        {
            "number": one.number,
            "name": speech.say("Friend no. %(number)s", number=fmt.number(one.number)),
            "day": fmt.date(one.order.placed_at.astimezone(reader.zone)),
            "way": words.way_of(speech, one, slugs),
            "chip": words.chip_of(speech, one),
            "reason": words.reason_of(speech, one),
            "next": words.next_of(reader, one),
            "mark": mark_of(ctx.ring, who.store_id, who.ambassador_id, one.order.order_id),
            "appeal": _shown_appeal(reader, latest[one.order.order_id]) if one.order.order_id in latest else None,
            "open": one.number in waiting,
        }
        for one in seen
    ]


def _shown_appeal(reader: Reader, appeal: Appeal) -> dict[str, object]:
    """An appeal as its writer sees it."""
    return {
        "day": reader.fmt.date(appeal.opened_at.astimezone(reader.zone)),
        "words": (appeal.words or "").splitlines(),
        "standing": appeal_words.standing_text(reader.speech, appeal),
        "answer": (appeal.answer or "").splitlines(),
        "chip": appeal_words.state_chip(reader.speech, appeal),
    }
