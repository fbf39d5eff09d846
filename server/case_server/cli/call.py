"""`case-mcp tools` and `case-mcp call TOOL`: the same tools and checks as a model has, for people and programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import anyio

from case_server.cli.screen import screen
from case_tools import CaseDesk, CaseError, Settings
from case_tools.errors import CallerError, ConfirmationNeeded, Rejected
from case_tools.results import Page, Result

DONE: Final = 0
FAILED: Final = 1
INVALID: Final = 2
NEEDS_A_YES: Final = 3
NOT_KNOWN: Final = 4
"""Exit statuses: 1 the desk or an administrator, 2 the call itself, 3 no yes yet, 4 look before repeating."""

_COLUMNS: Final = ("ref", "title", "status", "priority", "requester", "assignee", "queue", "case", "due")


def show_tools(settings: Settings, *, as_json: bool) -> int:
    """Print the tools that these settings allow, with their arguments."""
    tools = CaseDesk(settings.model_copy(update={"state": ":memory:"})).tools
    if as_json:
        listed = [
            {"name": name, "description": tool.description, "arguments": tool.arguments.model_json_schema()}
            for name, tool in tools.items()
        ]
        print(json.dumps(listed, ensure_ascii=False))  # noqa: T201 - the command's answer
        return DONE
    from rich.table import Table  # noqa: PLC0415 - for people alone
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("Tool", "What it does", "Arguments (* needed)"):
        table.add_column(heading, overflow="fold")
    for name, tool in tools.items():
        fields = tool.arguments.model_fields
        names = " ".join(f"{key}*" if field.is_required() else key for key, field in fields.items())
        table.add_row(Text(name, style="bold"), Text(tool.description.split(". ")[0] + "."), Text(names))
    screen().print(table)
    return DONE


def call_tool(
    settings: Settings, name: str, pairs: Sequence[str], *, json_arguments: str | None, as_json: bool, yes: bool
) -> int:
    """Call one tool, print what came back, and return the exit status.

    Args:
        settings: the desk and the behaviour.
        name: the tool.
        pairs: `name=value` each; `userInfo.name=Jane` reaches inside, a name given twice makes a list.
        json_arguments: all arguments as one JSON object; `-` reads it from stdin.
        as_json: print JSON for programs.
        yes: say yes where the access is `confirm`.
    """
    try:
        arguments = _arguments(pairs, json_arguments)
        result = anyio.run(_called, settings, name, arguments, yes)
    except CaseError as error:
        _show_error(error, as_json=as_json)
        return status_of(error)
    if as_json:
        print(json.dumps(result.data(), ensure_ascii=False))  # noqa: T201 - the command's answer
    else:
        _show(result)
    return NOT_KNOWN if result.data().get("outcome") == "unknown" else DONE


async def _called(settings: Settings, name: str, arguments: Mapping[str, object], yes: bool) -> Result:  # noqa: FBT001
    async with CaseDesk(settings) as desk:
        if name not in desk.tools:
            raise Rejected(f"There is no tool {name!r}.", next_step=f"There are {', '.join(desk.tools)}.")
        try:
            return await desk.call(name, arguments)
        except ConfirmationNeeded as question:
            if not yes:
                raise
            return await desk.call(name, arguments, confirmation=question.confirmation)


def status_of(error: CaseError) -> int:
    """Return the exit status of an error."""
    if isinstance(error, ConfirmationNeeded):
        return NEEDS_A_YES
    if error.changed == "unknown":
        return NOT_KNOWN
    return INVALID if isinstance(error, CallerError) else FAILED


def _arguments(pairs: Sequence[str], json_arguments: str | None) -> dict[str, Any]:
    if json_arguments is not None:
        if pairs:
            raise Rejected(
                "Arguments came both as pairs and as JSON.", next_step="Give name=value, or --json-args."
            )
        text = sys.stdin.read() if json_arguments == "-" else json_arguments
        try:
            parsed = json.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise Rejected("--json-args is no JSON object.", next_step='Give e.g. {"status": ["Open"]}.')
        return parsed
    arguments: dict[str, Any] = {}
    for pair in pairs:
        path, sign, value = pair.partition("=")
        if not sign or not all(path.split(".")):
            raise Rejected(f"{pair!r} is not name=value.", next_step="Give e.g. status=Open.")
        _put(arguments, path.split("."), value)
    return arguments


def _put(arguments: dict[str, Any], path: Sequence[str], value: str) -> None:
    owner = arguments
    for key in path[:-1]:
        inner = owner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise Rejected(f"{key} is given as a value and as an object.", next_step="Give one of them.")
        owner = inner
    last = path[-1]
    if last not in owner:
        owner[last] = value
    elif isinstance(owner[last], list):
        owner[last].append(value)
    else:
        owner[last] = [owner[last], value]


def _show(result: Result) -> None:
    from rich.table import Table  # noqa: PLC0415 - for people alone
    from rich.text import Text  # noqa: PLC0415

    console, data = screen(), result.data()
    if not isinstance(result, Page):
        for key, value in data.items():
            console.print(Text.assemble((f"{key}: ", "bold"), _as_text(value)), soft_wrap=True)
        return
    rows = [row.data() for row in result.rows()]
    if rows:
        table = Table(box=None, pad_edge=False)
        used = [column for column in _COLUMNS if any(column in row for row in rows)]
        for column in used:
            table.add_column(column, overflow="fold", no_wrap=column == "ref")
        for row in rows:
            table.add_row(*(Text(_as_text(row.get(column, ""))) for column in used))
        console.print(table)
    more = f" page={data['page'] + 1} shows more." if data.get("has_more") else ""
    note = f" {data['note']}" if data.get("note") else ""
    console.print(Text(f"{len(rows)} of {data['total']} shown (page {data['page']}).{more}{note}"))


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_as_text(each)}" for key, each in value.items())
    if isinstance(value, Sequence):
        return " → ".join(_as_text(each) or "(not shown)" for each in value)
    return json.dumps(value)


def _show_error(error: CaseError, *, as_json: bool) -> None:
    if isinstance(error, ConfirmationNeeded) and not as_json:
        print(error.preview.text(), "Nothing was changed. Add --yes to do it.", sep="\n", file=sys.stderr)  # noqa: T201
    elif as_json:
        said: dict[str, Any] = {
            "ok": False,
            "problem": error.kind,
            "changed": error.changed,
            "message": str(error),
        }
        if isinstance(error, ConfirmationNeeded):
            said["preview"] = error.preview.data()
        print(json.dumps(said, ensure_ascii=False))  # noqa: T201
    else:
        print(f"case-mcp: {error}", file=sys.stderr)  # noqa: T201
