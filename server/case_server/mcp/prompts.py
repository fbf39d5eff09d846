"""The handlers of prompts and completions."""

from collections.abc import Mapping
from typing import Final

from mcp import MCPError, types

from case_prompts import Prompt, PromptError
from case_server.mcp.machine_paths import hide_paths
from case_server.mcp.resources import CASE, reader_of
from case_server.mcp.session import Context
from case_tools import CaseError
from case_tools.untrusted import clean

_MOST: Final = 100


async def list_prompts(context: Context, _: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    """Return the prompts as a client sees them."""
    prompts = context.lifespan_context.prompts
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=prompt.name,
                title=prompt.title,
                description=prompt.description,
                arguments=[
                    types.PromptArgument(name=each.name, description=each.description, required=each.required)
                    for each in prompt.arguments
                ],
            )
            for prompt in prompts.values()
        ]
    )


async def get_prompt(context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    """Return one prompt, filled in.

    Raises:
        MCPError: there is no such prompt, or an argument is missing or not known.
    """
    session = context.lifespan_context
    prompt = _prompt(session.prompts, params.name)
    try:
        given = {name: clean(value) for name, value in (params.arguments or {}).items()}
        text = prompt.render(given, vendor=session.settings.vendor)
    except PromptError as error:
        raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
    return types.GetPromptResult(
        description=prompt.description,
        messages=[types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))],
    )


async def complete(context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    """Return the names with which an argument may go on, of those that the desk has shown; the desk is not asked.

    Raises:
        MCPError: there is no such prompt, template or argument.
    """
    session = context.lifespan_context
    request = reader_of(context, "completion")
    entry = request.audit_entry
    kind = _kind(session.prompts, params.ref, params.argument.name)
    try:
        names = [*(await session.desk.known()).get(kind, ())] if kind else []
    except CaseError as error:
        entry.finish(error.kind)
        if request.is_remote:
            hide_paths(error, session.settings)
        raise MCPError(code=types.INTERNAL_ERROR, message=str(error)) from None
    begun = params.argument.value.strip().casefold()
    fit = [name for name in names if name.casefold().startswith(begun)]
    if fit:
        entry.finish("found", rows=min(len(fit), _MOST))
    return types.CompleteResult(
        completion=types.Completion(values=fit[:_MOST], total=len(fit), has_more=len(fit) > _MOST)
    )


def _kind(
    prompts: Mapping[str, Prompt], ref: types.PromptReference | types.ResourceTemplateReference, argument: str
) -> str:
    if isinstance(ref, types.PromptReference):
        kinds = {each.name: each.complete for each in _prompt(prompts, ref.name).arguments}
    else:
        kinds = {"ref": "case"} if ref.uri == CASE else {}
    if argument not in kinds:
        raise MCPError(code=types.INVALID_PARAMS, message="There is no such argument to complete.")
    return kinds[argument]


def _prompt(prompts: Mapping[str, Prompt], name: str) -> Prompt:
    if name not in prompts:
        raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown prompt. This server has {', '.join(prompts)}.")
    return prompts[name]
