"""`case-mcp desk`: the practice desk on a port of this machine, for adapters that want a socket."""

import os
import socket
import sys
from typing import Final

import uvicorn

from case_tools.embedded import environment_of, open_desk
from case_tools.errors import ConfigurationError
from case_tools.settings import Settings

_HOST: Final = "127.0.0.1"
_VARIABLES: Final = ("CASE_MCP_STATE", "CASE_MCP_EMBEDDED_DIALECT")


def serve_desk(*, port: int, rate: int | None) -> int:
    """Serve the desk until it is stopped, and print the settings that reach it.

    Raises:
        ConfigurationError: the port is taken, the rate is negative, or the desk's file cannot be used.
    """
    if rate is not None and rate < 0:
        raise ConfigurationError("--rate is negative.", next_step="Give a number of requests a minute.")
    settings = Settings.read({name: os.environ[name] for name in _VARIABLES if name in os.environ})
    desk = open_desk(settings.embedded_file, rate=rate)
    # asyncio sends an answer's last part at once only where the protocol is named; else it waits some 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen()  # before the settings are printed: whoever reads them may connect at once
        except (OSError, OverflowError):
            raise ConfigurationError(
                f"Port {port} cannot be used.", next_step="Give another, or 0 for a free one."
            ) from None
        host = f"http://{_HOST}:{listener.getsockname()[1]}"
        given = environment_of(desk.account, dialect=settings.vendor, host=host)
        print("\n".join(f"{name}={value}" for name, value in given.items()), flush=True)  # noqa: T201
        print("case-mcp: practice desk; stop it with Ctrl-C", file=sys.stderr)  # noqa: T201
        try:
            uvicorn.Server(
                uvicorn.Config(desk, log_level="warning", access_log=False, http="h11", date_header=False)
            ).run([listener])
        finally:
            desk.close()
    return 0
