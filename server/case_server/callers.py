"""Who calls, and what they may do."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, get_args

from starlette.requests import Request

from case_server.audit import Audit, Call
from case_tools.adapter.tool import Scope

_VISIT: Final = "case_mcp.visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who may call.

    Attributes:
        name: the name of the key; `local` where there are no keys.
        scopes: what they may do.
    """

    name: str
    scopes: Container[str] = field(default=frozenset())


LOCAL: Final = Caller(name="local", scopes=frozenset(get_args(Scope)))
_NOBODY: Final = Caller(name="nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """One request of a caller, on its way to a tool."""

    caller: Caller
    call: Call

    def enter(self, request: Request) -> None:
        """Let whoever handles the request find the visit."""
        request.scope[_VISIT] = self

    @classmethod
    def of(cls, request: object, audit: Audit) -> "RequestContext":
        """Return the visit of a request: on stdio there is none, and over HTTP whoever did not enter is nobody."""
        if request is None:
            return cls(caller=LOCAL, call=audit.begin())
        entered = request.scope.get(_VISIT) if isinstance(request, Request) else None
        return entered if isinstance(entered, cls) else cls(caller=_NOBODY, call=audit.begin())
