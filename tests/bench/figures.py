"""Print the figures that the README states: `uv run python tests/bench/figures.py [definitions|pages|start]`.

Tokens are estimates by characters, as no tokenizer is installed: definitions divide by 4.2, which is what
English prose and JSON Schema come to, results by 3, as names, dates and references are shorter words.
Start-up is a ratio to a bare low-level server of the SDK, both measured in turn in the same run.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from case_server.mcp.definitions import definition_of
from case_tools import CaseDesk, Settings

INITIALIZE = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
    b'"capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}\n'
)
OURS = [sys.executable, "-m", "case_server", "serve"]
BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
ROUNDS = 15


def compact(value: object) -> str:
    """Return compact JSON, as hosts show it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def definitions() -> dict[str, int]:
    """Return the tokens of name, description and input schema of the four tools, for each profile."""
    return {fields: round(sum(map(_definition, _actions(fields))) / 4.2) for fields in ("writable", "documented")}


def _actions(fields: Any) -> list[Any]:
    return [*CaseDesk(Settings(state=":memory:", fields=fields)).tools.values()]


def _definition(action: Any) -> int:
    tool = definition_of(action)
    return len(tool.name) + len(tool.description or "") + len(compact(tool.input_schema))


async def pages(limit: int = 20) -> dict[str, int]:
    """Return the tokens of a page of cases: as text, as structure, and as the desk answered it."""
    raw: list[str] = []
    settings = Settings(state=":memory:")
    async with CaseDesk(settings, observe=lambda _, answer: raw.append(answer.body.decode())) as desk:
        result = await desk.call("search_cases", {"limit": limit})
    sizes = {
        "text": result.text("x7Qk2mPa"),
        "structure": compact(result.data()),
        "raw": compact(json.loads(raw[0])),
    }
    return {name: round(len(text) / 3) for name, text in sizes.items()}


def start() -> dict[str, float]:
    """Return the median time to the `initialize` answer as a ratio to a bare server, and both in seconds."""
    with TemporaryDirectory() as folder:
        environment = {"CASE_MCP_STATE": f"{folder}/state.db", "CASE_MCP_DESK": "embedded"}
        for command in (OURS, BARE):  # once without measuring, for the files' caches
            _seconds_to_initialize(command, environment)
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(ROUNDS):
            times["ours"].append(_seconds_to_initialize(OURS, environment))
            times["bare"].append(_seconds_to_initialize(BARE, environment))
    ours, bare = (statistics.median(each) for each in times.values())
    return {"ratio": ours / bare, "ours_seconds": ours, "bare_seconds": bare}


def _seconds_to_initialize(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(INITIALIZE)
        process.stdin.flush()
        answer = process.stdout.readline()
        took = time.perf_counter() - began
        process.stdin.close()
        process.wait()
    assert b'"serverInfo"' in answer, answer
    return took


def main() -> None:
    """Print what was asked for, or everything."""
    wanted = sys.argv[1:] or ["definitions", "pages", "start"]
    if "definitions" in wanted:
        for fields, tokens in definitions().items():
            print(f"definitions of the four tools, {fields}: {tokens} tokens (characters / 4.2)")
    if "pages" in wanted:
        for name, tokens in anyio.run(pages).items():
            print(f"a page of 20 cases, {name}: {tokens} tokens (characters / 3)")
    if "start" in wanted:
        times = start()
        print(f"start to the initialize answer: {times['ratio']:.2f} times a bare server of the SDK", end=" ")
        print(f"({times['ours_seconds']:.3f} s and {times['bare_seconds']:.3f} s, medians of {ROUNDS})")


if __name__ == "__main__":
    main()
