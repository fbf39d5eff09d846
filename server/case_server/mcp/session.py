"""What one server process holds, and the context in which a handler finds it."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Final

from mcp import MCPError, types
from mcp.server.context import ServerRequestContext

import case_prompts
from case_server.audit import Audit
from case_server.http.callers import Caller
from case_server.mcp.definitions import definition_for
from case_tools import CaseDesk, CaseError, ConfigurationError, Settings

_log: Final = logging.getLogger(__name__)


class Session:
    """What one server process holds: the settings, the audit, and the desk once it was needed.

    Attributes:
        calls: how many tools run at this moment.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._waking: asyncio.Task[None] | None = None
        self._is_closed = False
        self.audit = Audit(settings.desk, settings.audit_file)
        self.calls = 0

    @cached_property
    def opened(self) -> CaseDesk:
        """The desk, opened when it is first needed: `initialize` must not wait for it.

        Raises:
            CaseError: it cannot be opened.
        """
        return CaseDesk(self.settings, report=self.audit.reconciled)

    @property
    def desk(self) -> CaseDesk:
        """The desk, for a handler; a protocol error where it cannot be opened."""
        try:
            return self.opened
        except CaseError as error:
            raise MCPError(code=types.INTERNAL_ERROR, message=str(error)) from None

    @cached_property
    def tools(self) -> Mapping[str, types.Tool]:
        """The tools by name, in the order in which they are listed."""
        return {name: definition_for(tool, self.settings) for name, tool in self.desk.tools.items()}

    @cached_property
    def prompts(self) -> Mapping[str, case_prompts.Prompt]:
        """The prompts by name.

        Raises:
            ConfigurationError: a file of the administrator's own folder cannot be used.
        """
        try:
            return case_prompts.prompts_for(self.settings.vendor, self.settings.prompts)
        except case_prompts.PromptError as error:
            raise ConfigurationError(
                f"CASE_MCP_PROMPTS cannot be used: {error}.", next_step="Fix that file and start again."
            ) from None

    def tools_of(self, caller: Caller) -> Mapping[str, types.Tool]:
        """Return the tools that a caller may call."""
        tools = self.desk.tools
        return {name: tool for name, tool in self.tools.items() if tools[name].scope in caller.scopes}

    async def is_ready(self) -> bool:
        """Say whether the state that a call needs can be opened, or is open."""
        try:
            await self.opened.ready()
        except CaseError as error:
            _log.error("no call can be taken: %s %s", error.what, error.next_step)
            return False
        return True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a tool that runs, also where nobody waits for it any more."""
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1

    def wake(self) -> None:
        """Start the background work of the desk (reconciling what an earlier process left open), once."""
        if self._waking is None:
            self._waking = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        with suppress(CaseError):  # a call will say what is wrong
            await self.desk.ready()

    async def close(self) -> None:
        """Let what has left finish, and close the desk if it was opened."""
        if self._waking is not None:
            self._waking.cancel()
            with suppress(asyncio.CancelledError):
                await self._waking
        if "opened" in self.__dict__ and not self._is_closed:
            self._is_closed = True
            await self.opened.close()
            self.audit.end()


Context = ServerRequestContext[Session]
