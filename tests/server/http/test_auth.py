"""Who is let in over HTTP, and to what."""

import itertools
import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from mcp import MCPError, types
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from case_server.http.callers import Caller, RequestContext
from case_server.mcp.app import build
from case_server.mcp.session import Session
from case_tools import Settings
from loopback import SECRET, LoopbackDesk, Reply
from served import MODERN, PRACTICE
from vendor_samples import sample
from web_served import (
    ERAS,
    EVERYTHING,
    HANDSHAKE,
    Web,
    headers_of,
    key_of,
    message_of,
    payload_of,
    web,
    write_keys,
)

SCOPES: Final = {
    "create_case": "cases:write",
    "update_case": "cases:write",
    "update_task": "tasks:write",
    "create_task": "tasks:write",
    "search_cases": "cases:read",
    "search_tasks": "cases:read",
}
CALLERS: Final[dict[str, tuple[str, ...]]] = {
    "".join({"cases:read": "r", "cases:write": "w", "tasks:write": "t"}[each] for each in subset): subset
    for size in (1, 2, 3)
    for subset in itertools.combinations(EVERYTHING, size)
}
NO_KEY: Final = (
    "This server wants an API key, as Authorization: Bearer or as X-API-Key, and got none that is good. "
    "Nothing was done. Ask the administrator for one."
)
UPDATE: Final = {"caseId": "ci-00000000-0000-0000-0000-000000000000", "name": "Boiler leaks"}


def lacks(tool: str) -> str:
    """Return what answers a caller whose scopes do not reach."""
    return (
        f"{tool} needs the scope {SCOPES[tool]}, which your key does not have. Nothing was done. "
        "Ask the administrator for a key that has it."
    )


def refusal_of(answer: httpx.Response) -> tuple[int, str | None, object, str]:
    """Return status, challenge, id and text of a refusal."""
    error = answer.json()
    assert set(error) == {"jsonrpc", "id", "error"}
    assert set(error["error"]) == {"code", "message"}
    return answer.status_code, answer.headers.get("www-authenticate"), error["id"], error["error"]["message"]


@pytest.fixture(scope="module")
def desk() -> Iterator[LoopbackDesk]:
    """Give a vendor that finds no case; a test may look at what reached it."""
    with LoopbackDesk() as desk:
        desk.answer = lambda _: Reply.of(sample("search_cases.answer"))
        yield desk


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a key for each set of scopes, and one that has expired."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(path, {**CALLERS, "late": EVERYTHING}, expired=("late",))
    return path


@pytest.fixture(scope="module")
def guarded(desk: LoopbackDesk, keys: Path) -> Iterator[Web]:
    """Give a server with keys before the vendor."""
    settings = {
        "CASE_MCP_DESK": "kore",
        "CASE_MCP_STATE": ":memory:",
        "CASE_MCP_RATE": "0",
        "CASE_MCP_TOOLSETS": "cases,tasks",
        "CASE_MCP_KEYS": str(keys),
        "KORE_HOST": desk.url,
        "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
        "KORE_ACCOUNT_ID": "000000000000000000000001",
        "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
        "KORE_CLIENT_SECRET": SECRET,
    }
    with web(settings) as server:
        yield server


@pytest.fixture
def quiet(desk: LoopbackDesk) -> Iterator[None]:
    """Hold that nothing reaches the vendor."""
    desk.received.clear()
    yield
    assert desk.received == []


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("caller", CALLERS)
async def test_caller_sees_and_calls_what_the_scopes_allow(caller: str, era: str, guarded: Web) -> None:
    """*Ours*: the list and the refusals agree for every set of scopes, tool and era."""
    allowed = [tool for tool, scope in SCOPES.items() if scope in CALLERS[caller]]
    key = key_of(caller)
    listed = await guarded.post(message_of(era, "tools/list"), era, x_api_key=key)
    assert sorted(tool["name"] for tool in payload_of(listed)["result"]["tools"]) == sorted(allowed)
    for tool, scope in SCOPES.items():
        answer = await guarded.call(tool, {"surplus": 1}, era, authorization=f"Bearer {key}")
        if tool in allowed:  # let through as far as the check of the arguments
            assert answer.status_code == 200
            assert "surplus" in payload_of(answer)["result"]["content"][0]["text"]
        else:
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            assert refusal_of(answer) == (403, challenge, 1, lacks(tool))


@pytest.mark.parametrize("mode", ["legacy", MODERN, "auto"])
async def test_clients_call_with_a_key_and_are_told_what_it_lacks(mode: str, guarded: Web) -> None:
    """*Ours*: the SDK's client shows the refusal's text to whoever called."""
    async with guarded.client(mode, x_api_key=key_of("r")) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["search_cases", "search_tasks"]
        assert (await client.call_tool("search_cases", {})).is_error is False
        with pytest.raises(MCPError) as caught:
            await client.call_tool("update_case", UPDATE)
    assert caught.value.message == lacks("update_case")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "method", ["tools/call", "tools/list", "initialize", "ping", "server/discover", "nothing"]
)
async def test_nobody_gets_in_without_a_key(method: str, era: str, guarded: Web) -> None:
    """*Documented* (RFC 6750, 3): a challenge with the scope, and no error where nothing was sent."""
    message = message_of(era, method, name="search_cases", arguments={})
    assert refusal_of(await guarded.post(message, era)) == (401, 'Bearer scope="cases:read"', None, NO_KEY)


@pytest.mark.usefixtures("quiet")
async def test_challenge_names_the_scope_of_the_tool_that_a_header_names(guarded: Web) -> None:
    """*Ours*: the body of somebody without a key is not read."""
    answer = await guarded.call("update_case", UPDATE)
    assert refusal_of(answer) == (401, 'Bearer scope="cases:write"', None, NO_KEY)


GOOD: Final = key_of("r")
CREDENTIALS: Final[dict[str, tuple[list[tuple[str, str]], int]]] = {
    # name -> headers, and the status
    "bearer": ([("authorization", f"Bearer {GOOD}")], 200),
    "bearer in small letters": ([("Authorization", f"bearer {GOOD}")], 200),
    "bearer with blanks": ([("authorization", f"Bearer   {GOOD}")], 200),
    "header": ([("x-api-key", GOOD)], 200),
    "both, the same": ([("x-api-key", GOOD), ("authorization", f"Bearer {GOOD}")], 200),
    "basic beside the header": ([("x-api-key", GOOD), ("authorization", "Basic eDp5")], 200),
    "both, two good ones": ([("x-api-key", GOOD), ("authorization", f"Bearer {key_of('w')}")], 401),
    "both, one good": ([("x-api-key", GOOD), ("authorization", "Bearer no")], 401),
    "the header twice": ([("x-api-key", GOOD), ("x-api-key", "no")], 401),
    "expired": ([("x-api-key", key_of("late"))], 401),
    "empty": ([("x-api-key", "")], 401),
    "no key": ([("authorization", "Bearer")], 401),
    "two words": ([("authorization", f"Bearer {GOOD} {GOOD}")], 401),
    "the bearer's form in the header": ([("x-api-key", f"Bearer {GOOD}")], 401),
    "the digest": ([("x-api-key", sha256(GOOD.encode()).hexdigest())], 401),
    "the name": ([("x-api-key", "r")], 401),
    "beyond ASCII": ([("x-api-key", "schlüssel")], 401),
    "very long": ([("x-api-key", "x" * 20_000)], 401),
}


@pytest.mark.parametrize("name", CREDENTIALS)
async def test_key_is_taken_from_either_header(name: str, guarded: Web) -> None:
    """*Ours*: what is sent as a key and is none is an invalid token; the answer does not say why."""
    headers, status = CREDENTIALS[name]
    message = message_of(MODERN, "tools/list")
    raw = [(each.encode(), value.encode()) for each, value in [*headers_of(MODERN, message).items(), *headers]]
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(guarded.url, json=message, headers=raw)
    assert answer.status_code == status
    if status != 200:
        challenge = 'Bearer scope="cases:read", error="invalid_token"'
        assert refusal_of(answer) == (401, challenge, None, NO_KEY)


@pytest.mark.usefixtures("quiet")
async def test_another_scheme_is_no_attempt_to_give_a_key(guarded: Web) -> None:
    """*Documented* (RFC 6750, 3.1): no error code for a request that uses another way."""
    answer = await guarded.call("search_cases", {}, authorization="Basic eDp5")
    assert refusal_of(answer) == (401, 'Bearer scope="cases:read"', None, NO_KEY)


@pytest.mark.usefixtures("quiet")
async def test_mutated_key_reaches_nothing(guarded: Web) -> None:
    """*Ours*: 300 keys that differ from a good one by little; nothing reaches the vendor."""
    chance = random.Random(7)
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    mutated: set[str] = set()
    while len(mutated) < 300:
        place, letter = chance.randrange(len(GOOD)), chance.choice(alphabet)
        mutated.add(
            chance.choice(
                [
                    GOOD[:place] + letter + GOOD[place + 1 :],
                    GOOD[:place] + GOOD[place + 1 :],
                    GOOD[:place] + letter + GOOD[place:],
                    GOOD[:place],
                    GOOD + letter,
                    GOOD[::-1][place:] + letter,
                    GOOD.swapcase() + letter * place,
                ]
            ).strip()
        )
    message = message_of(MODERN, "tools/call", name="search_cases", arguments={})
    statuses: set[int] = set()
    async with httpx.AsyncClient(trust_env=False) as client:
        for key in sorted(mutated - {GOOD}):
            headers = headers_of(MODERN, message, x_api_key=key)
            statuses.add((await client.post(guarded.url, json=message, headers=headers)).status_code)
    assert statuses == {401}


async def test_callers_key_never_reaches_the_vendor(guarded: Web, desk: LoopbackDesk) -> None:
    """*Documented* (authorization, token passthrough is forbidden): the vendor sees our credentials alone."""
    desk.received.clear()
    for era in ERAS:
        for header in ({"authorization": f"Bearer {GOOD}"}, {"x_api_key": GOOD}):
            assert (await guarded.call("search_cases", {"searchText": "leak"}, era, **header)).status_code == 200
    assert len(desk.received) == 4
    for each in desk.received:
        assert GOOD not in f"{each.path}{each.headers}{each.content.decode()}"
        assert not {"authorization", "x-api-key"} & {*each.headers}


@pytest.mark.parametrize("era", ERAS)
async def test_message_with_a_name_twice_is_not_a_way_around(era: str, guarded: Web, desk: LoopbackDesk) -> None:
    """*Ours*: two readers of one body may see two tools; no pair of them does what the scopes forbid."""
    desk.received.clear()
    statuses: set[int] = set()
    arguments = '{"caseId": "ci-00000000-0000-0000-0000-000000000000", "name": "No"}'
    for first, second in itertools.permutations(("search_cases", "update_case")):
        for body in (
            f'{{"name": "{first}", "name": "{second}", "arguments": {arguments}}}',
            f'{{"name": "{first}"}}, "params": {{"name": "{second}", "arguments": {arguments}}}',
        ):
            raw = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {body}}}'.encode()
            answer = await guarded.post(raw, era, x_api_key=GOOD, mcp_method="tools/call", mcp_name=first)
            statuses.add(answer.status_code)
            assert "Updated" not in answer.text
    assert 403 in statuses
    assert [each.path for each in desk.received if "update" in each.path.casefold()] == []


async def test_tool_checks_the_scopes_again(settings: Settings, loopback: LoopbackDesk) -> None:
    """*Ours*: a way around the gate is no way to a tool; one that came in by nobody knows which is nobody's."""
    session = Session(settings)
    manager = StreamableHTTPSessionManager(build(settings, session), stateless=True, json_response=True)
    told: list[Any] = []
    async with manager.run():
        for caller in (Caller(name="reader", scopes={"cases:read"}), None):

            async def app(scope: Scope, receive: Receive, send: Send, caller: Caller | None = caller) -> None:
                if caller:
                    RequestContext(caller=caller, audit_entry=session.audit.begin()).enter(Request(scope, receive))
                await manager.handle_request(scope, receive, send)

            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
                for era in ERAS:
                    for method, params in (
                        ("tools/list", {}),
                        ("tools/call", {"name": "update_case", "arguments": UPDATE}),
                    ):
                        message = message_of(era, method, **params)
                        answer = await client.post("/", json=message, headers=headers_of(era, message))
                        payload = answer.json()
                        told.append(
                            payload["error"]["message"]
                            if "error" in payload
                            else [tool["name"] for tool in payload["result"]["tools"]]
                        )
    reader = [["search_cases", "search_tasks"], lacks("update_case")]
    assert told == [*reader, *reader, *[[], lacks("update_case")] * 2]
    assert loopback.received == []


async def test_change_of_the_file_takes_effect_at_once(tmp_path: Path) -> None:
    """*Ours*: added, revoked, broken, open to others, gone and mended, without a restart."""
    path = tmp_path / "keys.json"
    write_keys(path, {"one": EVERYTHING})
    told: list[int] = []

    async def ask(server: Web) -> None:
        for name in ("one", "two"):
            answer = await server.post(message_of(MODERN, "tools/list"), x_api_key=key_of(name))
            told.append(answer.status_code)

    with web({"CASE_MCP_STATE": ":memory:", "CASE_MCP_KEYS": str(path)}) as server:
        await ask(server)
        write_keys(path, {"one": EVERYTHING, "two": EVERYTHING})
        await ask(server)
        write_keys(path, {"two": EVERYTHING})
        await ask(server)
        assert told == [200, 401, 200, 200, 401, 200]
        told.clear()
        path.write_text('{"keys": [{"name": "canary"}]}')
        await ask(server)
        write_keys(path, {"two": EVERYTHING})
        path.chmod(0o644)
        await ask(server)
        path.unlink()
        await ask(server)
        assert await server.get("/readyz") == (503, "keys")
        assert told == [503] * 6
        answer = await server.call("search_cases", {}, HANDSHAKE, x_api_key=key_of("two"))
        write_keys(path, {"two": EVERYTHING})
        await ask(server)
        assert told[-2:] == [401, 200]
        assert await server.get("/readyz") == (200, "ok")
        server.end()
    text = "The server cannot read its keys. Nothing was done. Tell the administrator."
    assert refusal_of(answer) == (503, None, None, text)
    gone = f"The keys file {path} cannot be read: No such file or directory."
    errors = [each["event"] for each in server.records if each["level"] == "error"]
    assert errors == [
        f"nobody is let in: The file {path} is no keys file. Check the file that CASE_MCP_KEYS names.",
        f"nobody is let in: The keys file {path} is open to others. chmod 600 {path}",
        f"nobody is let in: {gone} Add a key with case-mcp keys add.",
    ]


async def test_errors_of_the_gate_have_codes_that_the_protocol_knows(guarded: Web) -> None:
    """*Ours*: a request that is refused is invalid, a server that cannot is in error."""
    answer = await guarded.call("update_case", UPDATE, x_api_key=GOOD)
    assert answer.json()["error"]["code"] == types.INVALID_REQUEST


async def test_equal_creates_are_a_repeat_for_one_key_and_two_cases_for_two(tmp_path: Path) -> None:
    """*Ours*: the ledger knows a caller by the key's name, whatever era and replica it comes by."""
    path = tmp_path / "keys.json"
    write_keys(path, {"one": EVERYTHING, "two": EVERYTHING})
    leak = {
        "name": "Boiler leaks",
        "desc": "Water on the floor.",
        "userInfo": {"name": "Jane Roe"},
        "emailId": "jane.roe@example.com",
        "dueDate": "2027-01-04T10:00:00Z",
    }
    told = []
    with web({**PRACTICE, "CASE_MCP_KEYS": str(path)}) as server:
        for name, era in itertools.product(("one", "two"), ERAS):
            answer = await server.call("create_case", leak, era, x_api_key=key_of(name))
            result = payload_of(answer)["result"]["structuredContent"]
            told.append((name, result["outcome"], result["ref"]))
        lines = [(each["caller"], each["outcome"], each["ref"]) for each in server.audited(4)]
    assert told == [
        ("one", "created", "CS000161"),
        ("one", "replayed", "CS000161"),
        ("two", "created", "CS000162"),
        ("two", "replayed", "CS000162"),
    ]
    assert lines == told
