"""The handlers of `tools/list` and `tools/call`."""

from functools import partial
from typing import Any, Final

from mcp import MCPError, types

from case_server.http.callers import Caller, RequestContext
from case_server.mcp.dialog_outcomes import split_arguments
from case_server.mcp.elicitation import with_a_yes
from case_server.mcp.machine_paths import hide_paths
from case_server.mcp.replies import reply
from case_server.mcp.session import Context, Session
from case_tools import Busy, CaseError, Result
from case_tools.adapter.tool import Tool
from case_tools.pipeline.outcomes import outcome_of

_AUDIT_SECONDS: Final = 60


async def list_tools(context: Context, _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    """Return the tools that the caller's scopes reach."""
    session = context.lifespan_context
    caller = RequestContext.of(context.request, session.audit).caller
    tools = [*session.tools_of(caller).values()]
    session.wake()
    return types.ListToolsResult(tools=tools)


async def call_tool(
    context: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    """Call a tool for whoever the request is from, and write its line in the audit.

    Raises:
        MCPError: there is no such tool, or the caller's scopes do not reach it.
    """
    session = context.lifespan_context
    request = RequestContext.of(context.request, session.audit)
    entry = request.audit_entry
    entry.caller, entry.arguments, entry.begun = request.caller.name, params.arguments or {}, True
    tool = session.desk.tools.get(params.name)
    if tool is None:
        entry.finish("unknown_tool")
        raise MCPError(code=types.INVALID_PARAMS, message=_unknown_tool(session, request.caller))
    entry.tool = tool.name
    if tool.scope not in request.caller.scopes:
        entry.finish("insufficient_scope")
        raise MCPError(code=types.INVALID_REQUEST, message=lacking(tool))
    split = split_arguments(tool, session.settings, params, context.meta or {})
    entry.arguments = split.arguments

    async def call(confirmation: str | None) -> Result:
        if not tool.reads:
            _check_audit(session)
        try:
            return await session.desk.call(
                tool.name,
                split.arguments,
                caller=request.caller.name,
                request_key=split.request_key,
                confirmation=confirmation,
                effort=entry.effort,
            )
        except CaseError as error:
            if request.is_remote:
                hide_paths(error, session.settings)
            raise

    as_data = session.settings.outcomes == "data"
    work = call(split.confirmation) if as_data else with_a_yes(context, params, call)
    data_of = partial(outcome_of, tool=tool) if as_data else None
    with session.running():
        return await reply(tool.name, work, writes=not tool.reads, entry=entry, data_of=data_of)


def _check_audit(session: Session) -> None:
    """Refuse a write that would leave no line in the audit.

    Raises:
        Busy: the audit cannot be written.
    """
    if not session.audit.can_be_written():
        raise Busy(
            "The server cannot write its audit, and makes no changes without it.",
            retry_after=_AUDIT_SECONDS,
            next_step="Tell the administrator; repeat the call when that is mended.",
        )


def _unknown_tool(session: Session, caller: Caller) -> str:
    """Return what answers a call of a tool that is not there."""
    tools = ", ".join(session.tools_of(caller)) or "no tool for you"
    if session.settings.access == "read_only":
        return f"Unknown tool. This server is read-only and has {tools}."
    return f"Unknown tool. This server has {tools}."


def lacking(tool: Tool[Any]) -> str:
    """Return what answers a caller whose scopes do not reach."""
    return (
        f"{tool.name} needs the scope {tool.scope}, which your key does not have. Nothing was done. "
        "Ask the administrator for a key that has it."
    )
