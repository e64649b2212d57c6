"""The books: posting sets and their entries, never changed once written, and folds of them for quick reading.

`balances` and `account_totals` are folds of the entries. They are written in the same transaction and compared with the
entries by `verification`. The triggers that refuse an unbalanced or late entry are written in the first migration.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table
from sqlalchemy import text as sql

from services.kernel.tables import APPEND_ONLY, moment, text
from services.rewards.settings import METADATA

POSTING_SETS = Table(
    "posting_sets",
    METADATA,
    text("store_id", primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    moment("at"),
    text("movement"),
    text("reward_id", nullable=True),
    Column("corrects", BigInteger, nullable=True),
    # Why: one of the two is there, plain in sets from before.
    text("basis", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    # The transaction that wrote the set; entries come from the same one or not at all.
    Column("xid", BigInteger, nullable=False, server_default=sql("(pg_current_xact_id()::text)::bigint")),
    Column("packed_basis", LargeBinary, nullable=True),
    text("payout_id", nullable=True),
    # Without the number: the few sets of a reward share one item.
    Index("posting_sets_reward_idx", "store_id", "reward_id"),
    Index("posting_sets_payout_idx", "store_id", "payout_id", postgresql_where=sql("payout_id is not null")),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    info=APPEND_ONLY,
)

ENTRIES = Table(
    "entries",
    METADATA,
    text("store_id", primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    text("account"),
    text("owner"),
    text("unit"),
    Column("amount_minor", BigInteger, nullable=False),
    Index(
        "entries_holder_idx",
        *("store_id", "owner", "number"),
        postgresql_where=sql("account <> 'program_expense'"),
    ),
    # Without the number: all lines of a program share few items, and take a tenth of the room.
    Index("entries_program_idx", "store_id", "owner", postgresql_where=sql("account = 'program_expense'")),
    CheckConstraint("amount_minor <> 0 and abs(amount_minor) <= 9000000000000000", name="amount"),
    CheckConstraint("line > 0", name="line"),
    CheckConstraint("unit ~ '^[A-Z]{3}$' or unit = 'points'", name="unit"),
    CheckConstraint(
        "account in ('program_expense', 'ambassador_pending', 'ambassador_available', 'ambassador_in_payout',"
        " 'ambassador_paid', 'friend_pending', 'friend_available', 'ambassador_reserved', 'ambassador_used',"
        " 'friend_reserved', 'friend_used')",
        name="account",
    ),
    info=APPEND_ONLY,
)

BALANCES = Table(
    "balances",
    METADATA,
    text("store_id", primary_key=True),
    text("owner", primary_key=True),
    text("side", primary_key=True),
    text("unit", primary_key=True),
    Column("granted", BigInteger, nullable=False),
    Column("clawed_back", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("available", BigInteger, nullable=False),
    Column("in_payout", BigInteger, nullable=False, server_default="0"),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    Column("expired", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("used", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("clawed_back >= 0 and clawed_back <= granted", name="clawed_back"),
    CheckConstraint("pending >= 0", name="pending"),
    CheckConstraint("in_payout >= 0 and paid >= 0", name="payouts"),
    CheckConstraint(
        "granted = clawed_back + pending + available + in_payout + paid + expired + reserved + used", name="partition"
    ),
    CheckConstraint("reserved >= 0 and used >= 0", name="spent"),
    CheckConstraint("expired >= 0", name="expired"),
)

ACCOUNT_TOTALS = Table(
    "account_totals",
    METADATA,
    text("store_id", primary_key=True),
    text("account", primary_key=True),
    text("unit", primary_key=True),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    CheckConstraint("debits >= 0 and credits >= 0", name="sides"),
)
