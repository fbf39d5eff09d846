"""The desk, the proxy, the servers and their callers at one place, set up and let loose."""

import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import anyio
import trustme
from anyio.abc import TaskGroup

from faults.accounts import dialect, settings
from faults.desk import Desk, Vendor, scripted
from faults.intents import Caller, Group, Intent
from faults.kinds import TIMEOUT, Kind
from faults.minutes import Minutes
from faults.proxy import Proxy, proxied
from faults.server import Era, Server, Transport
from faults.states import State, states
from faults.striking import Striking

_OPEN_AT_ONCE: Final = 64
_OF_A_BATCH: Final = 48
_ROUNDS_OF_A_FAULT: Final = 2


@asynccontextmanager
async def running(
    kinds: Sequence[Kind],
    vendor: Vendor,
    era: Era,
    transport: Transport,
    rng: Random,
    *,
    lanes: int,
    careless: bool,
) -> AsyncIterator["Run"]:
    """Yield everything that kinds need, listening and answering; a kind that stands alone comes alone."""
    main = kinds[0]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        desk = await stack.enter_async_context(scripted(dialect(vendor, main)))
        proxy = await stack.enter_async_context(proxied(desk.port, certificate=_certificate(main)))
        tasks = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(tasks.cancel_scope.cancel)
        run = Run(kinds, vendor, rng, desk=desk, proxy=proxy, tasks=tasks)
        run.caller = replace(run.caller, careless=careless)
        for number in range(max(main.servers, lanes)):
            server = Server(folder, number, era=era, transport=transport)
            if number == 0 or main.servers == 1:
                state = await stack.enter_async_context(states(folder / f"{number}", database=main.database))
                run.states.append(state)
            host = main.host.format(port=proxy.port) or run.good_host
            server.settings = settings(vendor, run.states[-1].settings, host)
            run.servers.append(server)
            tasks.start_soon(server.run)
        run.minutes.states = [state.pass_time for state in run.states]
        for server in run.servers:
            await server.up()
        await proxy.set_door(main.door)
        yield run


class Run:
    """Some kinds at one place.

    Attributes:
        groups: mark -> who wants it, and whom they call; several where processes share a store.
        striking: what befalls the requests.
        caller: how the callers behave.
        good_host: where the desk can be reached.
        minutes: lets the time of the states pass.
        states: what the servers work on; one for all where they share it.
    """

    def __init__(
        self, kinds: Sequence[Kind], vendor: Vendor, rng: Random, *, desk: Desk, proxy: Proxy, tasks: TaskGroup
    ) -> None:
        self.desk = desk
        self.servers: list[Server] = []
        self.states: list[State] = []
        self.groups: dict[str, Group] = {}
        self.striking = striking = Striking(self.groups, kinds[0], rng, tasks)
        self.good_host = f"http://127.0.0.1:{proxy.port}"
        self._kinds, self._main, self._vendor, self._rng = kinds, kinds[0], vendor, rng
        self._proxy, self._tasks = proxy, tasks
        gives_up = 0.5 if self._main.disturbance == "give up" else 0.03
        self.minutes = Minutes(tasks, desk, late=max(kind.late for kind in kinds))
        calm = desk.keep(title="Calm")
        self.caller = Caller(rng=rng, calm=calm, gives_up=gives_up, early=TIMEOUT / 2, minutes=self.minutes)
        what = desk.dialect.what
        desk.lag, desk.script = striking.lag, striking.reply
        proxy.plan = lambda message: striking.cut(what(message), message)
        proxy.watch = lambda message, when: striking.watch(what(message), message, when)

    async def all(self, wanted: int, *, end: float) -> None:
        """Settle so many intents of each kind, none begun after the end; mend what lasts, and settle the rest."""
        kinds = [kind for _ in range(wanted) for kind in self._kinds]
        size = _OF_A_BATCH if self._main.door_opens else len(kinds)
        caller = self.caller
        if self._main.lasts or not self._main.shows_notes:
            caller = replace(caller, rounds=_ROUNDS_OF_A_FAULT)
        for first in range(0, len(kinds), size):
            numbers = range(first, min(first + size, len(kinds)))
            await self._settle([self._group(kinds[number], number) for number in numbers], caller, end=end)
        left = [group for group in self.groups.values() if any(voice.end != "done" for voice, _ in group)]
        for voice, _ in (each for group in left for each in group):
            voice.was_unknown = voice.end == "unknown"
        if self._main.lasts:
            await self._mend()
        if not self._main.shows_notes:
            self._look(left)
        if caller is not self.caller:
            await self._settle(left, self.caller, end=float("inf"))

    def _group(self, kind: Kind, number: int) -> Group:
        """Return the callers of a new intent; half of the intents have a key that their caller gave them."""
        key = f"key of i{number}" if self._rng.random() < 0.5 else None
        intent = Intent(mark=f"i{number}", vendor=self._vendor, kind=kind, key=key)
        if kind.write != "create":
            intent.address = self.desk.keep(title=f"Old i{number}", description="Old.")
        if kind.servers > 1:
            return [(replace(intent, told=set(), heard=[]), server) for server in self.servers]
        return [(intent, self.servers[number % len(self.servers)])]

    async def _settle(self, groups: Sequence[Group], caller: Caller, *, end: float) -> None:
        room = anyio.Semaphore(_OPEN_AT_ONCE)

        async def settle(group: Group) -> None:
            async with anyio.create_task_group() as tasks:
                for voice, server in group:
                    tasks.start_soon(caller.settle, voice, server)
            room.release()

        async with anyio.create_task_group() as tasks:
            if self._main.door_opens:
                await self._proxy.set_door(self._main.door)
                self._tasks.start_soon(self._open_later)
            for group in groups:
                await room.acquire()
                if time.monotonic() > end:
                    break
                self.groups[group[0][0].mark] = group
                tasks.start_soon(settle, group)

    async def _open_later(self) -> None:
        """Open the door again: within the time of one call, or only after it."""
        await anyio.sleep(self._rng.choice((0.2, 0.6, TIMEOUT + 0.5)))
        await self._proxy.set_door("open")

    async def _mend(self) -> None:
        self.striking.mended = True
        await self._proxy.set_door("open")
        if self._main.host:
            for number, server in enumerate(self.servers):
                state = self.states[min(number, len(self.states) - 1)]
                server.settings = settings(self._vendor, state.settings, self.good_host)
                await server.renew()

    def _look(self, left: Sequence[Group]) -> None:
        """Look at the desk itself, as a person would whom nothing can tell; insist where nothing is there."""
        for voice, _ in (each for group in left for each in group):
            if any(note["note_body"] == voice.text for case in self.desk.cases for note in case.notes):
                voice.end = "done"
            else:
                voice.on_purpose += 1


def _certificate(kind: Kind) -> ssl.SSLContext | None:
    """Return a certificate of an authority that nobody knows, where it is needed."""
    if kind.door != "untrusted":
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
