"""Places that callers share, in every order in which they may come and go."""

from collections import Counter

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_tools import RateLimited
from case_tools.transport.fair_places import FairPlaces, NoPlace
from case_tools.transport.rate_limit import RateLimit

Step = tuple[str, str]
STEPS = st.lists(st.tuples(st.sampled_from(["come", "leave", "give up"]), st.sampled_from("abc")), max_size=60)


class World:
    """Callers that take places, hold them until they are told to leave, or give up."""

    def __init__(self, places: FairPlaces, tasks: anyio.abc.TaskGroup) -> None:
        self.places, self.tasks = places, tasks
        self.leaving: dict[str, list[anyio.Event]] = {}
        self.waiting: dict[str, list[anyio.CancelScope]] = {}
        self.granted: list[str] = []
        self.refused: list[str] = []

    async def one(self, caller: str, scope: anyio.CancelScope) -> None:
        """Take a place and hold it."""
        try:
            with scope:
                async with self.places.held(caller):
                    self.waiting[caller].remove(scope)
                    leave = anyio.Event()
                    self.leaving.setdefault(caller, []).append(leave)
                    self.granted.append(caller)
                    await leave.wait()
                    return
            self.waiting[caller].remove(scope)
        except NoPlace:
            self.waiting[caller].remove(scope)
            self.refused.append(caller)

    async def step(self, what: str, caller: str) -> None:
        """Take one step, and let everybody react."""
        if what == "come":
            scope = anyio.CancelScope()
            self.waiting.setdefault(caller, []).append(scope)
            self.tasks.start_soon(self.one, caller, scope)
        elif what == "leave" and self.leaving.get(caller):
            self.leaving[caller].pop(0).set()
        elif what == "give up" and self.waiting.get(caller):
            self.waiting[caller][0].cancel()
        await anyio.wait_all_tasks_blocked()

    def held(self) -> Counter[str]:
        """Return how many places each holds."""
        return Counter({caller: len(events) for caller, events in self.leaving.items() if events})

    def waits(self) -> Counter[str]:
        """Return how many of each wait."""
        return Counter({caller: len(scopes) for caller, scopes in self.waiting.items() if scopes})


async def play(steps: list[Step], *, places: int) -> None:
    """Check after each step who holds and who waits."""
    fair = FairPlaces(places, waiting=4)
    async with anyio.create_task_group() as tasks:
        world = World(fair, tasks)
        for what, caller in steps:
            before, granted = world.held(), len(world.granted)
            await world.step(what, caller)
            held, waits = world.held(), world.waits()
            share = max(1, places // max(len({*held, *waits}), 1))
            assert held.total() <= places
            assert waits.total() <= 4
            for grown in world.granted[granted:]:
                others = [each for each in waits if each != grown]
                assert not others or held[grown] <= max(share, before[grown] + 1)
            if held.total() < places:
                assert not [each for each in waits if held[each] < share], "a place is free for whoever waits"
        tasks.cancel_scope.cancel()
    assert fair.are_free


@given(steps=STEPS, places=st.integers(1, 5))
def test_whatever_happens_no_place_is_lost_and_nobody_waits_for_a_free_one(steps: list[Step], places: int) -> None:
    """*Ours*: also where callers give up while they wait or hold."""
    anyio.run(lambda: play(steps, places=places))


async def test_callers_that_wait_are_served_in_turn() -> None:
    """*Ours*: whoever sends a hundred calls delays another's one by a turn, not by a hundred."""
    async with anyio.create_task_group() as tasks:
        world = World(FairPlaces(2, waiting=100), tasks)
        for caller in [*"aaaaaaaa", *"bb", "c"]:
            await world.step("come", caller)
        assert world.granted == ["a", "a"]
        for _ in range(9):
            await world.step("leave", next(each for each in world.leaving if world.leaving[each]))
        assert "".join(world.granted[2:7]) in {"bcaba", "bcbaa", "bcaab"}
        tasks.cancel_scope.cancel()


async def test_a_caller_beyond_its_share_leaves_spare_places_to_the_next() -> None:
    """*Ours*: 300 searches of one caller are not in the way of another's first."""
    async with anyio.create_task_group() as tasks:
        world = World(FairPlaces(8, waiting=4, spare=1), tasks)
        for _ in range(20):
            await world.step("come", "a")
        await world.step("come", "b")
        assert world.held() == {"a": 7, "b": 1}
        assert world.refused == ["a"] * 9
        await world.step("come", "b")
        assert (world.waits(), world.refused) == ({"a": 3, "b": 1}, ["a"] * 10)
        tasks.cancel_scope.cancel()


async def test_calls_that_wait_for_the_allowance_take_turns_by_caller() -> None:
    """*Ours*: an account's minute is shared as well."""
    served: list[str] = []
    go = anyio.Semaphore(0)

    async def take(_: int) -> float:
        await go.acquire()
        return 0.0

    limit = RateLimit(60, take=take, monotonic=lambda: 0.0)

    async def one(caller: str) -> None:
        await limit.wait(60.0, caller=caller)
        served.append(caller)

    async with anyio.create_task_group() as tasks:
        for caller in "aaaab":
            tasks.start_soon(one, caller)
            await anyio.wait_all_tasks_blocked()
        for _ in range(5):
            go.release()
            await anyio.wait_all_tasks_blocked()
    assert "".join(served) == "abaaa"


async def test_a_call_that_is_behind_one_that_waits_past_its_deadline_is_refused_at_once() -> None:
    """*Ours*: it would wait in vain."""

    async def take(_: int) -> float:
        return 30.0

    limit = RateLimit(60, take=take, monotonic=lambda: 0.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(limit.wait, 50.0)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(RateLimited) as refused:
            await limit.wait(20.0, caller="b")
        assert refused.value.retry_after == 30.0
        tasks.cancel_scope.cancel()
