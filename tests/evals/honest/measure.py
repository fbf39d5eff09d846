"""Play each legitimate call at a desk of its own state, and see whether it was refused or did too much."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from mcp import Client

from case_server.mcp.app import build
from case_tools import Settings
from case_tools.embedded import EmbeddedDesk
from evals import desk
from evals.honest.calls import Honest, Vendor
from evals.play import call

_EMPTY: dict[str, Any] = {"string": "", "array": [], "object": {}, "boolean": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of one call.

    Attributes:
        refused: whether it was refused.
        elsewhere: what changed at the desk beside the case that it is about.
        text: what a model is told.
    """

    call: Honest
    refused: bool
    elsewhere: list[str]
    text: str


def measure(calls: Iterable[Honest]) -> list[Heard]:
    """Play the calls in their order; those of one vendor share a desk and, but for fresh ones, a server."""
    return anyio.run(_measure, list(calls))


async def _measure(calls: list[Honest]) -> list[Heard]:
    heard: list[Heard] = []
    for vendor in dict.fromkeys(each.vendor for each in calls):
        own = [each for each in calls if each.vendor == vendor]
        with TemporaryDirectory(prefix="case-evals-") as folder:
            file = Path(folder) / "desk.db"
            EmbeddedDesk.open(str(file)).close()
            for each in (each for each in own if each.fresh):
                heard += await _play(vendor, Path(folder), file, [each], name=f"fresh{len(heard)}")
            heard += await _play(
                vendor, Path(folder), file, [each for each in own if not each.fresh], name="state"
            )
    return heard


async def _play(vendor: Vendor, folder: Path, file: Path, calls: list[Honest], *, name: str) -> list[Heard]:
    # A folder of its own for each state; all of them see the one desk by a link.
    state = folder / name / "state.db"
    state.parent.mkdir()
    (state.parent / "desk.db").symlink_to(file)
    server = build(Settings(desk="embedded", embedded_dialect=vendor, state=str(state)))
    async with Client(server) as client:
        schemas = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
        if name == "state":
            await call(client, "search_cases", {})
        return [await _one(client, file, each, schemas[each.tool]) for each in calls]


async def _one(client: Client, file: Path, each: Honest, properties: dict[str, Any]) -> Heard:
    filled = dict(_fill(properties)) if each.fills else {}
    before = desk.state(file)
    told = await call(client, each.tool, filled | each.arguments)
    changed = desk.differences(before, desk.state(file))
    return Heard(call=each, refused=told.refused, elsewhere=[*_elsewhere(each, changed, before)], text=told.text)


def _fill(properties: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, schema in properties.items():
        yield name, _EMPTY.get(schema.get("type", ""))


def _elsewhere(each: Honest, changed: list[str], before: desk.State) -> Iterator[str]:
    for place in changed:
        about, _, part = place.partition(".")
        if each.tool == "create_case" and (place.startswith("person ") or (not part and place not in before)):
            continue
        if each.case and about == f"CS{each.case:06d}" and part:
            continue
        yield place
