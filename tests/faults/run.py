"""The long run: `uv run python tests/faults/run.py`, with `--minutes`, `--kinds`, `--only`, `--seed` and `--json`.

Every kind of fault, 1,000 intents each for Kore.ai on stdio, half of them in each era of the protocol, and 200
for each other combination of vendor, era and transport, as far as the time goes; the tables say how many ran.
The exit status is 0 only if nothing was lost or doubled, and nothing stayed unknown where a search works.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, get_args

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyio

from faults.desk import Vendor
from faults.kinds import BY_NAME, KINDS, Kind
from faults.measure import Place, Row, as_json, measure
from faults.server import Era, Transport

_MOST: Final = 500
_OTHERS: Final = 200
_AT_ONCE: Final = 3
_HEAD: Final = ("intents", "at the desk", "lost", "doubled", "unknown", "requests each", "ran")

Job = tuple[Kind, Place, int]


def jobs(kinds: Sequence[Kind]) -> Iterator[Job]:
    """Yield what there is to run: kind, place, and how many intents."""
    for kind in kinds:
        for vendor in kind.vendors:
            for transport in get_args(Transport):
                for era in get_args(Era):
                    many = vendor == "kore" and transport == "stdio"
                    yield kind, Place(vendor=vendor, era=era, transport=transport), _MOST if many else _OTHERS


async def run(todo: Sequence[Job], *, seed: int, seconds: float) -> list[Row]:
    """Run the jobs, a few at once, each for its share of the time that is left."""
    rows: list[Row] = []
    waiting = list(todo)
    end = time.monotonic() + seconds

    async def worker() -> None:
        while waiting:
            left = sum(wanted for _, _, wanted in waiting)
            kind, place, wanted = waiting.pop(0)
            share = max(end - time.monotonic(), 0.0) * _AT_ONCE * wanted / left
            if not share:
                rows.append(Row(kind=kind, place=place, wanted=wanted))
                continue
            lanes = 2 if wanted == _MOST else 1
            [row] = await measure([kind], place, wanted, seed=seed, seconds=share, lanes=lanes)
            rows.append(row)
            print(_line(*_named(row), *_figures([row]), f"{row.seconds:.0f} s"), file=sys.stderr, flush=True)
            if not row.proves:
                print(*row.examples, sep="\n", file=sys.stderr, flush=True)

    async with anyio.create_task_group() as tasks:
        for _ in range(_AT_ONCE):
            tasks.start_soon(worker)
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return each row."""
    heads = [_line("kind", "vendor", "era", "transport", *_HEAD), _line(*("---",) * 11)]
    return "\n".join([*heads, *(_line(*_named(row), *_figures([row])) for row in rows)])


def summary(rows: Sequence[Row]) -> str:
    """Return each kind, and all of them, wherever they ran."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind.name, []).append(row)
    lines = [_line(name, *_figures(each)) for name, each in by_kind.items()]
    return "\n".join([_line("kind", *_HEAD), _line(*("---",) * 8), *lines, _line("all", *_figures(rows))])


def _named(row: Row) -> tuple[str, str, str, str]:
    return row.kind.name, row.place.vendor, row.place.era, row.place.transport


def _figures(rows: Sequence[Row]) -> list[str]:
    intents, wanted, cases, lost, doubled, insisted, unknown, requests = (
        sum(getattr(row, name) for row in rows)
        for name in ("intents", "wanted", "cases", "lost", "doubled", "insisted", "unknown", "requests")
    )
    own = f" ({insisted} insisted on)" if insisted and any(row.kind.doubled_if_insisted for row in rows) else ""
    each = f"{requests / intents:.1f}" if intents else ""
    return [f"{intents:,}", f"{cases:,}", str(lost), f"{doubled}{own}", str(unknown), each, f"of {wanted:,}"]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Run what the command line asks for, print the tables, and tell whether they prove it."""
    parser = argparse.ArgumentParser(description="Prove that each write is done once, whatever happens to it.")
    parser.add_argument("--minutes", type=float, default=60.0, help="no intent begins later (60)")
    parser.add_argument("--kinds", nargs="+", choices=BY_NAME, metavar="NAME", help="only these kinds of fault")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        choices=[*get_args(Vendor), *get_args(Era), *get_args(Transport)],
        metavar="WORD",
        help="only where all of these are: a vendor, an era, a transport",
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="chance, to be had again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to a file")
    given = parser.parse_args()
    kinds = [BY_NAME[name] for name in given.kinds] if given.kinds else KINDS
    print(f"seed {given.seed}", file=sys.stderr)
    todo = [job for job in jobs(kinds) if {*given.only} <= {job[1].vendor, job[1].era, job[1].transport}]

    async def all_jobs() -> list[Row]:
        return await run(todo, seed=given.seed, seconds=given.minutes * 60)

    rows = anyio.run(all_jobs)
    rows.sort(key=lambda row: [(job[0].name, job[1]) for job in todo].index((row.kind.name, row.place)))
    print(table(rows), "", summary(rows), sep="\n")
    if given.json:
        given.json.write_text(json.dumps({"seed": given.seed, "rows": [*map(as_json, rows)]}, indent=1))
    return 0 if all(row.proves for row in rows if row.intents) else 1


if __name__ == "__main__":
    sys.exit(main())
