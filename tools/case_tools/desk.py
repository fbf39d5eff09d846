"""CaseDesk: a case system to call, whichever vendor's; `pipeline/pipeline.py` shows the steps of a call."""

import importlib
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from case_tools.adapter.messages import Request, Response
from case_tools.adapter.tool import Tool
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CaseError, NotFound, Rejected
from case_tools.pipeline.invocation import Invocation
from case_tools.pipeline.outcomes import outcome_of
from case_tools.results import Page, Result, Row, Written
from case_tools.settings import Account, Settings
from case_tools.transport.call import Call, DeskClock, Effort
from case_tools.transport.proxies import proxy_for
from case_tools.transport.trust import check_trust_store, names_a_trust_store
from case_tools.untrusted import line, reading

if TYPE_CHECKING:
    from case_tools.embedded import EmbeddedDesk
    from case_tools.pipeline.pipeline import Pipeline

_LONGEST_KEY: Final = 200
_TOO_COSTLY: Final = "Some texts would cost too much to read: what stands between [...unsure: ] is shown as it is."
_LONGEST_NAME: Final = 60
_KINDS: Final = ("status", "priority", "type", "queue", "agent", "template", "case", "task")
_PRACTICE: Final = "Practice desk: the cases are invented."


class CaseDesk:
    """A case system to open, update and find cases in.

    Use it as a context manager, from one event loop of asyncio:

        async with CaseDesk(Settings.from_environment()) as desk:
            page = await desk.call("search_cases", {"status": ["Open"]})

    A write that has left this machine is finished even where its caller goes away; leaving the context waits
    for it.

    Args:
        settings: the desk and the behaviour.
        clock: the time that signs requests.
        nonce: a text that is new each time.
        observe: called with each request and response, of lookups and for tokens too: do not log them whole.

        report: called with tool, caller, outcome and reference of each write whose end is found in the background.

    Raises:
        ConfigurationError: the embedded desk's file, the trust store or the proxy cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        observe: Callable[[Request, Response], None] = lambda _request, _answer: None,
        report: Callable[[str, str, str, str], None] = lambda _tool, _caller, _outcome, _ref: None,
    ) -> None:
        self._settings = settings
        if settings.desk != "embedded":
            check_trust_store(os.environ, settings.ca_file)
        self._observe = observe
        self._report = report
        self._embedded = _embedded_desk(settings)
        account = _account_of(settings, self._embedded)
        folder = importlib.import_module(f"case_tools.vendors.{settings.vendor}")
        self._clock = DeskClock(clock)
        self._vendor: Vendor = folder.connect(account, settings, clock=self._clock, nonce=nonce)
        if settings.proxy and settings.desk != "embedded":
            proxy_for(self._vendor.url, os.environ)
        self._tools = {
            name: tool for name, tool in self._vendor.tools.items() if settings.access != "read_only" or tool.reads
        }
        self._pipeline: Pipeline | None = None
        self._opening = anyio.Lock()

    @property
    def url(self) -> str:
        """Scheme, host and port of the desk."""
        return self._vendor.url

    @property
    def tools(self) -> Mapping[str, Tool[Any]]:
        """The tools by name that the settings allow, in the order in which they are listed."""
        return self._tools

    async def call(
        self,
        name: str,
        arguments: Mapping[str, object] | None = None,
        *,
        caller: str = "local",
        request_key: str | None = None,
        confirmation: str | None = None,
        effort: Effort | None = None,
    ) -> Result:
        """Call one tool and return its result.

        With the access `confirm` a write raises ConfirmationNeeded, which shows what would be done; the same call
        with its confirmation does exactly that, once.

        Args:
            name: the tool's name, e.g. `create_case`.
            arguments: what it takes, see the tool's model; a value of None counts as not given.
            caller: who calls; a create of one caller is never taken for another's.
            request_key: the caller's own key for this one create or append: repeated with it, it is done once.
            confirmation: what ConfirmationNeeded gave for this very call, once a person has said yes.
            effort: counts what the call takes, also where it ends in an error.

        Raises:
            CaseError: see `errors`; it says whether anything changed at the desk.
            KeyError: there is no such tool.
        """
        tool = self.tools[name]
        _check_key(request_key)
        with reading(self._settings.links) as budget:
            invocation = Invocation(
                tool=tool,
                arguments=tool.arguments.parse(arguments, tool=name),
                call=Call(
                    tool=name,
                    deadline=time.monotonic() + self._settings.timeout,
                    effort=effort or Effort(),
                    caller=caller,
                ),
                caller=caller,
                request_key=request_key,
                confirmation=confirmation,
            )
            pipeline = await self._open()
            result = await pipeline.run(invocation)
        if budget.exceeded and isinstance(result, Page):
            result = result.noting(_TOO_COSTLY)
        return _naming(self._finished(result), tool.arguments.fillers_in(arguments))

    async def outcome(
        self,
        name: str,
        arguments: Mapping[str, object] | None = None,
        *,
        caller: str = "local",
        request_key: str | None = None,
        confirmation: str | None = None,
    ) -> dict[str, Any]:
        """Call one tool and return its result as flat data, for a dialog; the arguments are those of `call`.

        `ok` says whether it was done. Where not, `problem` says why, `missing` names the arguments to ask for, and
        `say` is a sentence for the person; see `outcomes`.

        Raises:
            CaseError: only an administrator can fix it.
            KeyError: there is no such tool.
        """
        try:
            ended: Result | CaseError = await self.call(
                name, arguments, caller=caller, request_key=request_key, confirmation=confirmation
            )
        except CaseError as error:
            ended = error
        return outcome_of(ended, self.tools[name])

    async def known(self) -> Mapping[str, Sequence[str]]:
        """Return the names that the desk has shown or fixes, the newest first; it is not asked.

        The kinds are `status`, `priority`, `type`, `queue`, `agent`, `template`, and by reference `case`, `task`.

        Raises:
            ConfigurationError: the state's file cannot be used.
        """
        names = (await self._open()).resolver.learner.names
        learned = {kind: [line(each, _LONGEST_NAME) for each in names.all(kind)[::-1]] for kind in _KINDS}
        return {kind: each for kind, each in {**learned, **self._vendor.choices}.items() if each}

    async def case(self, ref: str, *, caller: str = "local") -> Row:
        """Return one case in full by its reference or id; one search.

        Raises:
            NotFound: the desk shows none of that reference.
            CaseError: the desk cannot be searched.
        """
        known = (await self._open()).resolver.reference("case", ref)
        page = await self.call("search_cases", self._vendor.find_case(known), caller=caller)
        rows = page.rows() if isinstance(page, Page) else ()
        same = self._vendor.canonical_ref
        own = next((row for row in rows if same(ref) in {same(row.ref or ""), same(row.id or "")}), None)
        if own is None:
            raise NotFound("The desk shows no case of that reference.", next_step="Find it with search_cases.")
        return own

    async def ready(self) -> None:
        """Open the state, and begin to search for what an earlier process sent without an answer.

        Raises:
            ConfigurationError: the state's file cannot be used.
        """
        await self._open()

    async def check_state(self) -> None:
        """Tell whether writes can be noted, within a second; what a probe of readiness asks.

        Raises:
            StateError: the state is locked, full, read-only, removed or away.
        """
        await (await self._open()).check_state()

    async def close(self) -> None:
        """Let what has left finish, at most the time of one call; then close everything."""
        if self._pipeline is not None:
            await self._pipeline.close()
        if self._embedded is not None:
            self._embedded.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> "Pipeline":
        """Open what a call needs, at the first one: the server must not wait for it before it answers."""
        if self._pipeline is not None:
            return self._pipeline
        async with self._opening:
            if self._pipeline is None:
                from case_tools.pipeline.opening import open_pipeline  # noqa: PLC0415 - a fifth of the start

                self._pipeline = await open_pipeline(
                    self._vendor,
                    self._settings,
                    clock=self._clock,
                    observe=self._observe,
                    embedded=self._embedded,
                    report=self._report,
                )
            return self._pipeline

    def _finished(self, result: Result) -> Result:
        if not isinstance(result, Page):
            return result
        noted = result if self._embedded is None else result.noting(_PRACTICE)
        return noted.within_budget()


def _naming(result: Result, fillers: Sequence[str]) -> Result:
    """Return the result with a sentence that names what counted as not given."""
    if not fillers:
        return result
    note = f"Every argument was given, so these empty ones counted as not given: {', '.join(fillers)}."
    if isinstance(result, Page):
        return result.noting(note)
    if isinstance(result, Written):
        return result.model_copy(update={"advice": " ".join(filter(None, (result.advice, note)))})
    return result


def check_surroundings(settings: Settings) -> None:
    """Check what the environment says of trust store and proxies, where it says anything; nothing is sent.

    Raises:
        ConfigurationError: naming the variable.
    """
    named = settings.proxy or settings.ca_file or names_a_trust_store(os.environ)
    if named and settings.desk != "embedded":
        CaseDesk(settings)


def _check_key(given: object) -> None:
    if given is not None and not (
        isinstance(given, str) and 0 < len(given) <= _LONGEST_KEY and given.isprintable()
    ):
        raise Rejected(
            f"The request_key is not a text of 1 to {_LONGEST_KEY} printable characters.",
            next_step="Give one that is new for each case or note that is wanted, e.g. a UUID.",
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
