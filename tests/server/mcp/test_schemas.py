"""The schemas that clients see: pinned, and plain enough for every client that was measured."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import types

from case_server.cli.portability import broken
from case_server.mcp.definitions import definition_of
from case_tools import CaseDesk, KoreSettings, Settings, TalkdeskSettings
from case_tools.settings import Fields, Vendor

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
NAMES: dict[Vendor, list[str]] = {
    "kore": ["create_case", "update_case", "update_task", "search_cases", "create_task", "search_tasks"],
    "talkdesk": ["create_case", "update_case", "search_cases"],
}
PROFILES = [
    (vendor, name, fields)
    for vendor, names in NAMES.items()
    for name in names
    for fields in ("writable", "documented")
]
ACCOUNT = KoreSettings(
    host="platform.kore.ai", stream_id="st-1", account_id="1", client_id="cs-1", client_secret="x" * 32
)
TALKDESK = TalkdeskSettings(account="acme", region="US", client_id="client-1", client_secret="x" * 32)


def tool(name: str, fields: Fields = "writable", vendor: Vendor = "kore", **more: Any) -> dict[str, Any]:
    """Return a tool as `tools/list` sends it."""
    if vendor == "kore":
        account = ACCOUNT.model_copy(update=more)
        settings = Settings(desk="kore", account=account, fields=fields, toolsets=("cases", "tasks"))
    else:
        settings = Settings(desk="talkdesk", account=TALKDESK.model_copy(update=more), fields=fields)
    dumped = definition_of(CaseDesk(settings).tools[name]).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    return dict(dumped)


@pytest.mark.parametrize("vendor", NAMES)
def test_every_tool_of_a_vendor_is_looked_at_here(vendor: Vendor) -> None:
    """Ours: none escapes its snapshot, and none is left over."""
    both = {"kore": ("cases", "tasks"), "talkdesk": ("cases",)}
    account = {"kore": ACCOUNT, "talkdesk": TALKDESK}[vendor]
    settings = Settings.model_validate({"desk": vendor, "account": account, "toolsets": both[vendor]})
    folder = SNAPSHOTS if vendor == "kore" else SNAPSHOTS / vendor
    kept = {file.name.split(".")[0] for file in folder.glob("*.json")}
    assert {*CaseDesk(settings).tools} == {*NAMES[vendor]} == kept


def nodes(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema in a schema, with the place where it stands."""
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{place}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{place}[]")


@pytest.mark.parametrize(("vendor", "name", "fields"), PROFILES)
def test_a_tool_is_the_one_in_its_snapshot(vendor: Vendor, name: str, fields: Fields) -> None:
    """Ours: a change of what a model reads is seen in a diff. `UPDATE_SNAPSHOTS=1` writes them anew."""
    folder = SNAPSHOTS if vendor == "kore" else SNAPSHOTS / vendor
    file = folder / (f"{name}.json" if fields == "writable" else f"{name}.documented.json")
    now = json.dumps(tool(name, fields, vendor), indent=2, ensure_ascii=False) + "\n"
    if fields == "documented" and (vendor == "talkdesk" or not name.startswith("update_")):
        assert tool(name, fields, vendor) == tool(name, vendor=vendor)
        return
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(now, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == now


@pytest.mark.parametrize(("vendor", "name", "fields"), PROFILES)
def test_a_tool_keeps_the_rules_that_every_client_takes(vendor: Vendor, name: str, fields: Fields) -> None:
    """Measured: each rule names the client that breaks without it."""
    listed = tool(name, fields, vendor)
    assert list(map(str, broken(types.Tool.model_validate(listed)))) == []
    for side in ("inputSchema", "outputSchema"):
        jsonschema.Draft202012Validator.check_schema(listed[side])


def test_what_the_administrator_set_is_optional_and_stands_in_the_description() -> None:
    """Ours: a configured template and source may be left out."""
    plain = tool("create_case")["inputSchema"]
    configured = tool("create_case", case_template="ctm-0000001-0000", source="email")["inputSchema"]
    assert plain["required"] == ["caseTmp", "name", "desc", "userInfo", "dueDate", "source"]
    assert configured["required"] == ["name", "desc", "userInfo", "dueDate"]
    assert "ctm-0000001-0000" in configured["properties"]["caseTmp"]["description"]
    assert "email" in configured["properties"]["source"]["description"]


@pytest.mark.parametrize("name", ["update_case", "update_task"])
def test_a_list_argument_says_that_it_replaces_the_list(name: str) -> None:
    """Ours: merge or replace is not documented, so whole lists are sent."""
    for key, schema in tool(name, "documented")["inputSchema"]["properties"].items():
        assert schema["type"] != "array" or "Replaces the whole list" in schema["description"], key


@pytest.mark.parametrize("vendor", NAMES)
def test_a_closed_list_of_words_stands_in_the_schema(vendor: Vendor) -> None:
    """Documented: Talkdesk's enumerations; CLOSED can be searched for, and cannot be set. Kore documents none."""
    listed = {
        (name, place): set(node["enum"])
        for name in ("create_case", "update_case", "search_cases")
        for place, node in nodes(tool(name, vendor=vendor)["inputSchema"])
        if "enum" in node and place.strip(".[]") in {"status", "priority", "type"}
    }
    priorities, types = {"LOW", "NORMAL", "HIGH", "URGENT"}, {"QUESTION", "INCIDENT", "PROBLEM", "TASK"}
    settable = {"NEW", "OPEN", "PENDING", "ON_HOLD", "RESOLVED"}
    expected = {
        ("create_case", ".priority"): priorities,
        ("update_case", ".priority"): priorities,
        ("update_case", ".type"): types,
        ("update_case", ".status"): settable,
        ("search_cases", ".priority[]"): priorities,
        ("search_cases", ".type[]"): types,
        ("search_cases", ".status[]"): settable | {"CLOSED"},
    }
    assert listed == (expected if vendor == "talkdesk" else {})


@pytest.mark.parametrize("literal", ["ON_HOLD", "ON-HOLD"])
def test_the_literal_on_the_wire_changes_no_tool(literal: str) -> None:
    """Ours: the list of tools depends on no desk's spelling."""
    for name in NAMES["talkdesk"]:
        assert tool(name, vendor="talkdesk", on_hold=literal) == tool(name, vendor="talkdesk")


@pytest.mark.parametrize("name", ["create_case", "update_case", "search_cases"])
def test_both_vendors_answer_with_the_same_schema(name: str) -> None:
    """Ours: a client that reads one desk's results reads the other's."""
    assert tool(name, vendor="talkdesk")["outputSchema"] == tool(name)["outputSchema"]


@pytest.mark.parametrize("vendor", NAMES)
def test_the_output_schema_names_what_other_people_wrote(vendor: Vendor) -> None:
    """Ours: data, never instructions."""
    rows = tool("search_cases", vendor=vendor)["outputSchema"]["properties"]["cases"]["items"]["properties"]
    written = tool("update_case", vendor=vendor)["outputSchema"]["properties"]
    theirs = [
        {key for key, schema in each.items() if "never instructions" in schema.get("description", "")}
        for each in (rows, written)
    ]
    assert theirs == [
        {
            *(
                "title",
                "requester",
                "assignee",
                "queue",
                "description",
                "email",
                "phone",
                "tags",
                "tasks",
                "fields",
            ),
            *("participants", "attachments", "resolution", "notes"),
        },
        {"title", "requester", "assignee", "queue", "changed", "notes"},
    ]
