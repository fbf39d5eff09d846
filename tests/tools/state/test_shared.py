"""What processes share beside the ledger: learned names, the rate, secrets, leases; every backend alike."""

from typing import Final

import pytest

from case_tools.adapter.names import LearnedName
from case_tools.state import StateBackend
from state_backends import Backend

pytestmark = pytest.mark.anyio

STATUS: Final = LearnedName(kind="status", id="sts-1", name="Resolved", value={"_id": "sts-1", "name": "Resolved"})
CASE: Final = LearnedName(kind="case", id="ci-1", name="CS000123")
LONG: Final = 10**6


async def test_what_was_learned_is_there_for_the_next_process_of_the_same_desk(backend: Backend) -> None:
    """Ours: the newest value last; another desk on the same state learns for itself."""
    state = await backend.open()
    await state.names.learn([STATUS, CASE])
    renamed = LearnedName(kind="status", id="sts-1", name="Solved", value={"_id": "sts-1", "name": "Solved"})
    await backend.pass_time(1)
    await state.names.learn([renamed])
    assert await (await backend.open()).names.recall(keep=LONG) == [CASE, renamed]
    assert await (await backend.open("another desk")).names.recall(keep=LONG) == []


@pytest.mark.parametrize("name", ["sts-1", "resolved", "RE SOLVED", "re-solved"])
async def test_a_name_of_another_process_is_found_by_id_and_by_name(backend: Backend, name: str) -> None:
    """Ours: without regard to case, spaces, hyphens and underscores; nothing of another kind."""
    await (await backend.open()).names.learn([STATUS, CASE])
    names = (await backend.open()).names
    assert await names.find("status", name) == [STATUS]
    assert await names.find("priority", name) == []


async def test_what_was_not_seen_for_long_is_forgotten(state: StateBackend, backend: Backend) -> None:
    """Documented: learned references are dropped after 30 days."""
    await state.names.learn([STATUS])
    await backend.pass_time(10)
    await state.names.learn([CASE])
    assert await state.names.recall(keep=5) == [CASE]
    assert await state.names.recall(keep=LONG) == [CASE]


async def test_the_newest_names_are_kept_and_no_more(backend: Backend) -> None:
    """Ours: a desk that shows other cases in each search does not fill the disk."""
    state = await backend.open()
    for first in range(0, 30_000, 3_000):
        cases = [
            LearnedName(kind="case", id=f"ci-{each}", name=f"CS{each}") for each in range(first, first + 3_000)
        ]
        await state.names.learn(cases)
        await backend.pass_time(1)
    found = [await state.names.find("case", name) for name in ("CS0", "CS29999")]
    assert [len(each) for each in found] == [0, 1]


async def test_the_rate_is_one_window_for_all_processes(backend: Backend) -> None:
    """Documented: a sliding window, so a burst up to the whole rate goes out at once."""
    one, other = await backend.open(), await backend.open()
    waits = []
    for each in (one, other, one, other, one, other):
        waits.append(await each.rate.consume(4, window=60))
        await backend.pass_time(1)
    assert waits == [0, 0, 0, 0, 56, 55]
    await backend.pass_time(53.5)
    assert await other.rate.consume(4, window=60) == pytest.approx(0.5)
    await backend.pass_time(0.5)
    assert await other.rate.consume(4, window=60) == 0
    assert await one.rate.consume(4, window=60) == pytest.approx(1)


async def test_lanes_of_a_desk_are_counted_apart(state: StateBackend) -> None:
    """Ours: searches in the background have a rate of their own below the account's."""
    lanes = ["", "background", "background", ""]
    assert [await state.rate.consume(1, window=60, lane=lane) for lane in lanes] == [0, 0, 60, 60]


async def test_desks_have_rates_of_their_own(backend: Backend) -> None:
    """Ours: the rate is an account's."""
    one, other = await backend.open(), await backend.open("another desk")
    assert [await each.rate.consume(1, window=60) for each in (one, other, one)] == [0, 0, 60]


async def test_the_secret_that_seals_is_one_for_all_processes(backend: Backend) -> None:
    """Ours: a confirmation of one process is good in another."""
    secrets = [await (await backend.open()).confirmations.secret("confirmation") for _ in range(2)]
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32


async def test_a_confirmation_is_spent_at_one_process(backend: Backend) -> None:
    """Documented: one yes is one change."""
    states = [await backend.open() for _ in range(3)]
    assert [await each.confirmations.spend("a yes") for each in states] == [True, False, False]


async def test_a_confirmation_says_whether_it_is_spent(backend: Backend) -> None:
    """Ours: asked before anything is looked up for it."""
    states = [await backend.open() for _ in range(2)]
    assert not await states[1].confirmations.is_spent("a yes")
    await states[0].confirmations.spend("a yes")
    assert await states[1].confirmations.is_spent("a yes")


async def test_a_lease_is_held_by_one_until_it_ends(backend: Backend) -> None:
    """Ours: a process that dies loses it in time."""
    one, other = (await backend.open()).leases, (await backend.open()).leases
    assert await one.hold("work", owner="one", seconds=30)
    assert not await other.hold("work", owner="other", seconds=30)
    await backend.pass_time(20)
    assert await one.hold("work", owner="one", seconds=30)
    await backend.pass_time(20)
    assert not await other.hold("work", owner="other", seconds=30)
    assert await other.hold("other work", owner="other", seconds=30)
    await backend.pass_time(11)
    assert await other.hold("work", owner="other", seconds=30)
    assert not await one.hold("work", owner="one", seconds=30)


async def test_a_state_that_can_be_written_says_so(state: StateBackend) -> None:
    """Ours: what /readyz asks."""
    await state.check()
