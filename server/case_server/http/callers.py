"""Who calls, and what they may do."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, get_args

from starlette.requests import Request

from case_server.audit import Audit, AuditEntry
from case_tools.adapter.tool import Scope

_KEY: Final = "case_mcp.request_context"


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
    audit_entry: AuditEntry
    is_remote: bool = True

    def enter(self, request: Request) -> None:
        """Let whoever handles the request find it."""
        request.scope[_KEY] = self

    @classmethod
    def of(cls, request: object, audit: Audit) -> "RequestContext":
        """Return a request's context: on stdio a local one, over HTTP nobody's where none was entered."""
        if request is None:
            return cls(caller=LOCAL, audit_entry=audit.begin(), is_remote=False)
        entered = request.scope.get(_KEY) if isinstance(request, Request) else None
        return entered if isinstance(entered, cls) else cls(caller=_NOBODY, audit_entry=audit.begin())
