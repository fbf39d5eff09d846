"""A person's yes to one change: asked for with a preview, given with a confirmation."""

import secrets
from dataclasses import dataclass

from case_tools.adapter.tool import ONCE
from case_tools.errors import CaseError, ConfirmationNeeded
from case_tools.pipeline.confirmation import opened, refused, sealed
from case_tools.pipeline.describe import preview_of
from case_tools.pipeline.identity import normalized
from case_tools.pipeline.invocation import Built
from case_tools.pipeline.resolve import Resolver
from case_tools.state import ConfirmationStore, digest_of
from case_tools.transport.call import DeskClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A write that a person has said yes to.

    Attributes:
        built: the write.
        ago: how many seconds ago the person was asked.
        spends: the confirmation, which the write has yet to use up; None where it did so.
    """

    built: Built
    ago: float
    spends: str | None = None


class Approver:
    """Asks for a yes, and checks the one that was given.

    Args:
        store: keeps the seal's secret, and the confirmations that were used.
        resolver: looks at what is to be changed.
        desk: which account of which desk.
        clock: the time.
    """

    def __init__(self, store: ConfirmationStore, resolver: Resolver, *, desk: str, clock: DeskClock) -> None:
        self._store = store
        self._resolver = resolver
        self._desk = desk
        self._clock = clock

    async def approve(self, built: Built) -> Approval:
        """Return the write if a person has said yes to exactly it.

        Raises:
            ConfirmationNeeded: no confirmation was given.
            NotConfirmed: the confirmation is another change's, too old, or was used.
        """
        invocation, tool = built.invocation, built.invocation.tool
        now = self._clock.own().timestamp()
        key = await self._store.secret("confirmation")
        change = self._change(built)
        if invocation.confirmation is None:
            word = sealed(key, change, own=secrets.token_hex(16), now=now)
            raise ConfirmationNeeded(
                f"{tool.name} was not sent: it waits for a person's yes.",
                next_step="Show the person the preview, and after a yes make the same call with the confirmation.",
                preview=preview_of(await self._shown(built), self._resolver),
                confirmation=word,
            )
        yes = opened(key, change, invocation.confirmation, now=now, tool=tool.name)
        if invocation.effect in ONCE:
            return Approval(built=built, ago=max(now - yes.issued, 0.0), spends=yes.own)
        if not await self._store.spend(yes.own):
            raise refused(f"The confirmation was used before: {tool.name} was not sent again.")
        return Approval(built=built, ago=max(now - yes.issued, 0.0))

    async def _shown(self, built: Built) -> Built:
        """Return the write with what the desk shows now of what is to be changed, where it can be searched."""
        tool = built.invocation.tool
        if tool.address is None or tool.shown_before(built.request, built.resolved):
            return built
        try:
            return built.with_resolved(await self._resolver.look(built.invocation))
        except CaseError:
            return built

    def _change(self, built: Built) -> str:
        invocation, request = built.invocation, built.request
        asked = invocation.arguments.model_dump(mode="json", exclude_none=True)
        meant = request.body if request.meant is None else request.meant
        write = [request.method, request.template, {**request.path}, [*request.query], normalized(meant)]
        return digest_of([invocation.caller, self._desk, invocation.tool.name, asked, write])
