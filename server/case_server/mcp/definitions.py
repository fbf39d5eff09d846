"""The tools as clients see them in `tools/list`."""

from typing import Any

from mcp import types

from case_server.mcp.dialog_outcomes import with_outcomes_as_data
from case_server.mcp.schema import input_schema, output_schema
from case_tools import Settings
from case_tools.adapter.tool import Tool


def definition_of(tool: Tool[Any]) -> types.Tool:
    """Return the definition of a tool."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool.arguments),
        output_schema=output_schema(tool.result),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.reads,
            destructive_hint=tool.usual_effect in {"set", "append"},
            idempotent_hint=tool.usual_effect in {"read", "set"},
            open_world_hint=True,
        ),
    )


def definition_for(tool: Tool[Any], settings: Settings) -> types.Tool:
    """Return the definition of a tool under these settings."""
    return with_outcomes_as_data(definition_of(tool), tool, settings)
