"""Calls as models and hosts bend them: each does what the plain call does, or is refused by name; none does else.

Through a client and the server, on practice desks with one fixed clock: what is compared is the answer and
everything that the desk has stored afterwards.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from mcp import Client, types

from case_server.mcp.app import build
from case_tools import Settings
from case_tools.embedded import EmbeddedDesk
from case_tools.settings import Vendor
from served import PATIENCE

NOW: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
Json = dict[str, Any]
PLAIN: Final[dict[tuple[Vendor, str], Json]] = {
    ("kore", "search_cases"): {
        "status": ["Open", "In Progress"],
        "priority": ["High"],
        "limit": 20,
        "page": 1,
        "unresolved": True,
        "startDate": "2026-09-01T00:00:00Z",
    },
    ("kore", "create_case"): {
        "name": "Boiler leaks",
        "desc": "Water, in the cellar.",
        "userInfo": {"name": "Jane Roe"},
        "emailId": "jane.roe@example.com",
        "dueDate": "2026-12-01T12:00:00Z",
    },
    ("kore", "update_case"): {
        "caseId": "CS000157",
        "status": {"name": "Resolved"},
        "priority": {"name": "High"},
        "tags": ["vip", "late"],
        "dueDate": "2026-12-01T12:00:00Z",
        "resolutionCmts": ["Refunded, all of it"],
        "queues": [{"name": "Billing"}],
    },
    ("kore", "update_task"): {
        "taskId": "TS000125",
        "status": {"name": "Closed"},
        "dueDate": "2026-12-01T12:00:00Z",
        "tags": ["vip"],
    },
    ("talkdesk", "search_cases"): {
        "status": ["OPEN"],
        "priority": ["HIGH"],
        "limit": 20,
        "page": 1,
        "sort": "DESC",
        "create_at": ["2026-09-01T00:00:00Z", "2026-12-01T12:00:00Z"],
    },
    ("talkdesk", "create_case"): {
        "title": "Boiler leaks",
        "description": "Water, in the cellar.",
        "requester_name": "Jane Roe",
        "requester_email": "jane.roe@example.com",
        "priority": "HIGH",
        "custom_fields": {"text1": "x"},
        "notes": [{"note_body": "Called, no answer", "public": False}],
    },
    ("talkdesk", "update_case"): {
        "id": "157",
        "status": "RESOLVED",
        "resolution": "Refunded, all of it",
        "priority": "HIGH",
        "custom_fields": {"text1": {"value": "x"}},
        "notes": [{"note_body": "Called, no answer", "public": False}],
    },
}
KORE_ID: Final = "id of CS000157"
EPOCH: Final = 1_796_126_400_000
"""2026-12-01T12:00:00Z"""


def as_texts(call: Json) -> Json:
    """Return the call with JSON in a text for each object and each list."""
    return {key: json.dumps(each) if isinstance(each, dict | list) else each for key, each in call.items()}


def as_texts_inside(call: Json) -> Json:
    """Return the call with JSON in a text for each object in a list."""
    return {
        key: [json.dumps(one) if isinstance(one, dict) else one for one in each]
        if isinstance(each, list)
        else each
        for key, each in call.items()
    }


def numbers_as_texts(call: Json) -> Json:
    """Return the call with a text for each number and each truth value."""
    return {key: str(each).lower() if isinstance(each, bool | int) else each for key, each in call.items()}


UNDERSTOOD: Final[dict[str, tuple[Vendor, str, Mapping[str, Any]]]] = {
    "a limit in a text": ("kore", "search_cases", {"limit": "20"}),
    "a limit in a text with spaces": ("kore", "search_cases", {"limit": " 20 "}),
    "a word for a list": ("kore", "search_cases", {"priority": "High"}),
    "a word in small letters, with a space": ("kore", "search_cases", {"priority": ["high "]}),
    "a date in milliseconds": ("kore", "search_cases", {"startDate": 1_788_220_800_000}),
    "what a host injects": ("kore", "search_cases", {"wait_for_previous": True}),
    "a customer in a word": ("kore", "create_case", {"userInfo": "Jane Roe"}),
    "a customer with the address inside": (
        "kore",
        "create_case",
        {"userInfo": {"name": "Jane Roe", "emailId": "jane.roe@example.com"}, "emailId": None},
    ),
    "a date in another zone": ("kore", "create_case", {"dueDate": "2026-12-01T14:00:00+02:00"}),
    "an id for a reference": ("kore", "update_case", {"caseId": KORE_ID}),
    "a reference in small letters": ("kore", "update_case", {"caseId": " cs000157"}),
    "a reference with a hash": ("kore", "update_case", {"caseId": "#CS000157"}),
    "a status in a word": ("kore", "update_case", {"status": "Resolved"}),
    "a priority in small letters, with a space": ("kore", "update_case", {"priority": "high "}),
    "a date in milliseconds as a text": ("kore", "update_case", {"dueDate": str(EPOCH)}),
    "a sentence for a list": ("kore", "update_case", {"resolutionCmts": "Refunded, all of it"}),
    "a queue in a word": ("kore", "update_case", {"queues": "Billing"}),
    "a task's date in milliseconds": ("kore", "update_task", {"dueDate": EPOCH}),
    "an enumeration in another case": ("talkdesk", "search_cases", {"priority": "high ", "status": "open"}),
    "dates in milliseconds": ("talkdesk", "search_cases", {"create_at": [1_788_220_800_000, EPOCH]}),
    "an injected argument": ("talkdesk", "search_cases", {"wait_for_previous": None}),
    "a note in a sentence": ("talkdesk", "create_case", {"notes": "Called, no answer"}),
    "a truth value in a text": (
        "talkdesk",
        "create_case",
        {"notes": [{"note_body": "Called, no answer", "public": "false"}]},
    ),
    "a number for an id": ("talkdesk", "update_case", {"id": 157}),
    "an id with a hash": ("talkdesk", "update_case", {"id": "#157"}),
    "an enumeration with a space": ("talkdesk", "update_case", {"priority": " High", "status": "resolved"}),
}
MENDING: Final[dict[str, tuple[Vendor, str, Mapping[str, Any], str]]] = {
    "a misspelt filter": (
        "kore",
        "search_cases",
        {"prioritty": ["Low"]},
        "- prioritty: is not known here: did you mean `priority`?",
    ),
    "a filter of another tool": ("kore", "search_cases", {"customer": "Jane"}, "- customer: is not known here"),
    "a word for a filter": (
        "kore",
        "search_cases",
        {"state": "Open"},
        "- state: is not known here: did you mean `status`?",
    ),
    "a filter of nothing": ("kore", "search_cases", {"status": []}, "- status: is an empty list: leave it out"),
    "a limit out of range": ("kore", "search_cases", {"limit": "1000"}, "- limit: must be at most 50."),
    "an argument that a host made up": ("kore", "update_case", {"thought": "x"}, "- thought: is not known here"),
    "a date without an offset": (
        "kore",
        "update_case",
        {"dueDate": "2026-12-01T12:00:00"},
        "- dueDate: has no offset: write",
    ),
    "a date in seconds": (
        "kore",
        "update_case",
        {"dueDate": EPOCH // 1000},
        "- dueDate: is a number, but not of milliseconds",
    ),
    "a task for a case": (
        "kore",
        "update_case",
        {"caseId": "ti-d9fdb49-d5f7-c442"},
        "- caseId: is the id of a task: give a case's",
    ),
    "words for a case": (
        "kore",
        "update_case",
        {"caseId": "the late parcel"},
        "- caseId: must be a case's reference, e.g. CS000123",
    ),
    "a list in words": (
        "kore",
        "update_case",
        {"tags": "vip, late"},
        '- tags: must be a list, e.g. ["one", "two"]',
    ),
    "an empty object": ("kore", "update_case", {"status": {}}, "- status: is empty: leave it out"),
    "an empty text": ("kore", "update_case", {"name": " "}, "- name: is empty: give a text"),
    "a status that nearly is one": (
        "kore",
        "update_case",
        {"status": "Resolvd"},
        "- status: holds 'Resolvd', which no case has shown; near is 'Resolved'",
    ),
    "the vendor's own key": ("kore", "update_case", {"accountId": "1"}, "- accountId: is not known here"),
    "JSON that is broken": (
        "kore",
        "update_case",
        {"status": '{"name": "Resolved"'},
        "- status: must be an object",
    ),
    "nobody to call": ("kore", "create_case", {"emailId": None}, "do not say who the customer is: give emailId"),
    "another vendor's name": (
        "kore",
        "create_case",
        {"title": "x"},
        "- title: is not known here: did you mean `name`?",
    ),
    "a misspelt enumeration": (
        "talkdesk",
        "update_case",
        {"priority": "HIHG"},
        "- priority: must be one of LOW, NORMAL, HIGH, URGENT.",
    ),
    "a status that cannot be set": ("talkdesk", "update_case", {"status": "Closed"}, "- status: "),
    "a filter that is none": ("talkdesk", "search_cases", {"team": "Jane"}, "- team: is not known here"),
    "half a period": (
        "talkdesk",
        "search_cases",
        {"create_at": ["2026-09-01T00:00:00Z"]},
        "give create_at as a period",
    ),
    "a note of nothing": (
        "talkdesk",
        "update_case",
        {"notes": [{"public": True}]},
        "- notes.0.note_body: is missing.",
    ),
    "neither true nor false": (
        "talkdesk",
        "update_case",
        {"notes": [{"note_body": "x", "public": "internal"}]},
        "- notes.0.public: must be true",
    ),
}


class Twin:
    """One practice desk of its own, with the fixed clock."""

    def __init__(self, folder: Path, vendor: Vendor) -> None:
        self._file = folder / "desk.db"
        EmbeddedDesk.open(str(self._file), frozen_at=NOW).close()
        toolsets = ("cases", "tasks") if vendor == "kore" else ("cases",)
        self._settings = Settings.model_validate(
            {"state": str(folder / "state.db"), "embedded_dialect": vendor, "toolsets": toolsets}
        )

    async def call(self, tool: str, arguments: Json) -> types.CallToolResult:
        """Call a tool, after a search that shows the desk's names, as an assistant does."""
        with anyio.fail_after(PATIENCE):
            async with Client(build(self._settings)) as client:
                await client.call_tool("search_cases", {"limit": 50})
                return await client.call_tool(tool, arguments)

    async def schema(self, tool: str) -> Json:
        """Return what the tool takes, as a client is told."""
        async with Client(build(self._settings)) as client:
            [listed] = [each for each in (await client.list_tools()).tools if each.name == tool]
        return dict(listed.input_schema)

    def stored(self) -> list[list[tuple[Any, ...]]]:
        """Return every row that says something of a case, a task or a person."""
        with closing(sqlite3.connect(self._file)) as database:
            tables = ("record", "document", "label", "person")
            return [sorted(database.execute(f"SELECT * FROM {table}"), key=repr) for table in tables]  # noqa: S608

    def id_of(self, reference: str) -> str:
        """Return the id behind a reference."""
        with closing(sqlite3.connect(self._file)) as database:
            return str(database.execute("SELECT id FROM record WHERE ref = ?", (reference,)).fetchone()[0])


@pytest.fixture
def twins(tmp_path: Path, vendor: Vendor) -> tuple[Twin, Twin]:
    """Give two desks that are the same."""
    return Twin(tmp_path / "plain", vendor), Twin(tmp_path / "bent", vendor)


async def assert_same(twins: tuple[Twin, Twin], tool: str, plain: Json, bent: Json) -> None:
    """Assert that both calls succeed with one answer and leave the same behind."""
    plainly, otherwise = await twins[0].call(tool, plain), await twins[1].call(tool, bent)
    assert not plainly.is_error, plainly.content
    assert otherwise.structured_content == plainly.structured_content, otherwise.content
    assert twins[0].stored() == twins[1].stored()


@pytest.mark.parametrize(("vendor", "tool"), PLAIN)
@pytest.mark.parametrize("bend", [as_texts, as_texts_inside, numbers_as_texts])
async def test_values_in_texts_do_what_the_values_do(
    vendor: Vendor, tool: str, bend: Any, twins: tuple[Twin, Twin]
) -> None:
    """*Documented* (claude-code #5504, n8n-mcp #605): JSON in a text for objects and lists, `"20"` for 20."""
    await assert_same(twins, tool, PLAIN[vendor, tool], bend(PLAIN[vendor, tool]))


@pytest.mark.parametrize(("vendor", "tool"), PLAIN)
async def test_null_for_everything_left_out_changes_nothing(
    vendor: Vendor, tool: str, twins: tuple[Twin, Twin]
) -> None:
    """*Measured*: CrewAI, mcp-use and Rasa send null for each argument and each key that is not filled."""

    def filled(given: Json, schema: Json) -> Json:
        inner = {
            key: filled(each, schema["properties"][key])
            if isinstance(each, dict) and "properties" in schema["properties"][key]
            else each
            for key, each in given.items()
        }
        return {**dict.fromkeys(schema["properties"]), **inner}

    bent = filled(PLAIN[vendor, tool], await twins[1].schema(tool))
    assert len(bent) > len(PLAIN[vendor, tool])
    await assert_same(twins, tool, PLAIN[vendor, tool], bent)


@pytest.mark.parametrize(("vendor", "tool", "bent"), UNDERSTOOD.values(), ids=UNDERSTOOD)
async def test_a_bent_call_does_what_the_plain_one_does(
    vendor: Vendor, tool: str, bent: Json, twins: tuple[Twin, Twin]
) -> None:
    """*Measured* and *Ours*: what real clients were seen to send."""
    plain = PLAIN[vendor, tool]
    call = {
        **plain,
        **{key: twins[1].id_of("CS000157") if each == KORE_ID else each for key, each in bent.items()},
    }
    assert call != plain
    await assert_same(twins, tool, plain, call)


@pytest.mark.parametrize(("vendor", "tool", "bent", "mend"), MENDING.values(), ids=MENDING)
async def test_a_call_that_cannot_be_understood_is_refused_with_the_field_and_its_mend(
    vendor: Vendor, tool: str, bent: Json, mend: str, twins: tuple[Twin, Twin]
) -> None:
    """*Ours*: never a wrong write, never a filter that is dropped without a word."""
    result = await twins[1].call(tool, {**PLAIN[vendor, tool], **bent})
    [part] = result.content
    assert isinstance(part, types.TextContent)
    assert result.is_error, result.structured_content
    assert result.structured_content is None
    assert mend in part.text
    assert "Nothing was changed." in part.text
    assert twins[0].stored() == twins[1].stored()
