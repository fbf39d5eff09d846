"""The states that the servers of a run work on, with clocks that the run moves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import asyncpg

from postgres import postgres_server
from state_backends import pass_time

_AHEAD = """
CREATE TABLE ahead (seconds float8 NOT NULL);
INSERT INTO ahead VALUES (0);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + (SELECT seconds FROM public.ahead) * interval ''1 second''';
ALTER DATABASE postgres SET search_path = public, pg_catalog
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state.

    Attributes:
        settings: how a server is led to it.
        pass_time: lets seconds pass by its clock.
    """

    settings: Mapping[str, str]
    pass_time: Callable[[float], Awaitable[None]]


@asynccontextmanager
async def states(folder: Path, *, database: bool) -> AsyncIterator[State]:
    """Yield a state in a file, or a database of its own; a database's clock is hidden by one that is ahead."""
    if not database:
        file = folder / "state.db"

        async def move_file(seconds: float) -> None:
            await anyio.to_thread.run_sync(pass_time, file, seconds)

        yield State(settings={"CASE_MCP_STATE": str(file)}, pass_time=move_file)
        return
    keys = _seal_keys(folder)
    with postgres_server() as server:
        await _do(server.address(), _AHEAD)

        async def move(seconds: float) -> None:
            await _do(server.address(), f"UPDATE ahead SET seconds = seconds + {seconds:f}")  # noqa: S608 - a number

        yield State(
            settings={"CASE_MCP_STATE": server.address(), "CASE_MCP_SEAL_KEY_FILE": str(keys)}, pass_time=move
        )


def _seal_keys(folder: Path) -> Path:
    folder.mkdir()
    keys = folder / "seal.keys"
    keys.touch(0o600)
    keys.write_text(f"k1 {'5' * 64}\n")
    return keys


async def _do(address: str, statements: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(statements)
    await connection.close()
