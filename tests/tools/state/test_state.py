"""The state's file: who may read it, which versions of it are taken, what a damaged one is called."""

import sqlite3
from pathlib import Path
from typing import Final

import anyio
import pytest

from case_tools import CaseDesk, ConfigurationError, Settings, StateBusy, StateUnusable
from case_tools.adapter.names import LearnedName
from case_tools.state import SearchFacts, StateBackend, intent_of, open_state
from case_tools.state.sqlite.backend import open_sqlite
from case_tools.state.sqlite.clock import BootClock
from case_tools.state.sqlite.schema import MIGRATIONS

pytestmark = pytest.mark.anyio

DESK: Final = "a desk"
APPLICATION: Final = 0x636D6370
STATUS: Final = LearnedName(kind="status", id="sts-1", name="Resolved", value={"_id": "sts-1", "name": "Resolved"})
PATIENCE: Final = 30.0

SENT_ROW = """
INSERT INTO ledger (key, digest, desk, tool, named, owner, state, claimed_at, first_sent_at, last_sent_at)
VALUES ('k1', 'd1', 'a desk', 'create_case', 0, 'me', 'sent', 1, 2, 3),
    ('k2', 'd2', 'a desk', 'create_case', 0, 'me', 'abandoned', 1, 2, 3)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the name of a file that is not there yet, in a folder that is not either."""
    return tmp_path / "data" / "state.db"


def version_of(path: Path) -> int:
    """Return the version that the file says it has."""
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return int(version)


def mode_of(path: Path) -> int:
    """Return who may do what with a file."""
    return path.stat().st_mode & 0o777


def size_of(path: Path) -> int:
    """Return the bytes of a file."""
    return path.stat().st_size


def remove(path: Path) -> None:
    """Remove a file."""
    path.unlink()


def make(path: Path, script: str) -> None:
    """Write a file as another program, or another version, would have."""
    path.parent.mkdir()
    path.touch(mode=0o600)
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()


async def test_the_file_and_its_folder_are_its_owners_alone(path: Path) -> None:
    """Documented: rows without an end hold customers' words."""
    await (await open_state(str(path), desk=DESK)).close()
    assert [mode_of(each) for each in (path, path.parent)] == [0o600, 0o700]


def damage(path: Path) -> None:
    """Write what is no database."""
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(b"this is no database, though it is long enough to be taken for one" * 100)


async def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(path: Path) -> None:
    """Ours: version 1 had the ledger alone, and did not say when its sender gave up."""
    make(path, f"{MIGRATIONS[0]};{SENT_ROW};PRAGMA user_version = 1;PRAGMA application_id = {APPLICATION}")
    state = await open_state(str(path), desk=DESK)
    kept = [await state.ledger.get(key) for key in ("k1", "k2")]
    await state.names.learn([STATUS])
    assert await state.names.find("status", "resolved") == [STATUS]
    await state.close()
    assert [(row.state, row.sent_at, row.deadline) for row in kept if row] == [
        ("sent", (2, 3), 1803),
        ("not_there", (2, 3), 1803),
    ]
    assert version_of(path) == len(MIGRATIONS)


async def test_a_newer_file_is_refused_and_left_as_it_is(path: Path) -> None:
    """Ours: an older program must not guess what a newer one wrote."""
    make(path, f"CREATE TABLE later (x);PRAGMA user_version = 99;PRAGMA application_id = {APPLICATION}")
    before = size_of(path)
    with pytest.raises(ConfigurationError, match="has version 99, and this program knows up to 4") as caught:
        await open_state(str(path), desk=DESK)
    assert "Start the newer program" in caught.value.next_step
    assert (version_of(path), size_of(path)) == (99, before)


async def test_another_programs_file_is_refused_and_left_as_it_is(path: Path) -> None:
    """Ours: a mistyped path must not grow tables in somebody's database."""
    make(path, "CREATE TABLE accounts (x)")
    with pytest.raises(ConfigurationError, match="is another program's file") as caught:
        await open_state(str(path), desk=DESK)
    assert "CASE_MCP_STATE" in caught.value.next_step
    with sqlite3.connect(path) as db:
        assert [name for (name,) in db.execute("SELECT name FROM sqlite_master")] == ["accounts"]
    db.close()


async def test_a_damaged_file_is_named_with_the_way_out(path: Path) -> None:
    """Ours: said before anything is sent, with what is lost by moving it away."""
    damage(path)
    async with CaseDesk(Settings(desk="embedded", state=str(path))) as desk:
        with pytest.raises(ConfigurationError) as caught:
            await desk.call("search_cases")
    assert str(path) in caught.value.what
    assert caught.value.next_step.startswith(
        "Move the file away and start again, or set CASE_MCP_STATE to another"
    )


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Ours: a file stands where the folder should be."""
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await open_state(str(tmp_path / "data" / "state.db"), desk=DESK)


async def test_a_row_without_an_end_survives_the_process(path: Path) -> None:
    """Ours: that is what the file is for."""
    intent = intent_of(caller="local", desk=DESK, tool="create_case", arguments={"name": "Parcel is late"})
    state = await open_state(str(path), desk=DESK)
    await state.ledger.claim(intent, owner="me", window=0)
    facts = SearchFacts(facts={"name": "Parcel is late"})
    assert await state.ledger.mark_sent(intent.key, owner="me", facts=facts, seconds=25) == "sent"
    before = await state.ledger.get(intent.key)
    await state.close()
    later = await open_state(str(path), desk=DESK)
    assert await later.ledger.get(intent.key) == before
    await later.close()


async def opened_in(path: Path, boot: str, elapsed: float, wall: float) -> StateBackend:
    """Open the file on a machine whose clocks show these."""
    clock = BootClock(boot=boot, elapsed=lambda: elapsed, wall=lambda: wall)
    return await open_sqlite(str(path), desk=DESK, clock=clock)


@pytest.mark.parametrize(("elapsed", "wall", "ago"), [(160, 10, 60), (160, 9e9, 60)], ids=["back", "forward"])
async def test_a_wall_clock_that_is_set_does_not_move_the_states_clock(
    path: Path, elapsed: float, wall: float, ago: float
) -> None:
    """Ours: within a boot time passes as it does, whatever NTP or a person does to the clock."""
    intent = intent_of(caller="local", desk=DESK, tool="create_case", arguments={})
    state = await opened_in(path, "one boot", 100, 1_000_000)
    await state.ledger.claim(intent, owner="me", window=0)
    later = await opened_in(path, "one boot", elapsed, wall)
    row = await later.ledger.get(intent.key)
    assert row is not None
    assert row.read_at - row.claimed_at == ago
    for each in (state, later):
        await each.close()


@pytest.mark.parametrize(("wall", "ago"), [(1_003_600, 3600), (10, 0)], ids=["right", "behind"])
async def test_the_states_clock_goes_on_in_the_next_boot_and_never_back(
    path: Path, wall: float, ago: float
) -> None:
    """Ours: a machine may start with a wrong clock."""
    intent = intent_of(caller="local", desk=DESK, tool="create_case", arguments={})
    state = await opened_in(path, "one boot", 5000, 1_000_000)
    await state.ledger.claim(intent, owner="me", window=0)
    await state.close()
    later = await opened_in(path, "the next boot", 1, wall)
    row = await later.ledger.get(intent.key)
    await later.close()
    assert row is not None
    assert row.read_at - row.claimed_at == ago


async def test_a_file_that_is_removed_while_it_is_open_is_not_written_to(path: Path) -> None:
    """Ours: SQLite itself would go on in a file that nobody finds again."""
    state = await open_state(str(path), desk=DESK)
    await state.check()
    remove(path)
    with pytest.raises(StateUnusable, match="was removed or replaced while the server ran"):
        await state.check()
    await state.close()


async def test_a_locked_file_is_busy_for_whoever_can_wait_no_longer(path: Path) -> None:
    """Ours: a wait ends when its caller ends it, and not when SQLite does."""
    state = await open_state(str(path), desk=DESK)
    with sqlite3.connect(path) as other, anyio.fail_after(PATIENCE):
        other.execute("BEGIN IMMEDIATE")
        with anyio.move_on_after(0.1) as waited:
            await state.check()
        assert waited.cancelled_caught
        assert await state.names.find("status", "Open") == []
        other.rollback()
        await state.check()
    other.close()
    await state.close()


async def test_a_closed_state_is_busy(path: Path) -> None:
    """Ours: no error of the database's own leaves the state."""
    state = await open_state(str(path), desk=DESK)
    await state.close()
    with pytest.raises(StateBusy, match="The state is closed"):
        await state.check()
