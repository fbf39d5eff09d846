"""A client of mcp 1.x: list, search and try to write; print what came as JSON. Arguments: the URL, a key.

mcp 1.x and 2.x cannot be installed side by side, so this runs in an environment of its own:

    uv run --isolated --no-project --with 'mcp<2' python tests/clients/mcp1.py URL KEY
"""

import asyncio
import json
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any


async def main(url: str, key: str) -> dict[str, Any]:
    """Return what a session of the client shows."""
    session_of = import_module("mcp").ClientSession
    connect = import_module("mcp.client.streamable_http").streamablehttp_client
    async with (
        connect(url, headers={"Authorization": f"Bearer {key}"}) as (read, write, _),
        session_of(read, write) as session,
    ):
        opened = await session.initialize()
        listed = await session.list_tools()
        found = await session.call_tool("search_cases", {"searchText": "CS000160"})
    return {
        "client": version("mcp").split(".")[0],
        "protocol": opened.protocolVersion,
        "tools": [tool.name for tool in listed.tools],
        "refs": [case["ref"] for case in found.structuredContent["cases"]],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
