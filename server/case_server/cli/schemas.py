"""`case-mcp doctor --schemas`: look at what this server would show, before a client does."""

from collections.abc import Iterable
from typing import get_args

from mcp import types

from case_server.cli.portability import RULES, broken
from case_server.mcp.definitions import definition_of
from case_tools import CaseDesk, Settings
from case_tools.settings import Fields


def check_schemas(settings: Settings) -> int:
    """Look at every tool of every vendor and profile, and of the settings given; return the exit status."""
    profiles = [settings.model_copy(update={"state": ":memory:"})]
    for fields in get_args(Fields):
        profiles.append(Settings(state=":memory:", fields=fields, toolsets=("cases", "tasks")))
        profiles.append(Settings(state=":memory:", fields=fields, embedded_dialect="talkdesk"))
    shown = [definition_of(tool) for each in profiles for tool in CaseDesk(each).tools.values()]
    return report({tool.model_dump_json(): tool for tool in shown}.values())


def report(tools: Iterable[types.Tool]) -> int:
    """Print each rule that a tool breaks with the client that breaks, or that there is none."""
    looked_at = list(tools)
    faults = [fault for tool in looked_at for fault in broken(tool)]
    for fault in faults:
        print(fault)  # noqa: T201
    if not faults:
        print(f"{len(looked_at)} tools keep all {len(RULES)} rules: every client takes them.")  # noqa: T201
    return 1 if faults else 0
