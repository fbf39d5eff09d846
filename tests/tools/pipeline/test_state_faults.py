"""What a call says and does while the state is locked, broken or away: nothing leaves unnoted, reads go on."""

import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from case_tools import CaseDesk, CaseError, Settings, StateBusy, StateUnusable
from loopback import LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Ordered on 2 May",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}
CASE: Final = {
    "_id": "ci-1",
    "refId": "CS000001",
    "name": "Parcel is late",
    "status": {"_id": "sts-1", "name": "Open"},
}
TIMEOUT: Final = 2.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the state's file."""
    return tmp_path / "state.db"


@pytest.fixture
def kept(settings: Settings, file: Path) -> Settings:
    """Give settings with a state in a file, two seconds for a call, and Kore's rate."""
    return settings.model_copy(update={"state": str(file), "timeout": TIMEOUT, "rate": 60})


@pytest.fixture
def paths(loopback: LoopbackDesk) -> list[str]:
    """Give what the desk is asked for; it has one case."""
    asked: list[str] = []

    def answer(received: Received) -> Reply:
        asked.append(received.path.rpartition("/")[2])
        page = {"results": [CASE], "totalResults": 1, "hasMore": False}
        return Reply.of(page if received.path.endswith("/getCases") else {**CASE, **received.body})

    loopback.answer = answer
    return asked


@pytest.fixture
async def desk(kept: Settings) -> AsyncIterator[CaseDesk]:
    """Give a desk whose state is open."""
    async with CaseDesk(kept) as opened:
        await opened.ready()
        yield opened


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the file's lock."""
    with sqlite3.connect(file) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.rollback()
    db.close()


async def timed(desk: CaseDesk, tool: str, arguments: Any) -> tuple[Any, float]:
    """Return what a call ended in, and its seconds."""
    began = time.monotonic()
    try:
        result: Any = await desk.call(tool, arguments)
    except CaseError as error:
        result = error
    return result, time.monotonic() - began


async def test_a_locked_state_stops_no_read_and_holds_no_call(
    desk: CaseDesk, file: Path, paths: list[str]
) -> None:
    """Ours: a search took 10 seconds and an update 20, with a timeout of 2."""
    with locked(file):
        page, searching = await timed(desk, "search_cases", {})
        updated, updating = await timed(desk, "update_case", {"caseId": "ci-1", "desc": "New words"})
        refused, creating = await timed(desk, "create_case", CREATE)
    assert page.data()["total"] == 1
    assert updated.data()["outcome"] == "updated"
    assert (type(refused), refused.kind, refused.changed) == (StateBusy, "busy", "nothing")
    assert "createCase" not in paths
    assert max(searching, updating) < 1.0
    assert creating < TIMEOUT + 1.0
    created, _ = await timed(desk, "create_case", CREATE)
    assert created.data()["outcome"] == "created", str(created)


async def test_a_state_that_is_broken_while_it_runs_stops_creates_alone(
    desk: CaseDesk, file: Path, paths: list[str]
) -> None:
    """Ours: no error of the database's own leaves a call."""
    with sqlite3.connect(file) as db:
        for table in ("ledger", "learned", "spent", "used", "lease"):
            db.execute(f"DROP TABLE {table}")
    db.close()
    page, _ = await timed(desk, "search_cases", {})
    refused, _ = await timed(desk, "create_case", CREATE)
    assert page.data()["total"] == 1
    assert (type(refused), refused.kind, refused.changed) == (StateUnusable, "configuration", "nothing")
    assert "createCase" not in paths


async def test_a_state_that_breaks_after_a_create_has_left_leaves_it_unknown(
    desk: CaseDesk, file: Path, loopback: LoopbackDesk
) -> None:
    """Ours: it was said that nothing was changed, though the create had left."""

    def answer(received: Received) -> Reply:
        if received.path.endswith("/createCase"):
            with sqlite3.connect(file) as db:
                db.execute("DROP TABLE ledger")
            db.close()
        return Reply.of({}, status=502)

    loopback.answer = answer
    result, _ = await timed(desk, "create_case", CREATE)
    assert result.data()["outcome"] == "unknown"


async def test_a_name_that_another_process_has_learned_is_not_asked_for(
    desk: CaseDesk, kept: Settings, paths: list[str]
) -> None:
    """Ours: both have the state open; one has seen the case and its status, the other updates it."""
    async with CaseDesk(kept) as other:
        await other.call("search_cases")
    paths.clear()
    await desk.call("update_case", {"caseId": "CS000001", "status": "open"})
    assert paths == ["ci-1"]


async def test_a_status_that_no_case_shows_is_asked_for_once_a_minute(desk: CaseDesk, paths: list[str]) -> None:
    """Ours: it cost a second request every time."""
    for _ in range(3):
        await desk.call("update_case", {"caseId": "ci-1", "status": {"name": "=Waiting for parts"}})
    assert sorted(paths) == ["ci-1", "ci-1", "ci-1", "getCases"]
