"""What a call says and does while the state is locked, broken or away: nothing leaves unnoted, reads go on."""

import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest

from case_tools import CaseDesk, CaseError, Settings, StateBusy, StateUnusable
from loopback import LoopbackDesk, Received, Reply
from served import PATIENCE
from state_backends import pass_time

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


async def in_the_air(loopback: LoopbackDesk, paths: list[str]) -> tuple[threading.Event, threading.Event]:
    """Let the desk hold creates: return what says that one has arrived, and what lets its answer go."""
    arrived, gate = threading.Event(), threading.Event()
    answer = loopback.answer

    def slow(received: Received) -> Reply:
        if not received.path.endswith("/createCase"):
            return Reply.of({"results": [], "totalResults": 0, "hasMore": False})
        reply = answer(received)
        arrived.set()
        gate.wait(PATIENCE)
        return reply

    paths.clear()
    loopback.answer = slow
    return arrived, gate


async def test_a_server_with_a_short_timeout_does_not_take_anothers_request_for_lost(
    kept: Settings, loopback: LoopbackDesk, paths: list[str]
) -> None:
    """Ours: the row holds its sender's deadline; a case was opened twice while the first was in the air."""
    patient = kept.model_copy(update={"timeout": 120.0})
    hasty = kept.model_copy(update={"timeout": 1.0, "repeat_window": 2.0})
    arrived, gate = await in_the_air(loopback, paths)
    results: list[str] = []
    with anyio.fail_after(PATIENCE):
        async with CaseDesk(patient) as one, CaseDesk(hasty) as other, anyio.create_task_group() as tasks:

            async def create() -> None:
                results.append((await one.call("create_case", CREATE)).data()["outcome"])

            tasks.start_soon(create)
            await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
            for seconds in (0, 30, 50):
                await anyio.to_thread.run_sync(pass_time, Path(kept.state_file), seconds)
                result, _ = await timed(other, "create_case", CREATE)
                results.append(result.data()["outcome"])
            gate.set()
        async with CaseDesk(hasty) as other:
            results.append((await other.call("create_case", CREATE)).data()["outcome"])
    assert results == ["unknown", "unknown", "unknown", "created", "replayed"]
    assert paths.count("createCase") == 1


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
async def test_a_clock_that_is_set_while_a_request_is_in_the_air_doubles_nothing(
    kept: Settings, loopback: LoopbackDesk, paths: list[str], hours: int
) -> None:
    """Ours: by NTP or a person; rows are compared by a clock that cannot be set, and found by their age."""
    step = timedelta()
    arrived, gate = await in_the_air(loopback, paths)
    began: list[datetime] = []

    def search(received: Received) -> Reply:
        since, until = (datetime.fromisoformat(received.body[name]) for name in ("startDate", "endDate"))
        paths.append("getCases")
        rows = [_shown(each) for each in began if since <= each <= until]
        return Reply.of({"results": rows, "totalResults": len(rows), "hasMore": False})

    holding = loopback.answer

    def answer(received: Received) -> Reply:
        if received.path.endswith("/getCases"):
            return search(received)
        began.append(datetime.now(UTC))
        holding(received)
        return Reply.of({}, status=502)

    loopback.answer = answer
    results: list[Any] = []
    with anyio.fail_after(PATIENCE):
        stepped = CaseDesk(kept, clock=lambda: datetime.now(UTC) + step)
        async with stepped as desk, anyio.create_task_group() as tasks:

            async def create() -> None:
                results.append((await timed(desk, "create_case", CREATE))[0])

            tasks.start_soon(create)
            await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
            step = timedelta(hours=hours)
            gate.set()
        async with CaseDesk(kept, clock=lambda: datetime.now(UTC) + step) as later:
            results.append((await timed(later, "create_case", CREATE))[0])
    assert [each.data()["outcome"] for each in results] == ["reconciled", "replayed"]
    assert len(began) == 1


def _shown(created: datetime) -> dict[str, Any]:
    customer = {"name": "Jane Roe", "emailId": CREATE["emailId"]}
    return {**CASE, "desc": CREATE["desc"], "userInfo": customer, "createdAt": created.isoformat()}


async def test_a_removed_file_is_noticed_and_nothing_is_sent(desk: CaseDesk, file: Path, paths: list[str]) -> None:
    """Ours: SQLite goes on in a file without a name, and the next process would send it all again."""
    await anyio.Path(file).unlink()
    refused, _ = await timed(desk, "create_case", CREATE)
    page, _ = await timed(desk, "search_cases", {})
    with pytest.raises(StateUnusable, match="was removed or replaced while the server ran"):
        await desk.check_state()
    assert (type(refused), refused.changed) == (StateUnusable, "nothing")
    assert (page.data()["total"], "createCase" in paths) == (1, False)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("this needs the right to mount: run it as root, with CAP_SYS_ADMIN")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_full_disk_stops_creates_before_they_leave_and_no_read(
    kept: Settings, small_disk: Path, paths: list[str]
) -> None:
    """Ours: said as what it is; with room again, creates go on without a restart."""
    filler = small_disk / "filler"
    async with CaseDesk(kept.model_copy(update={"state": str(small_disk / "state.db")})) as desk:
        await desk.call("create_case", CREATE)
        paths.clear()
        await anyio.to_thread.run_sync(_fill, filler)
        refused, _ = await timed(desk, "create_case", {**CREATE, "name": "Another"})
        page, _ = await timed(desk, "search_cases", {})
        with pytest.raises(StateUnusable):
            await desk.check_state()
        assert (type(refused), refused.kind, refused.changed) == (StateUnusable, "configuration", "nothing")
        assert (page.data()["total"], "createCase" in paths) == (1, False)
        await anyio.Path(filler).unlink()
        made = await desk.call("create_case", {**CREATE, "name": "Another"})
    assert made.data()["outcome"] == "created"


def _fill(filler: Path) -> None:
    """Leave no room."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 512)
