"""The state's file: who may read it, which versions of it are taken, what is remembered beside the ledger."""

import sqlite3
from pathlib import Path

import pytest

from case_tools import CaseDesk, ConfigurationError, Settings
from case_tools.adapter.names import LearnedName
from case_tools.idempotency import SearchFacts, intent_of
from case_tools.state.sqlite.backend import State
from case_tools.state.sqlite.ledger_rows import SCHEMA as LEDGER

pytestmark = pytest.mark.anyio

DESK = "a desk"
NOW = 1_000_000.0
APPLICATION = 0x636D6370
STATUS = LearnedName(kind="status", id="sts-1", name="Resolved", value={"_id": "sts-1", "name": "Resolved"})
CASE = LearnedName(kind="case", id="ci-1", name="CS000123")

SENT_ROW = """
INSERT INTO ledger (key, digest, desk, tool, named, owner, state, claimed_at, first_sent_at, last_sent_at)
VALUES ('k1', 'd1', 'a desk', 'create_case', 0, 'me', 'sent', 1, 2, 3)
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


def make(path: Path, script: str) -> None:
    """Write a file as another program, or another version, would have."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()


def test_the_file_and_its_folder_are_its_owners_alone(path: Path) -> None:
    """Documented: rows without an end hold customers' words."""
    State.open(str(path), desk=DESK).close()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def damage(path: Path) -> None:
    """Write what is no database."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database, though it is long enough to be taken for one" * 100)


async def test_the_ledger_is_written_through_and_the_rest_is_not(path: Path) -> None:
    """Ours: only the ledger pays for full durability; 2 is FULL, 1 is NORMAL, in SQLite's words."""
    state = State.open(str(path), desk=DESK)
    levels = [db.execute("PRAGMA synchronous").fetchone()[0] for db in state._connections]
    modes = [db.execute("PRAGMA journal_mode").fetchone()[0] for db in state._connections]
    state.close()
    assert (levels, modes) == ([2, 1], ["wal", "wal"])


async def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(path: Path) -> None:
    """Ours: version 1 had the ledger alone."""
    make(path, f"{LEDGER};{SENT_ROW};PRAGMA user_version = 1;PRAGMA application_id = {APPLICATION}")
    state = State.open(str(path), desk=DESK)
    kept = await state.ledger.get("k1")
    await state.memory.learn([STATUS], now=NOW)
    assert await state.memory.recall(forget_before=0) == [STATUS]
    state.close()
    assert kept is not None
    assert (kept.state, kept.sent_at, version_of(path)) == ("sent", (2, 3), 3)


def test_a_newer_file_is_refused_and_left_as_it_is(path: Path) -> None:
    """Ours: an older program must not guess what a newer one wrote."""
    make(path, f"CREATE TABLE later (x);PRAGMA user_version = 99;PRAGMA application_id = {APPLICATION}")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="has version 99, and this program knows up to 3") as told:
        State.open(str(path), desk=DESK)
    assert "Start the newer program" in told.value.next_step
    assert (version_of(path), len(path.read_bytes())) == (99, len(before))


async def test_another_programs_file_is_refused_and_left_as_it_is(path: Path) -> None:
    """Ours: a mistyped path must not grow tables in somebody's database."""
    make(path, "CREATE TABLE accounts (x)")
    with pytest.raises(ConfigurationError, match="is another program's file") as told:
        State.open(str(path), desk=DESK)
    assert "CASE_MCP_STATE" in told.value.next_step
    with sqlite3.connect(path) as db:
        assert [name for (name,) in db.execute("SELECT name FROM sqlite_master")] == ["accounts"]
    db.close()


async def test_a_damaged_file_is_named_with_the_way_out(path: Path) -> None:
    """Ours: said before anything is sent, with what is lost by moving it away."""
    damage(path)
    async with CaseDesk(Settings(desk="embedded", state=str(path))) as desk:
        with pytest.raises(ConfigurationError) as told:
            await desk.call("search_cases")
    assert str(path) in told.value.what
    assert told.value.next_step.startswith("Move the file away and start again, or set CASE_MCP_STATE to another")


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Ours: a file stands where the folder should be."""
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        State.open(str(tmp_path / "data" / "state.db"), desk=DESK)


async def test_what_was_learned_is_there_for_the_next_process_of_the_same_desk(path: Path) -> None:
    """Ours: the newest value last; another desk on the same file learns for itself."""
    state = State.open(str(path), desk=DESK)
    await state.memory.learn([STATUS, CASE], now=NOW)
    renamed = LearnedName(kind="status", id="sts-1", name="Solved", value={"_id": "sts-1", "name": "Solved"})
    await state.memory.learn([renamed], now=NOW + 1)
    state.close()
    same, other = State.open(str(path), desk=DESK), State.open(str(path), desk="another desk")
    assert await same.memory.recall(forget_before=0) == [CASE, renamed]
    assert await other.memory.recall(forget_before=0) == []
    same.close()
    other.close()


async def test_what_was_not_seen_for_long_is_forgotten(path: Path) -> None:
    """Documented: learned references are dropped after 30 days."""
    state = State.open(str(path), desk=DESK)
    await state.memory.learn([STATUS], now=NOW)
    await state.memory.learn([CASE], now=NOW + 10)
    assert await state.memory.recall(forget_before=NOW + 5) == [CASE]
    assert await state.memory.recall(forget_before=0) == [CASE]
    state.close()


async def test_the_allowance_is_one_for_all_processes(path: Path) -> None:
    """Documented: a sliding window, so a burst up to the whole allowance goes out at once."""
    one, other = State.open(str(path), desk=DESK), State.open(str(path), desk=DESK)
    waits = [
        await each.memory.spend(4, now=NOW + second, window=60)
        for second, each in enumerate([one, other, one, other, one, other])
    ]
    assert waits == [0, 0, 0, 0, 56, 55]
    assert await other.memory.spend(4, now=NOW + 59.9, window=60) == pytest.approx(0.1)
    assert await other.memory.spend(4, now=NOW + 60, window=60) == 0
    assert await one.memory.spend(4, now=NOW + 60, window=60) == pytest.approx(1)
    assert await State.open(":memory:", desk=DESK).memory.spend(4, now=NOW, window=60) == 0
    one.close()
    other.close()


async def test_desks_have_allowances_of_their_own(path: Path) -> None:
    """Ours: the allowance is an account's."""
    one, other = State.open(str(path), desk=DESK), State.open(str(path), desk="another desk")
    assert [await each.memory.spend(1, now=NOW, window=60) for each in (one, other, one)] == [0, 0, 60]
    one.close()
    other.close()


async def test_a_row_without_an_end_survives_the_process(path: Path) -> None:
    """Ours: that is what the file is for."""
    intent = intent_of(caller="local", desk=DESK, tool="create_case", arguments={"name": "Parcel is late"})
    state = State.open(str(path), desk=DESK)
    await state.ledger.claim(intent, owner="me", now=NOW, since=0)
    await state.ledger.mark_sent(
        intent.key, owner="me", sought=SearchFacts(facts={"name": "Parcel is late"}), now=NOW
    )
    before = await state.ledger.get(intent.key)
    state.close()
    later = State.open(str(path), desk=DESK)
    assert await later.ledger.get(intent.key) == before
    later.close()
