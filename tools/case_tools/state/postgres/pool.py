"""The connections to the database: few, made when they are needed, each statement on its own.

Nothing needs a session, so that a pooler in transaction mode may stand between: no prepared statement, no SET, no
LISTEN.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import anyio
import asyncpg

from case_tools.errors import StateBusy, StateError, StateUnusable
from case_tools.state.postgres.driver import Connection
from case_tools.state.postgres.schema import migrate

_MOST_CONNECTIONS: Final = 8
_CONNECT_SECONDS: Final = 5.0
_STATEMENT_SECONDS: Final = 10.0
_CLOSING_SECONDS: Final = 5.0
_CHECK: Final = "The administrator checks the database that CASE_MCP_STATE names."
_TRANSIENT: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    TimeoutError,
)

RELAXED: Final = "(SELECT set_config('synchronous_commit', 'off', true)) AS relaxed"
"""Read by a statement whose loss with the machine does no harm: its own transaction does not wait for the disk."""

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]


class PostgresPool:
    """Runs statements on the database.

    Args:
        address: where it is, as libpq writes it; `sslmode`, `passfile` and the like included.
        clock: the expression for the time in seconds; the database's own.
    """

    def __init__(self, address: str, *, clock: str) -> None:
        self._address = address
        self.clock = clock
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def run(self, work: Work[T]) -> T:
        """Return what the work returns; it has one connection.

        Raises:
            StateError: it could not be done.
        """
        try:
            async with (await self._opened()).acquire(timeout=_CONNECT_SECONDS) as connection:
                return await work(connection)
        except StateError:
            raise
        except _TRANSIENT as error:
            raise StateBusy(
                f"The state's database does not answer ({type(error).__name__}).",
                retry_after=5.0,
                next_step="Wait 5 seconds, then repeat the call.",
            ) from None
        except (asyncpg.PostgresError, ValueError) as error:
            raise StateUnusable(
                f"The state's database cannot be used ({type(error).__name__}).", next_step=_CHECK
            ) from None

    async def transaction(self, work: Work[T]) -> T:
        """Return what the work returns; all of it is kept, or nothing."""

        async def whole(connection: Connection) -> T:
            async with connection.transaction():
                return await work(connection)

        return await self.run(whole)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            with anyio.move_on_after(_CLOSING_SECONDS, shield=True) as waited:
                await self._pool.close()
            if waited.cancelled_caught:
                self._pool.terminate()

    async def _opened(self) -> Any:  # noqa: ANN401 - the driver's own
        """Return the connections, and bring the database up to date before its first use."""
        async with self._opening:
            if self._pool is None:
                pool = asyncpg.create_pool(
                    self._address,
                    min_size=0,
                    max_size=_MOST_CONNECTIONS,
                    timeout=_CONNECT_SECONDS,
                    command_timeout=_STATEMENT_SECONDS,
                    statement_cache_size=0,
                    reset=_nothing,
                )
                await pool
                try:
                    async with pool.acquire() as connection:
                        await migrate(cast("Connection", connection))
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
        return self._pool


async def _nothing(_: object) -> None:
    """Leave a connection as it is: nothing here changes its session."""
