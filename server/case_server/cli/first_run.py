"""The commands of a first run: doctor, install, tools, call; each imported when it is used."""

import argparse
import gc
import os
from collections.abc import Callable, Mapping
from typing import Final

from case_tools.settings import Settings

_CLIENTS: Final = ("claude-code", "claude-desktop", "cursor", "vscode", "codex", "gemini")


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands by the parser's `add_parser`."""
    install = add("install", help="write this server into a client's configuration")
    install.add_argument("client", choices=_CLIENTS, metavar="CLIENT", help=", ".join(_CLIENTS))
    install.add_argument("--http", metavar="URL", default="", help="let the client reach it there, over HTTP")
    install.add_argument(
        "--key-variable", metavar="NAME", default="", help="the variable that holds the API key for --http"
    )
    install.add_argument("--remove", action="store_true", help="take the entry out again")
    install.add_argument("--dry-run", action="store_true", help="show the difference and write nothing")
    install.add_argument(
        "--write-secrets",
        action="store_true",
        help="write secrets into the file of a client that cannot refer to a variable",
    )
    doctor = add("doctor", help="say whether it works, and what to do where it does not")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument(
        "--write", action="store_true", help="open a case in the practice desk; at a vendor say what it would need"
    )
    doctor.add_argument("--schemas", action="store_true", help="check whether every client takes the tools")
    tools = add("tools", help="list the tools and their arguments")
    tools.add_argument("--json", action="store_true", help="for programs")
    call = add(
        "call",
        help="call one tool",
        epilog="Exit status: 0 done, 1 the desk or an administrator, 2 the call is wrong, 3 a yes is needed, "
        "4 it is not known whether it was done.",
    )
    call.add_argument("tool", metavar="TOOL")
    call.add_argument("pairs", nargs="*", metavar="name=value", help="e.g. status=Open userInfo.name='Jane Roe'")
    call.add_argument("--json-args", metavar="JSON", help="all arguments as one JSON object; - reads stdin")
    call.add_argument("--json", action="store_true", help="print JSON, for programs")
    call.add_argument("--yes", action="store_true", help="say yes where CASE_MCP_ACCESS is confirm")


def _install(given: argparse.Namespace) -> int:
    from case_server.cli.install import install  # noqa: PLC0415 - each for its command alone

    return install(
        given.client,
        os.environ,
        url=given.http,
        key_variable=given.key_variable,
        remove=given.remove,
        dry_run=given.dry_run,
        write_secrets=given.write_secrets,
    )


def _tools(given: argparse.Namespace) -> int:
    gc.enable()
    from case_server.cli.call import show_tools  # noqa: PLC0415

    return show_tools(Settings.from_environment(), as_json=given.json)


def _call(given: argparse.Namespace) -> int:
    gc.enable()
    from case_server.cli.call import call_tool  # noqa: PLC0415

    return call_tool(
        Settings.from_environment(),
        given.tool,
        given.pairs,
        json_arguments=given.json_args,
        as_json=given.json,
        yes=given.yes,
    )


def _doctor(given: argparse.Namespace) -> int:
    gc.enable()
    if given.schemas:
        settings = Settings.from_environment()
        from case_server.cli.schemas import check_schemas  # noqa: PLC0415

        return check_schemas(settings)
    from case_server.cli.doctor import examine  # noqa: PLC0415

    return examine(os.environ, as_json=given.json, write=given.write)


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "install": _install,
    "tools": _tools,
    "call": _call,
    "doctor": _doctor,
}
