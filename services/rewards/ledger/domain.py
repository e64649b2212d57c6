"""The books' own rules: accounts, posting sets that sum to zero, and the hash that chains them. Pure.

Debits are positive, credits negative. A store's sets are numbered 1, 2, 3 … without a gap, and the hash of each covers
the one before: a row that was changed, added or removed by hand breaks the chain from there on.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import orjson
from msgspec import Struct

from services.rewards.rules.domain import Side


class Account(StrEnum):
    """The kinds of accounts. With an owner and a unit each is one account of a store."""

    PROGRAM_EXPENSE = "program_expense"
    """What a program has cost; owner: the program."""
    AMBASSADOR_PENDING = "ambassador_pending"
    AMBASSADOR_AVAILABLE = "ambassador_available"
    AMBASSADOR_IN_PAYOUT = "ambassador_in_payout"
    """Set aside for a payout that is on its way."""
    AMBASSADOR_PAID = "ambassador_paid"
    """What went out to them, less what came back."""
    FRIEND_PENDING = "friend_pending"
    FRIEND_AVAILABLE = "friend_available"
    AMBASSADOR_RESERVED = "ambassador_reserved"
    """Points or store credit set aside for an order or a redemption that is not through yet."""
    AMBASSADOR_USED = "ambassador_used"
    """What they spent, less what was returned to them."""
    FRIEND_RESERVED = "friend_reserved"
    FRIEND_USED = "friend_used"

    @classmethod
    def held_by(cls, side: Side, *, available: bool) -> "Account":
        """The account in which a beneficiary of that side holds a reward before or after its release."""
        if side == "ambassador":
            return cls.AMBASSADOR_AVAILABLE if available else cls.AMBASSADOR_PENDING
        return cls.FRIEND_AVAILABLE if available else cls.FRIEND_PENDING


OF_AMBASSADORS: Final = frozenset(account for account in Account if account.startswith("ambassador_"))


class Movement(StrEnum):
    """What a posting set does."""

    GRANT = "grant"
    RAISE = "raise"
    CLAW_BACK = "claw_back"
    RELEASE = "release"
    RESERVE = "reserve"
    """Available money is set aside for a payout."""
    UNRESERVE = "unreserve"
    """The payout was cancelled or failed: it is available again."""
    PAY_OUT = "pay_out"
    RETURN = "return"
    """What was paid came back, and is available again."""
    EXPIRE = "expire"
    """What was left of a lot of points or store credit expired: it is no longer available."""
    RESTORE = "restore"
    """Its expiry is undone, so that it can be taken back."""
    SET_ASIDE = "set_aside"
    """Available points or store credit are reserved for an order or a redemption."""
    USE = "use"
    """What was reserved is spent."""
    LET_GO = "let_go"
    """What was reserved is not spent: it is available again."""
    GIVE_BACK = "give_back"
    """What was spent is returned, and is available again."""
    JOIN = "join"
    """What lay under a contact is the customer's whose it is."""


_UPWARDS: Final = (Movement.GRANT, Movement.RAISE)
_OF_EXPIRY: Final = (Movement.EXPIRE, Movement.RESTORE)

GENESIS = bytes(32)
"""What the first set of a store is chained to."""


class Entry(Struct, frozen=True):
    """One line of a set: a debit if `amount_minor` is above zero, a credit if below. Points count as they are."""

    account: Account
    owner: str
    unit: str
    amount_minor: int


class Posting(Struct, frozen=True, kw_only=True):
    """A balanced set about to be written: of a reward, of a payout, or of a lot or a spend, which its basis names.

    `basis` is why: the figures from which the amount follows.
    """

    store_id: str
    movement: Movement
    reward_id: str | None = None
    payout_id: str | None = None
    corrects: int | None
    """Number of the set that this one corrects."""
    basis: Mapping[str, int | str | None]
    entries: tuple[Entry, ...]

    @property
    def raises(self) -> bool:
        """Whether it adds to a reward."""
        return self.movement in _UPWARDS

    @property
    def about(self) -> str:
        """The reward or payout that it is of."""
        return self.reward_id or self.payout_id or "nothing"

    def __post_init__(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for entry in self.entries:
            if entry.amount_minor == 0:
                raise ValueError(f"a {self.movement} of {self.about} has an entry of 0")
            sums[entry.unit] += entry.amount_minor
        if len(self.entries) < 2 or any(sums.values()):
            raise ValueError(f"a {self.movement} of {self.about} does not balance: {dict(sums)}")


@dataclass(slots=True, kw_only=True)
class Posted:
    """A set as it stands in the books, with its number. `hash`, its place in the chain, is set by whoever chains it."""

    store_id: str
    number: int
    at: datetime
    movement: str
    reward_id: str | None
    corrects: int | None
    basis: str
    entries: tuple[Entry, ...]
    payout_id: str | None = None
    hash: bytes = field(default=b"", compare=False)


def change(
    *,
    store_id: str,
    program_id: str,
    reward_id: str,
    side: Side,
    beneficiary_id: str,
    unit: str,
    difference: int,
    available: bool,
    corrects: int | None,
    basis: Mapping[str, int | str | None],
) -> Posting:
    """The set by which a reward's amount changes: up from the program's expense, down back into it.

    What is clawed back leaves the account in which the reward lies; an available account may thereby fall below zero,
    which is carried forward.
    """
    upwards = Movement.GRANT if corrects is None else Movement.RAISE
    held = Account.held_by(side, available=available)
    return Posting(
        store_id=store_id,
        movement=upwards if difference > 0 else Movement.CLAW_BACK,
        reward_id=reward_id,
        corrects=corrects,
        basis=basis,
        entries=(
            Entry(Account.PROGRAM_EXPENSE, program_id, unit, difference),
            Entry(held, beneficiary_id, unit, -difference),
        ),
    )


def release(
    *, store_id: str, reward_id: str, side: Side, beneficiary_id: str, unit: str, amount: int, granted_by: int | None
) -> Posting:
    """The set by which a reward moves from pending to available."""
    return Posting(
        store_id=store_id,
        movement=Movement.RELEASE,
        reward_id=reward_id,
        corrects=None,
        basis={"granted_by": granted_by},
        entries=(
            Entry(Account.held_by(side, available=False), beneficiary_id, unit, amount),
            Entry(Account.held_by(side, available=True), beneficiary_id, unit, -amount),
        ),
    )


_PAYOUT_STEPS: Final[Mapping[Movement, tuple[Account, Account]]] = {
    Movement.RESERVE: (Account.AMBASSADOR_AVAILABLE, Account.AMBASSADOR_IN_PAYOUT),
    Movement.UNRESERVE: (Account.AMBASSADOR_IN_PAYOUT, Account.AMBASSADOR_AVAILABLE),
    Movement.PAY_OUT: (Account.AMBASSADOR_IN_PAYOUT, Account.AMBASSADOR_PAID),
    Movement.RETURN: (Account.AMBASSADOR_PAID, Account.AMBASSADOR_AVAILABLE),
}
"""From which account to which a payout's money moves."""


def payout_step(
    movement: Movement,
    *,
    store_id: str,
    payout_id: str,
    ambassador_id: str,
    unit: str,
    amount: int,
    corrects: int | None = None,
    basis: Mapping[str, int | str | None],
) -> Posting:
    """The set by which a payout's money moves on, or back. `corrects` is the set that is undone."""
    source, target = _PAYOUT_STEPS[movement]
    return Posting(
        store_id=store_id,
        movement=movement,
        payout_id=payout_id,
        corrects=corrects,
        basis={"payout": payout_id, **basis},
        entries=(Entry(source, ambassador_id, unit, amount), Entry(target, ambassador_id, unit, -amount)),
    )


_SPEND_STEPS: Final[Mapping[Movement, tuple[str, str]]] = {
    Movement.SET_ASIDE: ("available", "reserved"),
    Movement.USE: ("reserved", "used"),
    Movement.LET_GO: ("reserved", "available"),
    Movement.GIVE_BACK: ("used", "available"),
}
"""From which of somebody's accounts to which a spend moves."""


def spend_step(
    movement: Movement,
    *,
    store_id: str,
    side: Side,
    beneficiary_id: str,
    unit: str,
    amount: int,
    corrects: int | None = None,
    basis: Mapping[str, int | str | None],
) -> Posting:
    """The set by which points or store credit are reserved, spent, or available again."""
    source, target = (Account(f"{side}_{part}") for part in _SPEND_STEPS[movement])
    return Posting(
        store_id=store_id,
        movement=movement,
        corrects=corrects,
        basis=basis,
        entries=(Entry(source, beneficiary_id, unit, amount), Entry(target, beneficiary_id, unit, -amount)),
    )


def expiry(
    *,
    store_id: str,
    lot_id: str,
    program_id: str,
    side: Side,
    beneficiary_id: str,
    unit: str,
    amount: int,
    corrects: int | None = None,
) -> Posting:
    """The set by which what is left of a lot expires; or by which that is undone, where it `corrects` the set that did
    so. Whatever expires costs the program nothing in the end.
    """
    sign = 1 if corrects is None else -1
    return Posting(
        store_id=store_id,
        movement=Movement.EXPIRE if corrects is None else Movement.RESTORE,
        corrects=corrects,
        basis={"lot": lot_id},
        entries=(
            Entry(Account.held_by(side, available=True), beneficiary_id, unit, sign * amount),
            Entry(Account.PROGRAM_EXPENSE, program_id, unit, -sign * amount),
        ),
    )


def basis_text(basis: Mapping[str, int | str | None]) -> str:
    """The one way in which a basis is written; the hash covers it."""
    return orjson.dumps(basis, option=orjson.OPT_SORT_KEYS).decode()


def chain_hash(previous: bytes, posted: Posted) -> bytes:
    """SHA-256 over the previous hash and everything that the set says."""
    content: tuple[object, ...] = (
        posted.store_id,
        posted.number,
        posted.at.astimezone(UTC).isoformat(),
        posted.movement,
        posted.reward_id,
        posted.corrects,
        posted.basis,
        [(entry.account, entry.owner, entry.unit, entry.amount_minor) for entry in posted.entries],
    )
    if posted.payout_id is not None:  # sets of rewards are hashed as they were before there were payouts
        content = (*content, posted.payout_id)
    return hashlib.sha256(previous + orjson.dumps(content)).digest()


def chain(postings: Sequence[Posting], *, after: int, previous: bytes, at: datetime) -> list[Posted]:
    """Numbers the postings of one store from `after + 1` on and chains them to `previous`."""
    done: list[Posted] = []
    for number, posting in enumerate(postings, start=after + 1):
        one = Posted(
            store_id=posting.store_id,
            number=number,
            at=at,
            movement=posting.movement,
            reward_id=posting.reward_id,
            payout_id=posting.payout_id,
            corrects=posting.corrects,
            basis=basis_text(posting.basis),
            entries=posting.entries,
        )
        previous = one.hash = chain_hash(previous, one)
        done.append(one)
    return done


_PART_OF: Final[Mapping[Account, str]] = {
    account: account.partition("_")[2] for account in Account if account is not Account.PROGRAM_EXPENSE
}
"""The part of a holding that an account is."""


@dataclass(slots=True)
class Holding:
    """What one beneficiary got and has, in one unit.

    Always granted = clawed back + pending + available + in payout + paid + expired + reserved + used.
    """

    granted: int = 0
    clawed_back: int = 0
    pending: int = 0
    available: int = 0
    in_payout: int = 0
    paid: int = 0
    expired: int = 0
    reserved: int = 0
    used: int = 0

    def take(self, movement: str, entry: Entry) -> None:
        """Adds one entry of a beneficiary's account."""
        amount = -entry.amount_minor
        if movement in _UPWARDS or movement == Movement.JOIN:
            self.granted += amount
        elif movement == Movement.CLAW_BACK:
            self.clawed_back -= amount
        elif movement in _OF_EXPIRY:
            self.expired -= amount
        part = _PART_OF[entry.account]
        setattr(self, part, getattr(self, part) + amount)


HolderKey = tuple[str, Side, str, str]
"""Store, side, owner, unit."""
TotalKey = tuple[str, str, str]
"""Store, account, unit."""


def holdings(sets: Iterable[tuple[str, str, Sequence[Entry]]]) -> dict[HolderKey, Holding]:
    """What sets of (store, movement, entries) do to each beneficiary's holding."""
    found: dict[HolderKey, Holding] = defaultdict(Holding)
    for store_id, movement, entries in sets:
        for entry in entries:
            if entry.account is not Account.PROGRAM_EXPENSE:
                side: Side = "ambassador" if entry.account.startswith("ambassador") else "friend"
                found[store_id, side, entry.owner, entry.unit].take(movement, entry)
    return dict(found)


def totals(sets: Iterable[tuple[str, str, Sequence[Entry]]]) -> dict[TotalKey, tuple[int, int]]:
    """Debits and credits, both above zero, that the sets bring to each kind of account."""
    found: dict[TotalKey, list[int]] = defaultdict(lambda: [0, 0])
    for store_id, _, entries in sets:
        for entry in entries:
            found[store_id, entry.account, entry.unit][entry.amount_minor < 0] += abs(entry.amount_minor)
    return {key: (debits, credits) for key, (debits, credits) in found.items()}
