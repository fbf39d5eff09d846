"""A person's yes before a change, in both eras of the protocol; a model cannot say it.

In the handshake era the server asks the host while the call waits. Since 2026-07-28 the call ends in a question,
and comes again with the answer and with the sealed confirmation, which no model sees.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp import MCPError, types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import NoBackChannelError

from case_tools import ConfirmationNeeded, NotConfirmed, Result

Call = Callable[[str | None], Awaitable[Result]]
"""The call, to be made with a confirmation or without one."""

_QUESTION: Final = "confirm"
_FORM: Final[types.ElicitRequestedSchema] = {
    "type": "object",
    "properties": {"yes": {"type": "boolean", "title": "Do exactly this"}},
    "required": ["yes"],
}
_MODERN: Final = "2026-07-28"
_WITHOUT_ASKING: Final = "Do not try it another way. Tell the person what was to be changed, and ask what to do."


async def with_a_yes(
    context: ServerRequestContext[Any], params: types.CallToolRequestParams, call: Call
) -> Result | types.InputRequiredResult:
    """Make the call; where it waits for a person's yes, ask for it.

    Raises:
        NotConfirmed: the person said no, gave no answer, or cannot be asked.
        CaseError: what the call came to.
    """
    answers = params.input_responses or {}
    if _QUESTION in answers or params.request_state is not None:
        _check(answers.get(_QUESTION), params.name)
        return await call(params.request_state or "")
    try:
        return await call(None)
    except ConfirmationNeeded as needed:
        question = types.ElicitRequestFormParams(
            message=f"{needed.preview.text()}\n\nDo exactly this?", requested_schema=_FORM
        )
        if not _can_be_asked(context):
            raise _nobody(params.name, context) from None
        if context.protocol_version >= _MODERN:
            requests: types.InputRequests = {_QUESTION: types.ElicitRequest(params=question)}
            return types.InputRequiredResult(input_requests=requests, request_state=needed.confirmation)
        confirmation = needed.confirmation
    _check(await _asked(context, question, params.name), params.name)
    return await call(confirmation)


async def _asked(
    context: ServerRequestContext[Any], question: types.ElicitRequestFormParams, tool: str
) -> types.ElicitResult | None:
    try:
        return await context.session.elicit_form(
            question.message, question.requested_schema, related_request_id=context.request_id
        )
    except (NoBackChannelError, MCPError):  # no way back to the host, or it cannot show the question
        raise _nobody(tool, context) from None
    except ValueError:  # what came back is no answer
        return None


def _can_be_asked(context: ServerRequestContext[Any]) -> bool:
    capabilities = context.session.client_capabilities
    ways = capabilities.elicitation if capabilities else None
    return ways is not None and (ways.form is not None or ways.url is None)


def _check(answer: object, tool: str) -> None:
    """Refuse everything but a yes.

    Raises:
        NotConfirmed: it is a no, no answer, or nothing that can be understood.
    """
    if not isinstance(answer, types.ElicitResult):
        raise NotConfirmed(
            f"{tool} was not sent: the host gave no valid answer to the question.",
            next_step=_WITHOUT_ASKING,
        )
    if answer.action == "cancel":
        raise NotConfirmed(
            f"{tool} was not sent: the person closed the question without an answer.", next_step=_WITHOUT_ASKING
        )
    if answer.action != "accept" or (answer.content or {}).get("yes") is not True:
        raise NotConfirmed(f"{tool} was not sent: the person said no.", next_step=_WITHOUT_ASKING)


def _nobody(tool: str, context: ServerRequestContext[Any]) -> NotConfirmed:
    if context.request is not None and context.protocol_version < _MODERN:
        return NotConfirmed(
            f"{tool} was not sent: a person must say yes to each change here, and over HTTP this needs protocol "
            f"{_MODERN}.",
            next_step="Tell the person what was to be changed; the administrator takes a newer client, or stdio.",
        )
    return NotConfirmed(
        f"{tool} was not sent: a person must say yes to each change here, and this host cannot ask anybody.",
        next_step="Tell the person what was to be changed; that needs a host with MCP elicitation, or the desk.",
    )
