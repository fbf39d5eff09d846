"""A person's yes to one change: asked for with a preview, given with a confirmation, spent by one write."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from case_tools.errors import CaseError, ConfirmationNeeded, Conflict, NotConfirmed
from case_tools.pipeline.confirmation import issued_at, opened, refused, sealed
from case_tools.pipeline.describe import preview_of
from case_tools.pipeline.identity import intent_of_write
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.pipeline.resolve import Resolver
from case_tools.state import ConfirmationStore, digest_of
from case_tools.transport.call import DeskClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A write that a person has said yes to.

    Attributes:
        built: the write, with what the desk shows now.
        spends: the confirmation, spent when its first byte leaves.
    """

    built: Built
    spends: str


class Approver:
    """Asks for a yes, and checks the one that was given.

    Args:
        store: keeps the seal's secret, and the confirmations that were spent.
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
        """Return the write if a person has said yes to exactly it, and nothing that they saw has changed since.

        Raises:
            ConfirmationNeeded: no confirmation was given.
            NotConfirmed: the confirmation is another change's, too old, or was spent.
            Conflict: the desk shows something else than the person saw.
        """
        tool, confirmation = built.invocation.tool.name, built.invocation.confirmation
        if confirmation is None:
            await self.ask(built)
        key = await self._store.secret("confirmation")
        now = self._clock.own().timestamp()
        yes = opened(key, self._change(built), confirmation, now=now, tool=tool)
        if await self._store.is_spent(yes.own):
            raise await self._spent_before(built)
        fresh = built.with_resolved(await self._resolver.look(built.invocation)) if _changes(built) else built
        preview = preview_of(fresh)
        if yes.preview not in {digest_of(each.data()) for each in (preview, preview.without_old())}:
            raise Conflict(
                f"{tool} was not sent: the desk shows something else now than the person saw.",
                next_step="Call again without the confirmation, and ask the person anew.",
            )
        return Approval(built=fresh, spends=yes.own)

    def asked_ago(self, invocation: Invocation) -> float:
        """Return how many seconds ago a person was asked; an equal write that ended since then is this one."""
        issued = issued_at(invocation.confirmation or "")
        return 0.0 if issued is None else max(self._clock.own().timestamp() - issued, 0.0)

    async def ask(self, built: Built) -> NoReturn:
        """Ask for a yes.

        Raises:
            ConfirmationNeeded: with the preview of the write.
        """
        tool = built.invocation.tool.name
        preview = preview_of(await self._with_old(built))
        word = sealed(
            await self._store.secret("confirmation"),
            self._change(built),
            own=secrets.token_hex(16),
            now=self._clock.own().timestamp(),
            preview=digest_of(preview.data()),
        )
        raise ConfirmationNeeded(
            f"{tool} was not sent: it waits for a person's yes.",
            next_step="Show the person the preview, and after a yes make the same call with the confirmation.",
            preview=preview,
            confirmation=word,
        )

    def spending(self, approval: Approval) -> Callable[[], Awaitable[None]]:
        """Return what spends a confirmation when the first byte of an update of values is about to leave."""
        spent = False

        async def spend() -> None:
            nonlocal spent
            if not spent and not await self._store.spend(approval.spends):
                raise refused(
                    f"The confirmation was used before: {approval.built.invocation.tool.name} was not sent again."
                )
            spent = True

        return spend

    async def _spent_before(self, built: Built) -> NotConfirmed:
        """Return the error for a confirmation that was spent, after one look at what the desk shows."""
        tool = built.invocation.tool
        try:
            looked = built.with_resolved(await self._resolver.look(built.invocation))
            applied = tool.is_applied(looked.request, looked.resolved)
        except CaseError:
            applied = None
        shown = "Whether the desk shows the values asked for cannot be seen."
        if applied is not None:
            shown = f"The desk {'shows' if applied else 'does not show'} the values asked for."
        return refused(f"The confirmation was used before: {tool.name} was not sent again. {shown}")

    async def _with_old(self, built: Built) -> Built:
        """Return the write with what the desk shows now of what is to be changed, where it can be searched."""
        if not _changes(built) or built.invocation.tool.shown_before(built.request, built.resolved):
            return built
        try:
            return built.with_resolved(await self._resolver.look(built.invocation))
        except CaseError:
            return built

    def _change(self, built: Built) -> str:
        intent = intent_of_write(built, desk=self._desk)
        return digest_of([built.invocation.caller, self._desk, intent.digest, built.invocation.request_key])


def _changes(built: Built) -> bool:
    return built.invocation.tool.address is not None and built.invocation.effect != "create"
