"""One call of a tool on its way through the pipeline."""

from dataclasses import dataclass, replace
from typing import Any, Self

from case_tools.adapter.arguments import Arguments
from case_tools.adapter.messages import Request, Resolved
from case_tools.adapter.tool import Effect, Tool
from case_tools.transport.call import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a caller asked for.

    Attributes:
        tool: the tool.
        arguments: its arguments, validated.
        call: the deadline, and the count of requests.
        caller: who calls; a create of one caller is never taken for another's.
        request_key: the caller's own key for this one create or append.
        confirmation: what stands for a person's yes.
    """

    tool: Tool[Any]
    arguments: Arguments
    call: Call
    caller: str = "local"
    request_key: str | None = None
    confirmation: str | None = None

    @property
    def effect(self) -> Effect:
        """What the call does at the desk."""
        return self.tool.effect(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An invocation with its request.

    Attributes:
        invocation: the invocation.
        resolved: what its names stand for.
        request: the request.
    """

    invocation: Invocation
    resolved: Resolved
    request: Request

    def with_resolved(self, resolved: Resolved) -> Self:
        """Return the same, built anew with what a look at the desk has shown."""
        request = self.invocation.tool.build_request(self.invocation.arguments, resolved)
        return replace(self, resolved=resolved, request=request)
