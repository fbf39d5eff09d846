"""The HTTP client over real loopback sockets: where a request may go, what it carries, what counts as sent."""

import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_tools import ConfigurationError, Rejected
from case_tools.adapter.messages import Request, Response
from case_tools.transport.http_client import HttpClient, path_of
from case_tools.transport.response_body import TransportError
from loopback import LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

TEMPLATE: Final = "/caseManagement/api/public/analytics/{streamId}/updateCase/{caseId}"
TOKEN: Final = "an-invented-token"
SECONDS: Final = 10.0
SILENCE: Final = 0.2
DROPS: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
MEBIBYTE: Final = 1024 * 1024


def unsigned() -> Mapping[str, str]:
    """Return no headers."""
    return {}


def update(case_id: str = "ci-1", **body: object) -> Request:
    """Return a request with an id in its path."""
    return Request(method="POST", template=TEMPLATE, path={"streamId": "st-1", "caseId": case_id}, body=body)


async def answer_of(url: str, request: Request, *, seconds: float = SECONDS) -> Response:
    """Send one request over a client of its own."""
    client = HttpClient(url=url, sign=unsigned)
    try:
        with anyio.fail_after(SECONDS):
            return await client.send(request, seconds=seconds)
    finally:
        await client.close()


async def fault_of(url: str, request: Request, *, seconds: float = SECONDS) -> TransportError:
    """Return the fault that sending ends in."""
    with pytest.raises(TransportError) as caught:
        await answer_of(url, request, seconds=seconds)
    return caught.value


@contextmanager
def listening(*answers: bytes | None) -> Iterator[str]:
    """Give the address of a socket that answers each request with these bytes and hangs up.

    None stays silent, and behind `DROPS` a space follows every few milliseconds, until the test has ended.
    """
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for each in answers:
                connection, _ = server.accept()
                with connection:
                    received = b""
                    while b"\r\n\r\n" not in received:
                        received += connection.recv(65_536)
                    if each is None:
                        ended.wait(SECONDS)
                    elif each == DROPS:
                        with suppress(OSError):
                            connection.sendall(each)
                            while not ended.wait(SILENCE / 20):
                                connection.sendall(b" ")
                    else:
                        connection.sendall(each)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65_536):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def announcing(announced: list[str]) -> Callable[[], Awaitable[None]]:
    """Return what notes that the first byte is about to leave."""

    async def before() -> None:
        announced.append("now")

    return before


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def test_a_request_arrives_as_it_was_built(loopback: LoopbackDesk) -> None:
    """*Ours*: method, path, the bytes of the body; the answer comes back as it was sent."""
    loopback.will_answer(Reply(body=b'{"_id": "ci-1"}', status=201, headers={"x-request-id": "r-1"}))

    answer = await answer_of(loopback.url, update(name="Größe", desc="a\u2028b"))

    assert [(each.method, each.path) for each in loopback.received] == [
        ("POST", "/caseManagement/api/public/analytics/st-1/updateCase/ci-1")
    ]
    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (201, b'{"_id": "ci-1"}', "r-1")


async def test_the_body_goes_out_as_compact_utf_8(loopback: LoopbackDesk) -> None:
    """*Ours*: no escapes and no spaces, and the length counts bytes."""
    await answer_of(loopback.url, update(name="Grüße 🙂", tags=["a", "b"], dueDate=1, isActive=None))

    content = '{"name":"Grüße 🙂","tags":["a","b"],"dueDate":1,"isActive":null}'.encode()
    assert loopback.received[0].content == content
    assert loopback.received[0].headers["content-length"] == str(len(content))


REFUSED: Final = {
    "parent folder": "..",
    "same folder": ".",
    "three dots": "...",
    "hidden file": ".x",
    "dots in capitals": "%2E%2E",
    "encoded parent": "%2e%2e",
    "encoded twice": "%252e%252e",
    "way up": "../getCases",
    "slash": "a/b",
    "encoded slash": "a%2fb",
    "backslash": "a\\b",
    "encoded backslash": "a%5cb",
    "query": "a?b",
    "fragment": "a#b",
    "parameters": "a;b",
    "user": "a@b",
    "port": "a:1",
    "space": "a b",
    "space at the end": "a ",
    "plus": "a+b",
    "empty": "",
    "line feed": "a\nb",
    "line feed at the end": "a\n",
    "carriage return": "a\r\nHost: b",
    "tab": "\ta",
    "nul": "a\x00b",
    "umlaut": "ä",
    "digit of another script": "٣",
    "full-width letter": "\uff21",
    "full-width stop": "\uff0e\uff0e",
    "full-width slash": "a\uff0fb",
    "division slash": "a\u2215b",
    "lone surrogate": "a\ud800",
    "zero width": "a\u200bb",
    "129 characters": "a" * 129,
    "hyphen first": "-a",
    "underscore first": "_a",
    "braces": "{streamId}",
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("variable", ["streamId", "caseId"])
async def test_an_id_that_could_leave_its_segment_is_refused_before_any_request(
    loopback: LoopbackDesk, value: str, variable: str
) -> None:
    """*Ours*: the credentials reach every case of the account; a path must go where its template says."""
    path = {"streamId": "st-1", "caseId": "ci-1", variable: value}

    with pytest.raises(Rejected) as caught:
        await answer_of(loopback.url, Request(method="POST", template=TEMPLATE, path=path))

    assert str(caught.value) == (
        f"{variable} is not an id that can be sent. Nothing was changed. "
        "Give the reference or id as search shows it."
    )
    assert loopback.received == []


@pytest.mark.parametrize(
    "value", ["a", "0", "ci-1a634e1-3d97-427e-8b23", "CS000123", "a.b", "a..b", "a_b", "a" * 128]
)
async def test_an_id_of_the_known_shapes_is_sent_as_it_is(loopback: LoopbackDesk, value: str) -> None:
    """*Documented* (the vendor's samples): letters, digits, hyphens; 128 characters are enough."""
    await answer_of(loopback.url, update(value))

    assert [each.path for each in loopback.received] == [
        f"/caseManagement/api/public/analytics/st-1/updateCase/{value}"
    ]


def test_a_value_that_looks_like_a_variable_is_not_filled_in_again() -> None:
    """*Ours*: also of the pure part: one pass over the template, however the values read."""
    with pytest.raises(Rejected):
        path_of("/{a}/{b}", {"a": "{b}", "b": "x"})

    assert path_of("/{a}/{b}/{a}", {"a": "b", "b": "a"}) == "/b/a/b"


IDS: Final = st.one_of(
    st.text(st.characters()),
    st.text(st.sampled_from("aA0-._~/\\%?#@:;{} \n2eEfF5cC"), max_size=12),
    st.from_regex(r"[a-z]{2}-[0-9a-z.-]{1,20}", fullmatch=True),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case_id=IDS)
def test_any_text_as_an_id_is_refused_or_stays_in_its_place(loopback: LoopbackDesk, case_id: str) -> None:
    """*Ours*: the path that arrives is the template filled in, character for character, or nothing arrives."""
    loopback.received.clear()
    try:
        anyio.run(answer_of, loopback.url, update(case_id))
    except Rejected:
        assert loopback.received == []
    else:
        assert [each.path for each in loopback.received] == [
            f"/caseManagement/api/public/analytics/st-1/updateCase/{case_id}"
        ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_reaches_nobody(loopback: LoopbackDesk, status: int) -> None:
    """*Ours*: a signed request goes to the desk alone; a redirect is an answer like another."""
    with LoopbackDesk() as other:
        loopback.will_answer(Reply(status=status, headers={"location": f"{other.url}/elsewhere"}))

        answer = await answer_of(loopback.url, update())

        assert (answer.status, answer.headers["location"]) == (status, f"{other.url}/elsewhere")
        assert (len(loopback.received), other.received) == (1, [])


async def test_every_attempt_is_signed_anew(loopback: LoopbackDesk) -> None:
    """*Ours*: a token lives for one attempt, and the client keeps none."""
    signatures = iter(["first", "second"])
    client = HttpClient(url=loopback.url, sign=lambda: {"auth": f"{TOKEN} {next(signatures)}"})

    with anyio.fail_after(SECONDS):
        await client.send(update(), seconds=SECONDS)
        await client.send(update(), seconds=SECONDS)
        await client.close()

    assert [each.headers["auth"] for each in loopback.received] == [f"{TOKEN} first", f"{TOKEN} second"]
    assert TOKEN not in repr(dict(client._client(None).headers))


async def test_a_request_that_is_refused_is_not_signed(loopback: LoopbackDesk) -> None:
    """*Ours*: no token is made for what is not sent."""

    def sign() -> Mapping[str, str]:
        raise AssertionError("signed")

    client = HttpClient(url=loopback.url, sign=sign)
    with pytest.raises(Rejected):
        await client.send(update(".."), seconds=SECONDS)
    await client.close()


async def test_neither_the_client_nor_its_errors_show_a_header() -> None:
    """*Ours*: both end in logs and tracebacks."""
    client = HttpClient(url=f"http://127.0.0.1:{free_port()}", sign=lambda: {"auth": TOKEN})

    with pytest.raises(TransportError) as caught, anyio.fail_after(SECONDS):
        await client.send(update(), seconds=SECONDS)
    await client.close()

    assert TOKEN not in f"{client!r} {client} {client._client(None)!r} {client._client(None).auth!r}"
    assert TOKEN not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__


async def test_a_refused_connection_was_not_sent() -> None:
    """*Ours*: nobody listens, so the call may be repeated without a doubt."""
    fault = await fault_of(f"http://127.0.0.1:{free_port()}", update())

    assert (str(fault), fault.sent) == ("it could not be reached (ConnectError)", False)


async def test_a_name_that_leads_nowhere_was_not_sent() -> None:
    """*Documented* (RFC 6761): `.invalid` never resolves."""
    fault = await fault_of("https://desk.invalid", update())

    assert fault.sent is False


async def test_the_first_byte_of_each_attempt_is_announced_once_a_connection_stands(
    loopback: LoopbackDesk,
) -> None:
    """*Ours*: also on a connection that is kept; where nobody listens there is nothing to announce."""
    announced: list[str] = []
    client = HttpClient(url=loopback.url, sign=unsigned)
    nowhere = HttpClient(url=f"http://127.0.0.1:{free_port()}", sign=unsigned)

    with anyio.fail_after(SECONDS):
        for expected in (["now"], ["now"] * 2):
            await client.send(update(), seconds=SECONDS, before=announcing(announced))
            assert announced == expected
        with pytest.raises(TransportError):
            await nowhere.send(update(), seconds=SECONDS, before=announcing(announced))
        await client.close()
        await nowhere.close()

    assert (announced, len(loopback.received)) == (["now"] * 2, 2)


async def test_what_is_raised_before_the_first_byte_stops_the_request(loopback: LoopbackDesk) -> None:
    """*Ours*: what cannot be written into the ledger does not leave; the client works on."""
    client = HttpClient(url=loopback.url, sign=unsigned)

    async def before() -> None:
        raise Rejected("not today.", next_step="Ask tomorrow.")

    with anyio.fail_after(SECONDS):
        with pytest.raises(Rejected, match="not today"):
            await client.send(update(), seconds=SECONDS, before=before)
        assert loopback.received == []
        await client.send(update(), seconds=SECONDS)
        await client.close()

    assert len(loopback.received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="no byte"),
        pytest.param(b"HTTP/1.1 20", id="half a status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="half a header"),
        pytest.param(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"_id"', id="half a body"),
        pytest.param(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"_id"', id="half a chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", id="no last chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
    ],
)
async def test_an_answer_that_breaks_off_leaves_it_open_whether_it_was_applied(answer: bytes) -> None:
    """*Ours*: the desk has the request; a create must not simply be sent again."""
    with listening(answer) as url:
        fault = await fault_of(url, update())

    assert str(fault).startswith("the connection broke (")
    assert fault.sent is True


async def test_silence_ends_after_the_seconds_given_and_counts_as_sent() -> None:
    """*Ours*: accepted and never answered."""
    with listening(None) as url:
        fault = await fault_of(url, update(), seconds=SILENCE)

    assert (str(fault), fault.sent) == ("it did not answer within 0 seconds", True)


async def test_an_answer_in_drops_ends_after_the_seconds_given() -> None:
    """*Ours*: the time is for the whole answer, not for each of its pieces."""
    with listening(DROPS) as url:
        fault = await fault_of(url, update(), seconds=SILENCE)

    assert fault.sent is True


@pytest.mark.parametrize(
    ("size", "fits"), [(16 * MEBIBYTE, True), (16 * MEBIBYTE + 1, False)], ids=["16 MiB", "one byte more"]
)
async def test_an_answer_is_at_most_16_mib(loopback: LoopbackDesk, size: int, *, fits: bool) -> None:
    """*Ours*: a desk gone wrong does not fill the memory."""
    loopback.will_answer(Reply(body=b" " * size))

    if fits:
        assert len((await answer_of(loopback.url, update())).body) == size
    else:
        fault = await fault_of(loopback.url, update())
        assert (str(fault), fault.sent) == ("its answer is larger than 16 MiB", True)


async def test_the_client_works_again_after_an_answer_that_was_too_large(loopback: LoopbackDesk) -> None:
    """*Ours*: the connection that was given up does not count among the eight."""
    client = HttpClient(url=loopback.url, sign=unsigned)
    too_large = Reply(body=b" " * (16 * MEBIBYTE + 1))
    loopback.will_answer(too_large, too_large, {"ok": True})

    with anyio.fail_after(SECONDS):
        for _ in range(2):
            with pytest.raises(TransportError):
                await client.send(update(), seconds=SECONDS)
        answer = await client.send(update(), seconds=SECONDS)
        await client.close()

    assert answer.payload() == {"ok": True}


async def test_at_most_eight_requests_are_in_the_air(loopback: LoopbackDesk) -> None:
    """*Ours*: while eight are unanswered a ninth does not reach the desk, and is known as not sent."""
    all_eight, gate = threading.Barrier(9), threading.Event()

    def hold(_: Received) -> Reply:
        all_eight.wait(SECONDS)
        gate.wait(SECONDS)
        return Reply()

    loopback.answer = hold
    client = HttpClient(url=loopback.url, sign=unsigned)

    async def send() -> None:
        await client.send(update(), seconds=SECONDS)

    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(send)
            await anyio.to_thread.run_sync(all_eight.wait, SECONDS)
            loopback.answer = lambda _: Reply()
            with pytest.raises(TransportError) as caught:
                await client.send(update(), seconds=5 * SILENCE)
            in_the_air = len(loopback.received)
            gate.set()
        await client.send(update(), seconds=SECONDS)
        await client.close()

    assert (str(caught.value), caught.value.sent) == ("other requests took all the time", False)
    assert (in_the_air, len(loopback.received)) == (8, 9)


PROXY_VARIABLES: Final = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a proxy that nobody listens on, for loopback as well."""
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("dead_proxy")
async def test_no_proxy_is_taken_from_the_environment(loopback: LoopbackDesk) -> None:
    """*Ours*: a variable of the shell does not send tokens elsewhere."""
    assert (await answer_of(loopback.url, update())).status == 200


@pytest.mark.usefixtures("dead_proxy")
async def test_a_proxy_is_taken_from_the_environment_where_asked(loopback: LoopbackDesk) -> None:
    """*Ours*: CASE_MCP_PROXY; the dead proxy is tried, and the desk not reached around it."""
    client = HttpClient(url=loopback.url, sign=unsigned, proxy=True)

    with pytest.raises(TransportError) as caught, anyio.fail_after(SECONDS):
        await client.send(update(), seconds=SECONDS)
    await client.close()

    assert (caught.value.sent, loopback.received) == (False, [])


async def test_a_proxy_that_refuses_the_way_to_the_desk_counts_as_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """*Ours*: CONNECT goes to the proxy and holds nothing of the call, so a create may be repeated."""
    announced: list[str] = []
    with listening(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        client = HttpClient(url="https://desk.example.com", sign=unsigned, proxy=True)

        with pytest.raises(ConfigurationError) as caught, anyio.fail_after(SECONDS):
            await client.send(update(), seconds=SECONDS, before=announcing(announced))
        await client.close()

    assert str(caught.value) == (
        "The proxy in https_proxy does not let this machine reach desk.example.com (HTTP 403). Nothing was "
        "changed. The administrator has the proxy allow that host, or lists it in NO_PROXY."
    )
    assert announced == []


async def test_a_desk_in_process_is_reached_without_a_socket() -> None:
    """*Ours*: the embedded desk takes the same way as any other, signature included."""
    seen: list[tuple[str, bytes | None]] = []

    async def app(scope: Mapping[str, object], receive: object, send: object) -> None:  # noqa: ARG001 - ASGI
        headers = scope["headers"]
        assert isinstance(headers, list)
        seen.append((str(scope["path"]), dict(headers).get(b"auth")))
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps({"ok": True}).encode()})

    client = HttpClient(url="http://127.0.0.1", sign=lambda: {"auth": TOKEN}, app=app)
    with anyio.fail_after(SECONDS):
        answer = await client.send(update(), seconds=SECONDS)
    await client.close()

    assert answer == Response(status=200, body=b'{"ok": true}', headers={})
    assert seen == [("/caseManagement/api/public/analytics/st-1/updateCase/ci-1", TOKEN.encode())]


async def test_a_desks_cookies_are_not_kept(loopback: LoopbackDesk) -> None:
    """Ours: each request stands for itself."""
    loopback.will_answer(Reply(headers={"set-cookie": "session=1; Path=/"}))
    client = HttpClient(url=loopback.url, sign=dict)
    for _ in range(2):
        await client.send(Request(method="POST", template="/x"), seconds=5)
    await client.close()
    assert ["cookie" in received.headers for received in loopback.received] == [False, False]
