"""What is kept: the ledger's rows, learned names, the account's rate, confirmations; and who keeps it."""

from case_tools.state.opening import open_state
from case_tools.state.ports import (
    ConfirmationStore,
    LeaseStore,
    LedgerStore,
    Marked,
    NameStore,
    RateStore,
    StateBackend,
)
from case_tools.state.rows import (
    Intent,
    LedgerRow,
    RowEnd,
    RowState,
    SearchFacts,
    WriteOutcome,
    digest_of,
    intent_of,
)

__all__ = [
    "ConfirmationStore",
    "Intent",
    "LeaseStore",
    "LedgerRow",
    "LedgerStore",
    "Marked",
    "NameStore",
    "RateStore",
    "RowEnd",
    "RowState",
    "SearchFacts",
    "StateBackend",
    "WriteOutcome",
    "digest_of",
    "intent_of",
    "open_state",
]
