"""Which names a client may use for the server, and which pages may call it."""

from collections.abc import Iterator, Mapping
from typing import Final

import httpx
import pytest

from served import PRACTICE
from web_served import ERAS, EVERYTHING, Web, headers_of, key_of, message_of, web, write_keys

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]", "localhost:{port}", "127.0.0.1:{port}", "[::1]:9")
FOREIGN_HOSTS: Final = (
    "evil.example", "evil.example:{port}", "localhost.evil.example", "localhost.evil.example:{port}",
    "evil.localhost:{port}", "127.0.0.1.nip.example:{port}", "localhost.:{port}", "127.0.0.2:{port}",
    "0.0.0.0:{port}", "10.0.0.7", "xn--lcalhost-n0a:{port}", "evil.example#localhost", "user@localhost",
    "localhost:evil", "localhost:{port}@evil.example", "localhost:{port}:1", "localhost:", "localhost:99999",
    "[::1]:evil", "[::1].evil.example", "localhost:1/evil", "localhost:{port}.evil.example",
)  # fmt: skip
LOCAL_ORIGINS: Final = ("http://localhost:6274", "http://127.0.0.1", "https://localhost", "http://[::1]:3000")
FOREIGN_ORIGINS: Final = (
    "null", "http://evil.example", "https://localhost.evil.example", "http://evil.localhost:3000",
    "http://127.0.0.1.nip.example", "file://", "ftp://localhost", "localhost", "http://localhost.",
    "chrome-extension://abcdefgh", "http://localhost@evil.example", "https://xn--lcalhost-n0a",
    "http://localhost:1@evil.example", "http://localhost:evil", "http://localhost:1/evil", "http://localhost:",
    "http://localhost:99999", "http://[::1]:3000.evil.example", "ftp://localhost:21", "http://localhost:1, http://x",
)  # fmt: skip
NAMED: Final = ("--allow-host", "cases.example.com", "--allow-host", "Cases.example.com:8443")
PAGES: Final = ("--allow-origin", "https://bots.example.com")


@pytest.fixture(scope="module")
def local() -> Iterator[Web]:
    """Give a server of this machine alone."""
    with web() as server:
        yield server


@pytest.fixture(scope="module")
def named() -> Iterator[Web]:
    """Give a server of this machine with a name and a page of its own."""
    with web(PRACTICE, *NAMED, *PAGES) as server:
        yield server


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Give a server that other machines can reach."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(path, {"bot": EVERYTHING})
    settings = {**PRACTICE, "CASE_MCP_ACCESS": "full", "CASE_MCP_KEYS": str(path)}
    with web(settings, "--allow-host", "cases.example.com", *PAGES, address="0.0.0.0:0") as server:
        server.url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - where the tests reach it
        yield server


async def statuses(server: Web, cases: Mapping[tuple[str, str | None], int]) -> dict[tuple[str, str | None], int]:
    """Return what each pair of host and origin is answered, the same in both eras."""
    port = httpx.URL(server.url).port
    told: dict[tuple[str, str | None], int] = {}
    async with httpx.AsyncClient(trust_env=False) as client:
        for host, origin in cases:
            answers = set()
            for era in ERAS:
                message = message_of(era, "tools/list")
                headers = headers_of(era, message, x_api_key=key_of("bot")) | {"host": host.format(port=port)}
                headers |= {} if origin is None else {"origin": origin}
                answers.add((await client.post(server.url, json=message, headers=headers)).status_code)
            [told[host, origin]] = answers
    return told


def expected(hosts: Mapping[str, bool], origins: Mapping[str | None, bool]) -> dict[tuple[str, str | None], int]:
    """Return the answers: 421 for a wrong host, then 403 for a wrong origin."""
    return {
        (host, origin): 421 if not hosts[host] else 403 if not origins[origin] else 200
        for host in hosts
        for origin in origins
    }


async def test_this_machine_is_served_under_its_own_names_alone(local: Web) -> None:
    """*Documented* (Streamable HTTP, security): a page of elsewhere gets nothing, by whatever name it comes."""
    hosts = dict.fromkeys(LOCAL_HOSTS, True) | dict.fromkeys(FOREIGN_HOSTS, False)
    origins = {None: True} | dict.fromkeys(LOCAL_ORIGINS, True) | dict.fromkeys(FOREIGN_ORIGINS, False)
    matrix = expected(hosts, origins)
    assert len(matrix) > 300
    assert await statuses(local, matrix) == matrix


async def test_names_and_pages_can_be_added(named: Web) -> None:
    """*Ours*: a name without a port goes for any; one with a port for that; a page for itself."""
    hosts = {
        "localhost": True,
        "cases.example.com": True,
        "cases.example.com:8443": True,
        "cases.example.com:1": True,
        "other.example.com": False,
    }
    origins = {
        None: True,
        "https://bots.example.com": True,
        "http://localhost:1": True,
        "http://bots.example.com": False,
        "https://bots.example.com:8443": False,
        "https://cases.example.com": False,
    }
    matrix = expected(hosts, origins)
    assert await statuses(named, matrix) == matrix


async def test_open_address_knows_only_the_names_that_it_was_given(opened: Web) -> None:
    """*Ours*: there, nobody comes by a name of this machine but an attacker's page."""
    hosts = {
        "cases.example.com": True,
        "cases.example.com:443": True,
        "localhost": False,
        "127.0.0.1:{port}": False,
    }
    origins = {None: True, "https://bots.example.com": True, "http://localhost": False, "null": False}
    matrix = expected(hosts, origins)
    assert await statuses(opened, matrix) == matrix


async def test_wrong_names_are_refused_before_keys_are_looked_at(opened: Web) -> None:
    """*Ours*: a page that was led here learns nothing; and the log repeats nothing of it."""
    before = len(opened.told(lambda each: each.get("outcome") == "wrong_host", 0))
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            opened.url, headers={"content-type": "application/json", "host": "canary.example"}
        )
    assert (answer.status_code, "www-authenticate" in answer.headers) == (421, False)
    opened.told(lambda each: each.get("outcome") == "wrong_host", before + 1)
    assert "canary" not in "".join(opened.lines)
