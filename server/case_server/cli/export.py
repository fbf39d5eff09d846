"""`case-mcp export`: the tools in the forms that other programs take, made from the same models.

Strict modes are left off: they would make every optional argument required, and a model would invent a title to
change a priority.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from mcp import types

from case_server.cli.rasa import rasa
from case_server.mcp.definitions import definition_for
from case_tools import CaseDesk, Settings

Tools = Sequence[types.Tool]
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def export(form: str, settings: Settings) -> str:
    """Return the tools of the desk that the settings name, in one of the forms; nothing is opened or asked."""
    settings = settings.model_copy(update={"state": ":memory:"})
    tools = CaseDesk(settings).tools
    if form == "rasa":
        return rasa(tools)
    definitions = [definition_for(tool, settings) for tool in tools.values()]
    return json.dumps(FORMS[form](definitions), indent=2, ensure_ascii=False) + "\n"


def _openai(tools: Tools) -> object:
    """Return what Chat Completions takes as `tools`, and most servers that speak its protocol."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
        }
        for tool in tools
    ]


def _anthropic(tools: Tools) -> object:
    """Return what the Messages API takes as `tools`."""
    return [
        {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema} for tool in tools
    ]


def _gemini(tools: Tools) -> object:
    """Return what generateContent takes as `tools`; its schemas know no `additionalProperties`."""
    declarations = [
        {"name": tool.name, "description": tool.description, "parameters": _without_rules(tool.input_schema)}
        for tool in tools
    ]
    return [{"functionDeclarations": declarations}]


def _json_schema(tools: Tools) -> object:
    """Return arguments and answers of each tool as JSON Schema."""
    return {
        tool.name: {
            "title": tool.title,
            "description": tool.description,
            "arguments": {"$schema": _DIALECT, **tool.input_schema},
            "answer": {"$schema": _DIALECT, **(tool.output_schema or {})},
        }
        for tool in tools
    }


FORMS: Final[Mapping[str, Callable[[Tools], object]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "json-schema": _json_schema,
}


def _without_rules(schema: Mapping[str, Any]) -> dict[str, Any]:
    def parts() -> Iterator[tuple[str, Any]]:
        for key, value in schema.items():
            if key == "properties":
                yield key, {name: _without_rules(each) for name, each in value.items()}
            elif key == "items":
                yield key, _without_rules(value)
            elif key != "additionalProperties":
                yield key, value

    return dict(parts())
