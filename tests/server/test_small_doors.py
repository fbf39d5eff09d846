"""Small doors: files that others may open, paths in answers, signals, and answers that are none."""

import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client

from case_server.http.keys import KeyFile
from case_server.mcp.app import build
from case_tools import ConfigurationError, Settings, StateUnusable
from case_tools.state.sqlite.file import connect
from served import ENVELOPE, INITIALIZE, MODERN, PRACTICE, Served, request, serving
from web_served import ERAS, HANDSHAKE, message_of, payload_of, web

CONFIRM: Final = {**PRACTICE, "CASE_MCP_ACCESS": "confirm"}
UPDATE: Final = {"name": "update_case", "arguments": {"caseId": "CS000160", "name": "Changed"}}
NO_ANSWERS: Final[list[Any]] = [
    {}, {"action": "ACCEPT", "content": {"yes": True}}, {"action": "accept"}, {"action": "accept", "content": {}},
    {"action": "accept", "content": {"yes": "true"}}, {"action": "accept", "content": {"yes": 1}},
    {"action": "accept", "content": {"yes": [True]}}, {"action": "accept", "content": {"Yes": True}},
    {"action": None, "content": {"yes": True}}, {"action": "", "content": {"yes": True}},
    {"content": {"yes": True}},
    {"action": ["accept"], "content": {"yes": True}}, {"action": "accept", "content": [True]}, {"yes": True},
    {"action": "decline", "content": {"yes": True}}, {"action": "cancel"},
]  # fmt: skip


async def title_of(server: Served) -> str:
    """Return the title that the desk shows."""
    result = await server.ask(
        "look", "tools/call", {"name": "search_cases", "arguments": {"searchText": "CS000160"}}
    )
    return str(result["result"]["structuredContent"]["cases"][0]["title"])


async def test_answer_that_is_no_yes_changes_nothing_and_says_so_on_stdio() -> None:
    """*Ours*: whatever a host makes of the question; it was answered as if the change might have been made."""
    able = {**INITIALIZE, "capabilities": {"elicitation": {}}}
    async with serving(CONFIRM) as server:
        await server.ask("open", "initialize", able)
        await server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        before = await title_of(server)
        for number, answer in enumerate(NO_ANSWERS):
            question = await server.ask(number, "tools/call", UPDATE)
            assert question["method"] == "elicitation/create"
            await server.send({"jsonrpc": "2.0", "id": question["id"], "result": answer})
            told = (await server.answer())["result"]
            assert (told["isError"], "Nothing was changed." in told["content"][0]["text"]) == (True, True), answer
        assert await title_of(server) == before


async def test_answer_that_is_no_yes_changes_nothing_and_says_so_over_http() -> None:
    """*Ours*: in the modern era the answer comes with the call that is repeated."""
    able = {**ENVELOPE, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    with web(CONFIRM) as server:

        async def call(**more: object) -> Mapping[str, Any]:
            message = request(1, "tools/call", {**UPDATE, **more, "_meta": able})
            return dict(payload_of(await server.post(message)))

        asked = (await call())["result"]
        assert asked["resultType"] == "input_required"
        for answer in NO_ANSWERS:
            told = await call(inputResponses={"confirm": answer}, requestState=asked["requestState"])
            if "error" in told:  # the SDK refuses what no type of an answer fits
                assert told["error"]["code"] == -32602
            else:
                assert told["result"]["isError"] is True, answer
                assert "Nothing was changed." in told["result"]["content"][0]["text"]
        nothing: tuple[object, ...] = ({}, None)
        for lost in nothing:
            told = await call(inputResponses=lost, requestState=asked["requestState"])
            assert "Nothing was changed." in told["result"]["content"][0]["text"]
        yes = {"confirm": {"action": "accept", "content": {"yes": True}}}
        done = await call(inputResponses=yes, requestState=asked["requestState"])
        assert done["result"]["structuredContent"]["outcome"] == "updated"


async def test_confirmation_over_http_in_the_handshake_era_says_what_it_needs() -> None:
    """*Ours*: not that the host cannot ask anybody, which it could on stdio."""
    with web(CONFIRM) as server:
        answer = await server.call("update_case", UPDATE["arguments"], HANDSHAKE)
    assert "over HTTP this needs protocol 2026-07-28" in payload_of(answer)["result"]["content"][0]["text"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_state_that_others_may_open_is_not_used(mode: int, tmp_path: Path) -> None:
    """*Ours*: as with the file of keys; in it stands what was sent, and what a repeat is answered."""
    path = tmp_path / "state.db"
    connect(str(path)).close()
    connect(str(path)).close()
    path.chmod(mode)
    with pytest.raises(StateUnusable) as refused:
        connect(str(path))
    assert str(refused.value) == f"The file {path} is open to others. Nothing was changed. chmod 600 {path}"


def test_symlink_of_the_owner_is_followed(tmp_path: Path) -> None:
    """*Ours*: an administrator may keep the file elsewhere."""
    target, link = tmp_path / "elsewhere.db", tmp_path / "state.db"
    connect(str(target)).close()
    link.symlink_to(target)
    connect(str(link)).close()
    target.chmod(0o644)
    with pytest.raises(StateUnusable):
        connect(str(link))


@pytest.mark.parametrize("owners", [(0, 65534), (65534, 0), (65534, 65534)])
def test_symlink_that_somebody_else_decides_on_is_not_followed(owners: tuple[int, int], tmp_path: Path) -> None:
    """*Ours*: neither another's link nor a link to another's file, for the state and for the keys."""
    if os.geteuid() != 0:
        pytest.skip("only the system's administrator gives files away: run the tests as root")
    target, link = tmp_path / "elsewhere", tmp_path / "named"
    target.touch(mode=0o600)
    link.symlink_to(target)
    os.lchown(link, owners[0], -1)
    os.chown(target, owners[1], -1)
    with pytest.raises(StateUnusable, match="is a symlink"):
        connect(str(link))
    with pytest.raises(ConfigurationError, match="is a symlink"):
        KeyFile(link).entries()


@pytest.mark.parametrize("era", ERAS)
async def test_no_path_of_the_machine_is_in_an_answer_over_http(era: str, tmp_path: Path) -> None:
    """*Ours*: whoever calls from elsewhere learns nothing of the folders here; the log has it whole."""
    state = tmp_path / "state.db"
    with web({**PRACTICE, "CASE_MCP_STATE": str(tmp_path / "state.db"), "CASE_MCP_DESK": "embedded"}) as server:
        state.unlink(missing_ok=True)
        state.write_text("These are somebody's notes.")
        state.chmod(0o604)
        answers = [
            await server.call("search_cases", {"limit": 1}, era),
            await server.call("update_case", UPDATE["arguments"], era),
            await server.post(message_of(era, "resources/read", uri="case://cases/CS000160"), era),
            await server.post(message_of(era, "resources/read", uri="case://desk"), era),
        ]
    texts = [json.dumps(payload_of(each)) for each in answers]
    assert [text for text in texts if str(tmp_path) in text or "/state.db" in text] == []


def test_error_keeps_its_words_but_for_paths(tmp_path: Path) -> None:
    """*Ours*: also a path that no setting names."""
    from case_server.mcp.machine_paths import hide_paths  # noqa: PLC0415 - beside what it shows

    settings = Settings(state=str(tmp_path / "s" / "state.db"))
    other = tmp_path / "other.pem"
    other.touch()
    error = StateUnusable(
        f"The state in {settings.state_file} and {other} cannot be used.",
        next_step="See /v1/cases, or https://x.y/z.",
    )
    hide_paths(error, settings)
    hidden = "(a file of the server)"
    assert error.what == f"The state in {hidden} and {hidden} cannot be used."
    assert error.next_step == "See /v1/cases, or https://x.y/z."


async def test_terminal_that_closes_ends_the_server_in_order() -> None:
    """*Ours*: SIGHUP as SIGTERM; what is under way is not lost to it."""
    async with serving() as server:
        await server.open()
        server.process.send_signal(signal.SIGHUP)
        assert await server.process.wait() == 0
    with web() as served:
        served.process.send_signal(signal.SIGHUP)
        assert served.ended() == 0
        assert served.records[-1]["event"] == "ended"


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_prompt_arguments_are_cleaned_as_tickets_are(mode: str) -> None:
    """*Ours*: a host fills them from what a customer wrote."""
    hidden = "Jane\u202e Roe\U000e0041\u200b <img src=x onerror=alert(1)>![x](https://evil.example/p.png)"
    async with Client(build(Settings(state=":memory:")), mode=mode) as client:
        prompts = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        tried = 0
        for prompt in prompts.values():
            arguments = {each.name: hidden for each in prompt.arguments or ()}
            if not arguments:
                continue
            [message] = (await client.get_prompt(prompt.name, arguments)).messages
            text = message.content.model_dump_json()
            assert not [mark for mark in ("\u202e", "\U000e0041", "<img", "![x](") if mark in text], prompt.name
            tried += 1
    assert tried


def test_gate_takes_no_program_from_a_folder_that_others_can_foresee() -> None:
    """*Ours*: in /tmp whoever works on the machine could put one there first."""
    script = (Path(__file__).parent.parent.parent / ".ci/run").read_text("utf-8")
    code = [line for line in script.splitlines() if not line.lstrip().startswith("#")]
    assert not [line for line in code if re.search(r"TMPDIR|/tmp\b", line)]
