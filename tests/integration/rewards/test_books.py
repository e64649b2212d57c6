"""The books themselves: what the database refuses, and what an audit finds."""

from collections.abc import Awaitable, Callable

import pytest
from alembic import command
from asyncpg import InsufficientPrivilegeError, IntegrityConstraintViolationError, PostgresError
from sqlalchemy import Connection

from services.kernel import migrate as migrations
from services.kernel.db import Tx
from services.rewards.main import SERVICE
from services.rewards.verification.actions import verify
from services.rewards.verification.domain import Report
from services.rewards.verification.jobs import DIFFERING, IMBALANCE, UNAUDITED, watch
from services.rewards.verification.jobs import audit as audit_by_itself
from tests.integration.rewards.world import World
from tests.unit.rewards.build import NOON, STORE, configured, make_program, make_state, published

_SET = (
    "insert into posting_sets (store_id, number, at, movement, basis, hash) values"
    " (:store, :number, now(), 'grant', '{}', decode(repeat('00', 32), 'hex'))"
)
_ENTRY = (
    "insert into entries (store_id, number, line, account, owner, unit, amount_minor) values"
    " (:store, :number, :line, :account, 'x', :unit, :amount)"
)
_PAIR = (
    "insert into entries (store_id, number, line, account, owner, unit, amount_minor) values"
    " (:store, :number, 1, 'program_expense', 'x', 'EUR', 5),"
    " (:store, :number, 2, 'friend_pending', 'x', 'EUR', :other)"
)


@pytest.fixture
async def books(world: World) -> World:
    """A store with some granted, clawed back and released rewards."""
    await world.take(configured(), published(make_program()))
    await world.take(*(make_state(str(n)) for n in range(1, 6)))
    await world.take(make_state("1", revision=2, refunded_minor=2000), make_state("2", revision=2, cancelled=True))
    await world.take(make_state("3", revision=2, settled_at=NOON))
    return world


async def audit(world: World) -> Report:
    async with world.owner.transaction([STORE]) as tx:
        return await verify(tx, STORE)


async def tamper(world: World, sql: str) -> None:
    """Does what a person with the owner's password could do."""
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(sql)


async def refused(world: World, work: Callable[[Tx], Awaitable[object]], *, with_error: type[PostgresError]) -> str:
    with pytest.raises(with_error) as raised:
        async with world.db.transaction([STORE]) as tx:
            await work(tx)
    return str(raised.value)


async def test_whole_books_pass_and_their_sums_are_zero(books: World) -> None:
    report = await audit(books)
    assert report.whole, report.findings
    assert (report.sets, report.entries, report.rewards) == (14, 28, 10)
    assert await books.trial(STORE) == {"EUR": 0}


async def test_a_one_legged_set_is_refused(books: World) -> None:
    async def one_leg(tx: Tx) -> None:
        await tx.execute(_SET, store=STORE, number=1000)
        await tx.execute(_ENTRY, store=STORE, number=1000, line=1, account="program_expense", unit="EUR", amount=5)

    assert "does not sum to zero" in await refused(books, one_leg, with_error=IntegrityConstraintViolationError)


async def test_a_set_without_entries_is_refused(books: World) -> None:
    async def no_legs(tx: Tx) -> None:
        await tx.execute(_SET, store=STORE, number=1000)

    assert "two are the least" in await refused(books, no_legs, with_error=IntegrityConstraintViolationError)


async def test_a_set_that_crosses_units_is_refused(books: World) -> None:
    async def crossed(tx: Tx) -> None:
        await tx.execute(_SET, store=STORE, number=1000)
        await tx.execute(
            _PAIR.replace("'friend_pending', 'x', 'EUR'", "'friend_pending', 'x', 'USD'"),
            store=STORE,
            number=1000,
            other=-5,
        )

    assert "does not sum to zero" in await refused(books, crossed, with_error=IntegrityConstraintViolationError)


async def test_a_balanced_pair_that_comes_later_is_refused(books: World) -> None:
    async def late(tx: Tx) -> None:
        await tx.execute(
            _PAIR.replace("1, 'program", "11, 'program").replace("2, 'friend", "12, 'friend"),
            store=STORE,
            number=1,
            other=-5,
        )

    assert "another transaction" in await refused(books, late, with_error=IntegrityConstraintViolationError)


async def test_constraints_set_immediate_do_not_help_a_forger(books: World) -> None:
    async def forger(tx: Tx) -> None:
        await tx.execute(_SET, store=STORE, number=1000)
        await tx.execute(_PAIR, store=STORE, number=1000, other=-5)
        await tx.execute("set constraints all immediate")
        await tx.execute(_ENTRY, store=STORE, number=1000, line=3, account="program_expense", unit="EUR", amount=7)

    assert "does not sum to zero" in await refused(books, forger, with_error=IntegrityConstraintViolationError)


async def test_a_set_cannot_claim_a_later_transaction(books: World) -> None:
    async def claim(tx: Tx) -> None:
        await tx.execute(
            _SET.replace("hash)", "hash, xid)").replace("'hex'))", "'hex'), 99999999)"), store=STORE, number=1000
        )
        await tx.execute(_PAIR, store=STORE, number=1000, other=-5)

    await refused(books, claim, with_error=IntegrityConstraintViolationError)


async def test_an_entry_of_zero_is_refused(books: World) -> None:
    async def zero(tx: Tx) -> None:
        await tx.execute(_SET, store=STORE, number=1000)
        await tx.execute(_ENTRY, store=STORE, number=1000, line=1, account="program_expense", unit="EUR", amount=0)

    await refused(books, zero, with_error=IntegrityConstraintViolationError)


@pytest.mark.parametrize("table", ["entries", "posting_sets"])
@pytest.mark.parametrize("verb", ["update {} set number = number", "delete from {}", "truncate {}"])
async def test_the_service_itself_cannot_change_what_is_written(books: World, table: str, verb: str) -> None:
    refusal = await refused(books, lambda tx: tx.execute(verb.format(table)), with_error=InsufficientPrivilegeError)
    assert "permission denied" in refusal


async def test_another_stores_books_are_out_of_sight_and_reach(books: World) -> None:
    async with books.db.transaction(["str_b"]) as tx:
        assert await tx.all("select * from entries") == []
        assert await tx.all("select * from posting_sets") == []
        assert await tx.all("select * from rewards") == []
        assert await tx.all("select * from balances") == []

    async def foreign(tx: Tx) -> None:
        await tx.execute(_SET, store="str_b", number=1)

    assert "row-level security" in await refused(books, foreign, with_error=InsufficientPrivilegeError)


@pytest.mark.parametrize(
    ("flip", "kind"),
    [
        ("update entries set amount_minor = amount_minor + 1 where number = 3 and line = 1", "unbalanced"),
        ("update entries set amount_minor = 2 * amount_minor where number = 3", "hash"),
        ("update entries set owner = 'amb_eve' where number = 2 and line = 2", "hash"),
        ("update posting_sets set at = at - interval '1 day' where number = 4", "hash"),
        ("update posting_sets set basis = '{}', packed_basis = null where number = 2", "hash"),
        ("update posting_sets set basis = '{}' where number = 2", "hash"),
        ("update posting_sets set packed_basis = null where number = 2", "hash"),
        ("update posting_sets set packed_basis = '' where number = 2", "hash"),
        ("update posting_sets set packed_basis = '\\x01ffffff' where number = 2", "hash"),
        ("update posting_sets set packed_basis = '\\x02abcd' where number = 2", "hash"),
        ("update posting_sets set packed_basis = convert_to('{}', 'utf8') where number = 2", "hash"),
        ("delete from posting_sets where number = 5", "gap"),
        ("delete from posting_sets where number = 14", "missing"),
        ("update balances set available = available + 1, pending = pending - 1 where owner = 'amb_anna'", "balance"),
        ("update account_totals set debits = debits + 1 where account = 'program_expense'", "total"),
        ("update rewards set target_minor = target_minor - 1 where order_id = '4' and rule = 'friend'", "reward"),
        ("update rewards set base_minor = base_minor + 5 where order_id = '4' and rule = 'friend'", "figures"),
        (
            "update rewards set want_minor = want_minor - 1, target_minor = target_minor - 1 where order_id = '5'",
            "figures",
        ),
        ("update rewards set available_at = available_at - interval '1 day' where order_id = '5'", "figures"),
        ("update rewards set multiplier = 20000 where order_id = '4'", "figures"),
        ("update spent set amount_minor = amount_minor - 1", "budget"),
    ],
)
async def test_an_audit_finds_what_was_flipped(books: World, flip: str, kind: str) -> None:
    await tamper(books, flip)
    report = await audit(books)
    assert kind in {finding.kind for finding in report.findings}, report.findings


async def test_sets_that_were_kept_plain_stay_so_and_are_audited_beside_packed_ones(books: World) -> None:
    def back(connection: Connection) -> None:
        command.downgrade(migrations._config(SERVICE, connection), "0009")

    hashes = [row.hash for row in await books.look(STORE, "select hash from posting_sets order by number")]
    await migrations._run(SERVICE, books.owner.url, back)
    plain = list(await books.look(STORE, "select basis from posting_sets order by number"))
    assert '"order":"1"' in plain[0].basis
    await migrations.migrate(SERVICE, books.owner.url)
    await books.take(make_state("4", revision=2, refunded_minor=2000), make_state("9"))
    kept = list(await books.look(STORE, "select basis, packed_basis, hash from posting_sets order by number"))
    assert [(row.basis, row.packed_basis) for row in kept[:14]] == [(row.basis, None) for row in plain]
    assert [row.hash for row in kept[:14]] == hashes
    assert {row.basis for row in kept[14:]} == {None}
    report = await audit(books)
    assert (report.whole, report.sets) == (True, len(kept)), report.findings
    await tamper(books, "update posting_sets set basis = replace(basis, '460', '461') where number = 2")
    assert [(f.kind, f.detail.split(" is ")[0]) for f in (await audit(books)).findings] == [("hash", "set 2")]


async def test_rewards_from_before_there_were_sources_are_of_orders_and_the_chain_stays_as_it_was(books: World) -> None:
    def back(connection: Connection) -> None:
        command.downgrade(migrations._config(SERVICE, connection), "0014")

    async def chain() -> list[tuple[object, ...]]:
        columns = "number, at, movement, reward_id, corrects, packed_basis, hash"
        return [tuple(row) for row in await books.look(STORE, f"select {columns} from posting_sets order by number")]

    sets, rewards = await chain(), await books.rewards(STORE)
    await migrations._run(SERVICE, books.owner.url, back)
    assert await chain() == sets
    await migrations.migrate(SERVICE, books.owner.url)
    assert await chain() == sets
    assert await books.rewards(STORE) == rewards
    assert {(reward.source_kind, reward.order_id == reward.source_id) for reward in rewards} == {("order", True)}
    assert (await audit(books)).whole


async def test_an_audit_holds_nobody_up_and_sees_one_moment_while_money_moves(books: World) -> None:
    async with books.db.transaction([STORE], snapshot=True) as tx:
        await tx.scalar("select 1 from head")  # the moment is fixed here
        await books.take(make_state("9"), make_state("4", revision=2, cancelled=True))
        report = await verify(tx, STORE)
    assert (report.whole, report.sets) == (True, 14)
    report = await audit(books)
    assert report.whole
    assert report.sets > 14


@pytest.mark.parametrize(
    ("flip", "kind"),
    [
        ("delete from balances where owner = 'amb_anna'", "balance"),
        (
            "insert into balances select store_id, 'zzz', side, unit, 0, 0, 0, 0, 0, 0 from balances"
            " where owner = 'amb_anna'",
            None,
        ),
        ("update balances set owner = 'zzz' where owner = 'amb_anna'", "balance"),
        ("delete from posting_sets where number = 7", "stray"),
    ],
)
async def test_an_audit_in_slices_of_one_finds_the_same(
    books: World, monkeypatch: pytest.MonkeyPatch, flip: str, kind: str | None
) -> None:
    monkeypatch.setattr("services.rewards.verification.actions._SLICE", 1)
    assert (await audit(books)).whole
    await tamper(books, flip)
    assert {finding.kind for finding in (await audit(books)).findings} >= ({kind} if kind else set())
    assert (await audit(books)).whole is (kind is None)


async def test_an_audit_goes_on_after_a_break_and_reports_it_once(books: World) -> None:
    await tamper(books, "update posting_sets set corrects = 1 where number = 6")
    report = await audit(books)
    assert [(f.kind, f.detail.split(" is ")[0]) for f in report.findings] == [("hash", "set 6")]


async def test_writing_goes_on_after_the_newest_set_was_removed_and_the_gap_stays_visible(books: World) -> None:
    await tamper(books, "delete from entries where number = 14")
    await tamper(books, "delete from posting_sets where number = 14")
    await books.take(make_state("9"))
    report = await audit(books)
    assert "gap" in {finding.kind for finding in report.findings}


async def test_one_reward_per_rule_and_order_holds_a_target(books: World) -> None:
    with pytest.raises(IntegrityConstraintViolationError, match="rewards_one_beneficiary_key"):
        await tamper(
            books,
            "insert into rewards select (jsonb_populate_record(r, jsonb_build_object('beneficiary_id', 'eve',"
            " 'reward_id', 'rwd_eve'))).* from rewards r where order_id = '4' and rule = 'friend'",
        )


async def test_the_watch_over_all_stores_sees_one_that_does_not_balance(books: World) -> None:
    await watch(books.ctx)
    assert IMBALANCE._value.get() == 0
    await tamper(books, "update account_totals set credits = credits + 7 where account = 'friend_pending'")
    await watch(books.ctx)
    assert IMBALANCE._value.get() == 1


@pytest.mark.parametrize(
    "flip",
    [
        "update entries set owner = 'amb_eve' where number = 2 and line = 2",
        "update rewards set want_minor = want_minor - 1, target_minor = want_minor - 1 where order_id = '4'",
    ],
)
async def test_the_watch_sees_by_itself_what_was_flipped_within_a_day(books: World, flip: str) -> None:
    async def seen() -> tuple[float, float]:
        await audit_by_itself(books.ctx)
        await watch(books.ctx)
        return DIFFERING._value.get(), UNAUDITED._value.get() // 3600

    assert await seen() == (0, 0)
    await tamper(books, flip)
    assert (await seen())[0] == 0, "each store's books are gone through once a day"
    await books.move_clock(seconds=21 * 3600)
    await watch(books.ctx)
    assert UNAUDITED._value.get() >= 21 * 3600
    assert await seen() == (1, 0)
    [kept] = await books.look(STORE, "select sets, last_hash, wrong > 0 as wrong from ledger_checks")
    assert (kept.sets, kept.wrong) == (14, True)
    [last] = await books.look(STORE, "select encode(hash, 'hex') as hash from posting_sets where number = 14")
    assert kept.last_hash == last.hash


async def test_a_row_that_cannot_be_read_is_found_and_the_audits_of_other_stores_go_on(books: World) -> None:
    behind = STORE[:-1] + "z"
    await books.take(configured(store=behind), published(make_program(), store=behind), make_state(store_id=behind))
    await tamper(books, "update conversions set body = 'x' where order_id = '4'")
    await audit_by_itself(books.ctx)
    await watch(books.ctx)
    assert DIFFERING._value.get() == 1
    [kept] = await books.look(STORE, "select sets, wrong from ledger_checks where checked_at is not null")
    assert (kept.sets, kept.wrong) == (14, 1)
    assert await books.look(behind, "select wrong from ledger_checks where checked_at is not null") == [(0,)]
    assert [one.kind for one in (await audit(books)).findings] == ["unreadable"]
    # One whose audits begin and never end is as old as the first of them.
    await tamper(
        books,
        "update ledger_checks set first_at = first_at - interval '3 days', checked_at = null",
    )
    await watch(books.ctx)
    assert UNAUDITED._value.get() >= 3 * 86400


async def test_every_check_holds_for_all_rows(books: World) -> None:
    """A check that was added without looking at what was there is one that comparing the schema warns of."""
    assert await books.look(STORE, "select conname from pg_constraint where not convalidated") == []
