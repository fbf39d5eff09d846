"""Each backend of the state for the tests of what all of them must do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from case_tools.state import LedgerStore, StateBackend
from state_backends import Backend, SqliteBackend


@pytest.fixture(params=["file", "memory"])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """Give each backend, empty."""
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
