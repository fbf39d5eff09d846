"""The one place that knows which backend an address of CASE_MCP_STATE means."""

from case_tools.state.ports import StateBackend


async def open_state(address: str, *, desk: str) -> StateBackend:
    """Open the state, make it where there is none, and bring an older one up to date.

    Args:
        address: a file, or `:memory:`.
        desk: which desk of which account.

    Raises:
        StateError: it is damaged, another program's, of a newer version, or cannot be written.
    """
    from case_tools.state.sqlite.backend import open_sqlite  # noqa: PLC0415 - sqlite3, for this backend only

    return await open_sqlite(address, desk=desk)
