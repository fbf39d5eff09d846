"""Print how the server does over HTTP against a bare server of the SDK: `uv run python tests/bench/web_load.py`.

Both run in turn in one run, asked by the same client over connections that are kept open, in the era 2026-07-28.
`tools/list` shows what the gate and the audit cost; a search also does what a search needs: SQL, a signed token
and a second HTTP exchange inside the process. Then ten times as many callers as may be served at once.
"""

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

TESTS = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))

from served import MODERN  # noqa: E402 - a script's path is its own folder
from web_served import headers_of, message_of, web  # noqa: E402

BARE = [sys.executable, str(Path(__file__).with_name("bare_web_server.py"))]
CALLERS = (1, 16, 64)
REQUESTS = 320
ROUNDS = 3
MANY = 640
Asked = tuple[str, dict[str, object]]
LIST: Asked = ("tools/list", {})
SEARCH: Asked = ("tools/call", {"name": "search_cases", "arguments": {"limit": 3}})


def request_of(method: str, params: dict[str, object]) -> bytes:
    """Return a request's bytes."""
    message = message_of(MODERN, method, **params)
    body = json.dumps(message).encode()
    headers = headers_of(MODERN, message) | {"host": "localhost:1", "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body


async def ask(port: int, request: bytes, times: int) -> list[tuple[int, float]]:
    """Send a request so many times, over a new connection where one was closed; return status and seconds."""
    told: list[tuple[int, float]] = []
    while len(told) < times:
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            reader = BufferedByteReceiveStream(stream)
            while len(told) < times:
                began = time.perf_counter()
                await stream.send(request)
                head = (await reader.receive_until(b"\r\n\r\n", 65_536)).decode("ascii").lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
                await reader.receive_exactly(int(fields["content-length"]))
                told.append((int(head.split(" ", 2)[1]), time.perf_counter() - began))
                if fields.get("connection") == "close":
                    break
    return told


async def load(port: int, request: bytes, *, callers: int, times: int) -> tuple[float, list[tuple[int, float]]]:
    """Let so many callers ask at once; return the seconds that it took, and what each was told."""
    told: list[tuple[int, float]] = []

    async def one() -> None:
        told.extend(await ask(port, request, times))

    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(callers):
            tasks.start_soon(one)
    return time.perf_counter() - began, told


def memory_of(process: int) -> float:
    """Return the MiB that a process holds in memory."""
    status = Path(f"/proc/{process}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


@contextmanager
def bare() -> Iterator[int]:
    """Yield the port of a bare server."""
    with subprocess.Popen(BARE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def compare(ours: int, theirs: int, name: str, request: bytes, theirs_request: bytes) -> None:
    """Print a line for each number of callers."""
    for callers in CALLERS:
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        seconds: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(ROUNDS):
            for who, port, sent in (("ours", ours, request), ("bare", theirs, theirs_request)):
                took, told = await load(port, sent, callers=callers, times=REQUESTS // callers)
                assert {status for status, _ in told} == {200}
                rates[who].append(len(told) / took)
                seconds[who] += [each for _, each in told]
        rate = {who: statistics.median(each) for who, each in rates.items()}
        cuts = {who: statistics.quantiles(each, n=100) for who, each in seconds.items()}
        p50, p99 = (cuts["ours"][at] / cuts["bare"][at] for at in (49, 98))
        print(
            f"{name}, {callers} callers: {rate['ours'] / rate['bare']:.2f} of the throughput, "
            f"{p50:.2f} times the p50, {p99:.2f} times the p99 "
            f"({rate['ours']:.0f}/s; p50 {cuts['ours'][49] * 1000:.1f} ms, p99 {cuts['ours'][98] * 1000:.1f} ms)"
        )


async def overload(port: int, process: int, request: bytes) -> None:
    """Print what becomes of ten times as many callers as are served at once."""
    before = memory_of(process)
    took, told = await load(port, request, callers=MANY, times=5)
    counts = Counter(status for status, _ in told)
    refused = [seconds for status, seconds in told if status != 200]
    cuts = statistics.quantiles(refused, n=100) if refused else []
    slowest = f" (p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s)" if cuts else ""
    print(
        f"{MANY} callers at once: {len(told)} calls, {counts[200]} done, {counts[503]} to come again{slowest}; "
        f"{counts[200] / took:.0f} done a second; memory {before:.0f} -> {memory_of(process):.0f} MiB"
    )


def main() -> None:
    """Print the figures."""
    listing, search = request_of(*LIST), request_of(*SEARCH)
    with web() as server, bare() as theirs:
        ours = urlsplit(server.url).port
        assert ours is not None
        for request in (listing, search):  # once without measuring
            anyio.run(ask, ours, request, 20)
            anyio.run(ask, theirs, request, 20)
        anyio.run(compare, ours, theirs, "tools/list", listing, listing)
        anyio.run(compare, ours, theirs, "search_cases", search, search)
        anyio.run(overload, ours, server.process.pid, search)


if __name__ == "__main__":
    main()
