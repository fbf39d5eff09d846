"""The state in one PostgreSQL database, opened for one desk."""

from typing import Final

from case_tools.errors import StateBusy
from case_tools.state.postgres.ledger import PostgresLedger
from case_tools.state.postgres.pool import PostgresPool
from case_tools.state.postgres.sealing import SealKeys
from case_tools.state.postgres.shared import PostgresConfirmations, PostgresLeases, PostgresNames, PostgresRate

_CLOCK: Final = "extract(epoch FROM clock_timestamp())::float8"


class PostgresState:
    """One database, opened for one desk."""

    def __init__(self, pool: PostgresPool, keys: SealKeys, *, desk: str) -> None:
        self._pool = pool
        self.ledger = PostgresLedger(pool)
        self.names = PostgresNames(pool, desk=desk)
        self.rate = PostgresRate(pool, desk=desk)
        self.confirmations = PostgresConfirmations(pool, keys)
        self.leases = PostgresLeases(pool, desk=desk)

    async def check(self) -> None:
        """Tell whether writes can be noted."""
        await self.leases.hold("check", owner="any", seconds=0)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()


async def open_postgres(
    address: str, *, desk: str, seal_key_file: str | None, clock: str = _CLOCK
) -> PostgresState:
    """Open the database, and bring it up to date.

    A database that does not answer now is opened by the first call that needs it: reads go on without.

    Args:
        address: where it is, `postgresql://...`.
        desk: which desk of which account.
        seal_key_file: what seals confirmations.
        clock: the expression for the time in seconds.

    Raises:
        StateUnusable: the database or the key file cannot be used.
    """
    state = PostgresState(PostgresPool(address, clock=clock), SealKeys(seal_key_file), desk=desk)
    try:
        await state.check()
    except StateBusy:
        pass
    except BaseException:
        await state.close()
        raise
    return state
