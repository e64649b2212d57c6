"""The console's queue: what waits for somebody's word, and deciding about it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Response
from markupsafe import Markup

from services.kernel.errors import Conflict
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.approvals import actions, sql
from services.rewards.approvals.actions import MOST
from services.rewards.approvals.sql import Held, Standing
from services.rewards.grants.actions import review
from services.rewards.grants.api import words
from services.rewards.grants.api.cards import NAMES
from services.rewards.grants.domain.reward import Decider, Reward, Why
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.pages import Reader, reader_of
from services.rewards.release_rules import sql as rules
from services.rewards.release_rules.api.console import PAGE as RULE
from services.rewards.release_rules.api.console import QUEUE
from services.rewards.release_rules.sql import Asked
from services.rewards.release_rules.words import answer_text, way_label
from services.ui import Choice, Column, Name, Pagination, Row, Table

router = APIRouter(include_in_schema=False)

REWARDS: Final = "/console/rewards/rewards"
_ROWS: Final = 50
_WHYS: Final[tuple[Why, ...]] = ("by_hand", "flagged", "unanswered", "asked")
_ID: Final = r"^[A-Za-z0-9_-]+$"
_PICK: Final = Markup('<input type="checkbox" name="id" value="{}" aria-label="{}">')
_Ids = Annotated[list[Annotated[str, Query(max_length=64, pattern=_ID)]], Query(max_length=MOST)]
_FormIds = Annotated[list[Annotated[str, Form(max_length=64, pattern=_ID)]], Form(max_length=MOST)]


@router.get(QUEUE)
async def queue_page(
    call: Annotated[Call, viewer("rewards:read")],
    why: Why | None = None,
    cursor: Cursor = None,
    id: _Ids = [],  # noqa: B006  # FastAPI copies it
    reject: str = "",
    error: str = "",
) -> Response:
    """What waits, the longest first. With `reject` and ids it asks whether these are to be refused, and says what that
    takes back.
    """
    start = cursors.decode(cursor, datetime, str)
    whose: Decider = "store" if why == "asked" else "person"
    async with call.snapshot() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        rule = await rules.rule(tx, call.store_id)
        standing = await sql.standing(tx, call.store_id)
        found = await sql.waiting(
            tx, call.store_id, whose=whose, after=start, count=_ROWS + 1, filters={"why": why} if why else {}
        )
        asked = await rules.asked(tx, call.store_id, [one.reward_id for one in found])
        chosen = await rewards_sql.several(tx, call.store_id, id) if reject and id else {}
        takes = await sql.held(tx, call.store_id, _refusable(chosen.values()))
    page = page_of(
        found, _ROWS, show=lambda one: one, after=lambda one: (one.waits_since or one.created_at, one.reward_id)
    )
    speech = reader.speech
    may = "rewards:write" in call.caller.scopes
    kept = {"why": why} if why else {}
    return reader.page(
        "approvals/queue.html",
        freshness=reader.read_now(),
        title=speech.say("Approvals"),
        base=QUEUE,
        rule_href=RULE,
        rule=way_label(speech, rule.way),
        narrowed=why or "",
        whys=_whys(reader, standing, why),
        why=words.why_label(speech, why) if why else speech.say("Waits for a person"),
        table=_table(reader, page.data, asked, may=may),
        may=may and bool(page.data),
        chosen=sorted(takes),
        takes=_takes(reader, takes),
        nothing=bool(reject) and not takes,
        error=speech.say("Say why: the ambassador’s support will be asked.") if error else "",
        paging=Pagination(
            speech.count("%(n)s reward on this page", "%(n)s rewards on this page", len(page.data)),
            previous=_href(kept) if cursor else "",
            next=_href({**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
    )


@router.post(QUEUE + "/approve")
async def approve_all_form(
    call: Annotated[Call, viewer("rewards:write")],
    id: _FormIds = [],  # noqa: B006
    why: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """The button that approves the chosen ones."""
    async with call.transaction() as tx:
        await actions.approve(tx, call.store_id, id)
    return _to(_href({"why": why} if why else {}))


@router.post(QUEUE + "/reject")
async def reject_all_form(
    call: Annotated[Call, viewer("rewards:write")],
    id: _FormIds = [],  # noqa: B006
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """The dialog that refuses the chosen ones: `reason` is required."""
    why = reason.strip()[:500]
    if not why:
        return _to(f"{QUEUE}?{urlencode([*(('id', one) for one in id), ('reject', '1'), ('error', 'reason')])}")
    async with call.transaction() as tx:
        await actions.reject(tx, call.store_id, id, note=why)
    return _to(QUEUE)


@router.post(REWARDS + "/{reward_id}/flag")
async def flag_form(
    reward_id: str,
    call: Annotated[Call, viewer("rewards:write")],
    flag_reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """The form on a reward's page that holds it back: a reason is required."""
    page = f"{REWARDS}/{quote(reward_id, safe='')}"
    why = flag_reason.strip()[:500]
    if not why:
        return _to(f"{page}?error=flag#flag")
    try:
        async with call.transaction() as tx:
            await review.flag(tx, call.store_id, reward_id, note=why)
    except Conflict:
        return _to(page)  # decided meanwhile: the page says how it stands
    return _to(page)


def _refusable(rewards: Iterable[Reward]) -> list[str]:
    return [one.reward_id for one in rewards if one.target_minor and not one.decided]


def _href(parameters: Mapping[str, str]) -> str:
    return f"{QUEUE}?{urlencode(parameters)}" if parameters else QUEUE


def _to(where: str) -> Response:
    return Response(status_code=303, headers={"location": where})


def _whys(reader: Reader, standing: Sequence[Standing], chosen: Why | None) -> list[Choice]:
    """What to narrow the queue to, each with how many wait."""
    counts: dict[str, int] = {}
    for one in standing:
        counts[one.why] = counts.get(one.why, 0) + one.rewards
    people = sum(count for why, count in counts.items() if why != "asked")
    fmt, speech = reader.fmt, reader.speech
    return [
        Choice(f"{speech.say('Waits for a person')} · {fmt.number(people)}", href=QUEUE, current=chosen is None),
        *(
            Choice(
                f"{words.why_label(speech, why)} · {fmt.number(counts.get(why, 0))}",
                href=_href({"why": why}),
                current=why == chosen,
            )
            for why in _WHYS
            if counts.get(why) or why == chosen
        ),
    ]


def _takes(reader: Reader, takes: Mapping[str, Held]) -> str:
    """What rejecting takes back, by the books."""
    sums: dict[str, int] = {}
    for held in takes.values():
        sums[held.unit] = sums.get(held.unit, 0) + held.pending + held.available
    speech = reader.speech
    amounts = " + ".join(reader.amount(amount, unit) for unit, amount in sorted(sums.items()))
    count = speech.count("%(n)s reward", "%(n)s rewards", len(takes), n=reader.fmt.number(len(takes)))
    return speech.say(
        "%(rewards)s are taken back for good, %(amount)s in all: no later change of an order brings them back.",
        rewards=count,
        amount=amounts,
    )


def _table(reader: Reader, rewards: Sequence[Reward], asked: Mapping[str, Asked], *, may: bool) -> Table:
    speech = reader.speech
    columns = [
        Column("order", speech.label("head", "Order")),
        Column("who", speech.label("head", "For")),
        Column("why", speech.label("head", "Why it waits")),
        Column("since", speech.label("head", "Since"), minor=True),
        Column("amount", speech.label("head", "Amount"), figure=True),
    ]
    if may:
        columns.append(Column("pick", speech.label("head", "Select"), pick=True))
    return Table(
        name=speech.say("Approvals"),
        columns=columns,
        rows=[_row(reader, one, asked.get(one.reward_id), may=may) for one in rewards],
        listing=True,
        names_src=NAMES,
    )


def _row(reader: Reader, reward: Reward, asked: Asked | None, *, may: bool) -> Row:
    speech, fmt = reader.speech, reader.fmt
    side = words.who_label(speech, reward)
    amount = reader.amount(reward.target_minor, reward.unit)
    since = fmt.date(reward.waits_since) if reward.waits_since else ""
    answer = answer_text(speech, asked.reason or asked.outcome, asked.status) if asked and asked.tries else ""
    return Row(
        cells={
            "order": Name(
                reward.source_id,
                below=fmt.date(reward.placed_at),
                href=f"{REWARDS}/{quote(reward.reward_id)}",
            ),
            "who": Name(side, fill=reward.beneficiary_id if reward.side == "ambassador" else ""),
            "why": Name(words.waits_text(speech, reward), below=answer),
            "since": since,
            "amount": amount,
            "pick": _PICK.format(reward.reward_id, speech.say("Order %(id)s", id=reward.source_id)) if may else None,
        },
        key_figure=amount,
        facts=[words.waits_text(speech, reward), *([since] if since else [])],
    )
