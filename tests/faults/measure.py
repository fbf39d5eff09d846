"""Run the intents of one kind of fault at one place, and count what came of them at the desk."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from faults.desk import Desk, Vendor
from faults.intents import Intent
from faults.kinds import Kind
from faults.running import Run, running
from faults.server import Era, Transport

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a kind is run."""

    vendor: Vendor
    era: Era
    transport: Transport


@dataclass(slots=True, kw_only=True)
class Row:
    """What came of the intents of one kind at one place.

    Attributes:
        wanted: how many intents there should be.
        intents: how many there were.
        cases: how often the desk did what they wanted.
        lost: the caller was told that it was done, or never got an end, and the desk has not done it.
        doubled: the desk has done it more than once.
        insisted: of those, the ones whose caller was told that the desk shows nothing, and insisted.
        unknown: ended without knowing, at the latest until the fault was mended.
        unresolved: still without an end when all was mended.
        requests: requests that reached the proxy; where kinds ran together, writes alone.
        calls: tool calls that the callers made.
        starts: server processes that were started.
        examples: what the intents that went wrong heard last.
    """

    kind: Kind
    place: Place
    wanted: int
    intents: int = 0
    cases: int = 0
    lost: int = 0
    doubled: int = 0
    insisted: int = 0
    unknown: int = 0
    unresolved: int = 0
    requests: int = 0
    calls: int = 0
    starts: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    @property
    def proves(self) -> bool:
        """Whether everything was done once, and nobody was left without knowing where a search could tell."""
        doubled = self.doubled - (self.insisted if self.kind.doubled_if_insisted else 0)
        unknown = 0 if self.kind.may_be_unknown else self.unknown
        return self.intents > 0 and not any((self.lost, doubled, unknown, self.unresolved))


async def measure(
    kinds: Sequence[Kind],
    place: Place,
    wanted: int,
    *,
    seed: int,
    seconds: float = 3600.0,
    lanes: int = 1,
    careless: bool = False,
) -> list[Row]:
    """Run so many intents of each kind, no new one after so many seconds, and return what came of them.

    Args:
        kinds: one, or several of which none stands alone.
        place: where.
        wanted: how many intents of each.
        seed: chance, to be had again.
        seconds: how long intents may begin.
        lanes: server processes, each with a store of its own.
        careless: whether callers take each repeat for a new intent.
    """
    began = time.monotonic()
    rng = Random(f"{seed}/{[kind.name for kind in kinds]}/{place}")
    async with running(
        kinds, place.vendor, place.era, place.transport, rng, lanes=lanes, careless=careless
    ) as run:
        await run.all(wanted, end=time.monotonic() + seconds)
        rows = {kind.name: Row(kind=kind, place=place, wanted=wanted) for kind in kinds}
        _count(rows, run)
    for row in rows.values():
        row.seconds = time.monotonic() - began
    return [*rows.values()]


def _count(rows: Mapping[str, Row], run: Run) -> None:
    done, names = _at_the_desk(run.desk), run.desk.names_by_title()
    for mark, group in run.groups.items():
        voices = [voice for voice, _ in group]
        first = voices[0]
        row = rows[first.kind.name]
        times = done[first.write, mark]
        told = set[str]().union(*(voice.told for voice in voices))
        mistold = first.write == "create" and times == 1 and not told <= names[first.title][0]
        open_ended = any(voice.end != "done" for voice in voices)
        row.intents += 1
        row.cases += times
        row.requests += run.striking.requests[mark]
        row.calls += sum(voice.calls for voice in voices)
        row.lost += not times or mistold
        row.doubled += times > 1
        row.insisted += times > 1 and any(voice.on_purpose > 0 for voice in voices)
        row.unknown += any(voice.was_unknown or voice.end == "unknown" for voice in voices)
        row.unresolved += open_ended
        if (times != 1 or mistold or open_ended) and len(row.examples) < _EXAMPLES:
            row.examples.append(f"{mark}: {times} at the desk; {_story(voices)}")
    for row in rows.values():
        row.requests += run.striking.requests[""] if len(rows) == 1 else 0
        row.starts = sum(server.starts for server in run.servers)


def _at_the_desk(desk: Desk) -> Counter[tuple[str, str]]:
    """Return how often each mark was done, by what was wanted."""
    done: Counter[tuple[str, str]] = Counter()
    for case in desk.cases:
        done["create", case.title.removeprefix("Parcel ")] += 1
        done["update", case.description.removeprefix("Note ")] += 1
        for note in case.notes:
            done["note", str(note["note_body"]).removeprefix("Note ")] += 1
    return done


def _story(voices: Sequence[Intent]) -> str:
    return "; ".join(
        f"{voice.calls} calls{' with a key' if voice.key else ''}, insisted {voice.on_purpose} times, "
        f"{voice.end or 'no end'}, told {sorted(voice.told)}, heard {' | '.join(voice.heard)}"
        for voice in voices
    )


def as_json(row: Row) -> Mapping[str, object]:
    """Return a row for a file."""
    own = {name: getattr(row, name) for name in row.__slots__ if name not in {"kind", "place"}}
    place = {"vendor": row.place.vendor, "era": row.place.era, "transport": row.place.transport}
    return {"kind": row.kind.name, **place, **own, "proves": row.proves}
