"""The one corridor from arguments to result, the same for every vendor.

arguments -> names to ids (one search at most) -> request -> a person's yes, where it is wanted -> ledger (creates,
appends) -> allowance -> credentials -> HTTP -> answer -> names learned -> ledger -> result
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Self, cast

import anyio
import anyio.to_thread

from case_tools.adapter.arguments import Arguments
from case_tools.adapter.messages import Operation, Parsed, Request, Resolved, Response
from case_tools.adapter.names import LearnedName, LearnedNames, NameRef
from case_tools.adapter.tool import ONCE, Tool
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CallerError, CaseError, ConfirmationNeeded, UnexpectedAnswer
from case_tools.idempotency import Found, IdempotencyLedger, Row, SearchFacts, Work, digest_of, intent_of
from case_tools.idempotency.single_flight import SingleFlight
from case_tools.pipeline.confirmation import SECONDS, opened, refused, sealed
from case_tools.pipeline.preview import Preview, parts_of, shown
from case_tools.results import Result, Written
from case_tools.settings import Settings
from case_tools.state.sqlite.backend import State
from case_tools.transport.call import Call, DeskClock
from case_tools.transport.http_client import HttpClient
from case_tools.transport.rate_limit import WINDOW_SECONDS, RateLimit
from case_tools.transport.retry import Sender

_KEPT_SECONDS: Final = 30 * 24 * 3600.0
_SLACK: Final = timedelta(minutes=2)
"""What clocks may differ, and seconds be cut, between when we sent and when the desk says that it created."""

_MOST_PAGES: Final = 5
_SEARCH_SHARE, _LONGEST_SEARCH = 0.3, 8.0
"""The part of a create's time that is kept to search for it, and at most how many seconds of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A write that a person has said yes to, as it was built then.

    Attributes:
        known: what its answer is read with.
        request: what is sent.
        since: when the person was asked, in seconds since 1970.
    """

    known: Resolved
    request: Request
    since: float


class Pipeline:
    """What every call goes through.

    Args:
        vendor: the case system.
        settings: the behaviour.
        state: the ledger and what was learned.
        sender: sends requests.
        names: what was learned before.
        clock: the desk's time.
    """

    def __init__(
        self,
        vendor: Vendor,
        settings: Settings,
        *,
        state: State,
        sender: Sender,
        names: LearnedNames,
        clock: DeskClock,
    ) -> None:
        self._vendor = vendor
        self._settings = settings
        self._state = state
        self._sender = sender
        self._names = names
        self._once = IdempotencyLedger(
            state.ledger,
            desk=vendor.identity,
            find=self._find,
            window=settings.repeat_window,
            life=settings.timeout,
            clock=lambda: clock.own().timestamp(),
        )
        self._clock = clock
        self._flights: SingleFlight[Written] = SingleFlight()
        self._latest: dict[str, str] = {}
        self._aside: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        vendor: Vendor,
        settings: Settings,
        *,
        clock: DeskClock,
        observe: Callable[[Request, Response], None],
        embedded: object | None,
    ) -> Self:
        """Open the state, and begin to search for what an earlier process sent without an answer.

        Raises:
            ConfigurationError: the state's file cannot be used.
        """
        state = await anyio.to_thread.run_sync(partial(State.open, settings.state_file, desk=vendor.identity))

        async def spend(rate: int) -> float:
            return await state.memory.spend(rate, now=time.time(), window=WINDOW_SECONDS)

        names = LearnedNames()
        names.learn(await state.memory.recall(forget_before=time.time() - _KEPT_SECONDS))
        sender = Sender(
            vendor,
            HttpClient(url=vendor.url, sign=vendor.headers, proxy=settings.proxy, app=embedded),
            allowance=RateLimit(settings.allowance, take=spend, monotonic=time.monotonic),
            clock=clock,
            observe=observe,
        )
        corridor = cls(vendor, settings, state=state, sender=sender, names=names, clock=clock)
        await corridor._once.resume()
        return corridor

    async def read(self, tool: Tool[Any], given: Arguments, call: Call) -> Result:
        """Read at the desk; the request ends with its caller."""
        known = await self._known(tool, given, call)
        reading = await self._ask(tool, given, tool.build_request(given, known), known, call)
        return self._learned(reading)

    async def agree(
        self, tool: Tool[Any], given: Arguments, call: Call, *, caller: str, confirmation: str | None
    ) -> Agreed:
        """Return the write if a person has said yes to exactly it.

        Raises:
            ConfirmationNeeded: no confirmation was given.
            NotConfirmed: the confirmation given is another's, too old, or was used.
        """
        known = await self._known(tool, given, call)
        request = tool.build_request(given, known)
        if confirmation is None and tool.address is not None and not tool.shown_before(request, known):
            known = await self._looked_at(tool.address.of(given), tool, known, call)
            request = tool.build_request(given, known)
        now = self._clock.own().timestamp()
        key = await self._state.memory.secret("confirmation")
        asked = given.model_dump(mode="json", exclude_none=True)
        built = [request.method, request.template, {**request.path}, [*request.query], _meant(request.body)]
        change = digest_of([caller, self._vendor.identity, tool.name, asked, built])
        if confirmation is None:
            word = sealed(key, change, own=secrets.token_hex(16), now=now)
            raise ConfirmationNeeded(
                f"{tool.name} was not sent: it waits for a person's yes.",
                next_step="Show the person the preview, and after a yes make the same call with the confirmation.",
                preview=self._preview(tool, given, known, request),
                confirmation=word,
            )
        yes = opened(key, change, confirmation, now=now, tool=tool.name)
        if tool.effect(given) not in ONCE and not await self._state.memory.use(
            yes.own, now=now, forget_before=now - 2 * SECONDS
        ):
            raise refused(f"The confirmation was used before: {tool.name} was not sent again.")
        return Agreed(known=known, request=request, since=yes.issued)

    async def set_values(
        self, tool: Tool[Any], given: Arguments, call: Call, *, caller: str, agreed: Agreed | None = None
    ) -> Result:
        """Set values: sent again whenever it is called, but shared with an equal call still in the air.

        An equal call is joined only while nothing else was sent to the same place since: High, Low, High must end
        High.
        """
        if agreed is None:
            known = await self._known(tool, given, call)
            request = tool.build_request(given, known)
        else:
            known, request = agreed.known, agreed.request
        place = digest_of([request.template, dict(request.path)])
        what = digest_of([caller, request.body])
        key = self._latest.get(place, "")
        if not (key.startswith(what) and key in self._flights):
            key = f"{what} {time.monotonic_ns()}"
            self._latest[place] = key

        async def fly() -> Written:
            return self._written(await self._ask(tool, given, request, known, call))

        try:
            return (await self._flights.share(key, fly))[0]
        finally:
            if key not in self._flights and self._latest.get(place) == key:
                del self._latest[place]

    async def once(
        self,
        tool: Tool[Any],
        given: Arguments,
        call: Call,
        *,
        caller: str,
        request_key: str | None,
        agreed: Agreed | None = None,
    ) -> Result:
        """Create or append at most once, whoever repeats the call."""
        arguments = given.model_dump(mode="json", exclude_none=True)
        intent = intent_of(
            caller=caller,
            desk=self._vendor.identity,
            tool=tool.name,
            arguments=arguments,
            request_key=request_key,
        )
        mark = f"[case-mcp {intent.key[:12]}]" if self._settings.mark else ""
        spared = min(self._settings.timeout * _SEARCH_SHARE, _LONGEST_SEARCH)

        async def send(before: Callable[[SearchFacts], Awaitable[None]]) -> Written:
            if agreed is None:
                known = await self._known(tool, given, call)
                request = tool.build_request(given, known)
            else:
                known, request = agreed.known, agreed.request
            reconciler = tool.reconciler
            if reconciler is not None and mark:
                request = reconciler.with_mark(request, mark)
            sought = SearchFacts(facts=reconciler.facts(request, known) if reconciler else None, mark=mark)
            writing = replace(call, deadline=call.deadline - spared, before=partial(before, sought))
            return self._written(await self._ask(tool, given, request, known, writing))

        again = _again(tool.name, duplicate=bool(arguments.get("allow_duplicate")))
        since = agreed.since if agreed else None
        return await self._once.run(intent, Work(send=send, deadline=call.deadline, again=again, since=since))

    def seen(self, kind: str) -> list[str]:
        """Return every name of a kind that the desk has shown, the newest first."""
        return self._names.all(kind)[::-1]

    def reference(self, kind: str, name_or_id: str) -> str:
        """Return the reference of what an id stands for, where it was seen."""
        found = self._names.find(kind, name_or_id)
        return found[0].name if len(found) == 1 else name_or_id

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; then close everything."""
        await self._once.close(self._settings.timeout)
        await self._flights.land(self._settings.timeout)
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._aside, return_exceptions=True)
            await self._sender.close()
            self._state.close()

    async def _known(self, tool: Tool[Any], given: Arguments, call: Call) -> Resolved:
        """Return what is known, after one search for the first name that stands for nothing yet."""
        unknown = next((each for each in tool.names_needed(given) if not self._is_known(each)), None)
        return await self._search(unknown, tool, call) if unknown else Resolved(names=self._names)

    async def _looked_at(self, address: NameRef, tool: Tool[Any], known: Resolved, call: Call) -> Resolved:
        """Return what is known with what the desk shows now of what is to be changed, where it can be searched."""
        try:
            return await self._search(replace(address, afresh=True), tool, call)
        except CaseError:
            return known

    async def _search(self, unknown: NameRef, tool: Tool[Any], call: Call) -> Resolved:
        lookup = self._vendor.lookup(self._as_reference(unknown))
        if lookup is None:
            return Resolved(names=self._names)
        call = replace(call, tool=tool.name)

        def read(answer: Response) -> Resolved:
            rows, seen = lookup.parse(answer, Operation(tool=tool.name))
            self._learn(seen)
            return Resolved(names=self._names, rows=rows)

        try:
            return await self._sender.ask(lookup.request, read, call, scope="cases:read", effect="read")
        except (CallerError, UnexpectedAnswer):
            if lookup.required:
                raise
            return Resolved(names=self._names)

    def _preview(self, tool: Tool[Any], given: Arguments, known: Resolved, request: Request) -> Preview:
        address = tool.address.of(given) if tool.address else None
        before = tool.shown_before(request, known)
        hidden = {"expected_updated_at", tool.address.argument if tool.address else ""}
        fields: dict[str, tuple[str, str]] = {}
        for name, value in parts_of(given).items():
            if name in hidden:
                continue
            built = (request.body or {}).get(name)
            named = {"name": built["name"]} if isinstance(built, dict) and "name" in built else {}
            new = {**parts_of(value), **named} if isinstance(value, Arguments) else value
            fields[tool.dialog.labels.get(name, name)] = (before.get(name, ""), shown(new))
        seen = self._names.find(address.kind, address.name) if address else []
        ref = seen[0].name if len(seen) == 1 else address.name if address else ""
        return Preview(tool=tool.name, title=tool.title, ref=ref, fields=fields)

    def _is_known(self, wanted: NameRef) -> bool:
        return not wanted.afresh and bool(self._names.find(wanted.kind, wanted.name))

    def _as_reference(self, wanted: NameRef) -> NameRef:
        """Return what is wanted under the name that people search for, where an id was given."""
        seen = self._names.find(wanted.kind, wanted.name)
        return replace(wanted, name=seen[0].name) if wanted.afresh and seen else wanted

    async def _ask(
        self, tool: Tool[Any], given: Arguments, request: Request, known: Resolved, call: Call
    ) -> Parsed:
        def read(answer: Response) -> Parsed:
            return tool.parse_response(given, request, answer, known)

        return await self._sender.ask(request, read, call, scope=tool.scope, effect=tool.effect(given))

    def _learned(self, reading: Parsed) -> Result:
        self._learn(reading.names)
        return reading.result

    def _written(self, reading: Parsed) -> Written:
        return cast("Written", self._learned(reading))

    def _learn(self, seen: Sequence[LearnedName]) -> None:
        """Keep what the desk has shown, in the file as well, once the answer has gone out."""
        self._names.learn(seen)
        lasting = [each for each in seen if each.lasts]
        if lasting:
            task = asyncio.create_task(self._state.memory.learn(lasting, now=time.time()))
            self._aside.add(task)
            task.add_done_callback(self._wrote)

    def _wrote(self, task: "asyncio.Task[None]") -> None:
        self._aside.discard(task)
        if not task.cancelled():
            task.exception()  # what cannot be remembered is asked for again

    async def _find(self, row: Row, deadline: float) -> Found | None:
        """Search for what a row sent; None where the desk cannot be searched now."""
        tool = self._vendor.tools.get(row.intent.tool)
        reconciler = tool.reconciler if tool else None
        if (
            tool is None
            or reconciler is None
            or row.sought is None
            or row.sent_at is None
            or row.sought.facts is None
        ):
            return Found(records=(), conclusive=False)
        since, until = (datetime.fromtimestamp(each, UTC) + self._clock.offset for each in row.sent_at)
        period = (since - _SLACK, until + timedelta(seconds=self._settings.timeout) + _SLACK)
        call = Call(tool=f"the search for what {row.intent.tool} sent", deadline=deadline)
        for page in range(1, _MOST_PAGES + 1):
            request = reconciler.search(row.sought.facts, period, page)
            read = partial(reconciler.parse, row.sought.facts, period, row.sought.mark)
            try:
                traced = await self._sender.ask(request, read, call, scope="cases:read", effect="read")
            except CaseError:
                return None
            if traced.records or not traced.more:
                created = tool.usual_effect == "create"
                return Found(records=traced.records, conclusive=traced.conclusive, exclusive=created)
        return Found(records=(), conclusive=False)


def _meant(value: object) -> object:
    """Return what a body asks for, without what the desk has shown meanwhile of the things that it names."""
    if isinstance(value, dict):
        return value.get("name") or {key: _meant(each) for key, each in value.items()}
    return [_meant(each) for each in value] if isinstance(value, list) else value


def _again(tool: str, *, duplicate: bool) -> str:
    """Return how an equal write is done a second time on purpose."""
    if duplicate:
        return f"wait until the repeat window has passed, then call {tool} again"
    return f"call {tool} again with allow_duplicate: true"
