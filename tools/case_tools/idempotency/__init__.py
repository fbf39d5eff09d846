"""Creates and appends, each done at most once: written down in the ledger before the first byte leaves.

    claimed ── first byte leaves ──> sent ── response ──> done
       │                              │
       └ refused: the row is dropped  └ no response ──> unknown ── found by a search ──> found ── a caller ──> done
                                                           ├ a search that works does not show it ──> not_there
                                                           └ no such search within a day ──> unresolved

A row is never sent twice, and a row that ended never lets an equal call be sent by itself within its window.
"""

from case_tools.idempotency.ledger import IdempotencyLedger, Work
from case_tools.idempotency.reconciliation import Find, Found

__all__ = ["Find", "Found", "IdempotencyLedger", "Work"]
