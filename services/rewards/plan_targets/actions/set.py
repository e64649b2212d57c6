"""Targets are set, changed and taken away, many at once: the bonuses that hang on them are decided again at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from contracts.program import Program
from services.common.periods import local_day
from services.common.plan_periods import PlanPeriod
from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.rewards.grants.actions.plan_targets import retarget
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.domain.plan_targets import PlanKey, source_of
from services.rewards.plan_targets import sql
from services.rewards.plan_targets.actions.progress import shown
from services.rewards.plan_targets.domain import Target, Wanted, Wrong, at_line, read_lines, rule_of, target_of
from services.rewards.slices import sql as slices

_MOST_ERRORS: Final = 100
State = Literal["set", "unchanged", "removed", "refused"]


class Outcome(NamedTuple):
    """What became of one."""

    state: State
    target: Target | None = None
    wrong: Wrong | None = None


class _Placed(NamedTuple):
    """What a target is for, and what it is; None: there is to be none."""

    key: PlanKey
    target: int | None


async def put(tx: Tx, store_id: str, wanted: Sequence[Wanted], *, by_id: bool = True) -> list[Outcome]:
    """Sets targets, each by itself: what cannot be set is refused and says why. Repeats change nothing.

    `by_id`: ambassadors are named by their ids only.
    """
    await tx.lock_stores([store_id])
    placed = await _place(tx, store_id, wanted, by_id=by_id)
    keys = {one.key for one in placed if isinstance(one, _Placed)}
    before = {key: kept.target for key, kept in (await sql.several(tx, keys)).items()}
    after = {one.key: one.target for one in placed if isinstance(one, _Placed)}
    changed = {key: target for key, target in after.items() if before.get(key) != target}
    await sql.keep(tx, {key: target for key, target in changed.items() if target is not None})
    await sql.take_away(tx, [key for key, target in changed.items() if target is None])
    await _note(tx, store_id, before, changed)
    await settle_changes(tx, await retarget(tx, changed))
    found = await shown(tx, store_id, list((await sql.several(tx, keys)).values()))
    targets = {one.key: one for one in found}
    return [_outcome(one, changed, targets) for one in placed]


async def put_file(tx: Tx, store_id: str, text: str) -> list[Outcome]:
    """Sets the targets of a spreadsheet: all of them, or none where a line is wrong.

    Raises `Invalid` naming each wrong line, the first hundred of them.
    """
    lines = read_lines(text)
    outcomes = await put(tx, store_id, lines, by_id=False)
    wrong = [
        at_line(one.wrong, wanted.line or 0)
        for wanted, one in zip(lines, outcomes, strict=True)
        if one.wrong is not None
    ]
    if wrong:
        raise Invalid(
            Translatable(_("Nothing was set: %(n)s lines are wrong."), n=len(wrong)), errors=wrong[:_MOST_ERRORS]
        )
    return outcomes


def _outcome(one: _Placed | Wrong, changed: Mapping[PlanKey, int | None], targets: Mapping[PlanKey, Target]) -> Outcome:
    if isinstance(one, Wrong):
        return Outcome("refused", wrong=one)
    if one.key not in changed:
        return Outcome("unchanged", targets.get(one.key))
    return Outcome("removed" if one.target is None else "set", targets.get(one.key))


async def _place(tx: Tx, store_id: str, wanted: Sequence[Wanted], *, by_id: bool) -> list[_Placed | Wrong]:
    who = await sql.named(tx, store_id, (one.ambassador for one in wanted))
    if by_id:
        who = {name: {name: some[name]} for name, some in who.items() if name in some}
    programs = await slices.newest_of(tx, {(store_id, program) for some in who.values() for program in some.values()})
    known = {program_id: program for (_store, program_id), (_version, program) in programs.items()}
    seen: dict[PlanKey, Wanted] = {}
    found: list[_Placed | Wrong] = []
    for one in wanted:
        placed = _placed(store_id, one, who.get(one.ambassador, {}), known)
        if isinstance(placed, _Placed) and placed.key in seen:
            line = seen[placed.key].line
            mend = (
                Translatable(_("The same target stands here twice."))
                if line is None
                else Translatable(_("The same target stands in line %(n)s already."), n=line)
            )
            placed = Wrong("ambassador_id" if by_id else "ambassador", "twice", mend)
        elif isinstance(placed, _Placed):
            seen[placed.key] = one
        found.append(placed)
    return found


def _placed(store_id: str, wanted: Wanted, who: Mapping[str, str], programs: Mapping[str, Program]) -> _Placed | Wrong:
    field = "ambassador_id" if wanted.line is None else "ambassador"
    period = PlanPeriod.read(wanted.period)
    if period is None:
        mend = _("Write a month as 2027-03, a quarter as 2027-Q1, a year as 2027.")
        return Wrong("period", "invalid", Translatable(mend))
    able = {one: program for one, program in who.items() if program in programs}
    if not able:
        mend = _("There is no such ambassador. Who joined a moment ago is known here within some seconds.")
        return Wrong(field, "ambassador_not_found", Translatable(mend))
    rules = {one: rule_of(wanted, programs[program], period) for one, program in able.items()}
    fitting = [one for one, rule in rules.items() if not isinstance(rule, Wrong)]
    if len(fitting) > 1:
        mend = _("Several ambassadors are called so: name this one by its id.")
        return Wrong(field, "ambiguous", Translatable(mend))
    ambassador_id = next(iter(fitting or rules))
    rule = rules[ambassador_id]
    if isinstance(rule, Wrong):
        return rule
    key = PlanKey(store_id, ambassador_id, able[ambassador_id], rule.goal, period.first)
    if wanted.taken_away:
        return _Placed(key, None)
    target = target_of(wanted, rule, programs[key.program_id].currency)
    return target if isinstance(target, Wrong) else _Placed(key, target)


async def _note(tx: Tx, store_id: str, before: Mapping[PlanKey, int], changed: Mapping[PlanKey, int | None]) -> None:
    """A target that changes after its period began is noted by itself; all others together."""
    today = await today_of(tx, store_id)
    begun = [key for key in sorted(changed) if key.first <= today]
    for key in begun:
        named = {"ambassador_id": key.ambassador_id, "plan": key.goal.split("/")[0], "period": key.period.text}
        tx.note(
            "plan_target.changed",
            on=source_of(key),
            before=_figure(before.get(key)),
            after={**_figure(changed[key]), **named},
        )
    if others := len(changed) - len(begun):
        tx.note("plan_targets.set", on=store_id, after={"count": others})


def _figure(target: int | None) -> dict[str, int | str]:
    return {} if target is None else {"target": target}


async def today_of(tx: Tx, store_id: str) -> date:
    """The day that it is where the store is."""
    zones: Iterable[str] = (await slices.time_zones(tx, [store_id])).values()
    return local_day(tx.now, ZoneInfo(next(iter(zones), "UTC")))
