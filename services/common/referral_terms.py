"""Which orders a program counts at all, for everybody who has to decide or foretell it. Pure."""

from datetime import datetime, timedelta

from contracts.program import Attribution, EvidenceKind, Program


def must_be_new(terms: Attribution, kind: EvidenceKind) -> bool:
    """Whether a buyer must be new, where this kind of proof brings them: a known customer was won before."""
    return terms.new_customers_only and kind != "customer"


def code_too_old(terms: Attribution, made_at: datetime, at: datetime) -> bool:
    """Whether the program's window for codes, which begins when one is made, is over at that moment."""
    days = terms.code_window_days
    return days is not None and made_at + timedelta(days=days) <= at


def least_subtotal(program: Program, currency: str) -> int:
    """The subtotal from which an order counts; 0 where none is asked, or it cannot be said in that currency."""
    return program.attribution.min_subtotal_minor if program.currency == currency else 0
