"""PostgreSQL as the state: replicas, a database that goes away, a pooler between, migrations, what is refused."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import asyncpg
import pytest

from brought import without
from case_tools import CaseDesk, Settings, StateBusy, StateUnusable
from case_tools.state import open_state
from loopback import LoopbackDesk, Received, Reply
from postgres import PostgresServer
from served import PATIENCE

pytestmark = pytest.mark.anyio

DESK: Final = "a desk"
CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Ordered on 2 May",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}


@pytest.fixture
async def address(postgres: PostgresServer) -> str:
    """Give an empty database."""
    name = f"t{time.monotonic_ns()}"
    connection = await asyncpg.connect(postgres.address())
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return postgres.address(name)


@pytest.fixture
def replica(settings: Settings, address: str, seal_key_file: Path) -> Settings:
    """Give the settings of a replica."""
    return settings.model_copy(
        update={"state": address, "seal_key_file": seal_key_file, "timeout": 3.0, "rate": 60}
    )


@pytest.fixture
def creates(loopback: LoopbackDesk) -> list[Any]:
    """Give what arrives at a desk that opens cases."""
    arrived: list[Any] = []

    def answer(received: Received) -> Reply:
        if received.path.endswith("/getCases"):
            return Reply.of({"results": [], "totalResults": 0, "hasMore": False})
        arrived.append(received.body)
        return Reply.of(
            {"_id": f"ci-{len(arrived)}", "refId": f"CS{len(arrived):06}", "name": received.body["name"]}
        )

    loopback.answer = answer
    return arrived


async def test_replicas_share_one_create(replica: Settings, creates: list[Any]) -> None:
    """Ours: equal calls at once at four replicas, and again afterwards."""
    outcomes: list[str] = []

    async def call(library: CaseDesk) -> None:
        outcomes.append((await library.call("create_case", CREATE)).data()["outcome"])

    with anyio.fail_after(PATIENCE):
        async with CaseDesk(replica) as one, CaseDesk(replica) as two, CaseDesk(replica) as three:
            async with anyio.create_task_group() as tasks:
                for library in (one, two, three, one):
                    tasks.start_soon(call, library)
            await call(three)
    assert len(creates) == 1
    assert sorted(outcomes) == ["created", *["replayed"] * 4]


async def test_a_database_that_goes_away_stops_creates_alone_and_comes_back(
    replica: Settings, creates: list[Any], postgres: PostgresServer
) -> None:
    """Documented: reads go on, creates are refused as busy before a byte leaves, no restart is needed."""
    with anyio.fail_after(PATIENCE):
        async with CaseDesk(replica) as library:
            await library.call("create_case", CREATE)
            postgres.stop()
            try:
                page = await library.call("search_cases")
                with pytest.raises(StateBusy) as caught:
                    await library.call("create_case", {**CREATE, "name": "Another"})
                with pytest.raises(StateBusy):
                    await library.check_state()
            finally:
                await anyio.to_thread.run_sync(postgres.start)
            assert (page.data()["total"], caught.value.changed, len(creates)) == (0, "nothing", 1)
            await library.check_state()
            made = await library.call("create_case", {**CREATE, "name": "Another"})
    assert (made.data()["outcome"], len(creates)) == ("created", 2)


async def test_a_server_starts_and_reads_while_the_database_is_away(
    replica: Settings, creates: list[Any], postgres: PostgresServer
) -> None:
    """Ours: a replica that starts meanwhile is ready as soon as the database is."""
    postgres.stop()
    with anyio.fail_after(PATIENCE):
        async with CaseDesk(replica) as library:
            try:
                assert (await library.call("search_cases")).data()["total"] == 0
            finally:
                await anyio.to_thread.run_sync(postgres.start)
            await library.call("create_case", CREATE)
    assert len(creates) == 1


@contextmanager
def pgbouncer(server: PostgresServer, folder: Path) -> Iterator[int]:
    """Yield the port of a pooler in transaction mode, with two connections for all."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        without("this needs PgBouncer: apt-get install pgbouncer")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = user=tests host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
        f"unix_socket_dir =\nlogfile = {folder}/pgbouncer.log\n"
    )
    settings.chmod(0o644)
    for each in (folder, *folder.parents[:3]):
        each.chmod(each.stat().st_mode | 0o055)
    if server.user is not None:
        shutil.chown(folder, server.user)
    process = subprocess.Popen(
        [program, "-q", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=server.user
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


async def test_a_pooler_in_transaction_mode_may_stand_between(
    replica: Settings, creates: list[Any], postgres: PostgresServer, tmp_path: Path
) -> None:
    """Documented: nothing needs a session; six replicas share two connections of the database."""
    with pgbouncer(postgres, tmp_path) as port:
        pooled = replica.model_copy(
            update={"state": str(replica.state).replace(f":{postgres.port}/", f":{port}/")}
        )
        with anyio.fail_after(PATIENCE):
            while not await _listens(port):
                await anyio.wait_all_tasks_blocked()
            libraries = [CaseDesk(pooled) for _ in range(6)]
            async with anyio.create_task_group() as tasks:
                for number, library in enumerate(libraries * 3):
                    tasks.start_soon(library.call, "create_case", {**CREATE, "name": f"Parcel {number % 4}"})
            for library in libraries:
                await library.close()
    assert sorted(each["name"] for each in creates) == ["Parcel 0", "Parcel 1", "Parcel 2", "Parcel 3"]


async def _listens(port: int) -> bool:
    try:
        await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
    except OSError:
        return False
    return True


async def test_many_replicas_that_start_at_once_make_one_schema(address: str, seal_key_file: Path) -> None:
    """Ours: under one lock of the transaction."""
    states = []

    async def start() -> None:
        states.append(await open_state(address, desk=DESK, seal_key_file=str(seal_key_file)))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(start)
    for each in states:
        await each.check()
        await each.close()


@pytest.mark.parametrize(("breaks_from", "refused"), [(1, False), (99, True)])
async def test_only_a_schema_that_breaks_this_version_is_refused(
    address: str, seal_key_file: Path, breaks_from: int, *, refused: bool
) -> None:
    """Documented: versions N and N-1 write side by side."""
    state = await open_state(address, desk=DESK, seal_key_file=str(seal_key_file))
    await state.close()
    connection = await asyncpg.connect(address)
    await connection.execute("UPDATE case_mcp_version SET version = 99, breaks_from = $1", breaks_from)
    await connection.close()
    if refused:
        with pytest.raises(StateUnusable, match="has version 99, and this program knows up to 1"):
            await open_state(address, desk=DESK, seal_key_file=str(seal_key_file))
    else:
        await (await open_state(address, desk=DESK, seal_key_file=str(seal_key_file))).close()


async def test_the_database_holds_no_secret_that_seals(address: str, seal_key_file: Path) -> None:
    """Documented: never from the database that holds what it seals."""
    state = await open_state(address, desk=DESK, seal_key_file=str(seal_key_file))
    await state.confirmations.secret("confirmation")
    await state.close()
    connection = await asyncpg.connect(address)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert {row["tablename"] for row in tables} == {
        f"case_mcp_{name}" for name in ("ledger", "learned", "lease", "rate", "used", "version")
    }


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "CASE_MCP_SEAL_KEY_FILE is missing"),
        ("k1 short", 0o600, "needs lines of an id and a secret of 32 characters"),
        ("", 0o600, "needs lines of an id and a secret"),
        (f"k1 {'5' * 64}", 0o644, "can be read by others"),
    ],
    ids=["missing", "short", "empty", "open"],
)
async def test_a_key_file_of_no_use_is_refused(
    address: str, seal_key_file: Path, content: str | None, mode: int, said: str
) -> None:
    """Ours: at the start, with the way to make one."""
    if content is not None:
        await anyio.Path(seal_key_file).write_text(content)
        await anyio.Path(seal_key_file).chmod(mode)
    with pytest.raises(StateUnusable, match=said) as caught:
        await open_state(address, desk=DESK, seal_key_file=str(seal_key_file) if content is not None else None)
    assert "openssl rand -hex 32" in caught.value.next_step


async def test_no_password_is_in_what_is_said_of_an_address(seal_key_file: Path, postgres: PostgresServer) -> None:
    """Ours: an address may hold one."""
    address = f"postgresql://jane:hunter2@127.0.0.1:{postgres.port}/nowhere"
    with pytest.raises(StateUnusable) as caught:
        await open_state(address, desk=DESK, seal_key_file=str(seal_key_file))
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
