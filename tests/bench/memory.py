"""Print a server's memory over busy searches: `uv run python tests/bench/memory.py [--calls 3000]`.

The server is the real one on stdio, at a desk on loopback whose searches show 50 other cases each time. A figure
is the resident memory that /proc states, after the first call and on the way; then what the state has kept.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio
import anyio.to_thread

from loopback import SECRET, LoopbackDesk, Received, Reply
from served import INITIALIZE, Served, environment, request, serving

_ROWS: Final = 50
_REPORTS: Final = 5
_PATIENCE: Final = 3600.0


def cases(numbers: Iterator[int], different: int) -> Any:
    """Return what answers a search: 50 cases as large as the vendor's samples, of so many different ones."""

    def answer(received: Received) -> Reply:
        rows = [_case(next(numbers) % different) for _ in range(_ROWS)]
        del received
        return Reply.of({"results": rows, "totalResults": different, "hasMore": True})

    return answer


def _case(number: int) -> dict[str, Any]:
    moment = "2026-11-27T10:00:00.000Z"
    return {
        "_id": f"ci-{number:07x}-8245-4e5e-ac8c-{number:012x}",
        "refId": f"CS{number:06}",
        "name": f"Parcel {number} is late",
        "desc": "The parcel was ordered three weeks ago and has not come. " * 4,
        "userInfo": {"_id": f"u-{number}", "name": "Jane Roe", "emailId": "jane.roe@example.com"},
        "status": {"_id": f"sts-{number % 5}", "name": f"Status {number % 5}"},
        "priority": {"_id": f"pri-{number % 4}", "name": f"Priority {number % 4}"},
        "createdAt": moment,
        "updatedAt": moment,
    }


def resident(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError("/proc does not say")


async def measure(calls: int, at_once: int, different: int, folder: Path) -> None:
    """Search so often, so many at once, and print memory on the way."""
    state = folder / "state.db"
    with LoopbackDesk() as desk:
        desk.answer = cases(count(), different)
        settings = environment(
            KORE_HOST=desk.url,
            KORE_STREAM_ID="st-00000000-0000-4000-8000-000000000001",
            KORE_ACCOUNT_ID="000000000000000000000001",
            KORE_CLIENT_ID="cs-00000000-0000-4000-8000-000000000001",
            KORE_CLIENT_SECRET=SECRET,
            CASE_MCP_STATE=str(state),
            CASE_MCP_RATE="0",
        )
        async with serving(settings, patience=_PATIENCE) as server:
            await server.ask("open", "initialize", INITIALIZE)
            await server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
            await _search(server, 1)
            print(f"after the first call: {resident(server.process.pid):.0f} MiB", flush=True)
            done = 0
            while done < calls:
                for _ in range(calls // _REPORTS // at_once):
                    await _search(server, at_once)
                    done += at_once
                print(f"after {done:,} searches: {resident(server.process.pid):.0f} MiB", flush=True)
    kept = await anyio.to_thread.run_sync(_kept, state)
    print(f"names in the state: {kept:,}; its size with the log: {_size(folder) / 2**20:.1f} MiB")


async def _search(server: Served, at_once: int) -> None:
    for number in range(at_once):
        await server.send(request(number, "tools/call", {"name": "search_cases", "arguments": {"limit": _ROWS}}))
    for _ in range(at_once):
        answer = json.loads(await server.line())
        assert not answer["result"].get("isError"), answer


def _kept(state: Path) -> int:
    with sqlite3.connect(state) as db:
        (names,) = db.execute("SELECT count(*) FROM learned").fetchone()
    db.close()
    return int(names)


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure memory over busy searches.")
    parser.add_argument("--calls", type=int, default=3_000, help="searches (3000)")
    parser.add_argument("--at-once", type=int, default=16, help="searches at once (16)")
    parser.add_argument("--different", type=int, default=10**9, help="cases that the desk has (10^9)")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        anyio.run(measure, given.calls, given.at_once, given.different, Path(folder))


if __name__ == "__main__":
    main()
