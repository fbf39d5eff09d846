"""What dialog engines get: outcomes as data, and two arguments that no model needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp import types

from case_tools import Settings
from case_tools.adapter.tool import Tool

_REQUEST_KEY: Final = "request_key"
_CONFIRMATION: Final = "confirmation"
_MEANINGS: Final[Mapping[str, str]] = {
    _REQUEST_KEY: "Your own key for this one case or note, new for each: repeated with it, it is made once",
    _CONFIRMATION: "What the answer `confirm` gave for this very call, once the person has said yes",
}
_OUTCOME: Final[Mapping[str, Any]] = {
    "ok": {"type": "boolean", "description": "Whether it was done"},
    "problem": {"type": "string", "description": "Why it was not, e.g. missing, not_found, confirm"},
    "missing": {"type": "array", "items": {"type": "string"}, "description": "The arguments to ask for"},
    "invalid": {"type": "array", "items": {"type": "string"}, "description": "Those to ask for once more"},
    "say": {"type": "string", "description": "A sentence for the person"},
    "applied": {"type": "string", "description": "What changed all the same: nothing, partly, unknown"},
    "detail": {"type": "string", "description": "The same for a developer"},
    "retry_after": {"type": "integer", "description": "Seconds to wait"},
}
_ASKING: Final[Mapping[str, Any]] = {
    "preview": {"type": "object", "description": "What would be done, field by field"},
    "confirmation": {"type": "string", "description": "Give it with the same call after a yes"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitArguments:
    """The arguments of a call: the tool's, and ours."""

    arguments: Mapping[str, Any]
    request_key: Any = None
    confirmation: str | None = None


def own_arguments(tool: Tool[Any], settings: Settings) -> tuple[str, ...]:
    """Return the names of our own arguments that a dialog engine may give."""
    if settings.outcomes != "data" or tool.reads:
        return ()
    return (_REQUEST_KEY, _CONFIRMATION) if settings.access == "confirm" else (_REQUEST_KEY,)


def with_outcomes_as_data(definition: types.Tool, tool: Tool[Any], settings: Settings) -> types.Tool:
    """Return the definition with our arguments and outcomes; as it is where outcomes are errors."""
    if settings.outcomes != "data":
        return definition
    ours = {name: {"type": "string", "description": _MEANINGS[name]} for name in own_arguments(tool, settings)}
    answers = {**_OUTCOME, **(_ASKING if _CONFIRMATION in ours else {})}
    shown = definition.output_schema or {}
    return definition.model_copy(
        update={
            "input_schema": {
                **definition.input_schema,
                "properties": {**definition.input_schema["properties"], **ours},
            },
            "output_schema": {**shown, "properties": {**answers, **shown.get("properties", {})}},
        }
    )


def split_arguments(
    tool: Tool[Any], settings: Settings, params: types.CallToolRequestParams, meta: Mapping[str, Any]
) -> SplitArguments:
    """Return the arguments of a call; the key for a write is taken from `_meta` as well."""
    arguments = dict(params.arguments or {})
    ours = {name: arguments.pop(name, None) or None for name in own_arguments(tool, settings)}
    key = meta.get(_REQUEST_KEY) if ours.get(_REQUEST_KEY) is None else ours[_REQUEST_KEY]
    confirmation = ours.get(_CONFIRMATION)
    return SplitArguments(
        arguments=arguments,
        request_key=key,
        confirmation=None if confirmation is None else str(confirmation),
    )
