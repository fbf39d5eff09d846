"""Print what a create costs in the state: `uv run python tests/bench/state_cost.py [--postgres]`.

Each create takes the steps of a call: a permit of the rate, the ledger's claim, mark and finish, and a name
that is learned. `strace -f -e trace=fsync,fdatasync` counts the fsyncs of a file; see the test of this.
"""

import argparse
import secrets
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio
import asyncpg

from case_tools.adapter.names import LearnedName
from case_tools.idempotency import IdempotencyLedger, Work
from case_tools.idempotency.ledger import Before
from case_tools.results import Written
from case_tools.state import SearchFacts, StateBackend, intent_of, open_state
from postgres import postgres_server

DESK = "a desk"


async def create(state: StateBackend, ledger: IdempotencyLedger, number: int) -> float:
    """Take the steps of one create; return its seconds."""
    name = f"{secrets.token_hex(8)} {number}"

    async def send(before: Before) -> Written:
        await before(SearchFacts(facts={"name": name}))
        return Written(outcome="created", ref=name, id=name)

    began = time.perf_counter()
    intent = intent_of(caller="local", desk=DESK, tool="create_case", arguments={"name": name})
    assert await ledger.finished(intent, again="") is None
    await state.rate.consume(10**9, window=60)
    await ledger.run(intent, Work(send=send, deadline=time.monotonic() + 25, again=""))
    await state.names.learn([LearnedName(kind="case", id=name, name=name)])
    return time.perf_counter() - began


def _seal_keys(folder: Path) -> str:
    keys = folder / "seal.keys"
    keys.touch(0o600)
    keys.write_text(f"k1 {'5' * 64}\n")
    return str(keys)


async def _commits(address: str) -> int:
    """Return how many transactions the database has ended, but for the few of opening it."""
    connection = await asyncpg.connect(address)
    await anyio.sleep(2)  # what other connections did is counted when they are gone
    commits = await connection.fetchval(
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )
    await connection.close()
    return int(commits)


async def measure(address: str, creates: int, seal_key_file: str | None = None) -> list[float]:
    """Return the seconds of so many creates on a warm state, one after the other."""

    async def find(*_: object, **__: object) -> dict[str, object]:
        return {}

    state = await open_state(address, desk=DESK, seal_key_file=seal_key_file)
    ledger = IdempotencyLedger(state, desk=DESK, find=find, window=600)  # type: ignore[arg-type]
    await create(state, ledger, -1)
    times = [await create(state, ledger, number) for number in range(creates)]
    await ledger.close(1)
    await state.close()
    return times


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure what a create costs in the state.")
    parser.add_argument("--state", help="the file; a new one by default")
    parser.add_argument(
        "--postgres", action="store_true", help="a PostgreSQL server of its own, in the file's place"
    )
    parser.add_argument("--creates", type=int, default=200, help="how many (200)")
    given = parser.parse_args()
    with TemporaryDirectory() as folder, ExitStack() as stack:
        if given.postgres:
            server = stack.enter_context(postgres_server(durable=True))
            times = anyio.run(measure, server.address(), given.creates, _seal_keys(Path(folder)))
            commits = anyio.run(_commits, server.address())
            print(f"transactions a create, learned name included: {commits / (given.creates + 1):.1f}")
        else:
            times = anyio.run(measure, given.state or f"{folder}/state.db", given.creates)
    if times:
        print(
            f"{len(times)} creates: median {statistics.median(times) * 1e3:.2f} ms, most {max(times) * 1e3:.2f} ms"
        )


if __name__ == "__main__":
    main()
