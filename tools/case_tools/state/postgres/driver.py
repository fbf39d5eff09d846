"""What the state needs of the driver, which is imported with the first connection."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Connection(Protocol):
    """One connection; a statement's values are those of $1, $2 and so on."""

    async def execute(self, query: str, *values: object) -> str:
        """Run a statement."""

    async def fetch(self, query: str, *values: object) -> list[Mapping[str, Any]]:
        """Return all rows."""

    async def fetchrow(self, query: str, *values: object) -> Mapping[str, Any] | None:
        """Return the first row."""

    async def fetchval(self, query: str, *values: object) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return the first column of the first row."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Keep all that is done inside, or nothing."""
