"""Creates and appends: claimed in the ledger, then sent once, and found again where their response was lost."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from case_tools.idempotency import IdempotencyLedger, Work
from case_tools.pipeline.approve import Approval
from case_tools.pipeline.identity import intent_of_write
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.results import Written
from case_tools.settings import Settings
from case_tools.state import SearchFacts
from case_tools.transport.call import Call

_SEARCH_SHARE, _LONGEST_SEARCH = 0.3, 8.0
"""The part of a create's time that is kept to search for it, and at most how many seconds of it."""

Write = Callable[[Built, Call], Awaitable[Written]]


class OnceWrites:
    """The writes of one desk that happen once.

    Args:
        ledger: knows what was sent before.
        settings: the behaviour.
        desk: which account of which desk.
    """

    def __init__(self, ledger: IdempotencyLedger, settings: Settings, *, desk: str) -> None:
        self._ledger = ledger
        self._settings = settings
        self._desk = desk

    async def finished(self, built: Built) -> Written | None:
        """Return the answer to a write that was finished before; None where it was not."""
        intent = intent_of_write(built, desk=self._desk)
        return await self._ledger.finished(intent, again=_again(built.invocation))

    async def send(self, built: Built, write: Write, *, approval: Approval | None) -> Written:
        """Claim a write in the ledger and send it, unless an equal one was sent before.

        Args:
            built: the write.
            write: sends it.
            approval: a person's yes, which it uses up.
        """
        intent = intent_of_write(built, desk=self._desk)
        call, reconciler = built.invocation.call, built.invocation.tool.reconciler
        mark = f"[case-mcp {intent.key[:12]}]" if self._settings.mark else ""
        request = reconciler.with_mark(built.request, mark) if reconciler and mark else built.request
        facts = reconciler.facts(request, built.resolved) if reconciler else None
        spared = min(self._settings.timeout * _SEARCH_SHARE, _LONGEST_SEARCH)

        async def send(before: Callable[[SearchFacts], Awaitable[None]]) -> Written:
            claimed = partial(before, SearchFacts(facts=facts, mark=mark))
            writing = replace(call, deadline=call.deadline - spared, before=claimed)
            return await write(replace(built, request=request), writing)

        work = Work(
            send=send,
            deadline=call.deadline,
            again=_again(built.invocation),
            window=approval.ago if approval else 0.0,
            spends=approval.spends if approval else None,
        )
        return await self._ledger.run(intent, work)

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; nothing more leaves."""
        await self._ledger.close(self._settings.timeout)


def _again(invocation: Invocation) -> str:
    """Return how an equal write is done a second time on purpose."""
    tool = invocation.tool.name
    if getattr(invocation.arguments, "allow_duplicate", False):
        return f"wait until the repeat window has passed, then call {tool} again"
    return f"call {tool} again with allow_duplicate: true"
