"""Write the generated parts of the README anew: `uv run python tests/generate_readme.py`.

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; a test compares them, but the slow ones.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import anyio
from pydantic.fields import FieldInfo

from bench.figures import definitions, pages
from case_prompts import prompts_for
from case_server.mcp.definitions import definition_of
from case_tools import (
    Ambiguous,
    Busy,
    CaseDesk,
    CaseError,
    Closed,
    ConfirmationNeeded,
    Conflict,
    KoreSettings,
    NotApplied,
    NotConfirmed,
    NotDone,
    NotFound,
    Preview,
    Problem,
    RateLimited,
    Rejected,
    Result,
    Settings,
    TalkdeskSettings,
    Unavailable,
    Written,
)
from case_tools.adapter.tool import Tool
from case_tools.errors import CHANGED, KINDS
from case_tools.pipeline.outcomes import outcome_of
from case_tools.settings import VENDOR_TITLES, Vendor
from case_tools.vendors.kore.body import DeskKeptBody, WritableBody
from case_tools.vendors.talkdesk.notes import TalkdeskNote
from case_tools.vendors.talkdesk.update_case import TalkdeskUpdateCaseArguments
from vendor_samples import sample

TOP = Path(__file__).parent.parent
README = TOP / "README.md"
PAGES = (README, *(TOP / folder / "README.md" for folder in ("server", "tools", "prompts", "tests")))
"""The pages of documentation; each generated part stands in one of them."""

_MISSING = Problem(argument="emailId", message="", missing=("emailId",))
_ON_UPDATE = {"dueDate": ", epoch ms on the wire", "timestampValue": ", epoch ms on the wire", "id": ""}
_TENANT = {
    "accountId": "no argument: header `accountId`, from `KORE_ACCOUNT_ID`",
    "lid": "no argument: header `iId`, from `KORE_STREAM_ID` (the table's `lid` is the samples' `iId`)",
    "orgId": "no argument, sent nowhere",
}
_PATHS = [
    ("`host`", "all", "`KORE_HOST`"),
    ("`streamId`", "all", "path, from `KORE_STREAM_ID`"),
    ("`accountId` (header)", "all", "header, from `KORE_ACCOUNT_ID`"),
    ("`caseId`", "update_case", "argument `caseId`, a reference or an id; path"),
    ("`taskId`", "update_task", "argument `taskId`, a reference or an id; path"),
]
_ON_TALKDESK = {
    "id": ", path",
    "status": "; `CLOSED` is refused; `ON_HOLD` goes out as `TALKDESK_ON_HOLD` says",
    "resolution": "; this or `solve_reason` for `RESOLVED`",
    "solve_reason": "; this or `resolution` for `RESOLVED`",
    "public": "; always sent, `false` unless given",
}


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def demo() -> str:
    """Return what the demo prints, with the path of this machine taken out."""
    done = subprocess.run(
        [sys.executable, "-m", "case_server", "demo"], check=True, capture_output=True, text=True
    )
    command = str(Path(sys.executable).with_name("case-mcp"))
    return f"```text\n{done.stdout.rstrip().replace(command, '/path/to/case-mcp')}\n```"


def tools() -> str:
    """Return the table of tools."""
    kore = CaseDesk(Settings(state=":memory:", toolsets=("cases", "tasks"))).tools
    talkdesk = CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")).tools
    desks: dict[Vendor, list[str]] = {"kore": [*kore], "talkdesk": [*talkdesk]}

    def rows() -> Iterator[Sequence[str]]:
        for action in [*kore.values(), *(each for name, each in talkdesk.items() if name not in kore)]:
            hints = definition_of(action).annotations
            assert hints is not None
            kind = (
                "reads" if hints.read_only_hint else "changes what is there" if hints.destructive_hint else "adds"
            )
            optional = "" if action.name in {"create_case", "update_case", "update_task", "search_cases"} else " ¹"
            first = action.description.split(". ")[0]
            on = ", ".join(
                VENDOR_TITLES[vendor].split()[0] for vendor, names in desks.items() if action.name in names
            )
            yield f"`{action.name}`{optional}", first + ".", kind, f"`{action.scope}`", on

    return table(["tool", "what it does", "effect", "scope", "on"], rows())


def fields() -> str:
    """Return the table of every documented field and where it went."""

    def rows() -> Iterator[Sequence[str]]:
        yield from _PATHS
        names: set[str] = set()
        for each in sample("documented_fields")["create_case"]:
            name = each["name"]
            inner = (
                "userInfo.id" if name == "id" else "userInfo.name" if name in names and name == "name" else name
            )
            yield f"`{inner}`", "create_case", _place(inner, "`_id` on the wire" if name == "id" else "")
            names.add(name)
        for each in sample("documented_fields")["update_case"]:
            yield f"`{each['name']}`", "update_case, update_task", _update_place(each["name"])
        for each in sample("documented_fields")["search_cases"]:
            note = "an object on the wire, as inferred" if each["name"] == "sortBy" else ""
            yield f"`{each['name']}`", "search_cases", _place(each["name"], note)
        for each in sample("documented_fields", vendor="talkdesk")["update_case"]:
            yield f"`{each['name']}`", "update_case (Talkdesk)", _talkdesk_place(each["name"])

    return table(["documented field", "page of", "where it went"], rows())


def _place(name: str, note: str) -> str:
    return f"argument `{name}`" + (f", {note}" if note else "")


def _talkdesk_place(name: str) -> str:
    inner = name in TalkdeskNote.model_fields
    assert inner or name in TalkdeskUpdateCaseArguments.model_fields
    return f"argument `{f'notes[].{name}' if inner else name}`{_ON_TALKDESK.get(name, '')}"


def _update_place(name: str) -> str:
    if name in _TENANT:
        return _TENANT[name]
    kept = name in DeskKeptBody.model_fields
    assert kept or name in WritableBody.model_fields
    return f"argument `{name}`{_ON_UPDATE.get(name, '')}" + (
        "; only with `CASE_MCP_FIELDS=documented`" if kept else ""
    )


def settings() -> str:
    """Return the table of settings."""

    def rows() -> Iterator[Sequence[str]]:
        for model in (Settings, KoreSettings, TalkdeskSettings):
            for variable, name in model.variables().items():
                field = model.model_fields[name]
                yield f"`{variable}`", _default(field), f"{field.description}{_choices(field)}"

    return table(["setting", "unless set", "meaning"], rows())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value: Any = field.default
    if value is None or field.default_factory is not None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


def _choices(field: FieldInfo) -> str:
    parts = get_args(field.annotation)
    if type(None) in parts:
        parts = get_args(parts[0])
    choices = [each for each in parts if isinstance(each, str)]
    return f" ({', '.join(f'`{each}`' for each in choices)})" if choices else ""


def errors() -> str:
    """Return the table of errors."""

    def rows() -> Iterator[Sequence[str]]:
        for kind, each in KINDS.items():
            changed = "<br>".join(CHANGED[one] for one in each.changed)
            yield f"`{kind}`", each.fixed_by, each.says, changed, each.next_step

    return table(["kind", "who fixes it", "what it says", "of changes it says", "and next"], rows())


def figures() -> str:
    """Return the figures that do not depend on the machine."""
    page = anyio.run(pages)
    defined = definitions()
    rows = [
        (
            "definitions of the four tools",
            f"{defined['writable']:,}",
            f"{defined['documented']:,} with all fields",
        ),
        ("a page of 20 cases as text", f"{page['text']:,}", f"the desk's raw answer: {page['raw']:,}"),
        ("the same page as structure", f"{page['structure']:,}", ""),
    ]
    return table(["what a model reads", "tokens", "for comparison"], iter(rows))


@cache
def careful() -> str:
    """Return what the evaluation's careful agent prints; it must pass every task."""
    return _evaluated("careful")


def mutated() -> str:
    """Return what bending the careful agent's calls prints; no call may end silently wrong."""
    return _evaluated("mutated")


def _evaluated(what: str) -> str:
    command = [sys.executable, str(README.parent / "tests/evals/run.py"), what]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{what} does not reach its aim:\n{done.stderr}")
    return done.stdout.strip()


def problems() -> str:
    """Return the table of what a dialog must expect, with what it says."""
    update = CaseDesk(Settings(state=":memory:")).tools["update_case"]
    create = CaseDesk(Settings(state=":memory:")).tools["create_case"]
    preview = Preview(tool="update_case", title=update.title, ref="CS000123", fields={"priority": ("Low", "High")})
    late = Problem(argument="dueDate", message="")
    told: list[tuple[Result | CaseError, Tool[Any], str]] = [
        (Rejected("", next_step="", problems=[_MISSING]), create, "Arguments are missing; `missing` names them"),
        (Rejected("", next_step="", problems=[late]), update, "Arguments are wrong; `invalid` names them"),
        (Written(outcome="unknown"), create, "The desk gave no answer, and a search does not show it so far"),
        (ConfirmationNeeded("", next_step="", preview=preview, confirmation=""), update, ""),
        *((error("", next_step=""), update, "") for error in (Ambiguous, Closed, NotConfirmed, NotFound)),
        *((error("", next_step=""), update, "") for error in (NotApplied, NotDone, Conflict, Unavailable)),
        *((error("", next_step="", retry_after=30), update, "") for error in (RateLimited, Busy)),
    ]

    def rows() -> Iterator[Sequence[str]]:
        for each, action, meaning in told:
            data = outcome_of(each, action)
            said = KINDS[each.kind].says if isinstance(each, CaseError) else ""
            yield f"`{data['problem']}`", meaning or said, data["say"]

    return table(["problem", "what it says", "an example of `say`"], rows())


def prompts() -> str:
    """Return the table of prompts."""

    def rows() -> Iterator[Sequence[str]]:
        for prompt in prompts_for("kore").values():
            names = ", ".join(f"`{each.name}`{'' if each.required else '?'}" for each in prompt.arguments)
            yield f"`{prompt.name}`", prompt.description, names

    return table(["prompt", "what it does", "arguments"], rows())


def dialog() -> str:
    """Return the program that a test talks to."""
    return f"```python\n{Path(__file__).with_name('dialog.py').read_text(encoding='utf-8')}```"


PARTS: dict[str, Callable[[], str]] = {
    "problems": problems,
    "prompts": prompts,
    "dialog": dialog,
    "demo": demo,
    "tools": tools,
    "fields": fields,
    "settings": settings,
    "errors": errors,
    "figures": figures,
    "careful": careful,
}
SLOW_PARTS: dict[str, Callable[[], str]] = {"mutated": mutated}


def renewed(text: str) -> str:
    """Return a page with every part in it made anew."""
    for name, make in (PARTS | SLOW_PARTS).items():
        before, begin, rest = text.partition(f"<!-- begin {name} -->")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if end:
            text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


if __name__ == "__main__":
    for each in PAGES:
        each.write_text(renewed(each.read_text(encoding="utf-8")), encoding="utf-8")
