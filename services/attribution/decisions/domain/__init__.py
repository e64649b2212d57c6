"""How an order finds its ambassador. Pure: no clock, no database, no language.

Read in this order: `facts` (what was reported), `people` (who is one person), `slices` (what was in force), `evidence`
(who could have referred the order), `rules` (what a candidate must pass), `decide` (who wins), `decision` (what stays).
"""

from services.attribution.decisions.domain.decide import decide
from services.attribution.decisions.domain.decision import ENGINE, Candidate, Check, Decision, decision_bytes
from services.attribution.decisions.domain.facts import (
    AmbassadorRevision,
    CodeRevision,
    CodeUse,
    Facts,
    Settlement,
    orders_of,
)

__all__ = [
    "ENGINE",
    "AmbassadorRevision",
    "Candidate",
    "Check",
    "CodeRevision",
    "CodeUse",
    "Decision",
    "Facts",
    "Settlement",
    "decide",
    "decision_bytes",
    "orders_of",
]
