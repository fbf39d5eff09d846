"""What every test may use."""

from collections.abc import Iterator
from datetime import UTC, datetime

import hypothesis
import pytest

from case_tools import KoreSettings, Settings
from loopback import SECRET, LoopbackDesk

hypothesis.settings.register_profile("no clock", deadline=None)
hypothesis.settings.load_profile("no clock")


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, which the SDK's server runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test leaves to the default out of the real user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def loopback() -> Iterator[LoopbackDesk]:
    """Give a desk on a loopback socket that answers what the test tells it to."""
    with LoopbackDesk() as desk:
        yield desk


@pytest.fixture
def account(loopback: LoopbackDesk) -> KoreSettings:
    """Give an invented account of Kore whose host is the loopback desk."""
    return KoreSettings(
        host=loopback.url,
        stream_id="st-00000000-0000-4000-8000-000000000001",
        account_id="000000000000000000000001",
        client_id="cs-00000000-0000-4000-8000-000000000001",
        client_secret=SECRET,
    )


@pytest.fixture
def settings(account: KoreSettings) -> Settings:
    """Give settings that lead to the loopback desk."""
    return Settings(
        desk="kore",
        account=account,
        toolsets=("cases", "tasks"),
        timeout=5,
        rate=0,
        state=":memory:",
        verify=False,  # a test counts the requests of a call; test_verify.py has it on
    )


@pytest.fixture
def noon() -> datetime:
    """Give a fixed moment."""
    return datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
