"""CaseDesk: the one corridor from arguments to result, the same for every vendor.

arguments -> model -> names to ids (one search at most) -> request -> HTTP -> answer -> names -> result
"""

import importlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from case_tools.actions import Action, Answer, Known, Request, Scope, Token, Vendor
from case_tools.errors import CallerError, Unavailable, UnexpectedAnswer
from case_tools.names import Names, Wanted
from case_tools.results import Page, Result
from case_tools.settings import Account, Settings
from case_tools.tokens import Tokens

if TYPE_CHECKING:
    from case_tools.embedded import EmbeddedDesk
    from case_tools.wire import Wire, WireError

_PRACTICE: Final = "Practice desk: the cases are invented."


@dataclass(slots=True)
class Effort:
    """What one call took so far; the desk counts in it while the call runs, whatever that ends in.

    Attributes:
        attempts: requests sent, those of a lookup or for a token among them.
    """

    attempts: int = 0


class CaseDesk:
    """A case system to open, update and find cases in.

    Use it as a context manager, from one event loop:

        async with CaseDesk(Settings.from_environment()) as desk:
            page = await desk.call("search_cases", {"status": ["Open"]})

    Args:
        settings: the desk and the behaviour.
        clock: the time that signs requests.
        nonce: a text that is new each time.
        observe: is told each request and its answer, also those of a lookup or for a token: do not log them whole.

    Raises:
        ConfigurationError: the embedded desk's file cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        observe: Callable[[Request, Answer], None] = lambda _request, _answer: None,
    ) -> None:
        self._settings = settings
        self._observe = observe
        self._names = Names()
        self._embedded = _embedded_desk(settings)
        account = _account_of(settings, self._embedded)
        folder = importlib.import_module(f"case_tools.{settings.vendor}")
        self._vendor: Vendor = folder.connect(account, settings, clock=clock, nonce=nonce)
        self._tokens = Tokens(clock=clock)
        self._opened_wire: Wire | None = None

    @property
    def actions(self) -> Mapping[str, Action[Any]]:
        """The actions by tool name, in the order in which they are listed."""
        return self._vendor.actions

    async def call(
        self, name: str, arguments: Mapping[str, object] | None = None, *, effort: Effort | None = None
    ) -> Result:
        """Do one action and return what came of it.

        Args:
            name: the action's name, e.g. `create_case`.
            arguments: what it takes, see the action's model; a value of None counts as not given.
            effort: counts what the call takes, also where it ends in an error.

        Raises:
            CaseError: see `errors`; it says whether anything changed at the desk.
            KeyError: there is no such action.
        """
        action = self.actions[name]
        given = action.arguments.parse(arguments, tool=name)
        effort = effort or Effort()
        deadline = time.monotonic() + self._settings.timeout
        known = await self._known(action, given, deadline, effort)
        request = action.request(given, known)
        answer = await self._send(request, deadline, effort, tool=name, scope=action.scope)
        reading = action.reading(given, request, answer, known)
        self._names.learn(reading.seen)
        return self._finished(reading.result)

    async def close(self) -> None:
        """Close the connections and the embedded desk."""
        if self._opened_wire is not None:
            await self._opened_wire.close()
        if self._embedded is not None:
            self._embedded.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _known(self, action: Action[Any], given: object, deadline: float, effort: Effort) -> Known:
        """Return what is known, after one search for the first name that stands for nothing yet."""
        unknown = next((each for each in action.wanted(given) if not self._is_known(each)), None)
        lookup = self._vendor.lookup(unknown) if unknown else None
        if lookup is None:
            return Known(names=self._names)
        answer = await self._send(lookup.request, deadline, effort, tool=action.name, scope="cases:read")
        try:
            rows, seen = lookup.read(answer, action.name)
        except (CallerError, UnexpectedAnswer):
            if lookup.needed:
                raise
            return Known(names=self._names)
        self._names.learn(seen)
        return Known(names=self._names, rows=rows)

    def _is_known(self, wanted: Wanted) -> bool:
        return bool(self._names.find(wanted.kind, wanted.name))

    async def _send(self, request: Request, deadline: float, effort: Effort, *, tool: str, scope: Scope) -> Answer:
        """Send the request once, with a token where the vendor wants one; renew it once where it is refused.

        A request that is answered with 401 was not done, so it may be sent again.
        """
        exchange = self._vendor.exchange(scope)
        if exchange is None:
            return await self._attempt(request, deadline, effort, tool=tool, scope=scope)

        async def fetch() -> Token:
            asked = exchange.request()
            answer = await self._attempt(asked, deadline, effort, tool=f"the token for {tool}", scope="cases:read")
            return exchange.read(answer)

        refused: Token | None = None
        while True:
            try:
                with anyio.fail_after(max(deadline - time.monotonic(), 0)):
                    token = await self._tokens.get(scope, fetch, refused=refused)
            except TimeoutError:
                raise _no_time_left(tool) from None
            signed = replace(request, headers={**request.headers, **exchange.headers(token)})
            answer = await self._attempt(signed, deadline, effort, tool=tool, scope=scope)
            if answer.status != HTTPStatus.UNAUTHORIZED or refused is not None:
                return answer
            refused = token

    async def _attempt(
        self, request: Request, deadline: float, effort: Effort, *, tool: str, scope: Scope
    ) -> Answer:
        from case_tools.wire import WireError  # noqa: PLC0415 - httpx costs a sixth of the server's start

        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise _no_time_left(tool)
        effort.attempts += 1
        try:
            answer = await self._wire.send(request, seconds=seconds)
        except WireError as fault:
            raise _unanswered(fault, tool=tool, writes=scope != "cases:read") from None
        self._observe(request, answer)
        return answer

    @property
    def _wire(self) -> "Wire":
        from case_tools.wire import Wire  # noqa: PLC0415 - httpx costs a sixth of the server's start

        if self._opened_wire is None:
            vendor, settings = self._vendor, self._settings
            self._opened_wire = Wire(url=vendor.url, sign=vendor.headers, proxy=settings.proxy, app=self._embedded)
        return self._opened_wire

    def _finished(self, result: Result) -> Result:
        if not isinstance(result, Page):
            return result
        noted = result if self._embedded is None else result.noting(_PRACTICE)
        return noted.within_budget()


def _no_time_left(tool: str) -> Unavailable:
    return Unavailable(
        f"No time was left to send {tool}: looking up a name or earning a token took it all.",
        next_step="Call again; what was found is remembered.",
    )


def _unanswered(fault: "WireError", *, tool: str, writes: bool) -> Unavailable:
    if not fault.sent:
        return Unavailable(
            f"The desk was not reached for {tool}: {fault}.",
            next_step="Try again in a minute; if it stays so, the administrator checks the desk's address.",
        )
    if not writes:
        return Unavailable(f"The desk did not answer {tool}: {fault}.", next_step="Try again in a minute.")
    return Unavailable(
        f"The desk did not answer {tool}: {fault}.",
        changed="unknown",
        next_step="Do not repeat the call before you have looked with a search whether it was done.",
    )


def _embedded_desk(settings: Settings) -> "EmbeddedDesk | None":
    """Open the embedded desk beside the state, or in memory where the state is."""
    if settings.desk != "embedded":
        return None
    from case_tools.embedded import open_desk  # noqa: PLC0415 - sqlite3, for one desk only

    return open_desk(settings.embedded_file)


def _account_of(settings: Settings, embedded: "EmbeddedDesk | None") -> Account | None:
    if embedded is None:
        return settings.account
    from case_tools.embedded import settings_of  # noqa: PLC0415 - sqlite3, for one desk only

    return settings_of(embedded.account, dialect=settings.vendor)
