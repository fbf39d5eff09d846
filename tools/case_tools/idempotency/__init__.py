"""The ledger: every intended create and append is written down before its first byte leaves.

    claimed ── first byte leaves ──> sent ── answered ──> done
       │                              │
       └ refused: the row is dropped  └ no answer ──> unknown ── found by a search ──> done
                                                         └ not there, and long ago ──> abandoned

A row is never sent twice. What was sent without an answer is searched for, as often as anybody asks.
"""

from case_tools.idempotency.ledger import Found, IdempotencyLedger, Work
from case_tools.idempotency.rows import Intent, Outcome, Row, SearchFacts, State, Store, digest_of, intent_of

__all__ = [
    "Found",
    "IdempotencyLedger",
    "Intent",
    "Outcome",
    "Row",
    "SearchFacts",
    "State",
    "Store",
    "Work",
    "digest_of",
    "intent_of",
]
