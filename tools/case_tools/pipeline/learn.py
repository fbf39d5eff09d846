"""Names that the desk has shown: in memory at once, and in the state for other processes and the next one."""

from collections.abc import Sequence
from typing import Final

from case_tools.adapter.names import LearnedName, LearnedNames, NameRef
from case_tools.state import NameStore
from case_tools.state.learned import SharedNames

_KEPT_SECONDS: Final = 30 * 24 * 3600.0


class Learner:
    """Learns names.

    Args:
        store: where names are kept for other processes.

    Attributes:
        names: the names of this process.
    """

    def __init__(self, store: NameStore) -> None:
        self._shared = SharedNames(store)
        self.names = LearnedNames()

    async def recall(self) -> None:
        """Learn what other processes have kept."""
        self.names.learn(await self._shared.recall(keep=_KEPT_SECONDS))

    def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep names; writing those that are new to the state goes on in the background."""
        self.names.learn(names)
        self._shared.learn(names)

    async def is_settled(self, name: NameRef) -> bool:
        """Tell whether the desk need not be asked: a process has learned the name, or has just asked in vain."""
        if not self.names.find(name.kind, name.name):
            self.names.learn(await self._shared.find(name.kind, name.name))
        return bool(self.names.find(name.kind, name.name)) or self._shared.is_missing(name.kind, name.name)

    def asked_for(self, name: NameRef) -> None:
        """Note for a minute that the desk was asked for a name, if it did not show it."""
        if not self.names.find(name.kind, name.name):
            self._shared.miss(name.kind, name.name)

    async def close(self) -> None:
        """Wait for the write in the background."""
        await self._shared.close()
