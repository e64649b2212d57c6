"""SQL of goodwill: the limits, what was given, its life."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.goodwill.domain import GivingLimit, Goodwill, Step, Terms

_OF_TERMS = "unit, limit_minor, period, former_minor, former_period, looser_at"
_TERMS = f"select {_OF_TERMS} from goodwill_terms where store_id = :store and unit = :unit"  # noqa: S608
_ALL_TERMS = f"select {_OF_TERMS} from goodwill_terms where store_id = :store order by unit"  # noqa: S608
_KEEP_TERMS = f"""
insert into goodwill_terms (store_id, {_OF_TERMS})
values (:store, :unit, :limit, :period, :former, :former_period, :looser_at)
on conflict (store_id, unit) do update set limit_minor = excluded.limit_minor, period = excluded.period,
  former_minor = excluded.former_minor, former_period = excluded.former_period, looser_at = excluded.looser_at
"""  # noqa: S608
_FIELDS = (
    *("store_id", "goodwill_id", "ambassador_id", "program_id", "pay_as", "unit", "currency", "amount_minor", "reason"),
    *("status", "made_by", "made_at", "day", "unaided", "decided_by", "decided_at", "reward_id", "expires_after_days"),
)
# S608 is silenced where statements are put together from our own words.
_ADD = f"insert into goodwill ({', '.join(_FIELDS)}) values ({', '.join(':' + one for one in _FIELDS)})"  # noqa: S608
_DECIDE = """
update goodwill set status = :status, day = :day, decided_by = :by, decided_at = :now, reward_id = :reward
where store_id = :store and goodwill_id = :goodwill
"""
_READ = f"""
select {", ".join(f"g.{one}" for one in _FIELDS)}, coalesce(r.target_minor, 0) as left_minor
from goodwill g left join rewards r on r.store_id = g.store_id and r.reward_id = g.reward_id
where g.store_id = :store
"""  # noqa: S608
_ONE = _READ + " and g.goodwill_id = :goodwill"
_LIST = (
    _READ
    + " and (cast(:before as text) is null or g.goodwill_id < :before) {filters}"
    + " order by g.goodwill_id desc limit :count"
)
_FILTERS = {"status": "and g.status = :status", "ambassador_id": "and g.ambassador_id = :ambassador_id"}
_GIVEN = """
select coalesce(sum(amount_minor), 0)::bigint from goodwill
where store_id = :store and made_by = :by and unit = :unit and day between :first and :last and unaided
"""
_ADD_STEP = """
insert into goodwill_steps (store_id, goodwill_id, step, kind, amount_minor, reason, actor_kind, actor_id, at)
select :store, :goodwill, coalesce(max(step), 0) + 1, :kind, :amount, :reason, :actor_kind, :actor, :now
from goodwill_steps where store_id = :store and goodwill_id = :goodwill
"""
_STEPS = """
select kind, amount_minor, reason, actor_kind, actor_id, at from goodwill_steps
where store_id = :store and goodwill_id = :goodwill order by step
"""
_FORGET = """
update goodwill g set reason = '' from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(s, a)
where g.store_id = w.s and g.ambassador_id = w.a and g.reason <> ''
"""
_FORGET_STEPS = """
update goodwill_steps t set reason = null
from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(s, a)
join goodwill g on g.store_id = w.s and g.ambassador_id = w.a
where t.store_id = g.store_id and t.goodwill_id = g.goodwill_id and t.reason is not null
"""

_CROOKED = """
select coalesce(g.goodwill_id, r.order_id) as id, g.amount_minor as given, r.base_minor as rewarded
from (select * from goodwill where store_id = :store and status = 'granted') g
full join (
  select order_id, reward_id, unit, beneficiary_id, base_minor from rewards
  where store_id = :store and source_kind = 'person'
) r on (r.order_id, r.reward_id, r.unit, r.beneficiary_id) = (g.goodwill_id, g.reward_id, g.unit, g.ambassador_id)
where g.amount_minor is distinct from r.base_minor
order by 1
"""


async def terms(tx: Tx, store_id: str, unit: str) -> Terms:
    """What holds for a unit; what holds without any terms where none are set."""
    row = await tx.one_or_none(_TERMS, store=store_id, unit=unit)
    return Terms(unit=unit) if row is None else _terms(row)


async def all_terms(tx: Tx, store_id: str) -> list[Terms]:
    """Terms of all units that some are set for."""
    return [_terms(row) for row in await tx.all(_ALL_TERMS, store=store_id)]


async def keep_terms(tx: Tx, store_id: str, terms: Terms) -> None:
    """Sets what holds for a unit."""
    former = terms.former
    await tx.execute(
        _KEEP_TERMS,
        store=store_id,
        unit=terms.unit,
        limit=terms.limit.amount_minor,
        period=terms.limit.period,
        former=None if former is None else former.amount_minor,
        former_period=None if former is None else former.period,
        looser_at=terms.looser_at,
    )


async def add(tx: Tx, one: Goodwill) -> None:
    """Keeps what was given or asked for."""
    await tx.execute(_ADD, **{name: getattr(one, name) for name in _FIELDS})


async def decide(tx: Tx, one: Goodwill) -> None:
    """Keeps what became of what waited."""
    await tx.execute(
        _DECIDE,
        store=one.store_id,
        goodwill=one.goodwill_id,
        status=one.status,
        day=one.day,
        by=one.decided_by,
        now=one.decided_at,
        reward=one.reward_id,
    )


async def get(tx: Tx, store_id: str, goodwill_id: str) -> Goodwill | None:
    """One, with what is left of it."""
    row = await tx.one_or_none(_ONE, store=store_id, goodwill=goodwill_id)
    return None if row is None else _goodwill(row)


async def listed(
    tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]
) -> list[Goodwill]:
    """A store's, youngest first, below the id `before`. Filters: status, ambassador_id."""
    sql = _LIST.format(filters=" ".join(_FILTERS[name] for name in sorted(filters)))
    return [_goodwill(row) for row in await tx.all(sql, store=store_id, before=before, count=count, **filters)]


async def given_alone(tx: Tx, store_id: str, *, by: str, unit: str, first: date, last: date) -> int:
    """What a principal gave without a second one on these days."""
    return int(await tx.scalar(_GIVEN, store=store_id, by=by, unit=unit, first=first, last=last))


async def add_step(tx: Tx, one: Goodwill, kind: str, *, amount_minor: int, reason: str | None = None) -> None:
    """Notes a moment of its life, and who acts."""
    await tx.execute(
        _ADD_STEP,
        store=one.store_id,
        goodwill=one.goodwill_id,
        kind=kind,
        amount=amount_minor,
        reason=reason,
        actor_kind=tx.actor.kind,
        actor=tx.actor.id,
        now=tx.now,
    )


async def steps(tx: Tx, store_id: str, goodwill_id: str) -> list[Step]:
    """Its life, oldest first."""
    return [Step(**row._asdict()) for row in await tx.all(_STEPS, store=store_id, goodwill=goodwill_id)]


async def forget_words(tx: Tx, ambassadors: Sequence[Ref]) -> None:
    """Drops what was written about ambassadors who were erased; amounts and who gave them stay."""
    wanted = {"stores": [one[0] for one in ambassadors], "ambassadors": [one[1] for one in ambassadors]}
    await tx.execute(_FORGET_STEPS, **wanted)
    await tx.execute(_FORGET, **wanted)


async def crooked(tx: Tx, store_id: str) -> list[tuple[str, int | None, int | None]]:
    """(goodwill, what was given, what its reward began with) where one is not the other, or one of them is missing."""
    return [(row.id, row.given, row.rewarded) for row in await tx.all(_CROOKED, store=store_id)]


def _terms(row: Row) -> Terms:
    former = None if row.former_minor is None else GivingLimit(row.former_minor, row.former_period)
    return Terms(unit=row.unit, limit=GivingLimit(row.limit_minor, row.period), former=former, looser_at=row.looser_at)


def _goodwill(row: Row) -> Goodwill:
    return Goodwill(**row._asdict())
