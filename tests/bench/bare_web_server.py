"""A bare low-level server of the SDK over HTTP with the same tools, to measure against; it prints its port."""

import socket

import uvicorn
from mcp import types
from mcp.server.lowlevel import Server

from case_server.mcp.definitions import definition_of
from case_tools import CaseDesk, Settings

ROWS = [{"ref": f"CS00010{number}", "title": "Boiler leaks", "status": "Open"} for number in range(3)]
TOOLS = [definition_of(action) for action in CaseDesk(Settings(state=":memory:")).tools.values()]


async def list_tools(_context: object, _params: object) -> types.ListToolsResult:
    """List the tools."""
    return types.ListToolsResult(tools=TOOLS)


async def call_tool(_context: object, _params: object) -> types.CallToolResult:
    """Answer three rows that are always there."""
    text = "\n".join(f"{row['ref']} {row['title']} {row['status']}" for row in ROWS)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content={"total": 3, "cases": ROWS}
    )


def main() -> None:
    """Serve a free port."""
    server = Server("bare", version="1", on_list_tools=list_tools, on_call_tool=call_tool)
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(socket.SOMAXCONN)
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(
            server.streamable_http_app(stateless_http=True), http="h11", log_level="critical", access_log=False
        )
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
