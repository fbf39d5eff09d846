"""What a backend of the state must do; everything above the state knows these protocols alone.

Each method is atomic for all processes on one state. Times are by the backend's own clock, which is one for all
of them. Where the backend fails, every method raises StateError.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from case_tools.adapter.names import LearnedName
from case_tools.state.rows import Intent, LedgerRow, RowEnd, SearchFacts, WriteOutcome

Marked = Literal["sent", "lost", "spent"]
"""The row may be sent; it is no longer the owner's to send; its confirmation was spent by another write."""


class LedgerStore(Protocol):
    """The rows of writes that must be done once."""

    async def claim(
        self, intent: Intent, *, owner: str, window: float, instead: LedgerRow | None = None
    ) -> LedgerRow:
        """Write the intent down and return its row; the owner's own means that it may be sent.

        Another owner's row is returned as it is, unless it makes place. A row makes place where it is done, its
        key is derived and it ended more than `window` seconds ago; where the same holds for one that was not
        found and the intent is on purpose; and where it is `instead`, unchanged, and was never sent.
        """

    async def adopt(self, intent: Intent) -> LedgerRow | None:
        """Give the row that an earlier release kept of this write the key and the digest of today; return it."""

    async def mark_sent(
        self, key: str, *, owner: str, facts: SearchFacts, seconds: float, spends: str | None = None
    ) -> Marked:
        """Note, durably, that the first byte is about to leave; spend a confirmation with it.

        Args:
            key: the row's.
            owner: who sends it.
            facts: what a search will need to find it.
            seconds: in how many the sender gives up on it.
            spends: the confirmation that lets it through; a second attempt of the same row may name it again.
        """

    async def beat(self, keys: Sequence[str], *, owner: str) -> None:
        """Note that the sender of these rows is alive."""

    async def finish(self, key: str, *, state: RowEnd, outcome: WriteOutcome | None = None) -> None:
        """Note how a row that was sent ended; what has an end keeps it.

        The facts are kept with `unknown` alone. What was found while no caller waited becomes done when a caller
        gets it.
        """

    async def release(self, key: str, *, owner: str) -> None:
        """Drop the owner's row: the desk has refused it, or it never left."""

    async def get(self, key: str) -> LedgerRow | None:
        """Return the row as it is now."""

    async def open_rows(self, desk: str) -> Sequence[LedgerRow]:
        """Return the rows of the desk that were sent and have no end, the oldest first."""

    async def take(
        self,
        key: str,
        *,
        desk: str,
        found: Sequence[WriteOutcome],
        state: RowEnd = "done",
        yields: bool = False,
    ) -> set[str] | None:
        """End a row with the first of what was found that no other row of the desk has.

        Args:
            key: the row's.
            desk: the row's.
            found: what it may be, the likeliest first.
            state: how it ends.
            yields: whether an equal row without an end that left later goes first.

        Returns:
            The ids of everything found that no other row has; None where such a row goes first.
        """

    async def prune(self, *, keep: float, resolve: float) -> int:
        """Forget rows that ended more than `keep` seconds ago, and those claimed then and never sent.

        Rows without an end, sent more than `resolve` seconds ago, end as `unresolved`. Returns how many rows
        were dropped or ended.
        """


class NameStore(Protocol):
    """What the desk has shown, for other processes and the next one."""

    async def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep these, in one write."""

    async def recall(self, *, keep: float) -> list[LearnedName]:
        """Return what was learned in the last `keep` seconds, the newest last; drop the rest."""

    async def find(self, kind: str, name_or_id: str) -> list[LearnedName]:
        """Return what a name or an id stands for, as any process has learned it."""


class RateStore(Protocol):
    """The account's requests, one window for all processes."""

    async def consume(self, rate: int, *, window: float, lane: str = "") -> float:
        """Consume one permit of `rate` in `window` seconds; return the seconds to wait, 0 if granted.

        Each lane is counted for itself.
        """


class ConfirmationStore(Protocol):
    """The confirmations that were spent, and the secret that seals them."""

    async def secret(self, name: str) -> bytes:
        """Return the secret of this name, one for all processes."""

    async def spend(self, confirmation: str) -> bool:
        """Spend a confirmation; False where it was spent before."""

    async def is_spent(self, confirmation: str) -> bool:
        """Tell whether a confirmation was spent."""


class LeaseStore(Protocol):
    """Work that one process does for all."""

    async def hold(self, name: str, *, owner: str, seconds: float) -> bool:
        """Take or extend the lease for so long; False while another owner holds it."""


class StateBackend(Protocol):
    """One state, opened for one desk."""

    @property
    def ledger(self) -> LedgerStore:
        """The ledger's rows."""

    @property
    def names(self) -> NameStore:
        """The learned names."""

    @property
    def rate(self) -> RateStore:
        """The account's rate."""

    @property
    def confirmations(self) -> ConfirmationStore:
        """The confirmations."""

    @property
    def leases(self) -> LeaseStore:
        """The leases."""

    async def check(self) -> None:
        """Tell whether writes can be noted.

        Raises:
            StateError: why not.
        """

    async def close(self) -> None:
        """Close what is open."""
