"""The one place that knows which backend an address of CASE_MCP_STATE means."""

from case_tools.errors import StateUnusable
from case_tools.state.ports import StateBackend


async def open_state(address: str, *, desk: str, seal_key_file: str | None = None) -> StateBackend:
    """Open the state, make it where there is none, and bring an older one up to date.

    Args:
        address: a file, `:memory:`, or `postgresql://...`.
        desk: which desk of which account.
        seal_key_file: what seals confirmations, where the state does not keep that itself.

    Raises:
        StateError: it is damaged, another program's, of a newer version, or cannot be written.
    """
    if address.startswith(("postgresql://", "postgres://")):
        try:
            from case_tools.state.postgres.backend import open_postgres  # noqa: PLC0415 - the driver, an extra
        except ModuleNotFoundError:
            raise StateUnusable(
                "CASE_MCP_STATE names a PostgreSQL database, and its driver is not installed.",
                next_step="Install case-mcp[postgres].",
            ) from None
        return await open_postgres(address, desk=desk, seal_key_file=seal_key_file)
    from case_tools.state.sqlite.backend import open_sqlite  # noqa: PLC0415 - sqlite3, for this backend only

    return await open_sqlite(address, desk=desk)
