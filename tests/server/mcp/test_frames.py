"""Calls as hosts frame them: arguments in other forms, the host's own arguments, and every one filled in."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any, Final

import pytest

from case_tools import CaseDesk, Settings
from case_tools.adapter.arguments import INJECTED_BY_HOSTS
from served import COMMAND, INITIALIZE, PATIENCE, PRACTICE, environment, request, serving
from web_served import ERAS, HANDSHAKE, message_of, payload_of, web

NO_ID: Final = "The message's id is neither a text nor a whole number."
WRONG: Final[Mapping[bytes, tuple[object, str]]] = {
    b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}': (1, "The message's params are no object."),
    b'{"jsonrpc":"2.0","id":2,"method":"tools/list","params":"x"}': (2, "The message's params are no object."),
    b'[{"jsonrpc":"2.0","id":3,"method":"ping"}]': (None, "The message is a batch: send each message by itself."),
    b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}': (None, NO_ID),
    b'{"jsonrpc":"2.0","id":true,"method":"ping"}': (None, NO_ID),
    b'{"jsonrpc":"1.0","id":6,"method":"ping"}': (6, 'The message has no "jsonrpc": "2.0".'),
    b'{"id":7,"method":"ping"}': (7, 'The message has no "jsonrpc": "2.0".'),
    b'{"jsonrpc":"2.0","id":8,"method":["ping"]}': (8, "The message's method is no text."),
    b'"ping"': (None, "The message is no JSON object."),
    b'\xef\xbb\xbf{"jsonrpc":"2.0","id":9,"method":"ping"}': (
        None, "The message begins with a byte order mark: send it without.",
    ),
}  # fmt: skip
FORMS: Final = ("[]", '""', '"{}"', '" {\\"limit\\": 1} "', '{"limit": 1}', "null", "{}")


@pytest.mark.parametrize("era", ERAS)
async def test_wrong_frames_are_answered_with_the_real_reason_over_http(era: str) -> None:
    """*Ours*: each had another's."""
    with web() as server:
        answers = [await server.post(frame, era) for frame in WRONG]
    told = [(each.json()["id"], each.json()["error"]["message"]) for each in answers]
    assert told == [(own, f"{reason} Nothing was done.") for own, reason in WRONG.values()]


async def test_wrong_frames_are_answered_with_the_real_reason_on_stdio() -> None:
    """*Ours*: and the connection goes on."""
    async with serving() as server:
        await server.open()
        for frame, (own, reason) in WRONG.items():
            await server.send(frame)
            answer = await server.answer()
            assert (answer.get("id"), answer["error"]["message"]) == (own, f"{reason} Nothing was done.")
        assert (await server.ask("p", "ping"))["result"] == {}


@pytest.mark.parametrize("era", ERAS)
async def test_arguments_that_are_no_object_are_taken_as_what_they_mean(era: str) -> None:
    """*Ours*: `[]` of languages that know one empty thing, and JSON in a text."""
    with web() as server:
        for form in FORMS:
            message = message_of(era, "tools/call", name="search_cases", arguments="HERE")
            body = json.dumps(message).replace('"HERE"', form).encode()
            headers = {"mcp_method": "tools/call", "mcp_name": "search_cases"} if era != HANDSHAKE else {}
            answer = payload_of(await server.post(body, era, **headers))
            assert len(answer["result"]["structuredContent"]["cases"]) == (1 if "limit" in form else 20), form


SETTINGS: Final = [
    Settings(state=":memory:", fields="documented", toolsets=("cases", "tasks")),
    Settings(state=":memory:", fields="documented", embedded_dialect="talkdesk"),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["kore", "talkdesk"])
async def test_what_hosts_add_is_dropped_and_is_no_desks_field(settings: Settings) -> None:
    """*Ours*: each name has its source; one that a desk knows would be dropped on the way to it."""
    async with CaseDesk(settings) as desk:
        for tool in desk.tools.values():
            assert not {*INJECTED_BY_HOSTS} & {*tool.arguments.model_fields}, tool.name
        added = {name: {"any": "thing"} for name in INJECTED_BY_HOSTS}
        plain, noisy = [await desk.call("search_cases", {"limit": 2, **more}) for more in ({}, added)]
    assert noisy.data() | {"as_of": ""} == plain.data() | {"as_of": ""}


async def test_empty_arguments_of_a_client_that_must_give_all_are_not_given_and_named() -> None:
    """*Ours*: strict modes emptied tags, queues and participants beside a real change."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        tool = desk.tools["update_case"]
        before = (await desk.case("CS000160")).data()
        optional = [name for name, field in tool.arguments.model_fields.items() if not field.is_required()]
        fillers: tuple[Any, ...] = ([], "", {}, False)
        for filler in fillers:
            change = {"caseId": "CS000160", "name": f"New {filler}"}
            filled = dict.fromkeys(optional, filler) | change
            told = (await desk.call("update_case", filled)).data()
            left = [name for name in optional if name != "name"]
            assert all(name in told["advice"] for name in left), told["advice"]
            after = (await desk.case("CS000160")).data()
            changing = {"title", "updated", "as_of"}
            assert {k: v for k, v in after.items() if k not in changing} == {
                k: v for k, v in before.items() if k not in changing
            }


async def test_an_empty_list_clears_where_not_every_argument_is_given() -> None:
    """*Ours*: bots that echo a case need it."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        await desk.call("update_case", {"caseId": "CS000160", "tags": ["one"]})
        told = (await desk.call("update_case", {"caseId": "CS000160", "tags": []})).data()
        assert "tags" in told.get("changed", {})
        assert "advice" not in told or "not given" not in told["advice"]


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_standard_descriptors_that_are_closed_are_nobodys(closed: tuple[int, ...]) -> None:
    """*Ours*: the next file that was opened became stdout, and a log line or the state went there."""
    lines = [request(1, "initialize", INITIALIZE), request(2, "ping")]
    shell = " ".join(f"{descriptor}{'<' if descriptor == 0 else '>'}&-" for descriptor in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shell}', "sh", *COMMAND, "serve", "--log-level", "debug"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        env=environment(**PRACTICE),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert answers == ([] if {0, 1} & {*closed} else [1, 2])
    assert "Traceback" not in done.stderr
