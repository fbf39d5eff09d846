"""`case-mcp serve`: MCP on stdin and stdout, or over HTTP."""

import argparse
import gc
import logging
import os
import sys
from typing import Final, NoReturn

from case_server.logs import log_to_stderr
from case_tools.desk import check_surroundings
from case_tools.errors import ConfigurationError
from case_tools.settings import Settings

INTERRUPTED: Final = 130
"""The exit status after an interrupt."""


def serve(given: argparse.Namespace) -> int:
    """Serve MCP on stdin and stdout, or over HTTP; return the exit status.

    Raises:
        ConfigurationError: a setting or an option is wrong.
    """
    if given.http is not None:
        return _serve_http(given)
    if given.allow_host or given.allow_origin:
        raise ConfigurationError(
            "--allow-host and --allow-origin belong to --http.", next_step="Add it, or leave them out."
        )
    if given.log_level:
        log_to_stderr(given.log_level, as_json=False)
    settings = Settings.from_environment()
    check_surroundings(settings)
    import anyio  # noqa: PLC0415 - a wrong setting is reported before the SDK is imported

    from case_server.mcp.app import build  # noqa: PLC0415
    from case_server.mcp.session import Session  # noqa: PLC0415
    from case_server.stdio import serve_stdio  # noqa: PLC0415

    if settings.desk == "embedded":
        print("case-mcp: serving the embedded practice desk; no customer is reached", file=sys.stderr)  # noqa: T201
    session = Session(settings)
    session.audit.start()
    server = build(settings, session)
    gc.freeze()
    gc.enable()
    try:
        terminated = anyio.run(serve_stdio, server)
    except* KeyboardInterrupt:  # bare, or in the group of a task that it struck
        _leave(INTERRUPTED)
    else:
        if terminated:
            _leave(0)
    return 0


def _leave(status: int) -> NoReturn:
    """End the process now: leaving in order would wait for the thread that waits on stdin."""
    logging.shutdown()
    os._exit(status)


def _serve_http(given: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    check_surroundings(settings)
    from case_server.http.serve import serve_http  # noqa: PLC0415 - uvicorn serves this command alone

    log_to_stderr(given.log_level or "info", as_json=True)
    return serve_http(settings, os.environ, address=given.http, hosts=given.allow_host, origins=given.allow_origin)
