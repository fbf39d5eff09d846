"""The steps of a call, in their order, the same for every vendor.

parse arguments (`CaseDesk.call`) -> resolve names to ids (one search at most) -> build the request -> access rule
  -> look up the ledger (creates, appends: what is finished answers here) -> approval -> claim -> rate
  -> credentials -> HTTP -> parse the response -> learn names -> finish in the ledger -> result
"""

from dataclasses import replace
from functools import partial
from typing import Final

import anyio

from case_tools.adapter.messages import Parsed, Response
from case_tools.adapter.search import SearchTool
from case_tools.adapter.tool import ONCE
from case_tools.errors import StateBusy
from case_tools.pipeline.approve import Approver
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.pipeline.once import OnceWrites
from case_tools.pipeline.resolve import Resolver
from case_tools.pipeline.search import Searches
from case_tools.pipeline.value_updates import ValueUpdates
from case_tools.pipeline.verify import Verifier
from case_tools.results import Result, Written
from case_tools.settings import Settings
from case_tools.state import StateBackend
from case_tools.transport.call import Call, nothing
from case_tools.transport.retry import RetryingClient

_CHECK_SECONDS: Final = 1.0


class Pipeline:
    """What every call goes through; `opening.py` puts it together.

    Attributes:
        resolver: resolves names, and knows those that were learned.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        state: StateBackend,
        client: RetryingClient,
        resolver: Resolver,
        once: OnceWrites,
        approver: Approver,
        searches: Searches,
    ) -> None:
        self._settings = settings
        self._state = state
        self._client = client
        self.resolver = resolver
        self._once = once
        self._approver = approver
        self._searches = searches
        self._verifier = Verifier(client, settings)
        self._value_updates = ValueUpdates()

    async def run(self, invocation: Invocation) -> Result:
        """Take every step of one call.

        Raises:
            CaseError: see `errors`; it says whether anything changed at the desk.
        """
        once, window = invocation.effect in ONCE, self._approver.asked_ago(invocation)
        early = self.resolver.build_from_memory(invocation) if once else None
        if early is not None and (earlier := await self._once.finished(early, window=window)):
            return earlier
        built = await self.resolver.build(invocation)
        if once and early is None and (earlier := await self._once.finished(built, window=window)):
            return earlier
        invocation.tool.check(invocation.arguments, built.request, built.resolved)
        approval = None
        confirms = invocation.effect != "read" and self._settings.access == "confirm"
        if confirms and not (once and await self._once.is_open(built)):
            approval = await self._approver.approve(built)
            built = approval.built
        if once:
            ask = partial(self._approver.ask, built) if confirms and approval is None else None
            spends = approval.spends if approval else None
            return await self._once.send(built, self._write, window=window, spends=spends, ask=ask)
        if invocation.effect == "set":
            before = self._approver.spending(approval) if approval else nothing
            send = partial(self._write, built, replace(invocation.call, before=before))
            return await self._value_updates.share(built, send)
        if isinstance(invocation.tool, SearchTool):
            return await self._searches.run(built)
        return (await self._exchange(built, invocation.call)).result

    async def _write(self, built: Built, call: Call) -> Written:
        try:
            parsed = await self._exchange(built, call)
        finally:
            self._searches.forget()
        if not isinstance(parsed.result, Written):
            raise TypeError(f"{built.invocation.tool.name} writes, and its result is not a Written")
        return await self._verifier.verify(built, parsed, parsed.result, call)

    async def _exchange(self, built: Built, call: Call) -> Parsed:
        """Send the request, parse its response and learn the names that it shows."""
        tool, arguments = built.invocation.tool, built.invocation.arguments

        def parse(response: Response) -> Parsed:
            parsed = tool.parse_response(arguments, built.request, response, built.resolved)
            self.resolver.learner.learn(parsed.names)
            return parsed

        return await self._client.send(
            built.request, parse, call, scope=tool.scope, effect=built.invocation.effect
        )

    async def check_state(self) -> None:
        """Tell whether writes can be noted.

        Raises:
            StateError: why not.
        """
        try:
            with anyio.fail_after(_CHECK_SECONDS):
                await self._state.check()
        except TimeoutError:
            raise StateBusy(
                "The state did not answer in time.", next_step="The administrator looks what locks it."
            ) from None

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; then close everything."""
        await self._once.close()
        await self._value_updates.close(self._settings.timeout)
        with anyio.CancelScope(shield=True):
            await self.resolver.learner.close()
            await self._client.close()
            await self._state.close()
