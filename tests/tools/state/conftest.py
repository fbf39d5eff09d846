"""Each backend of the state for the tests of what all of them must do."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from case_tools.state import LedgerStore, StateBackend
from postgres import PostgresServer, postgres_server
from state_backends import Backend, PostgresBackend, SqliteBackend


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Give a PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def seal_key_file(tmp_path: Path) -> Path:
    """Give the file that seals, with one key."""
    file = tmp_path / "seal.keys"
    file.write_text(f"k1 {'5' * 64}\n")
    file.chmod(0o600)
    return file


@pytest.fixture(params=["file", "memory", "postgres"])
async def backend(request: pytest.FixtureRequest, tmp_path: Path, seal_key_file: Path) -> AsyncIterator[Backend]:
    """Give each backend, empty."""
    made: SqliteBackend | PostgresBackend
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        made = PostgresBackend(server.address(), seal_key_file)
        await made.empty()
    else:
        made = SqliteBackend(str(tmp_path / "state.db") if request.param == "file" else ":memory:")
    yield made
    await made.close()


@pytest.fixture
async def state(backend: Backend) -> StateBackend:
    """Give one opened state."""
    return await backend.open()


@pytest.fixture
async def ledger(state: StateBackend) -> LedgerStore:
    """Give its ledger."""
    return state.ledger
