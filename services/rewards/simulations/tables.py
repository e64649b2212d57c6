"""Runs of the simulator over past periods, and what each has counted so far. Deleted after some days."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

SIMULATIONS = Table(
    "simulations",
    METADATA,
    text("store_id", primary_key=True),
    text("simulation_id", primary_key=True),
    text("program_id"),
    # The rules, as JSON; null: for each order those that were in force.
    text("draft", nullable=True),
    moment("from_at"),
    moment("to_at"),
    text("state"),
    text("reason", nullable=True),
    moment("made_at"),
    moment("ended_at", nullable=True),
    # How many orders the period has; null until they were counted.
    Column("orders", Integer, nullable=True),
    Column("done", Integer, nullable=False, server_default="0"),
    # Parts of the period that are done: a part is taken in once, whoever worked on it.
    Column("part", Integer, nullable=False, server_default="0"),
    # How often it was started or resumed: each has tasks of its own.
    Column("start", Integer, nullable=False, server_default="0"),
    # The last order that was taken in.
    moment("after_at", nullable=True),
    text("after_order", nullable=True),
    # As JSON: what counts against budgets by unit, and what came of it so far.
    text("spent"),
    text("figures"),
    Index("simulations_running_key", "store_id", unique=True, postgresql_where=sql("state = 'running'")),
    CheckConstraint("state in ('running', 'done', 'cancelled', 'failed')", name="state"),
    CheckConstraint("from_at < to_at", name="period"),
    CheckConstraint("(state in ('done', 'cancelled', 'failed')) = (ended_at is not null)", name="ended"),
)

SIMULATION_COUNTS = Table(
    "simulation_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("simulation_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("rule", primary_key=True),
    text("period", primary_key=True),
    Column("first", Date, primary_key=True, autoincrement=False),
    Column("rewards", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)
"""A run's own counters of limits per ambassador: as `limit_counts`, from how those stood at the period's beginning."""

SIMULATION_SHARES = Table(
    "simulation_shares",
    METADATA,
    text("store_id", primary_key=True),
    text("simulation_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("unit", primary_key=True),
    Column("rewards", Integer, nullable=False),
    Column("own_minor", BigInteger, nullable=False),
    Column("friends_minor", BigInteger, nullable=False),
    Column("granted_own_minor", BigInteger, nullable=False),
    Column("granted_friends_minor", BigInteger, nullable=False),
)
"""What each ambassador and their friends would get, beside what they were granted."""
