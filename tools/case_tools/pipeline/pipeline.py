"""The steps of a call, in their order, the same for every vendor.

parse arguments (`CaseDesk.call`) -> resolve names to ids (one search at most) -> build the request -> access rule
  -> look up the ledger (creates, appends: what is finished answers here) -> approval -> claim -> rate
  -> credentials -> HTTP -> parse the response -> learn names -> finish in the ledger -> result
"""

from functools import partial

import anyio

from case_tools.adapter.messages import Response
from case_tools.adapter.tool import ONCE
from case_tools.pipeline.approve import Approver
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.pipeline.once import OnceWrites
from case_tools.pipeline.resolve import Resolver
from case_tools.pipeline.value_updates import ValueUpdates
from case_tools.results import Result, Written
from case_tools.settings import Settings
from case_tools.state import StateBackend
from case_tools.transport.call import Call
from case_tools.transport.retry import Sender


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
        sender: Sender,
        resolver: Resolver,
        once: OnceWrites,
        approver: Approver,
    ) -> None:
        self._settings = settings
        self._state = state
        self._sender = sender
        self.resolver = resolver
        self._once = once
        self._approver = approver
        self._value_updates = ValueUpdates()

    async def run(self, invocation: Invocation) -> Result:
        """Take every step of one call.

        Raises:
            CaseError: see `errors`; it says whether anything changed at the desk.
        """
        once = invocation.effect in ONCE
        early = self.resolver.build_from_memory(invocation) if once else None
        if early is not None and (earlier := await self._once.finished(early)):
            return earlier
        built = await self.resolver.build(invocation)
        if once and early is None and (earlier := await self._once.finished(built)):
            return earlier
        invocation.tool.check(invocation.arguments, built.request, built.resolved)
        approval = None
        if invocation.effect != "read" and self._settings.access == "confirm":
            approval = await self._approver.approve(built)
            built = approval.built
        if once:
            return await self._once.send(built, self._write, approval=approval)
        if invocation.effect == "set":
            return await self._value_updates.share(built, partial(self._write, built, invocation.call))
        return await self._exchange(built, invocation.call)

    async def _write(self, built: Built, call: Call) -> Written:
        result = await self._exchange(built, call)
        if not isinstance(result, Written):
            raise TypeError(f"{built.invocation.tool.name} writes, and its result is not a Written")
        return result

    async def _exchange(self, built: Built, call: Call) -> Result:
        """Send the request, parse its response and learn the names that it shows."""
        tool, arguments = built.invocation.tool, built.invocation.arguments

        def parse(response: Response) -> Result:
            parsed = tool.parse_response(arguments, built.request, response, built.resolved)
            self.resolver.learner.learn(parsed.names)
            return parsed.result

        return await self._sender.ask(built.request, parse, call, scope=tool.scope, effect=built.invocation.effect)

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; then close everything."""
        await self._once.close()
        await self._value_updates.close(self._settings.timeout)
        with anyio.CancelScope(shield=True):
            await self.resolver.learner.close()
            await self._sender.close()
            await self._state.close()
