"""Print what a create costs in the state: `uv run python tests/bench/state_cost.py [--state ADDRESS]`.

Each create takes the steps of a call: a permit of the rate, the ledger's claim, mark and finish, and a name
that is learned. `strace -f -e trace=fsync,fdatasync` counts the fsyncs of a file; see the test of this.
"""

import argparse
import secrets
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio

from case_tools.adapter.names import LearnedName
from case_tools.idempotency import IdempotencyLedger, Work
from case_tools.idempotency.ledger import Before
from case_tools.results import Written
from case_tools.state import SearchFacts, StateBackend, intent_of, open_state

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


async def measure(address: str, creates: int) -> list[float]:
    """Return the seconds of so many creates on a warm state, one after the other."""

    async def find(*_: object, **__: object) -> dict[str, object]:
        return {}

    state = await open_state(address, desk=DESK)
    ledger = IdempotencyLedger(state, desk=DESK, find=find, window=600)  # type: ignore[arg-type]
    await create(state, ledger, -1)
    times = [await create(state, ledger, number) for number in range(creates)]
    await ledger.close(1)
    await state.close()
    return times


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure what a create costs in the state.")
    parser.add_argument("--state", help="the address; a new file by default")
    parser.add_argument("--creates", type=int, default=200, help="how many (200)")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        times = anyio.run(measure, given.state or f"{folder}/state.db", given.creates)
    if times:
        print(
            f"{len(times)} creates: median {statistics.median(times) * 1e3:.2f} ms, most {max(times) * 1e3:.2f} ms"
        )


if __name__ == "__main__":
    main()
