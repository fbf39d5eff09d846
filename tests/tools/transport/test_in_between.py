"""What stands in between is named: trust store, certificates, proxies, pages of others; through real sockets."""

import base64
import datetime as dt
import itertools
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import anyio
import pytest
import trustme

from between import Wall, answering, connect_proxy
from case_tools import CaseDesk, CaseError, ConfigurationError, KoreSettings, Settings, Unavailable
from case_tools.adapter.messages import Request
from case_tools.desk import check_surroundings
from case_tools.transport.http_client import HttpClient
from case_tools.transport.proxies import proxy_for
from case_tools.transport.response_body import TransportError
from case_tools.transport.trust import trust_store
from loopback import LoopbackDesk, Reply

pytestmark = pytest.mark.anyio

PATIENCE: Final = 30.0
JSON: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CASE_MCP_CA_FILE")
SECRET_LOGIN: Final = "roe:Lettuce-4711"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give a private certificate authority."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine sets."""
    for name in (*VARIABLES, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def tls_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a server with the certificate offers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def ending(
    url: str,
    *,
    environment: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
    proxy: bool = False,
) -> object:
    """Return what one request ends in: its status or its error."""
    client = HttpClient(url=url, sign=dict, ca_file=ca_file, environment=environment or {}, proxy=proxy)
    try:
        with anyio.fail_after(PATIENCE):
            return (await client.send(Request(method="GET", template="/cases"), seconds=PATIENCE)).status
    except (CaseError, TransportError) as error:
        return error
    finally:
        await client.close()


def pem_of(authority: trustme.CA) -> str:
    """Return the authority's certificate."""
    return authority.cert_pem.bytes().decode()


def missing(path: Path, _pem: str) -> Path:
    """Name what is not there."""
    return path / "missing"


def filled(content: bytes) -> Callable[[Path, str], Path]:
    """Return what writes a file of these bytes."""

    def write(path: Path, _pem: str) -> Path:
        (path / "file.pem").write_bytes(content)
        return path / "file.pem"

    return write


def folder(path: Path, _pem: str) -> Path:
    """Name a folder that is empty."""
    (path / "folder").mkdir()
    return path / "folder"


def damaged(path: Path, pem: str) -> Path:
    """Name a file whose certificate lost its middle."""
    lines = pem.splitlines()
    (path / "damaged.pem").write_text("\n".join([*lines[:3], *lines[5:]]))
    return path / "damaged.pem"


def folder_of_garbage(path: Path, _pem: str) -> Path:
    """Name a folder with a hashed name and nothing behind it."""
    (path / "folder").mkdir()
    (path / "folder" / "0123abcd.0").write_bytes(b"garbage")
    return path / "folder"


DAMAGES: Final[Mapping[str, Callable[[Path, str], Path]]] = {
    "missing": missing,
    "empty": filled(b""),
    "blank": filled(b" \n\n"),
    "garbage": filled(b"\x00\xff garbage \x80"),
    "text": filled(b"this is no certificate"),
    "a key": filled(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    "no Base64": filled(b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
    "cut": filled(b"-----BEGIN CERTIFICATE-----\nMIIB"),
    "damaged": damaged,
    "an empty folder": folder,
    "a folder of garbage": folder_of_garbage,
}


@pytest.mark.parametrize(("variable", "damage"), [*itertools.product(VARIABLES, DAMAGES)])
def test_a_trust_store_that_cannot_be_used_is_named_before_anything_is_served(
    variable: str,
    damage: str,
    authority: trustme.CA,
    account: KoreSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ours: each variable with each damage; the practice desk needs no trust store and starts."""
    path = DAMAGES[damage](tmp_path, pem_of(authority))
    settings = Settings(desk="kore", state=":memory:", account=account)
    if variable == "CASE_MCP_CA_FILE":
        settings = settings.model_copy(update={"ca_file": path})
    else:
        monkeypatch.setenv(variable, str(path))

    with pytest.raises(ConfigurationError) as caught:
        check_surroundings(settings)

    assert str(caught.value).startswith(f"{variable} names ")
    assert str(tmp_path) not in str(caught.value)
    check_surroundings(Settings(desk="embedded", state=":memory:"))


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CASE_MCP_CA_FILE"])
async def test_a_private_authority_is_trusted_where_a_variable_names_it(
    variable: str, line_end: str, encoding: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Ours: as editors write the file, with a byte order mark or CRLF, with words around the certificate."""
    file = tmp_path / "ca.pem"
    text = "Our authority\n" + pem_of(authority)
    file.write_bytes(text.replace("\n", line_end).encode(encoding))
    own = variable == "CASE_MCP_CA_FILE"
    with answering(JSON, tls=tls_of(authority.issue_cert("localhost"))) as desk:
        ended = await ending(
            f"https://localhost:{desk.port}",
            environment={} if own else {variable: str(file)},
            ca_file=file if own else None,
        )
    assert ended == 200


def test_an_added_authority_leaves_the_usual_ones(authority: trustme.CA, tmp_path: Path) -> None:
    """Ours: CASE_MCP_CA_FILE adds one."""
    file = tmp_path / "ca.pem"
    file.write_text(pem_of(authority))
    usual = len(trust_store({}, None).get_ca_certs())
    assert (usual > 1, len(trust_store({}, file).get_ca_certs())) == (True, usual + 1)


def expired(authority: trustme.CA) -> trustme.LeafCert:
    """Issue a certificate that ended in 2020."""
    return authority.issue_cert("localhost", not_after=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


CERTIFICATES: Final[Mapping[str, tuple[Callable[[trustme.CA], trustme.LeafCert], bool, str]]] = {
    "private authority": (
        lambda authority: authority.issue_cert("localhost"),
        False,
        (
            "The certificate of localhost is signed by an authority that this machine does not trust. "
            "Nothing was changed. The administrator sets CASE_MCP_CA_FILE to a file with that authority's "
            "certificate, where a company's own authority or a proxy signs."
        ),
    ),
    "another name": (
        lambda authority: authority.issue_cert("desk.example.com"),
        True,
        (
            "The certificate that localhost shows is for another name. Nothing was changed. The administrator "
            "checks the desk's host in the settings, and what stands in between."
        ),
    ),
    "expired": (
        expired,
        True,
        (
            "The certificate of localhost has expired. Nothing was changed. The administrator checks this "
            "machine's clock; if it is right, whoever runs that host renews the certificate."
        ),
    ),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
async def test_a_certificate_that_is_not_accepted_says_why(
    kind: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Ours: nothing was sent, so nothing was changed."""
    issue, trusts, words = CERTIFICATES[kind]
    file = tmp_path / "ca.pem"
    file.write_text(pem_of(authority))
    with answering(JSON, tls=tls_of(issue(authority))) as desk:
        ended = await ending(f"https://localhost:{desk.port}", ca_file=file if trusts else None)
    assert (type(ended), str(ended), desk.heads) == (ConfigurationError, words, [])


async def test_plain_http_where_tls_is_expected_is_said() -> None:
    """Ours: a wrong port, or a proxy that answers in the desk's place."""
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", end=b"\x00") as desk:
        ended = await ending(f"https://localhost:{desk.port}")
    assert str(ended) == (
        "localhost does not speak TLS at this port. Nothing was changed. The administrator checks the desk's host "
        "and port, and what stands in between: it answered plain HTTP where https is expected."
    )


async def test_a_write_behind_a_private_authority_is_a_setting_to_fix_and_not_sent(
    authority: trustme.CA, account: KoreSettings
) -> None:
    """Ours: through the library; a create that provably never left is no unknown one."""
    with answering(JSON, tls=tls_of(authority.issue_cert("127.0.0.1"))) as desk:
        behind = account.model_copy(update={"host": f"https://127.0.0.1:{desk.port}"})
        async with CaseDesk(Settings(desk="kore", state=":memory:", account=behind)) as library:
            with pytest.raises(ConfigurationError, match="CASE_MCP_CA_FILE") as caught:
                await library.call("update_case", {"caseId": "ci-1", "desc": "New words"})
    assert (caught.value.changed, desk.heads) == ("nothing", [])


SOCKS: Final = ["socks://127.0.0.1:1080", "socks4://p", "socks4a://p", "socks5://p:1", "socks5h://p", "SOCKS5://p"]
NO_ADDRESS: Final = [
    "http://",
    "ftp://proxy:1",
    "http://proxy:port",
    "http://proxy:99999",
    "http://a b:1",
    "://x",
    ":",
]
PROXY_NAMES: Final = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize("variable", PROXY_NAMES)
@pytest.mark.parametrize(
    ("address", "words"),
    [(each, "names a SOCKS proxy, which is not supported.") for each in SOCKS]
    + [(each, "is not the address of a proxy.") for each in NO_ADDRESS],
)
def test_a_proxy_that_cannot_be_used_is_named_before_anything_is_served(
    address: str, words: str, variable: str, account: KoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: each variable; without CASE_MCP_PROXY they are not looked at."""
    monkeypatch.setenv(variable, address)
    far = account.model_copy(update={"host": "https://platform.kore.ai"})
    settings = Settings(desk="kore", state=":memory:", account=far, proxy=True)
    with pytest.raises(ConfigurationError) as caught:
        check_surroundings(settings)
    assert caught.value.what == f"{variable} {words}"
    check_surroundings(settings.model_copy(update={"proxy": False}))


@pytest.mark.parametrize(
    ("url", "excepted", "is_direct"),
    [
        ("https://[::1]:8443", "[::1]", True),
        ("https://[::1]:8443", "::1", True),
        ("https://[::1]:8443", "[::1]:8443", True),
        ("https://[::1]:8443", "[::1]:1", False),
        ("https://[fd00::5]", "[fd00::]/8", True),
        ("https://[fd00::5]", "fd00::/8", True),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "10.1.2.3/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3:443", True),
        ("https://10.1.2.3:8443", "10.1.2.3:443", False),
        ("https://desk.example.com", "example.com", True),
        ("https://desk.example.com", ".example.com", True),
        ("https://desk.example.com", "*.example.com", True),
        ("https://DESK.example.com", "desk.EXAMPLE.com", True),
        ("https://desk.example.com", "ample.com", False),
        ("https://desk.example.com", "other.org, example.com ,", True),
        ("https://desk.example.com", "other.org example.com", True),
        ("https://desk.example.com", "https://desk.example.com", True),
        ("https://desk.example.com", "10.0.0.0/8,[::1],fe80::/10", False),
        ("https://desk.example.com", "]garbage[,/8,:,*x", False),
        ("https://desk.example.com", "*", True),
        ("https://desk.example.com", "", False),
    ],
)
def test_no_proxy_is_read_as_curl_reads_it(url: str, excepted: str, *, is_direct: bool) -> None:
    """Documented (curl, CURLOPT_NOPROXY): names and domains, addresses, networks, brackets."""
    for name in ("NO_PROXY", "no_proxy"):
        proxy = proxy_for(url, {"HTTPS_PROXY": "http://127.0.0.1:3128", name: excepted})
        assert (proxy is None) == is_direct


@pytest.fixture
def desk_behind_tls(authority: trustme.CA) -> Iterator[Wall]:
    """Give a desk behind TLS."""
    with answering(JSON, tls=tls_of(authority.issue_cert("localhost"))) as desk:
        yield desk


async def test_a_proxy_passes_requests_on_over_https_and_http(
    authority: trustme.CA, desk_behind_tls: Wall, loopback: LoopbackDesk, tmp_path: Path
) -> None:
    """Ours: with the login in the variable."""
    file = tmp_path / "ca.pem"
    file.write_text(pem_of(authority))
    login = b"basic " + base64.b64encode(SECRET_LOGIN.encode())
    with connect_proxy(login=login) as proxy:
        address = f"http://{SECRET_LOGIN}@127.0.0.1:{proxy.port}"
        environment = {"HTTPS_PROXY": address, "http_proxy": address}
        https = await ending(
            f"https://localhost:{desk_behind_tls.port}", environment=environment, proxy=True, ca_file=file
        )
        http = await ending(loopback.url, environment=environment, proxy=True)
    assert (https, http, [head.split()[0] for head in proxy.heads]) == (200, 200, [b"CONNECT", b"GET"])


REFUSALS: Final = {
    "407 Proxy Authentication Required": (ConfigurationError, "wants a login (HTTP 407)."),
    "403 Forbidden": (ConfigurationError, "does not let this machine reach localhost (HTTP 403)."),
    "401 Unauthorized": (ConfigurationError, "does not let this machine reach localhost (HTTP 401)."),
    "502 Bad Gateway": (Unavailable, "could not reach localhost (HTTP 502)."),
    "503 Service Unavailable": (Unavailable, "could not reach localhost (HTTP 503)."),
    "504 Gateway Timeout": (Unavailable, "could not reach localhost (HTTP 504)."),
}


@pytest.mark.parametrize("variable", PROXY_NAMES)
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_proxy_that_refuses_is_named_and_its_password_is_not(status: str, variable: str) -> None:
    """Ours: over https the proxy answers CONNECT, so nothing was sent."""
    kind, words = REFUSALS[status]
    with connect_proxy(status=status.encode()) as proxy:
        environment = {variable: f"http://{SECRET_LOGIN}@127.0.0.1:{proxy.port}"}
        ended = await ending("https://localhost:9", environment=environment, proxy=True)
    assert isinstance(ended, CaseError)
    assert (type(ended), ended.what, ended.changed) == (kind, f"The proxy in {variable} {words}", "nothing")
    assert "Lettuce" not in f"{ended} {ended!r} {ended.__cause__!r}"


async def test_a_login_that_the_proxy_wants_is_said_over_http_too(loopback: LoopbackDesk) -> None:
    """Ours: there the 407 comes as the answer."""
    with connect_proxy(login=b"basic x") as proxy:
        environment = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.port}"}
        ended = await ending(loopback.url, environment=environment, proxy=True)
    assert str(ended) == (
        "The proxy in HTTP_PROXY wants a login (HTTP 407). Nothing was changed. The administrator puts user and "
        "password into HTTP_PROXY (http://user:password@host:port), or lists the desk's host in NO_PROXY."
    )
    assert loopback.received == []


async def test_a_proxy_that_is_away_is_named() -> None:
    """Ours: it is the proxy that cannot be reached, or the desk through it."""
    with connect_proxy() as proxy:
        port = proxy.port
    ended = await ending("https://localhost:9", environment={"ALL_PROXY": f"127.0.0.1:{port}"}, proxy=True)
    assert str(ended) == "it could not be reached through the proxy in ALL_PROXY (ConnectError)"


PAGE: Final = b"<!DOCTYPE html><html><title>Sign in</title></html>"
PAGES: Final = {
    "page": (PAGE, "text/html; charset=utf-8"),
    "page called JSON": (PAGE, "application/json"),
    "page behind a mark": (b"\xef\xbb\xbf\r\n " + PAGE, "text/html"),
    "words called HTML": (b"Blocked by policy", "text/html"),
    "XML": (b"<?xml version='1.0'?><error/>", "application/xml"),
}
PASSING: Final = [500, 502, 503, 504, 520, 408]
LASTING: Final = [200, 201, 203, 400, 401, 403, 406, 418, 451]
CALLS: Final[Mapping[str, Mapping[str, object]]] = {
    "search_cases": {},
    "update_case": {"caseId": "ci-1", "desc": "New words"},
}


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize(
    ("status", "page"), [(status, "page") for status in PASSING] + [*itertools.product(LASTING, PAGES)]
)
async def test_a_page_is_not_the_desks_answer(
    status: int, page: str, tool: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: no advice on credentials or arguments; what a write may have done is left open."""
    body, kind = PAGES[page]
    loopback.will_answer(Reply(status=status, body=body, headers={"content-type": kind}))
    with pytest.raises(CaseError) as caught:
        async with CaseDesk(settings) as desk:
            await desk.call(tool, CALLS[tool])
    passed_on = tool == "update_case" and (status < 400 or status in PASSING)
    assert caught.value.what == (
        f"Something between here and the desk answered {tool} with a web page (HTTP {status}), not the desk."
    )
    assert type(caught.value) is (Unavailable if status in PASSING else ConfigurationError)
    assert caught.value.changed == ("unknown" if passed_on else "nothing")
    assert "KORE_" not in str(caught.value)
