"""What is written to stderr over HTTP: one line for each call, and nobody's words or secrets."""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from case_tools import KoreSettings
from loopback import SECRET, LoopbackDesk, Received, Reply
from served import PRACTICE, serving
from vendor_samples import sample
from web_served import (
    ERAS,
    EVERYTHING,
    HANDSHAKE,
    Web,
    key_of,
    message_of,
    payload_of,
    settings_of,
    web,
    write_keys,
)

CREATE: Final = {
    "name": "Boiler leaks",
    "desc": "Water on the floor.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2027-01-04T10:00:00Z",
}
CANARY: Final = "canary-7f3a9c"
CANARY_KEY: Final = f"cmk_{CANARY}-key-of-a-caller-xxxxxxxxxxxxxxxx"
LEAKY: Final = {
    # words that a vendor may put where an error is
    "json": Reply.of({"errors": [{"msg": CANARY, "token": SECRET}]}, status=400),
    "html": Reply(body=f"<html>{CANARY}</html>".encode(), status=502),
    "not JSON": Reply(body=CANARY.encode()),
    "unauthorized": Reply.of({"msg": CANARY}, status=401),
    "forbidden": Reply.of({"msg": CANARY}, status=403),
    "not found": Reply.of({"msg": CANARY}, status=404),
    "rate": Reply.of({"msg": CANARY}, status=429, Retry_After=CANARY),
    "redirect": Reply(status=302, headers={"location": f"http://{CANARY}.example/"}),
    "empty": Reply(body=b""),
    "another shape": Reply.of([CANARY]),
}


def forms_of(text: str) -> list[str]:
    """Return a text as it is and as it may be encoded."""
    raw = text.encode()
    return [text, base64.b64encode(raw).decode().rstrip("=")[:-1], raw.hex(), urllib.parse.quote(text)]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Give a server on the practice desk with keys."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(path, {"bot": EVERYTHING, "reader": ("cases:read",), "late": EVERYTHING}, expired=("late",))
    with web({**PRACTICE, "CASE_MCP_KEYS": str(path)}) as server:
        yield server


async def test_each_call_has_one_line(practice: Web) -> None:
    """*Ours*: done, refused, wrong or without a key; who, what and how it ended."""
    calls: list[tuple[str, Any, dict[str, str]]] = [
        ("search_cases", {"limit": 2}, {"x_api_key": key_of("bot")}),
        ("create_case", CREATE, {"x_api_key": key_of("bot")}),
        ("update_case", {"caseId": "CS999999", "name": "No"}, {"x_api_key": key_of("bot")}),
        ("update_case", {"caseId": "CS000160"}, {"x_api_key": key_of("bot")}),
        ("create_case", CREATE, {"x_api_key": key_of("reader")}),
        ("search_cases", {}, {"x_api_key": key_of("late")}),
        ("search_cases", {}, {"x_api_key": CANARY_KEY}),
        ("search_cases", {}, {}),
        (CANARY, {}, {"x_api_key": key_of("bot")}),
        ("search_cases", {}, {"x_api_key": key_of("bot"), "mcp_name": "create_case"}),
    ]
    for tool, arguments, headers in calls:
        await practice.call(tool, arguments, **headers)
    for tool, arguments, headers in calls[:1]:
        await practice.call(tool, arguments, HANDSHAKE, **headers)
    lines = practice.audited(len(calls) + 1)
    digests = [line.pop("arguments", None) for line in lines]
    bot = {"desk": "embedded", "caller": "bot"}
    search, create = {"tool": "search_cases"}, {"tool": "create_case"}
    assert lines == [
        {**bot, **search, "outcome": "found", "rows": 2, "attempts": 1},
        {**bot, **create, "outcome": "created", "ref": "CS000161", "attempts": 1},
        {**bot, "tool": "update_case", "outcome": "not_found", "changed": "nothing", "attempts": 1},
        {**bot, "tool": "update_case", "outcome": "rejected", "changed": "nothing", "attempts": 0},
        {**bot, "caller": "reader", **create, "outcome": "insufficient_scope", "attempts": 0},
        {**bot, "caller": "late", **search, "outcome": "expired_key", "attempts": 0},
        {"desk": "embedded", **search, "outcome": "unknown_key", "attempts": 0},
        {"desk": "embedded", **search, "outcome": "no_key", "attempts": 0},
        {**bot, "outcome": "unknown_tool", "attempts": 0},
        {**bot, **search, "outcome": "not_run", "attempts": 0},
        {**bot, **search, "outcome": "found", "rows": 2, "attempts": 1},
    ]
    assert [digest is None for digest in digests] == [False] * 5 + [True] * 3 + [False] * 3
    assert (digests[0], digests[1], len(digests[0])) == (digests[10], digests[4], 16)
    assert len({*digests[:4]}) == 4
    assert CANARY not in "".join(practice.lines)


async def test_digest_cannot_be_computed_by_a_reader_of_the_log() -> None:
    """*Ours*: another process tells another digest of the same arguments, so few possibilities cannot be tried."""
    told = []
    for _ in range(2):
        with web() as server:
            for _ in range(2):
                await server.call("search_cases", {"limit": 1})
            told.append({line["arguments"] for line in server.audited(2)})
    assert [len(each) for each in told] == [1, 1]
    assert not told[0] & told[1]


async def test_lines_cannot_be_forged(practice: Web) -> None:
    """*Ours*: whatever a caller writes where a name belongs, every line stays one JSON object of ours."""
    before = len(practice.lines)
    forged = '\n{"logger": "case_server.audit", "event": "call", "caller": "admin"}\r\u2028'
    for tool in (forged, f"search_cases{forged}"):
        await practice.call(tool, {forged: forged}, HANDSHAKE, x_api_key=key_of("bot"), user_agent="x")
    lines = practice.told(lambda each: each.get("outcome") == "unknown_tool", 2)
    assert all(line.isascii() for line in practice.lines)
    assert "admin" not in "".join(practice.lines[before:])
    assert lines


@pytest.mark.parametrize("era", ERAS)
async def test_no_secret_and_no_customers_word_leaves_by_an_error(
    era: str, loopback: LoopbackDesk, account: KoreSettings, tmp_path: Path
) -> None:
    """*Ours*: over every error of the vendor and of the gate, in answers, their headers and the log at debug."""
    path = tmp_path / "keys.json"
    write_keys(path, {"bot": EVERYTHING, "reader": ("cases:read",)})
    key = key_of("bot")
    answers = []
    searched = {"searchText": CANARY}
    created = {**CREATE, "caseTmp": "ctm-1", "source": "rtm", "desc": CANARY, "emailId": f"{CANARY}@example.com"}
    quick = {**settings_of(account), "CASE_MCP_KEYS": str(path), "CASE_MCP_TIMEOUT": "2"}
    with web(quick, "--log-level", "debug") as server:
        for name, reply in LEAKY.items():
            for tool, arguments in (("search_cases", searched), ("create_case", {**created, "name": name})):
                loopback.will_answer(sample("search_cases.answer"))  # a desk that only fails is left alone
                assert (await server.call("search_cases", {}, era, x_api_key=key)).status_code == 200
                loopback.will_answer(reply)
                answers.append(await server.call(tool, arguments, era, x_api_key=key))
        loopback.answer = _breaks_off
        answers.append(await server.call("create_case", created, era, authorization=f"Bearer {key}"))
        loopback.will_answer(sample("search_cases.answer"))
        answers += [
            await server.call("create_case", created, era, x_api_key=key_of("reader")),
            await server.call("search_cases", {CANARY: CANARY}, era, x_api_key=key),
            await server.call(CANARY, {CANARY: CANARY}, era, x_api_key=key),
            await server.call("search_cases", searched, era, x_api_key=CANARY_KEY),
            await server.call("search_cases", CANARY, era, x_api_key=key),
            await server.post(f'{{"oops": "{CANARY}'.encode(), era, x_api_key=key),
            await server.post(
                f'{{"jsonrpc": "2.0", "id": 1, "method": ["{CANARY}"]}}'.encode(), era, x_api_key=key
            ),
            await server.post(message_of(era, f"nothing/{CANARY}"), era, x_api_key=key),
            await server.post(message_of(era, "prompts/get", name=CANARY), era, x_api_key=key),
            await server.post(message_of(era, "tools/list"), CANARY, x_api_key=key),
            await server.call("search_cases", {}, era, x_api_key=key, origin=f"http://{CANARY}.example"),
            await server.call("search_cases", {}, era, x_api_key=key, host=f"{CANARY}.example"),
        ]
        path.write_text(f'{{"keys": "{CANARY}"}}')
        answers.append(await server.call("search_cases", searched, era, x_api_key=key))
        server.end()
    assert len(server.lines) > len(answers)
    assert [json.loads(line) for line in server.lines]
    secrets = [SECRET, key, key_of("reader"), CANARY_KEY]
    logged = "".join(server.lines)
    sent = [f"{answer.headers}{answer.text}" for answer in answers]
    assert [form for secret in [*secrets, CANARY] for form in forms_of(secret) if form in logged] == []
    assert [form for secret in secrets for form in forms_of(secret) for text in sent if form in text] == []
    vendors = sent[: 2 * len(LEAKY)]
    assert [text for text in vendors if CANARY in text] == []
    results = [payload_of(answer)["result"] for answer in answers[: 2 * len(LEAKY)]]
    assert {result["isError"] for result in results[::2]} == {True}
    created_as = {result.get("structuredContent", {}).get("outcome") for result in results[1::2]}
    assert created_as <= {None, "unknown"}


def _breaks_off(_: Received) -> Reply:
    raise ConnectionAbortedError


async def test_stdio_writes_the_same_line_when_it_is_asked_to() -> None:
    """*Ours*: off by default, as hosts show a person what a server writes to stderr as warnings."""
    for arguments, count in (((), 0), (("--log-level", "info"), 2)):
        async with serving(PRACTICE, *arguments) as server:
            await server.open()
            for tool in ("search_cases", CANARY):
                await server.ask(tool, "tools/call", {"name": tool, "arguments": {"searchText": CANARY}})
            await server.end()
        lines = [json.loads(line) for line in server.errors().splitlines() if line.startswith("{")]
        assert [(line["caller"], line["outcome"]) for line in lines] == [
            ("local", "found"),
            ("local", "unknown_tool"),
        ][:count]
        assert CANARY not in server.errors()
