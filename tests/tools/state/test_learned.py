"""Learned names beside a call: one writer, only what is new, and never more than a bounded number of them."""

from collections.abc import Sequence
from typing import Final

import anyio
import pytest

from case_tools.adapter.names import LearnedName
from case_tools.errors import StateBusy
from case_tools.state.learned import SharedNames

pytestmark = pytest.mark.anyio

PATIENCE: Final = 30.0


def case(number: int, name: str = "") -> LearnedName:
    """Return a case that the desk has shown."""
    return LearnedName(kind="case", id=f"ci-{number}", name=name or f"CS{number:06}")


class SlowStore:
    """A store whose writes wait, and may fail.

    Attributes:
        gate: lets writes go.
        writes: the ids of each write.
        at_once: the most writes that were under way at once.
        fails: whether writes and searches fail.
    """

    def __init__(self) -> None:
        self.gate = anyio.Event()
        self.writes: list[list[str]] = []
        self.at_once = 0
        self.fails = False
        self._under_way = 0

    async def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep names when the gate is open."""
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        await self.gate.wait()
        self._under_way -= 1
        if self.fails:
            raise StateBusy("The state is locked.", next_step="Wait.")
        self.writes.append([each.id for each in names])

    async def recall(self, *, keep: float) -> list[LearnedName]:
        """Return one name."""
        return [case(1)] if keep else []

    async def find(self, kind: str, name_or_id: str) -> list[LearnedName]:
        """Return the name."""
        if self.fails:
            raise StateBusy("The state is locked.", next_step="Wait.")
        return [LearnedName(kind=kind, id="7", name=name_or_id)]


async def test_only_new_and_changed_names_are_written(store: SlowStore) -> None:
    """Ours: a busy desk shows the same cases in each search."""
    store.gate.set()
    names = SharedNames(store)
    await names.recall(keep=60)
    for shown in ([case(1), case(2)], [case(1), case(2)], [case(1), case(2, "Renamed"), case(3)]):
        names.learn(shown)
        await anyio.wait_all_tasks_blocked()
    await names.close()
    assert store.writes == [["ci-2"], ["ci-2", "ci-3"]]


@pytest.fixture
def store() -> SlowStore:
    """Give a slow store."""
    return SlowStore()


async def test_one_writer_works_through_a_bounded_queue(store: SlowStore) -> None:
    """Ours: a state that is slow costs neither memory nor a task for each search."""
    names = SharedNames(store)
    for number in range(0, 50_000, 50):
        names.learn([case(each) for each in range(number, number + 50)])
    await anyio.wait_all_tasks_blocked()
    assert names.pending <= 2_000
    store.gate.set()
    with anyio.fail_after(PATIENCE):
        while names.pending:
            await anyio.wait_all_tasks_blocked()
        await names.close()
    assert store.at_once == 1
    assert sum(map(len, store.writes)) <= 2_200
    assert store.writes[-1][-1] == "ci-49999"


async def test_a_state_that_fails_is_said_once_and_stops_nothing(
    store: SlowStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: what cannot be kept is asked for again."""
    store.fails = True
    store.gate.set()
    names = SharedNames(store)
    for number in range(3):
        names.learn([case(number)])
        await anyio.wait_all_tasks_blocked()
        assert await names.find("status", "Open") == ()
    await names.close()
    assert [each.getMessage() for each in caplog.records] == [
        "learned names are kept in memory alone for now: StateBusy"
    ]


async def test_a_name_that_the_desk_did_not_show_is_remembered_until_it_does(store: SlowStore) -> None:
    """Ours: a status that no case has shown cost a second request every time."""
    store.gate.set()
    names = SharedNames(store)
    names.miss("status", "On Hold")
    assert names.is_missing("status", "on-hold")
    assert not names.is_missing("priority", "On Hold")
    names.learn([LearnedName(kind="status", id="sts-9", name="On Hold")])
    assert not names.is_missing("status", "On Hold")
    for number in range(3_000):
        names.miss("status", f"Status {number}")
    assert not names.is_missing("status", "Status 0")
    assert names.is_missing("status", "Status 2999")
    await names.close()
