"""Creates and appends: claimed in the ledger, then sent once, and found again where their response was lost."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import NoReturn

from case_tools.idempotency import IdempotencyLedger, Work
from case_tools.pipeline.identity import intent_of_write
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.results import Written
from case_tools.settings import Settings
from case_tools.state import Intent, SearchFacts
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

    async def finished(self, built: Built, *, window: float) -> Written | None:
        """Return the answer to a write that was finished before; None where it was not.

        Args:
            built: the write.
            window: for how many seconds an equal write counts as this one, where longer than usual.
        """
        again = _again(built.invocation)
        answer = await self._ledger.finished(self._intent(built), again=again, window=window)
        return None if answer is None else _without_values(answer, built, again)

    async def is_open(self, built: Built) -> bool:
        """Tell whether a write was sent and has no end yet, so that it is searched for and not sent."""
        return await self._ledger.is_open(self._intent(built))

    async def send(
        self,
        built: Built,
        write: Write,
        *,
        window: float,
        spends: str | None,
        ask: Callable[[], Awaitable[NoReturn]] | None,
    ) -> Written:
        """Claim a write in the ledger and send it, unless an equal one was sent before.

        Args:
            built: the write.
            write: sends it.
            window: for how many seconds an equal write counts as this one, where longer than usual.
            spends: the confirmation that it spends; None where it needs none, or is expected to be open.
            ask: asks a person for the write where it is no longer open, and so would be sent.
        """
        intent, again = self._intent(built), _again(built.invocation)
        call, reconciler = built.invocation.call, built.invocation.tool.reconciler
        mark = f"[case-mcp {intent.key[:12]}]" if self._settings.mark else ""
        request = reconciler.with_mark(built.request, mark) if reconciler and mark else built.request
        facts = reconciler.facts(request, built.resolved) if reconciler else None
        spared = min(self._settings.timeout * _SEARCH_SHARE, _LONGEST_SEARCH)

        async def send(before: Callable[[SearchFacts], Awaitable[None]]) -> Written:
            if ask is not None:
                await ask()
            claimed = partial(before, SearchFacts(facts=facts, mark=mark))
            writing = replace(call, deadline=call.deadline - spared, before=claimed)
            return await write(replace(built, request=request), writing)

        work = Work(
            send=send,
            deadline=call.deadline,
            again=again,
            window=window,
            spends=spends,
            on_end=call.effort.on_end,
        )
        return _without_values(await self._ledger.run(intent, work), built, again)

    def _intent(self, built: Built) -> Intent:
        return intent_of_write(built, desk=self._desk)

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; nothing more leaves."""
        await self._ledger.close(self._settings.timeout)


def _without_values(written: Written, built: Built, again: str) -> Written:
    """Return a replayed append with a word on the values beside it, which were not set again."""
    tool, labels = built.invocation.tool, built.invocation.tool.dialog.labels
    body = [argument for argument in built.request.body or {} if argument not in tool.appending]
    if written.outcome != "replayed" or built.invocation.effect != "append" or not tool.appending or not body:
        return written
    appended = ", ".join(sorted(tool.appending))
    values = ", ".join(labels.get(argument, argument) for argument in body)
    advice = (
        f"{appended}: added once, by an equal call, and not again. Not set again either: {values}, which may have "
        f"changed since. To set that alone, call {tool.name} without {appended}. Only if a second equal entry is "
        f"really wanted, {again}."
    )
    return written.model_copy(update={"advice": advice})


def _again(invocation: Invocation) -> str:
    """Return how an equal write is done a second time on purpose."""
    tool = invocation.tool.name
    if getattr(invocation.arguments, "allow_duplicate", False):
        return f"wait until the repeat window has passed, then call {tool} again"
    return f"call {tool} again with allow_duplicate: true"
