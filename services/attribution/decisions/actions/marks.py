"""Keeps marks among the settled orders of people, and sums up by them what stands before a place."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from services.attribution.decisions.domain.friend import Friend, step_of
from services.attribution.decisions.domain.history import BEGINNING, END, History, Place, Step
from services.attribution.decisions.domain.marks import DENSE, LEVELS, Span, agree, history_of, joined, level_of
from services.attribution.decisions.sql import marks as rows
from services.attribution.decisions.sql.marks import Placed
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread


async def note(tx: Tx, orders: Collection[Placed]) -> None:
    """Has the marks say what is so now: these orders have settled, stand no longer, or stand again. Each comes with
    the person that it has kept. Their rows must be written.
    """
    places = sorted(set(orders))
    await rows.add(tx, _marks(places))
    for level in range(1, LEVELS + 1):
        spans = await rows.touched(tx, level, places)
        if not spans:
            return
        if level > 1:
            of_spans = [joined(histories) for histories in await rows.below(tx, level, spans)]
        else:
            steps = await _steps(tx, spans)
            unmarked = _unmarked(spans, steps)
            if await rows.add(tx, _marks(unmarked)):
                await note(tx, [*places, *unmarked])
                return
            of_spans = [history_of(some) for some in steps]
        await rows.put(tx, level, list(zip(spans, of_spans, strict=True)))


async def settled_before(
    tx: Tx, places: Mapping[Ref, Collection[Place]], friends: Mapping[Ref, Friend]
) -> dict[tuple[Ref, Place], History]:
    """What those settled orders of these people that stand before each place come to. Costs some dozens of rows a
    place. Marks that do not say what is remembered of a friend are made anew: a former version kept none.
    """
    wanted = [(person, place) for person, some in places.items() for place in {*some, END}]
    found = await _before(tx, wanted)
    wrong = {person for person in places if found[person, END] != friends[person].settled.history}
    if wrong:
        await rows.drop(tx, wrong)
        found |= await _before(tx, [placed for placed in wanted if placed[0] in wrong])
    return found


async def all_settled(tx: Tx, people: Collection[Ref]) -> dict[Ref, History]:
    """What all settled orders of these people that stand come to. Costs some dozens of rows each."""
    found = await _before(tx, [(person, END) for person in people])
    return {person: history for (person, _), history in found.items()}


async def wrong(tx: Tx, steps: Mapping[Ref, Sequence[Step]]) -> set[Ref]:
    """Those of these people, each with all settled orders that stand, whose marks say something else."""
    as_kept = dict(await _kept_as(tx, steps))
    marks: dict[tuple[Ref, str], dict[int, dict[Place, History]]] = defaultdict(lambda: defaultdict(dict))
    for row in await rows.of_people(tx, steps):
        key = ((row.store_id, row.into_id), row.person_id)
        marks[key][row.level][row.placed_at, row.order_id] = rows.read(row.body)
    return {
        person
        for (person, once), levels in marks.items()
        if not agree(levels, [s for s in steps[person] if as_kept.get((person[0], s.order_id)) == once])
    }


async def kept_as(tx: Tx, orders: Collection[Ref]) -> list[Placed]:
    """The places of settled orders, each with the person that it has kept."""
    return await rows.kept_as(tx, orders)


async def _kept_as(tx: Tx, steps: Mapping[Ref, Sequence[Step]]) -> list[tuple[Ref, str]]:
    refs = {(store_id, step.order_id) for (store_id, _), some in steps.items() for step in some}
    return [((store_id, place[1]), person) for (store_id, person), place in await rows.kept_as(tx, refs)]


async def _before(tx: Tx, wanted: Sequence[Placed]) -> dict[Placed, History]:
    if not wanted:
        return {}
    marks = await rows.before(tx, wanted)
    found, spans = await in_thread(len(marks), _summed_up, wanted, marks)
    steps = await _steps(tx, [span for _, span in spans])
    for (placed, _), some in zip(spans, steps, strict=True):
        found[placed] = found[placed].joined(history_of(some))
    unmarked = _unmarked([span for _, span in spans], steps)
    if await rows.add(tx, _marks(unmarked)):
        await note(tx, unmarked)
    return found


def _summed_up(
    wanted: Sequence[Placed], marks: Sequence[Row]
) -> tuple[dict[Placed, History], list[tuple[Placed, Span]]]:
    """What marks say of the orders before each place, and the spans from the last of them on."""
    found = dict.fromkeys(wanted, History())
    last: dict[tuple[Placed, str], Place] = {}
    for row in marks:
        placed = wanted[row.n]
        place = last.setdefault((placed, row.person_id), BEGINNING)
        if row.body is not None:
            found[placed] = found[placed].joined(rows.read(row.body))
            last[placed, row.person_id] = max(place, (row.placed_at, row.order_id))
    return found, [(placed, Span(placed[0][0], person, since, placed[1])) for (placed, person), since in last.items()]


async def _steps(tx: Tx, spans: Sequence[Span]) -> list[list[Step]]:
    bodies = await rows.between(tx, spans)
    return await in_thread(sum(map(len, bodies)) // 10, lambda: [[step_of(body) for body in some] for some in bodies])


def _unmarked(spans: Sequence[Span], steps: Sequence[Sequence[Step]]) -> list[Placed]:
    """Orders that are to be marks, among so many that some would be."""
    return [
        ((span.store_id, span.person_id), step.place)
        for span, some in zip(spans, steps, strict=True)
        if len(some) > DENSE
        for step in some
        if level_of(step.order_id)
    ]


def _marks(places: Collection[Placed]) -> list[tuple[int, Placed]]:
    return [(level, placed) for placed in places for level in range(1, level_of(placed[1][1]) + 1)]
