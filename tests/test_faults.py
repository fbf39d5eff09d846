"""Every kind of fault, a few intents each: the short form of `tests/faults/run.py`."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, get_args

import anyio
import pytest

from faults.desk import Vendor
from faults.kinds import BY_NAME, KINDS, Kind
from faults.measure import Place, Row, measure
from faults.server import Era, Transport

SEED: Final = 20261122
_OF_EACH: Final = 3
_OF_DISTURBED: Final = 8
_AT_ONCE: Final = 4
VENDORS: Final[tuple[Vendor, ...]] = get_args(Vendor)
WAYS: Final[list[tuple[Era, Transport]]] = [(era, way) for way in get_args(Transport) for era in get_args(Era)]
CASES: Final = [(kind, vendor) for kind in KINDS for vendor in kind.vendors]


def runs() -> list[tuple[list[Kind], Place]]:
    """Return what runs together: kinds that stand alone by themselves, the others at once; the ways in turn."""
    found: list[tuple[list[Kind], Vendor]] = []
    for vendor in VENDORS:
        kinds = [kind for kind in KINDS if vendor in kind.vendors]
        found.append(([kind for kind in kinds if not kind.stands_alone], vendor))
        found += [([kind], vendor) for kind in kinds if kind.stands_alone]
    found.sort(key=lambda each: not each[0][0].disturbance)  # the longest first
    return [
        (kinds, Place(vendor=vendor, era=era, transport=transport))
        for (kinds, vendor), (era, transport) in zip(found, itertools.cycle(WAYS), strict=False)
    ]


async def all_rows() -> Mapping[tuple[str, Vendor], Row]:
    """Run everything, a few runs at once, as most of the time is waiting."""
    rows: dict[tuple[str, Vendor], Row] = {}
    places = anyio.Semaphore(_AT_ONCE)

    async def one(kinds: Sequence[Kind], place: Place) -> None:
        async with places:
            wanted = _OF_DISTURBED if kinds[0].disturbance else _OF_EACH
            for row in await measure(kinds, place, wanted, seed=SEED):
                rows[row.kind.name, place.vendor] = row

    async with anyio.create_task_group() as tasks:
        for kinds, place in runs():
            tasks.start_soon(one, kinds, place)
    return rows


@pytest.fixture(scope="module")
def rows() -> Mapping[tuple[str, Vendor], Row]:
    """Give what came of each kind."""
    return anyio.run(all_rows)


@pytest.mark.parametrize(("kind", "vendor"), CASES, ids=[f"{kind.name}, {vendor}" for kind, vendor in CASES])
def test_each_intent_is_done_once(kind: Kind, vendor: Vendor, rows: Mapping[tuple[str, Vendor], Row]) -> None:
    """*Ours*: nothing lost, nothing doubled, and unknown only where no search can tell, until one can."""
    row = rows[kind.name, vendor]
    assert row.intents == row.wanted
    assert (row.lost, row.doubled - row.insisted * kind.doubled_if_insisted, row.unresolved) == (0, 0, 0), (
        row.examples
    )
    if not kind.may_be_unknown:
        assert row.unknown == 0, row.examples
    if kind.disturbance in {"kill", "close"} or kind.host:
        assert row.starts > max(kind.servers, 1), "the server was never ended, so nothing is proved"


async def test_careless_caller_gets_two_cases_and_they_are_counted() -> None:
    """*Ours*: whoever gives each repeat a new key asks for more; a count that misses that would prove nothing."""
    kind = BY_NAME["the search is broken too"]
    place = Place(vendor="kore", era="legacy", transport="stdio")
    [row] = await measure([kind], place, 2, seed=SEED, careless=True)
    assert (row.intents, row.cases, row.doubled, row.lost, row.proves) == (2, 4, 2, 0, False)
