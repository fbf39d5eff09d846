"""Pages that call the server, clients that take JSON alone, and what gateways add on the way."""

from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from served import PATIENCE, PRACTICE
from web_served import ERAS, EVERYTHING, Web, headers_of, key_of, message_of, payload_of, web, write_keys

PAGE: Final = "https://bots.example.com"
WANTED: Final = "authorization,content-type,mcp-protocol-version,x-anything"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Give a server with keys, a name that a gateway uses, and a page that may call."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(path, {"bot": EVERYTHING})
    arguments = ("--allow-origin", PAGE, "--allow-host", "gateway.example.com")
    with web({**PRACTICE, "CASE_MCP_KEYS": str(path)}, *arguments) as server:
        yield server


async def send(server: Web, method: str, **headers: str) -> httpx.Response:
    """Send a request without a body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        return await client.request(method, server.url, headers=named)


async def test_preflight_of_an_allowed_page_is_answered_before_the_key_check(keyed: Web) -> None:
    """*Documented* (Fetch): a browser sends no key with it, and calls only after a good answer."""
    asked = {"access_control_request_method": "POST", "access_control_request_headers": WANTED}
    answer = await send(keyed, "OPTIONS", origin=PAGE, **asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == WANTED
    assert answer.headers["vary"] == "Origin"
    for origin in ("https://evil.example", "null", f"{PAGE}:8443", f"{PAGE}.evil.example"):
        refused = await send(keyed, "OPTIONS", origin=origin, **asked)
        assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)


async def test_page_sees_every_answer_and_what_it_may_read_of_it(keyed: Web) -> None:
    """*Ours*: a refusal too, else a page is told that the network failed."""
    for key, status in ((key_of("bot"), 200), ("nothing", 401)):
        answer = await keyed.call("search_cases", {"limit": 1}, origin=PAGE, x_api_key=key)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, PAGE)
        assert "www-authenticate" in answer.headers["access-control-expose-headers"]
    plain = await keyed.call("search_cases", {"limit": 1}, x_api_key=key_of("bot"))
    assert not [name for name in plain.headers if name.startswith("access-control")]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("accept", ["application/json", "application/json;q=0.9", "application/*", None])
async def test_client_that_takes_json_alone_gets_json(era: str, accept: str | None, keyed: Web) -> None:
    """*Ours*: a connector that sends this was turned away with 406."""
    message = message_of(era, "tools/call", name="search_cases", arguments={"limit": 1})
    headers = headers_of(era, message, x_api_key=key_of("bot"))
    del headers["accept"]
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        client.headers.pop("accept")
        answer = await client.post(
            keyed.url, json=message, headers=headers | ({} if accept is None else {"accept": accept})
        )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert len(payload_of(answer)["result"]["structuredContent"]["cases"]) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_headers_that_gateways_add_change_nothing(era: str, keyed: Web) -> None:
    """*Ours*: another server's session, and the gateway's own name where it was allowed."""
    forwarded = {
        "host": "gateway.example.com",
        "mcp_session_id": "5f3c1a2e-session-of-the-gateway",
        "x_forwarded_for": "10.0.0.7",
        "x_forwarded_host": "evil.example",
        "x_forwarded_proto": "https",
        "forwarded": "host=evil.example;proto=https",
    }
    answer = await keyed.call("search_cases", {"limit": 1}, era, x_api_key=key_of("bot"), **forwarded)
    assert answer.status_code == 200
    assert payload_of(answer)["result"]["isError"] is False
    strange = await keyed.call("search_cases", {}, era, x_api_key=key_of("bot"), host="other.example.com")
    assert strange.status_code == 421
