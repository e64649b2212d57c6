"""A store's terms for payouts, batches, payouts with their lives, and who asked for one."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.tables import APPEND_ONLY, moment, text
from services.rewards.settings import METADATA

PAYOUT_TERMS = Table(
    "payout_terms",
    METADATA,
    text("store_id", primary_key=True),
    text("currency", primary_key=True),
    Column("minimum_minor", BigInteger, nullable=False),
    Column("approval_minor", BigInteger, nullable=True),
    Column("former_minor", BigInteger, nullable=True),
    moment("looser_at", nullable=True),
    Column("may_request", Boolean, nullable=False),
    Column("columns", JSONB, nullable=True),
    text("payer_id", nullable=True),
    Column("payer", LargeBinary, nullable=True),
    CheckConstraint("minimum_minor > 0", name="minimum"),
    CheckConstraint("(former_minor is null) = (looser_at is null)", name="former"),
    CheckConstraint("(payer is null) = (payer_id is null)", name="payer"),
    Index("payout_terms_payer_key", "store_id", "payer_id", unique=True),
)
"""`approval_minor`: a batch above it needs a second person; null: none does. `former_minor`: the tighter
limit of before, which holds until `looser_at`. `columns`: how the operator's CSV looks.
`payer`: the store's own name and account for bank files, sealed for its `payer_id`.
"""

PAYOUT_BATCHES = Table(
    "payout_batches",
    METADATA,
    text("store_id", primary_key=True),
    text("batch_id", primary_key=True),
    text("currency"),
    text("provider"),
    text("status"),
    Column("payouts", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    text("made_by"),
    moment("made_at"),
    text("approved_by", nullable=True),
    moment("approved_at", nullable=True),
    moment("sent_at", nullable=True),
    Index("payout_batches_approved_idx", "store_id", "approved_by", "currency", "approved_at"),
)
"""`payouts` and `amount_minor` are those it was prepared with."""

_LIVE = "status in ('draft', 'approved', 'submitting', 'submitted', 'in_transit', 'unknown')"

PAYOUTS = Table(
    "payouts",
    METADATA,
    text("store_id", primary_key=True),
    text("payout_id", primary_key=True),
    text("batch_id"),
    text("ambassador_id"),
    text("currency"),
    Column("amount_minor", BigInteger, nullable=False),
    text("destination_id"),
    text("method"),
    text("provider"),
    text("status"),
    text("reason", nullable=True),
    text("reference", nullable=True),
    Column("fee_minor", BigInteger, nullable=True),
    Column("revision", Integer, nullable=False),
    Column("after_number", BigInteger, nullable=False),
    Column("reserve_number", BigInteger, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    moment("prepared_at"),
    moment("sent_at", nullable=True),
    moment("changed_at"),
    Index("payouts_one_live_key", "store_id", "ambassador_id", "currency", unique=True, postgresql_where=sql(_LIVE)),
    Index("payouts_batch_idx", "store_id", "batch_id", "payout_id"),
    Index("payouts_ambassador_idx", "store_id", "ambassador_id", "currency", "reserve_number"),
    Index("payouts_status_idx", "store_id", "status", "payout_id"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("after_number < reserve_number and reserve_number <= last_number", name="numbers"),
)
"""`reserve_number` is the posting set that set the money aside, `after_number` that of the payout before it (0: none),
`last_number` the last that moved it. What a payout is made of are the ambassador's entries between the first two.
"""

PAYOUT_STEPS = Table(
    "payout_steps",
    METADATA,
    text("store_id", primary_key=True),
    text("payout_id", primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    text("status"),
    text("reason", nullable=True),
    text("actor_kind"),
    text("actor_id"),
    moment("at"),
    info=APPEND_ONLY,
)
"""A payout's life: each status that it ever had, and who brought it there."""

PAYOUT_REQUESTS = Table(
    "payout_requests",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("currency", primary_key=True),
    moment("at"),
)
"""Who asked for their money and has not been put into a batch since."""

PAYOUT_CALLS = Table(
    "payout_calls",
    METADATA,
    text("store_id", primary_key=True),
    text("payout_id", primary_key=True),
    text("provider_id"),
    text("sending_key"),
    moment("tried_at", nullable=True),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("busy_until", nullable=True),
    text("remote_id", nullable=True),
    text("word", nullable=True),
    text("detail", nullable=True),
    moment("told_at", nullable=True),
    Column("at_odds", Boolean, nullable=False, server_default="false"),
    Index("payout_calls_sending_idx", "store_id", "sending_key", "payout_id"),
)
"""What is known of a payout that a provider is called for. `sending_key`: under what it is given, with the others of
its call. `tried_at`: when that was first done, by the clock that providers go by; null while it certainly was not.
`busy_until`: a call may be on its way so long. `remote_id`: the provider's number of the sending. `word`: what the
provider said last. `at_odds`: that cannot be, by what is in the books.
"""
