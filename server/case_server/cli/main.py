"""The command line: serve, install, tools, call, doctor, demo, desk, keys, audit, export."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, get_args

from case_server import __version__
from case_server.cli import first_run
from case_server.cli.serve import INTERRUPTED, serve
from case_server.logs import Level, log_to_stderr
from case_tools.errors import CaseError, ConfigurationError
from case_tools.settings import Settings

_FORMATS: Final = ("openai", "anthropic", "gemini", "json-schema", "rasa")
_USAGE_ERROR: Final = 2


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None and not sys.stdin.isatty():
        given = parser.parse_args(["serve"])
    log_to_stderr("warning", as_json=False)
    command = _COMMANDS.get(given.command)
    if command is None:
        parser.print_help()
        return 0
    try:
        return command(given)
    except CaseError as error:
        print(f"case-mcp: {error.what} {error.next_step}", file=sys.stderr)  # noqa: T201
        return _USAGE_ERROR if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="case-mcp", description="Case actions for assistants and bots, as an MCP server."
    )
    parser.add_argument("--version", action="version", version=f"case-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser(
        "serve", help="serve MCP on stdin and stdout (the default where stdin is no terminal), or over HTTP"
    )
    serve.add_argument("--http", metavar="HOST:PORT", help="serve HTTP at /mcp; port 0 takes a free one")
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which clients reach it",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin whose pages may call",
    )
    serve.add_argument("--log-level", choices=get_args(Level), help="of stderr; info over HTTP, else warning")
    keys = commands.add_parser("keys", help="add, list and revoke the API keys in the file CASE_MCP_KEYS")
    actions = keys.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a key and print it, once")
    add.add_argument("name", metavar="NAME", help="who uses it, as the log will name them")
    add.add_argument("--scopes", required=True, help="what it is good for, e.g. cases:read,cases:write")
    add.add_argument("--days", type=int, default=365, help="for how long; 365 unless given")
    actions.add_parser("list", help="list names, scopes and dates")
    revoke = actions.add_parser("revoke", help="take a key away; it is refused from the next request on")
    revoke.add_argument("name", metavar="NAME")
    audit = commands.add_parser("audit", help="look whether an audit holds all its lines as they were written")
    checks = audit.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = checks.add_parser("verify", help="name each line that was taken out, changed or swapped")
    verify.add_argument("file", metavar="FILE", help="the file that CASE_MCP_AUDIT_FILE names")
    first_run.add_commands(commands.add_parser)
    commands.add_parser("demo", help="play a short story against a practice desk and show it")
    export = commands.add_parser("export", help="print the tools in the form that another program takes")
    export.add_argument("--format", required=True, choices=_FORMATS, help="the program's form")
    desk = commands.add_parser("desk", help="serve the practice desk on a port of this machine")
    desk.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    desk.add_argument("--rate", type=int, help="requests a minute, answered with 429 beyond; unlimited by default")
    return parser


def _keys(given: argparse.Namespace) -> int:
    from case_server.cli import keys  # noqa: PLC0415 - for this command alone

    match given.action:
        case "add":
            return keys.add(os.environ, given.name, scopes=given.scopes, days=given.days)
        case "revoke":
            return keys.revoke(os.environ, given.name)
    return keys.show(os.environ)


def _audit(given: argparse.Namespace) -> int:
    from case_server.cli.audit import verify  # noqa: PLC0415 - for this command alone

    return verify(given.file)


def _desk(given: argparse.Namespace) -> int:
    from case_server.cli.desk import serve_desk  # noqa: PLC0415 - uvicorn serves this command alone

    gc.enable()
    return serve_desk(port=given.port, rate=given.rate)


def _export(given: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    from case_server.cli.export import export  # noqa: PLC0415 - after a wrong setting was reported

    gc.enable()
    sys.stdout.write(export(given.format, settings))
    return 0


def _demo(_: argparse.Namespace) -> int:
    from case_server.cli.demo import play  # noqa: PLC0415 - a client serves this command alone

    gc.enable()
    return play()


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "serve": serve,
    "keys": _keys,
    "audit": _audit,
    "desk": _desk,
    "demo": _demo,
    "export": _export,
    **first_run.COMMANDS,
}
