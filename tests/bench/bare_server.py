"""A bare low-level server of the SDK with one tool, to measure against."""

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def list_tools(_context: object, _params: object) -> types.ListToolsResult:
    """List nothing."""
    return types.ListToolsResult(tools=[])


async def main() -> None:
    """Serve stdin and stdout."""
    server = Server("bare", version="1", on_list_tools=list_tools)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
