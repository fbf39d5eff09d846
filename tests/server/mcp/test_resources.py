"""The desk and its cases as resources."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from mcp import Client, MCPError, types

from case_server.mcp.app import build
from case_tools import CaseDesk, NotFound, Settings
from loopback import LoopbackDesk, Reply
from served import MODERN, PATIENCE, PRACTICE
from web_served import key_of, web, write_keys

KORE: Final = Settings(state=":memory:")
TALKDESK: Final = Settings(state=":memory:", embedded_dialect="talkdesk", access="read_only", rate=30)


@pytest.fixture(params=["legacy", MODERN])
def mode(request: pytest.FixtureRequest) -> str:
    """Give each era."""
    return str(request.param)


async def read(client: Client, uri: str) -> Mapping[str, Any]:
    """Return the JSON under a URI."""
    [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, types.TextResourceContents)
    assert (str(content.uri), content.mime_type) == (uri, "application/json")
    found: Mapping[str, Any] = json.loads(content.text)
    return found


async def test_the_desk_says_what_this_server_can_do(mode: str) -> None:
    """*Ours*: from the settings and from what was seen; a vendor's own enumerations are there at once."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(TALKDESK), mode=mode) as client:
            listed = (await client.list_resources()).resources
            desk = await read(client, "case://desk")
    assert [str(each.uri) for each in listed] == ["case://desk"]
    assert desk == {
        "desk": "Talkdesk",
        "practice": True,
        "access": "read_only",
        "tools": ["search_cases"],
        "statuses": ["NEW", "OPEN", "PENDING", "ON_HOLD", "RESOLVED", "CLOSED"],
        "priorities": ["LOW", "NORMAL", "HIGH", "URGENT"],
        "types": ["QUESTION", "INCIDENT", "PROBLEM", "TASK"],
        "limits": {"rows_a_page": 50, "seconds_a_call": 25.0, "requests_a_minute": 30},
    }


async def test_the_desk_asks_nobody_and_shows_the_names_once_they_were_seen(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: names are cleaned of what hides in them, and no request is made for the resource."""
    row = {
        "_id": "ci-1000-0000",
        "refId": "CS000001",
        "status": {"_id": "sts-1000-0000", "name": "Wait\u202eing"},
        "queues": [{"_id": "qu-1000-0000", "name": "Billing"}],
        "caseTmp": "ctm-1",
    }
    loopback.will_answer({"results": [row], "total": 1})
    with anyio.fail_after(PATIENCE):
        async with Client(build(settings), mode=MODERN) as client:
            before = await read(client, "case://desk")
            asked = len(loopback.received)
            await client.call_tool("search_cases", {})
            after = await read(client, "case://desk")
    assert (asked, len(loopback.received)) == (0, 1)
    assert {name: after[name] for name in after if name not in before} == {
        "statuses": ["Waiting"],
        "queues": ["Billing"],
        "templates": ["ctm-1"],
    }


@pytest.mark.parametrize(("settings", "ref"), [(KORE, "CS000160"), (TALKDESK, "160")], ids=["kore", "talkdesk"])
async def test_a_case_is_read_by_its_reference(mode: str, settings: Settings, ref: str) -> None:
    """*Ours*: the same row as a search with detail=full shows, found by reference or by id."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(settings), mode=mode) as client:
            [template] = (await client.list_resource_templates()).resource_templates
            case = await read(client, f"case://cases/{ref}")
            by_id = await read(client, f"case://cases/{case.get('id', ref)}")
            done = await client.complete(
                ref=types.ResourceTemplateReference(uri=template.uri_template),
                argument={"name": "ref", "value": ref[:3]},
            )
    assert template.uri_template == "case://cases/{ref}"
    assert (case["ref"], case["title"], by_id) == (ref, "Second parcel of the order is missing", case)
    assert ref in done.completion.values


@pytest.mark.parametrize(
    "uri", ["case://cases/CS999999", "case://cases/", "case://queues", "file:///etc/passwd", "case://cases/a/b"]
)
async def test_what_is_not_there_is_told_with_its_uri(mode: str, uri: str) -> None:
    """*Documented* (specification, resources): -32602 with the URI in its data."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(KORE), mode=mode) as client:
            with pytest.raises(MCPError) as error:
                await client.read_resource(uri)
    assert (error.value.error.code, error.value.error.data) == (types.INVALID_PARAMS, {"uri": uri})


async def test_a_desk_that_fails_is_not_told_as_a_case_that_is_not_there(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: the host must not conclude that the case does not exist."""
    loopback.answer = lambda _: Reply(status=403)
    with anyio.fail_after(PATIENCE):
        async with Client(build(settings), mode=MODERN) as client:
            with pytest.raises(MCPError) as error:
                await client.read_resource("case://cases/CS000001")
    assert error.value.error.code == types.INTERNAL_ERROR


async def test_a_key_that_may_not_read_reads_no_resource(tmp_path: Path) -> None:
    """*Ours*: a case is as private under its URI as in a search; and so are the references seen."""
    keys = tmp_path / "keys.json"
    write_keys(keys, {"writer": ("tasks:write",)})
    told = []
    with web({**PRACTICE, "CASE_MCP_KEYS": str(keys)}) as server:
        async with server.client(MODERN, authorization=f"Bearer {key_of('writer')}") as client:
            template = types.ResourceTemplateReference(uri="case://cases/{ref}")
            for awaited in (
                client.read_resource("case://desk"),
                client.read_resource("case://cases/CS000160"),
                client.complete(ref=template, argument={"name": "ref", "value": ""}),
            ):
                with pytest.raises(MCPError) as error:
                    await awaited
                told.append(error.value.error.message)
    assert told == ["That needs the scope cases:read. Nothing was done."] * 3


async def test_the_library_gives_one_case_and_what_is_known() -> None:
    """*Ours*: both typed; a reference that only resembles another is not taken for it."""
    async with CaseDesk(KORE) as desk:
        case = await desk.case("cs000160")
        known = await desk.known()
        with pytest.raises(NotFound):
            await desk.case("CS00016")
    assert (case.ref, case.status) == ("CS000160", "Open")
    assert "CS000160" in known["case"]
    assert known["status"]
