"""The command line: serve, desk, demo."""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from case_server import __version__
from case_tools.errors import CaseError, ConfigurationError
from case_tools.settings import Settings

_USAGE_ERROR: Final = 2
_INTERRUPTED: Final = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="case-mcp: %(levelname)s %(message)s")
    command = given.command or ("help" if sys.stdin.isatty() else "serve")
    try:
        match command:
            case "serve":
                return _serve()
            case "desk":
                return _desk(port=given.port, rate=given.rate)
            case "demo":
                return _demo()
    except CaseError as error:
        print(f"case-mcp: {error.what} {error.next_step}", file=sys.stderr)  # noqa: T201
        return _USAGE_ERROR if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    parser.print_help()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="case-mcp", description="Case actions for assistants and bots, as an MCP server."
    )
    parser.add_argument("--version", action="version", version=f"case-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="serve MCP on stdin and stdout (the default where stdin is no terminal)")
    commands.add_parser("demo", help="play a short story against a practice desk and show it")
    desk = commands.add_parser("desk", help="serve the practice desk on a port of this machine")
    desk.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    desk.add_argument("--rate", type=int, help="requests a minute, answered with 429 beyond; unlimited by default")
    return parser


def _serve() -> int:
    settings = Settings.from_environment()
    import anyio  # noqa: PLC0415 - a wrong setting is told before the SDK is imported

    from case_server.app import build  # noqa: PLC0415
    from case_server.stdio import serve_stdio  # noqa: PLC0415

    if settings.desk == "embedded":
        print("case-mcp: serving the embedded practice desk; no customer is reached", file=sys.stderr)  # noqa: T201
    server = build(settings)
    gc.freeze()
    gc.enable()
    try:
        terminated = anyio.run(serve_stdio, server)
    except* KeyboardInterrupt:  # bare, or in the group of a task that it struck
        _leave(_INTERRUPTED)
    else:
        if terminated:
            _leave(0)
    return 0


def _leave(status: int) -> NoReturn:
    """End the process now: leaving in order would wait for the thread that waits on stdin."""
    sys.stderr.flush()
    os._exit(status)


def _desk(*, port: int, rate: int | None) -> int:
    from case_server.practice import serve_desk  # noqa: PLC0415 - uvicorn serves this command alone

    gc.enable()
    return serve_desk(port=port, rate=rate)


def _demo() -> int:
    from case_server.demo import play  # noqa: PLC0415 - a client serves this command alone

    gc.enable()
    return play()
