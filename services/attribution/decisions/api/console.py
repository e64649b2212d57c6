"""The console's pages of one order, with the sentence that explains its decision."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from services.attribution.decisions.actions import view
from services.attribution.decisions.actions.replay import Replay, replay
from services.attribution.decisions.actions.view import OrderView
from services.attribution.decisions.api import words as shown
from services.attribution.decisions.api.asked import LIST
from services.attribution.decisions.api.compare import differences
from services.attribution.decisions.schemas.explain import Words, explanation
from services.attribution.decisions.schemas.out import DecisionBody
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.reading import StoredDecision
from services.attribution.pages import PAGES
from services.attribution.slices import sql as slices_sql
from services.kernel.db import Tx
from services.kernel.http.call import Call, viewer
from services.ui import Column, Reader, Row, Table

router = APIRouter(include_in_schema=False)

_SEALS = {"attributed": "good", "rejected": "bad", "pending": "wait", "unattributed": "neutral"}
_TIMES = 3
"""Other times of placing that are named."""


async def reader_of(request: Request, tx: Tx, store_id: str) -> Reader:
    """Whoever reads, with the store's language and zone where they chose none."""
    store = await view.store_of(tx, store_id)
    return Reader(PAGES, request, store=store.name, locale=store.locale, zone=store.zone, now=store.now)


@router.get(LIST + "/{order_id}")
async def order_page(
    order_id: Annotated[str, Path(max_length=200)],
    call: Annotated[Call, viewer("orders:read")],
    check: Literal["replay"] | None = None,
) -> Response:
    """One order. With `check=replay` its decision is made again from the facts and compared."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await view.order(tx, call.store_id, order_id)
        if found is None:
            return reader.page(
                "decisions/undecided.html",
                freshness=reader.read_now(),
                title=reader.speech.say("Order %(id)s", id=f"#{order_id}"),
                nav_current=LIST,
            )
        revisions = await reading.history(tx, call.store_id, order_id)
        program = await _program(tx, call.store_id, found)
        done = await replay(tx, call.store_id, order_id) if check == "replay" else None
    body = DecisionBody.model_validate(found.body)
    plain = Words(reader.speech, reader.fmt, found.names, found.slugs)
    words = Words(
        reader.speech, reader.fmt, found.names, found.slugs, mark=shown.strong, mark_person=shown.strong_person
    )
    speech = reader.speech
    return reader.page(
        "decisions/one.html",
        freshness=reader.read_now(),
        title=speech.say("Order %(id)s", id=f"#{order_id}"),
        nav_current=LIST,
        chips=[shown.status_chip(speech, body.status), shown.money_chip(speech, body)],
        settles=_settles(found, body, reader),
        copied=explanation(body, plain),
        seal=_SEALS[body.status],
        sentence=explanation(body, words),
        below=_below(body, program, reader),
        considered=shown.considered(body, words),
        more=_more(body, reader),
        checks=shown.checks(body, words),
        history=shown.history(found, body, revisions, plain, reader),
        facts=shown.facts(body, reader),
        items=_items(body, reader),
        engine=_engine(found, revisions, reader),
        rewards_size="cards" if body.status == "attributed" else "card",
        rewards_src=f"/console/rewards/orders/{quote(order_id, safe='')}",
        base=f"{LIST}/{quote(order_id, safe='')}",
        json_href=f"/v1/orders/{quote(order_id, safe='')}",
        compare=_compare(found, reader),
        replayed=_replayed(done, reader) if done else "",
        replay_good=done is not None and done.equal,
        late=found.late_facts,
        moved=_moved(found, reader),
        shown_of=_shown_of(found, revisions, reader),
        shared=_shared(found, reader),
    )


@router.get(LIST + "/{order_id}/compare")
async def compare_page(
    order_id: Annotated[str, Path(max_length=200)],
    call: Annotated[Call, viewer("orders:read")],
    revision: Annotated[int | None, Query(ge=2, le=2**31 - 1)] = None,
) -> Response:
    """What changed from one decision to the next, in the words of their pages."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        later = await view.order(tx, call.store_id, order_id, revision=revision)
        number = later.stored.revision - 1 if later else 0
        earlier = await view.order(tx, call.store_id, order_id, revision=number) if number else None
    speech = reader.speech
    rows = differences(earlier, later, reader) if earlier and later else []
    return reader.page(
        "decisions/compare.html",
        freshness=reader.read_now(),
        title=speech.say("Order %(id)s", id=f"#{order_id}"),
        nav_current=LIST,
        base=f"{LIST}/{quote(order_id, safe='')}",
        older=f"{LIST}/{quote(order_id, safe='')}/compare?revision={number}" if number > 1 else "",
        alone=number == 0,
        table=Table(
            speech.say("What changed"),
            [
                Column("field", speech.label("head", "Field")),
                Column("before", speech.say("Decision %(n)s", n=reader.fmt.number(number))),
                Column("after", speech.say("Decision %(n)s", n=reader.fmt.number(number + 1))),
            ],
            [Row({"field": field, "before": before, "after": after}) for field, before, after in rows],
        ),
    )


async def _program(tx: Tx, store_id: str, found: OrderView) -> tuple[str, tuple[str, ...]] | None:
    """Name and order of priority of the version that decided."""
    body = found.body
    candidates = body.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else {}
    program_id = str(body.get("program_id") or first.get("program_id") or "")
    version = body.get("program_version") or first.get("program_version")
    if not program_id or version is None:
        return None
    for known in await slices_sql.programs(tx, [(store_id, program_id)]):
        if known.version == version:
            return known.program.name, known.program.attribution.priority
    return None


def _below(body: DecisionBody, program: tuple[str, tuple[str, ...]] | None, reader: Reader) -> str:
    """The second sentence: by which version, and which kind outranks which."""
    if program is None:
        return ""
    speech = reader.speech
    version = body.program_version or next((c.program_version for c in body.candidates if c.program_version), 0)
    name, priority = program
    kinds = {"code": speech.say("code"), "click": speech.say("click"), "customer": speech.say("known customer")}
    text = speech.say(
        "By “%(name)s”, version %(version)s, in force when the order was placed.",
        name=name,
        version=reader.fmt.number(version or 0),
    )
    if len(priority) < 2:
        return text
    order = speech.say("Order of priority: %(kinds)s.", kinds=", ".join(kinds[kind] for kind in priority))
    return f"{text} {order}"


def _more(body: DecisionBody, reader: Reader) -> str:
    count = body.candidates_total - len(body.candidates)
    return reader.speech.count("%(n)s more", "%(n)s more", count, n=reader.fmt.number(count)) if count > 0 else ""


def _items(body: DecisionBody, reader: Reader) -> str:
    count = len(body.figures.items)
    return reader.speech.count("%(n)s item", "%(n)s items", count, n=reader.fmt.number(count)) if count else ""


def _shared(found: OrderView, reader: Reader) -> str:
    """What a store should know whose till gives all of its customers one id."""
    if not found.looks_shared:
        return ""
    return reader.speech.count(
        "This customer has %(n)s order. It looks as if many people share the id, as with a till’s “walk-in”."
        " Kith takes them for one friend, who is new only once: leave the customer out where nobody is known.",
        "This customer has %(n)s orders. It looks as if many people share the id, as with a till’s “walk-in”."
        " Kith takes them for one friend, who is new only once: leave the customer out where nobody is known.",
        found.friend_orders,
        n=reader.fmt.number(found.friend_orders),
    )


def _compare(found: OrderView, reader: Reader) -> str:
    if found.row.revision < 2:
        return ""
    return reader.speech.say("Compare with decision %(n)s", n=reader.fmt.number(found.row.revision - 1))


def _settles(found: OrderView, body: DecisionBody, reader: Reader) -> str:
    if body.settled is not None:
        return reader.speech.say("Final since %(date)s", date=reader.fmt.date(body.settled.at.astimezone(reader.zone)))
    if found.row.settle_at is None:
        return ""
    date = reader.fmt.date(found.row.settle_at.astimezone(reader.zone))
    return reader.speech.say("Decision settles on %(date)s", date=date)


def _engine(found: OrderView, revisions: list[StoredDecision], reader: Reader) -> str:
    fmt = reader.fmt
    return reader.speech.say(
        "Decision %(n)s of %(all)s, %(moment)s. Engine %(engine)s, facts up to no. %(as_of)s.",
        n=fmt.number(found.stored.revision),
        all=fmt.number(max(r.revision for r in revisions)),
        moment=fmt.moment(found.stored.decided_at, seconds=True),
        engine=found.stored.engine,
        as_of=fmt.number(found.stored.as_of),
    )


def _moved(found: OrderView, reader: Reader) -> str:
    """That a revision reported another time of placing, which moves nothing."""
    if not found.other_times:
        return ""
    others = [reader.fmt.moment(at) for at in found.other_times[:_TIMES]]
    if len(found.other_times) > _TIMES:
        others.append(reader.speech.say("and more"))
    return reader.speech.say(
        "A revision says that the order was placed on %(other)s. The earliest time told, %(held)s, holds.",
        other=", ".join(others),
        held=reader.fmt.moment(found.row.placed_at),
    )


def _shown_of(found: OrderView, revisions: list[StoredDecision], reader: Reader) -> str:
    """That not everything that happened is listed."""
    speech, fmt = reader.speech, reader.fmt
    parts = []
    shown, of = len(found.happened), found.happened_of
    if of > shown:
        parts.append(speech.count(
            "The first %(shown)s of %(n)s event", "The first %(shown)s of %(n)s events", of,
            shown=fmt.number(shown), n=fmt.number(of),
        ))  # fmt: skip
    decided = max(one.revision for one in revisions)
    if decided > len(revisions):
        parts.append(speech.count(
            "The newest %(shown)s of %(n)s decision", "The newest %(shown)s of %(n)s decisions", decided,
            shown=fmt.number(len(revisions)), n=fmt.number(decided),
        ))  # fmt: skip
    return " · ".join(parts)


def _replayed(done: Replay, reader: Reader) -> str:
    speech = reader.speech
    if done.recomputed is None:
        return speech.say("This decision was made by engine %(engine)s, which is no longer here.", engine=done.engine)
    number = reader.fmt.number(done.as_of)
    if done.equal:
        return speech.say("Decided again from the facts up to no. %(as_of)s: the same, byte for byte.", as_of=number)
    return speech.say("Decided again from the facts up to no. %(as_of)s: something else came out.", as_of=number)
