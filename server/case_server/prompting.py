"""Prompts and completions: what a person picks in a host, and what the desk has taught to fill it in."""

from collections.abc import Mapping
from typing import Final

from mcp import MCPError, types

from case_prompts import Prompt, PromptError
from case_server.resources import CASE
from case_tools import CaseDesk, CaseError

_MOST: Final = 100


def listed(prompts: Mapping[str, Prompt]) -> types.ListPromptsResult:
    """Return the prompts as a client sees them."""
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


def got(
    prompts: Mapping[str, Prompt], params: types.GetPromptRequestParams, *, vendor: str
) -> types.GetPromptResult:
    """Return one prompt, filled in.

    Raises:
        MCPError: there is no such prompt, or an argument is missing or not known.
    """
    prompt = _prompt(prompts, params.name)
    try:
        text = prompt.render(params.arguments or {}, vendor=vendor)
    except PromptError as error:
        raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
    return types.GetPromptResult(
        description=prompt.description,
        messages=[types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))],
    )


async def completed(
    desk: CaseDesk, prompts: Mapping[str, Prompt], params: types.CompleteRequestParams
) -> types.CompleteResult:
    """Return what an argument may go on to, of the names that the desk has shown; the desk is not asked.

    Raises:
        MCPError: there is no such prompt, template or argument.
    """
    kind = _kind(prompts, params.ref, params.argument.name)
    try:
        names = [*(await desk.known()).get(kind, ())] if kind else []
    except CaseError as error:
        raise MCPError(code=types.INTERNAL_ERROR, message=str(error)) from None
    begun = params.argument.value.strip().casefold()
    fit = [name for name in names if name.casefold().startswith(begun)]
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
