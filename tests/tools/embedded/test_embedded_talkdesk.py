"""The embedded desk over Talkdesk's wire: tokens, documented shapes, refusals, filters, both dialects at once.

*Documented* names the vendor's page; *Ours* is a choice of this desk where the pages are silent.
"""

import json
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from case_tools.embedded import EmbeddedDesk
from case_tools.embedded.kore import add_app
from case_tools.embedded.talkdesk import add_client

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
Call = Callable[..., Awaitable[httpx.Response]]

MOMENT = datetime(2026, 3, 2, 9, 30, 12, 345000, tzinfo=UTC)
NOW = MOMENT.timestamp()
SHOWN_NOW = "2026-03-02T09:30:12.345Z"
BASE = "http://desk.test"
CASES = "/cm/core/va/cases"
BOTH = "cases-public:read cases-public:write"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
SAMPLE: Json = {
    "parent_id": "2",
    "title": "test title",
    "description": "test description",
    "owner_id": "61036b508ff57b5578f25a10",
    "priority": "LOW",
    "type": "QUESTION",
    "status": "ON-HOLD",
    "resolution": "solve successfully",
    "custom_fields": {
        "checkbox1": {"value": True},
        "drop_down1": {"label": "test dw12", "value": "001"},
        "text1": {"value": "text desc"},
        "dependent_field1": {
            "label": ["a", "a1", "a11"],
            "value": [
                "3a20c48f-3e33-49b0-af22-63eba6fa4cc3",
                "bbb2a5e7-6190-4eb1-b889-ec37e0badd0b",
                "e9e3c93a-1b28-489a-96fe-6b3e9ca60976",
            ],
        },
        "date1": {"value": "2022-04-21T06:30:21Z"},
        "numeric1": {"value": 1},
        "decimal1": {"value": 1.2},
        "multi_line_text1": {"value": "Line1\\\\nLine2"},
        "multi_select1": {"label": ["1111", "2222"], "value": ["001", "002"]},
    },
    "notes": [{"note_title": "test subject", "note_body": "test body", "public": True}],
    "group_id": "group",
}
NEW_CASE: Json = {
    "title": "Router offline again",
    "description": "Since noon.",
    "requester_email": "jane.roe@example.com",
    "requester_name": "Jane Roe",
    "requester_type": "Contact",
}
LISTED_KEYS = {
    "id", "title", "description", "requester_id", "requester_name", "requester_email", "requester_phone",
    "requester_integration", "group_id", "group_name", "agent_id", "agent_name", "form_name", "priority",
    "status", "type", "about", "create_at", "update_at", "custom_fields", "notes",
}  # fmt: skip
WRITTEN_KEYS = {
    "id", "title", "description", "parent_id", "owner_id", "priority", "type", "status", "resolution", "notes",
    "custom_fields", "group_id", "create_at", "update_at", "requester_id", "requester_name", "requester_email",
    "requester_phone",
}  # fmt: skip


@dataclass
class Wall:
    """A clock that the test sets."""

    seconds: float = int(NOW)

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on asyncio; for the whole module, since Hypothesis wants no fixture that lasts one test."""
    return "asyncio"


@pytest.fixture
def wall() -> Wall:
    """Give the clock of the tokens."""
    return Wall()


@pytest.fixture
def desk(wall: Wall) -> Iterator[EmbeddedDesk]:
    """Give a new desk whose clock stands still."""
    with closing(EmbeddedDesk.open(":memory:", frozen_at=MOMENT, wall=wall)) as desk:
        yield desk


@pytest.fixture
async def client(desk: EmbeddedDesk) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client without credentials."""
    async with client_of(desk) as client:
        yield client


@pytest.fixture
async def call(desk: EmbeddedDesk) -> AsyncIterator[Call]:
    """Give a way to call the case endpoints with the desk's own account."""
    async with calling(desk) as call:
        yield call


def client_of(desk: EmbeddedDesk) -> httpx.AsyncClient:
    """Give a client that reaches the desk without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=desk), base_url=BASE)


@asynccontextmanager
async def calling(desk: EmbeddedDesk) -> AsyncIterator[Call]:
    """Call the case endpoints with a token of the desk's own account."""
    async with client_of(desk) as client:
        token = (await ask(client, auth=basic(desk))).json()["access_token"]

        async def call(method: str, path: str = "", body: object = None, *, query: str = "") -> httpx.Response:
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            url = f"{BASE}{CASES}{path}{'?' if query else ''}{query}"
            return await client.request(method, url, content=content, headers=headers)

        yield call


def basic(desk: EmbeddedDesk, client_id: str = "", secret: str = "") -> str:
    """Write the header of a client, by default of the desk's own account."""
    pair = f"{client_id or desk.account.client_id}:{secret or desk.account.client_secret}"
    return f"Basic {b64encode(pair.encode()).decode()}"


async def ask(client: httpx.AsyncClient, *, auth: str = "", **form: str) -> httpx.Response:
    """Ask for an access token."""
    headers = {"authorization": auth} if auth else {}
    return await client.post("/oauth/token", data={"grant_type": "client_credentials", **form}, headers=headers)


def assertion(*, key: Any = KEY, kid: str = "key-1", **claims: Any) -> Json:
    """Write the form of a signed client; claims that are None are left out."""
    own = {
        "iss": "signing-client",
        "sub": "signing-client",
        "aud": f"{BASE}/oauth/token",
        "jti": "1",
        "iat": int(NOW),
        "exp": int(NOW) + 300,
    }
    kept = {name: value for name, value in (own | claims).items() if value is not None}
    algorithm = "HS256" if isinstance(key, str) else "ES384" if key.curve.name == "secp384r1" else "ES256"
    signed = jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid})
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


async def rows(call: Call, query: str = "per_page=500") -> list[Json]:
    """List cases."""
    answer = await call("GET", query=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["_embedded"]["data"]
    return found


async def ids(call: Call, **parameters: str | list[str]) -> set[str]:
    """List the ids of the cases that the parameters leave."""
    return {row["id"] for row in await rows(call, urlencode({"per_page": 500, **parameters}, doseq=True))}


# Tokens


async def test_the_desks_account_gets_an_access_token_by_its_secret(
    desk: EmbeddedDesk, client: httpx.AsyncClient
) -> None:
    """*Documented*: page "cc-basic"; without a scope all granted ones come, for ten minutes."""
    answer = await ask(client, auth=basic(desk))
    body = answer.json()
    token = body.pop("access_token")
    assert (answer.status_code, body) == (200, {"token_type": "Bearer", "expires_in": 600, "scope": BOTH})
    assert len(token) >= 43
    assert answer.headers["cache-control"] == "no-store"
    listed = await client.get(CASES, headers={"authorization": f"Bearer {token}"})
    assert listed.status_code == 200


@pytest.mark.parametrize("audience", [f"{BASE}/oauth/token", "https://practice.talkdeskid.com/oauth/token"])
async def test_a_signed_client_gets_an_access_token(
    desk: EmbeddedDesk, client: httpx.AsyncClient, audience: str
) -> None:
    """*Documented*: page "cc-jwt"; *Ours*: the URL as it was asked or that of a made-up account."""
    add_client(desk.store, client_id="signing-client", public_key=PUBLIC_KEY, key_id="key-1")
    answer = await ask(client, **assertion(aud=audience))
    assert (answer.status_code, answer.json()["scope"]) == (200, BOTH)


REFUSED_ASSERTIONS: Mapping[str, Json] = {
    "other key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "other algorithm": {"key": "s" * 64},
    "other curve": {"key": ec.generate_private_key(ec.SECP384R1())},
    "other kid": {"kid": "key-2"},
    "other audience": {"aud": "https://api.example.com/oauth/token"},
    "no audience": {"aud": None},
    "other subject": {"sub": "somebody"},
    "no subject": {"sub": None},
    "unknown issuer": {"iss": "somebody", "sub": "somebody"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(NOW)},
    "too long": {"exp": int(NOW) + 361},
    "endless": {"exp": 1e400},
    "exp is a text": {"exp": "tomorrow"},
    "no exp": {"exp": None},
    "no jti": {"jti": None},
    "empty jti": {"jti": ""},
}


@pytest.mark.parametrize("name", REFUSED_ASSERTIONS)
async def test_an_assertion_that_does_not_fit_is_refused(
    desk: EmbeddedDesk, client: httpx.AsyncClient, name: str
) -> None:
    """*Documented*: page "cc-jwt" names the claims, T-OAS the shape of the error."""
    add_client(desk.store, client_id="signing-client", public_key=PUBLIC_KEY, key_id="key-1")
    assert_refused(await ask(client, **assertion(**REFUSED_ASSERTIONS[name])), 401, "invalid_client")


def assert_refused(answer: httpx.Response, status: int, error: str) -> None:
    """Compare a refusal of the token endpoint."""
    body = answer.json()
    assert (answer.status_code, body["error"], set(body)) == (status, error, {"error", "error_description"})


async def test_an_assertion_may_last_six_minutes_and_is_taken_once(
    desk: EmbeddedDesk, client: httpx.AsyncClient
) -> None:
    """*Documented*: five minutes, a jti; *Ours*: a minute for clocks that differ, 401 for a replay."""
    add_client(desk.store, client_id="signing-client", public_key=PUBLIC_KEY, key_id="key-1")
    longest = assertion(exp=int(NOW) + 360)
    assert (await ask(client, **longest)).status_code == 200
    assert_refused(await ask(client, **longest), 401, "invalid_client")
    assert (await ask(client, **assertion(jti="2"))).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        "Basic " + b64encode(b"no-colon").decode(),
        "Basic " + b64encode(b"somebody:else").decode(),
        "Bearer abc",
    ],
)
async def test_a_client_without_genuine_credentials_is_refused(client: httpx.AsyncClient, header: str) -> None:
    """*Documented*: page "cc-basic"; the challenge is that of the OAuth standard."""
    answer = await ask(client, auth=header)
    assert_refused(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_wrong_secret_is_refused(desk: EmbeddedDesk, client: httpx.AsyncClient) -> None:
    """*Documented*: page "cc-basic"; a client with a key alone has no secret, not an empty one."""
    add_client(desk.store, client_id="signing-client", public_key=PUBLIC_KEY, key_id="key-1")
    assert_refused(await ask(client, auth=basic(desk, secret="wrong")), 401, "invalid_client")
    empty = f"Basic {b64encode(b'signing-client:').decode()}"
    assert_refused(await ask(client, auth=empty), 401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=refresh_token", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=cases-public:delete", "invalid_scope"),
        ("grant_type=client_credentials&scope=cases-public:read+contacts:read", "invalid_scope"),
    ],
)
async def test_a_wrong_token_request_is_refused(
    desk: EmbeddedDesk, client: httpx.AsyncClient, form: str, error: str
) -> None:
    """*Documented*: 400 in the shape of the OAuth standard."""
    answer = await client.post("/oauth/token", content=form, headers={"authorization": basic(desk)})
    assert_refused(answer, 400, error)


async def test_a_client_authenticates_in_one_way_and_names_it(
    desk: EmbeddedDesk, client: httpx.AsyncClient
) -> None:
    """*Documented*: the type of an assertion; *Ours*: two ways at once are refused, as the standard says."""
    add_client(desk.store, client_id="signing-client", public_key=PUBLIC_KEY, key_id="key-1")
    genuine = assertion()
    assert_refused(await ask(client, auth=basic(desk), **genuine), 400, "invalid_request")
    untyped = {"client_assertion": genuine["client_assertion"]}
    assert_refused(await ask(client, **untyped), 400, "invalid_request")
    assert_refused(await ask(client, **untyped, client_assertion_type="other"), 400, "invalid_request")
    assert_refused(await ask(client, auth=basic(desk).replace("Basic", "Bearer")), 401, "invalid_client")
    assert (await ask(client, **genuine)).status_code == 200


async def test_the_token_endpoint_takes_no_other_method_and_no_bytes(client: httpx.AsyncClient) -> None:
    """*Ours*: in its own shape of error."""
    answer = await client.get("/oauth/token")
    assert_refused(answer, 405, "invalid_request")
    assert answer.headers["allow"] == "POST"
    assert_refused(await client.post("/oauth/token", content=b"\xff"), 400, "invalid_request")


async def test_a_narrower_scope_is_given_and_holds(desk: EmbeddedDesk, client: httpx.AsyncClient) -> None:
    """*Documented*: which endpoint needs which scope; *Ours*: 403 for the wrong one."""
    answers = {}
    for scope in BOTH.split():
        body = (await ask(client, auth=basic(desk), scope=scope)).json()
        assert body["scope"] == scope
        headers = {"authorization": f"Bearer {body['access_token']}"}
        requests = (("GET", CASES), ("GET", f"{CASES}/150"), ("POST", CASES), ("PATCH", f"{CASES}/150"))
        answers[scope] = [
            (await client.request(method, path, json=NEW_CASE, headers=headers)).status_code
            for method, path in requests
        ]
    assert answers == {
        "cases-public:read": [200, 200, 403, 403],
        "cases-public:write": [403, 403, 201, 200],
    }


async def test_a_client_gets_no_more_than_it_was_granted(desk: EmbeddedDesk, client: httpx.AsyncClient) -> None:
    """*Documented*: omitted, the scope is all that is granted."""
    add_client(desk.store, client_id="reader", secret="s" * 43, scopes=["cases-public:read"])
    answer = await ask(client, auth=basic(desk, "reader", "s" * 43))
    assert answer.json()["scope"] == "cases-public:read"
    refused = await ask(client, auth=basic(desk, "reader", "s" * 43), scope=BOTH)
    assert_refused(refused, 400, "invalid_scope")
    token = answer.json()["access_token"]
    forbidden = await client.post(CASES, json=NEW_CASE, headers={"authorization": f"Bearer {token}"})
    assert (forbidden.status_code, forbidden.json()) == (
        403,
        {"code": "forbidden", "message": "The access token lacks the scope cases-public:write"},
    )


async def test_an_access_token_ends_after_ten_minutes(
    desk: EmbeddedDesk, client: httpx.AsyncClient, wall: Wall
) -> None:
    """*Documented*: valid for ten minutes."""
    token = (await ask(client, auth=basic(desk))).json()["access_token"]
    headers = {"authorization": f"bearer {token}"}
    wall.seconds += 599.9
    assert (await client.get(CASES, headers=headers)).status_code == 200
    wall.seconds += 0.1
    assert (await client.get(CASES, headers=headers)).status_code == 401


async def test_expired_tokens_and_token_ids_are_dropped_and_secrets_not_kept(tmp_path: Path, wall: Wall) -> None:
    """*Ours*: the file holds digests, and only of what is still valid."""
    path = tmp_path / "desk.db"
    with closing(EmbeddedDesk.open(str(path), wall=wall)) as desk:
        add_client(desk.store, client_id="signing-client", secret="s" * 43, public_key=PUBLIC_KEY, key_id="key-1")
        async with client_of(desk) as client:
            await ask(client, **assertion())
            wall.seconds += 600
            last = (await ask(client, **assertion(jti="2", exp=int(wall.seconds) + 300))).json()["access_token"]
    with closing(sqlite3.connect(path)) as db:
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("access", "token")]  # noqa: S608
        dump = "\n".join(db.iterdump())
    assert counts == [(1,), (1,)]
    assert last not in dump
    assert "s" * 43 not in dump


@pytest.mark.parametrize("header", ["", "abc", "Bearer", "Bearer ", "Bearer abc", "Basic abc", "Bearer ÿ"])
async def test_a_request_without_a_valid_access_token_is_refused(client: httpx.AsyncClient, header: str) -> None:
    """*Documented*: 401 in the shape of the pages; *Ours*: the code."""
    for method, path in (("GET", CASES), ("POST", CASES), ("GET", f"{CASES}/1"), ("PATCH", f"{CASES}/1")):
        headers = {b"authorization": header.encode("latin-1")} if header else {}
        answer = await client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()) == (
            401,
            {"code": "unauthorized", "message": "The access token is missing, unknown or expired"},
        )


async def test_of_two_tokens_the_first_counts(desk: EmbeddedDesk, client: httpx.AsyncClient) -> None:
    """*Ours*: as in Kore's dialect."""
    token = (await ask(client, auth=basic(desk))).json()["access_token"]
    good, bad = ("authorization", f"Bearer {token}"), ("authorization", "Bearer abc")
    statuses = [(await client.get(CASES, headers=pair)).status_code for pair in ([good, bad], [bad, good])]
    assert statuses == [200, 401]


async def test_two_desks_on_one_file_know_each_others_access_tokens(tmp_path: Path) -> None:
    """*Ours*: several processes may share a file."""
    path = str(tmp_path / "desk.db")
    with closing(EmbeddedDesk.open(path)) as one, closing(EmbeddedDesk.open(path)) as other:
        async with client_of(one) as client, client_of(other) as client_other:
            token = (await ask(client, auth=basic(one))).json()["access_token"]
            answer = await client_other.get(CASES, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "neither a secret nor a public key"),
        ({"public_key": PUBLIC_KEY}, "has no id"),
        ({"public_key": "x", "key_id": "key-1"}, "does not fit ES256"),
        ({"public_key": PUBLIC_KEY.replace("M", "N"), "key_id": "key-1"}, "does not fit ES256"),
    ],
)
def test_a_client_that_could_never_authenticate_is_refused(desk: EmbeddedDesk, wrong: Json, message: str) -> None:
    """*Ours*: said at registration, not at the first request."""
    with pytest.raises(ValueError, match=message):
        add_client(desk.store, client_id="other", **wrong)


# Refusals


@pytest.mark.parametrize("path", ["/cm", "/oauth", "/cm/core/va", f"{CASES}/", f"{CASES}/150/notes", "/oauth/x"])
async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """*Ours*: 404, asked before the token, in the shape of the dialect the path belongs to."""
    answer = await client.get(path)
    kore = {"errors": [{"msg": "Not Found", "code": 404}]}
    talkdesk = {"code": "not_found", "message": "Not Found"}
    assert (answer.status_code, answer.json()) == (404, kore if path in {"/cm", "/oauth"} else talkdesk)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", CASES, "GET, POST"), ("PATCH", CASES, "GET, POST"), ("POST", f"{CASES}/150", "GET, PATCH")],
)
async def test_another_method_is_not_allowed(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    """*Ours*: 405, asked before the token."""
    answer = await client.request(method, path)
    body = {"code": "method_not_allowed", "message": "Method Not Allowed"}
    assert (answer.status_code, answer.json(), answer.headers["allow"]) == (405, body, allowed)


@pytest.mark.parametrize("case_id", ["1", "999", "0150", "CS000150", "ci-1", "info", "-1", "9" * 30, "%FF", "٣"])
async def test_an_unknown_case_is_not_found(call: Call, case_id: str) -> None:
    """*Documented*: 404; *Ours*: the code and the words."""
    for method, body in (("GET", None), ("PATCH", {"title": "x"})):
        answer = await call(method, f"/{case_id}", body)
        assert (answer.status_code, answer.json()) == (404, {"code": "not_found", "message": "Not Found"})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"title":NaN}', b'{"title":"\\ud800"}', b"\xff", b'{"a":' * 100000]
)
async def test_a_body_that_is_no_plain_json_object_is_refused(call: Call, body: bytes) -> None:
    """*Documented*: 400 in the shape of the pages."""
    for method, path in (("POST", ""), ("PATCH", "/150")):
        answer = await call(method, path, body)
        assert (answer.status_code, answer.json()["code"], set(answer.json())) == (
            400,
            "bad_request",
            {"code", "message"},
        )


async def test_a_body_beyond_four_mebibytes_is_refused(call: Call) -> None:
    """*Ours*: as in Kore's dialect."""
    answer = await call("PATCH", "/150", b" " * (4 * 1024 * 1024 + 1))
    body = {"code": "payload_too_large", "message": "Payload Too Large"}
    assert (answer.status_code, answer.json()) == (413, body)


async def test_requests_beyond_the_rate_wait_but_tokens_are_always_given() -> None:
    """*Ours*: no page describes a refusal for too many requests; both dialects share the allowance."""
    with closing(EmbeddedDesk.open(":memory:", rate=1, monotonic=lambda: 1000.0)) as desk:
        async with calling(desk) as call, client_of(desk) as client:
            first = await call("GET", "/150")
            refused = await call("GET", "/150")
            token = await ask(client, auth=basic(desk))
            kore = await client.post(kore_path(desk, "getCases"), content=b"{}", headers=kore_headers(desk))
    assert (first.status_code, token.status_code, kore.status_code) == (200, 200, 429)
    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (
        429,
        {"code": "too_many_requests", "message": "Too Many Requests"},
        "60",
    )


async def test_a_failure_of_the_desk_is_told_without_details(
    desk: EmbeddedDesk, call: Call, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """*Ours*: 500 in the shape of the endpoint; the reason goes to the log."""
    auth = basic(desk)
    desk.close()
    answer, token = await call("GET"), await ask(client, auth=auth)
    body = {"code": "internal_error", "message": "Internal Server Error"}
    assert (answer.status_code, answer.json()) == (500, body)
    assert (token.status_code, token.json()) == (
        500,
        {"error": "server_error", "error_description": "Internal Server Error"},
    )
    assert "the embedded desk failed" in caplog.text


# Create


async def test_a_new_case_has_what_was_given_and_is_new(call: Call) -> None:
    """*Documented*: page "Create a New Case", page "Overview" for the status; *Ours*: empty values."""
    sample = {
        "parent_id": "1",
        "priority": "HIGH",
        "custom_fields": {"checkbox1": True, "dropdown1": 1, "multi_select1": ["002", "003"]},
        "notes": [{"note_title": "test subject", "note_body": "test body", "public": True}],
    }
    answer = await call("POST", "", NEW_CASE | sample | {"status": "CLOSED", "unknown": 1})
    known = (await rows(call, "requester_email=jane.roe@example.com&per_page=1"))[0]
    expected = {
        "id": "161",
        "title": "Router offline again",
        "description": "Since noon.",
        "parent_id": "1",
        "owner_id": "",
        "priority": "HIGH",
        "type": "",
        "status": "NEW",
        "resolution": "",
        "notes": [{"id": "1", "note_title": "test subject", "note_body": "test body", "public": True}],
        "custom_fields": sample["custom_fields"],
        "group_id": "",
        "create_at": SHOWN_NOW,
        "update_at": SHOWN_NOW,
        "requester_id": known["requester_id"],
        "requester_name": "Jane Roe",
        "requester_email": "jane.roe@example.com",
        "requester_phone": "+1-555-0101",
    }
    assert (answer.status_code, answer.json()) == (201, expected)
    assert (await call("GET", "/161")).json() == expected | {"agent_id": "", "agent_name": ""}


async def test_a_new_case_needs_no_more_than_a_title_and_a_description(call: Call) -> None:
    """*Documented*: page "Overview": without a requester it is the submitter; *Ours*: a normal priority."""
    case = (await call("POST", "", {"title": "x", "description": "y"})).json()
    assert set(case) == WRITTEN_KEYS
    assert (case["requester_name"], case["requester_email"]) == ("Case API", "")
    assert (case["priority"], case["status"]) == ("NORMAL", "NEW")


async def test_a_new_requester_is_known_from_then_on(call: Call) -> None:
    """*Ours*: by address; a name alone makes another person each time."""
    ada = {"requester_email": "ada.quill@example.com", "requester_name": "Ada Quill"}
    one, two = [(await call("POST", "", NEW_CASE | ada)).json() for _ in range(2)]
    named = {"title": "x", "description": "y", "requester_name": "Ada Quill"}
    three, four = [(await call("POST", "", named)).json() for _ in range(2)]
    assert len({case["requester_id"] for case in (one, two, three, four)}) == 3
    assert one["requester_id"] == two["requester_id"]


async def test_a_new_case_with_an_owner_is_open(call: Call) -> None:
    """*Documented*: page "Overview": open means assigned to an agent; *Ours*: the owner may be a stranger."""
    listed = (await rows(call, "ids=150"))[0]
    known = (await call("POST", "", NEW_CASE | {"owner_id": listed["agent_id"]})).json()
    stranger = (await call("POST", "", NEW_CASE | {"owner_id": SAMPLE["owner_id"]})).json()
    assert [(case["status"], case["owner_id"]) for case in (known, stranger)] == [
        ("OPEN", listed["agent_id"]),
        ("OPEN", SAMPLE["owner_id"]),
    ]
    shown = [(await call("GET", f"/{case['id']}")).json()["agent_name"] for case in (known, stranger)]
    assert shown == ["Devika Raman", ""]


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        ({"title": None}, ["title"]),
        ({"title": ""}, ["title"]),
        ({"description": ""}, ["description"]),
        ({"title": None, "description": None}, ["title", "description"]),
    ],
)
async def test_a_new_case_needs_its_required_fields(call: Call, missing: Json, names: list[str]) -> None:
    """*Documented*: page "Create a New Case"; *Ours*: the words."""
    body = {key: value for key, value in (NEW_CASE | missing).items() if value is not None}
    answer = await call("POST", "", body)
    fields = [{"name": name, "description": "is required"} for name in names]
    assert (answer.status_code, answer.json()["code"], answer.json()["fields"]) == (400, "bad_request", fields)


WRONG_FOR_BOTH: list[tuple[str, Json]] = [
    ("title", {"title": 5}),
    ("description", {"description": ["x"]}),
    ("parent_id", {"parent_id": 2}),
    ("owner_id", {"owner_id": None}),
    ("priority", {"priority": "MEDIUM"}),
    ("priority", {"priority": ""}),
    ("priority", {"priority": None}),
    ("custom_fields", {"custom_fields": [1]}),
    ("notes", {"notes": {"note_body": "x"}}),
    ("notes", {"notes": ["x"]}),
    ("note_title", {"notes": [{"note_title": 5}]}),
    ("note_title", {"notes": [{"note_title": "x" * 256}]}),
    ("note_body", {"notes": [{"note_body": None}]}),
    ("public", {"notes": [{"public": "yes"}]}),
]
WRONG_FOR_NEW: list[tuple[str, Json]] = [
    ("requester_type", {"requester_type": "Agent"}),
    ("requester_email", {"requester_email": 5}),
    ("requester_name", {"requester_name": {}}),
]
WRONG_FOR_UPDATE: list[tuple[str, Json]] = [
    ("title", {"title": "x" * 151}),
    ("description", {"description": "x" * 2001}),
    ("parent_id", {"parent_id": "1" * 256}),
    ("owner_id", {"owner_id": "x" * 256}),
    ("group_id", {"group_id": "x" * 256}),
    ("group_id", {"group_id": 7}),
    ("resolution", {"resolution": "x" * 2001}),
    ("solve_reason", {"solve_reason": None}),
    ("type", {"type": "BUG"}),
    ("type", {"type": ["TASK"]}),
    ("status", {"status": "SOLVED"}),
    ("status", {"status": {"name": "OPEN"}}),
    ("status", {"status": "CLOSED"}),
    ("status", {"status": "closed"}),
]


@pytest.mark.parametrize(("name", "wrong"), WRONG_FOR_BOTH + WRONG_FOR_NEW)
async def test_a_new_case_with_a_wrong_value_is_refused(call: Call, name: str, wrong: Json) -> None:
    """*Documented*: types and literals, the shape of the error; nothing is made, not even a person."""
    stranger = {"requester_email": "stranger@example.com"}
    answer = await call("POST", "", NEW_CASE | stranger | wrong)
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["name"], set(field)) == (400, name, {"name", "description"})
    assert answer.json()["message"] == f"{name} {field['description']}"
    assert (await call("GET", "/161")).status_code == 404


# Update


@pytest.mark.parametrize(("name", "wrong"), WRONG_FOR_BOTH + WRONG_FOR_UPDATE)
async def test_an_update_with_a_wrong_value_changes_nothing(call: Call, name: str, wrong: Json) -> None:
    """*Documented*: page "Update a Case": types, literals, lengths; CLOSED cannot be set."""
    before = (await call("GET", "/150")).json()
    answer = await call("PATCH", "/150", {"title": "changed"} | wrong)
    assert (answer.status_code, [field["name"] for field in answer.json()["fields"]]) == (400, [name])
    assert (await call("GET", "/150")).json() == before


async def test_the_pages_sample_is_taken_and_shown(call: Call) -> None:
    """*Documented*: page "Update a Case", request sample and response schema; all shapes of custom fields."""
    before = (await call("GET", "/150")).json()
    answer = await call("PATCH", "/150", SAMPLE)
    requester = {key: value for key, value in before.items() if key.startswith("requester_")}
    expected = {
        **SAMPLE,
        "id": "150",
        "status": "ON_HOLD",
        "notes": [{"id": "1", **SAMPLE["notes"][0]}],
        "create_at": before["create_at"],
        "update_at": SHOWN_NOW,
        **requester,
    }
    assert (answer.status_code, answer.json(), set(answer.json())) == (200, expected, WRITTEN_KEYS)
    agent = {"agent_id": SAMPLE["owner_id"], "agent_name": ""}
    assert (await call("GET", "/150")).json() == expected | agent


CHANGES: list[tuple[str, Any, Any]] = [
    ("parent_id", "1" * 255, "1" * 255),
    ("parent_id", "", ""),
    ("title", "x" * 150, "x" * 150),
    ("description", "ü" * 2000, "ü" * 2000),
    ("owner_id", "x" * 255, "x" * 255),
    ("owner_id", "", ""),
    ("resolution", "x" * 2000, "x" * 2000),
    ("group_id", "x" * 255, "x" * 255),
    *(("priority", value, value) for value in ("LOW", "NORMAL", "HIGH", "URGENT")),
    *(("type", value, value) for value in ("QUESTION", "INCIDENT", "PROBLEM", "TASK")),
    *(("status", value, value) for value in ("NEW", "OPEN", "PENDING", "ON_HOLD", "RESOLVED")),
    ("priority", "Urgent", "URGENT"),
    ("type", "question", "QUESTION"),
    ("status", "On-Hold", "ON_HOLD"),
    ("status", "on_hold", "ON_HOLD"),
    ("custom_fields", {"text1": {"value": None}}, {"text1": {"value": None}}),
    ("solve_reason", "told by phone", None),
]


@pytest.mark.parametrize(("key", "value", "shown"), CHANGES)
async def test_an_update_changes_what_it_names_and_nothing_else(
    call: Call, key: str, value: Any, shown: Any
) -> None:
    """*Documented*: page "Update a Case": every key alone, each literal, each length."""
    others = {row["id"]: row for row in await rows(call) if row["id"] != "150"}
    before = (await call("GET", "/150")).json()
    answer = (await call("PATCH", "/150", {key: value, "unknown": 1})).json()
    expected = before | {"update_at": answer["update_at"]}
    if shown is not None:
        expected[key] = shown
    if key == "owner_id":
        expected |= {"agent_id": shown, "agent_name": ""}
    assert answer["update_at"] > before["update_at"]
    assert (await call("GET", "/150")).json() == expected
    assert answer == {name: expected[name] for name in WRITTEN_KEYS}
    assert {row["id"]: row for row in await rows(call) if row["id"] != "150"} == others


async def test_notes_are_appended_and_private_unless_said_otherwise(call: Call) -> None:
    """*Documented*: "Default is false"; *Ours*, a guess: appended, ids unique over the desk."""
    await call("PATCH", "/150", {"notes": [{"note_title": "x" * 255, "note_body": "one"}, {}]})
    await call("PATCH", "/151", {"notes": [{"note_body": "elsewhere"}]})
    answer = await call("PATCH", "/150", {"notes": [{"note_body": "three", "public": True, "id": "9"}]})
    assert answer.json()["notes"] == [
        {"id": "1", "note_title": "x" * 255, "note_body": "one", "public": False},
        {"id": "2", "note_title": "", "note_body": "", "public": False},
        {"id": "4", "note_title": "", "note_body": "three", "public": True},
    ]


async def test_custom_fields_are_merged(call: Call) -> None:
    """*Ours*, a guess: key by key, so that a partial update of one field keeps the others."""
    await call("PATCH", "/150", {"custom_fields": {"text1": {"value": "a"}, "checkbox1": {"value": True}}})
    answer = await call("PATCH", "/150", {"custom_fields": {"text1": {"value": "b"}, "numeric1": {"value": 1}}})
    fields = {"text1": {"value": "b"}, "checkbox1": {"value": True}, "numeric1": {"value": 1}}
    assert answer.json()["custom_fields"] == fields
    (listed,) = await rows(call, "ids=150")
    assert json.loads(listed["custom_fields"]) == fields


@pytest.mark.parametrize("body", [{}, {"title": "x"}, {"status": "OPEN"}, {"notes": [{"note_body": "x"}]}])
async def test_a_closed_case_cannot_be_changed(call: Call, body: Json) -> None:
    """*Documented*: page "Update a Case": closed cases cannot be updated."""
    before = (await call("GET", "/101")).json()
    answer = await call("PATCH", "/101", body)
    refusal = {"code": "bad_request", "message": "Closed cases cannot be updated"}
    assert (before["status"], answer.status_code, answer.json()) == ("CLOSED", 400, refusal)
    assert (await call("GET", "/101")).json() == before


async def test_a_resolved_case_may_be_opened_again(call: Call) -> None:
    """*Ours*: the pages forbid changes of closed cases alone."""
    await call("PATCH", "/150", {"status": "RESOLVED", "solve_reason": "test reason"})
    assert (await call("PATCH", "/150", {"status": "OPEN"})).json()["status"] == "OPEN"


# List


async def test_a_list_has_the_documented_shape(call: Call) -> None:
    """*Documented*: page "Get a Case List"; *Ours*: empty values."""
    await call("PATCH", "/150", {"notes": [{"note_title": "t", "note_body": "b"}], "custom_fields": {"a": "ü"}})
    answer = (await call("GET", query="title=PUMP+REPAIRED")).json()
    (row,) = answer["_embedded"].pop("data")
    link = {"href": f"{BASE}{CASES}?title=PUMP+REPAIRED&page=1"}
    counts = {"total": 1, "count": 1, "page": 1, "per_page": 50}
    assert answer == {**counts, "_links": {"self": link}, "_embedded": {}}
    assert set(row) == LISTED_KEYS
    details = (await call("GET", "/150")).json()
    assert row == {
        **{key: details[key] for key in LISTED_KEYS & set(details)},
        "requester_integration": {},
        "group_name": "",
        "form_name": "Complaint",
        "about": "",
        "custom_fields": '{"a": "ü"}',
        "notes": [{"id": "1", "notes_title": "t", "notes_body": "b", "public": False}],
    }
    assert (row["agent_name"], row["requester_email"], row["requester_phone"], row["priority"]) == (
        "Devika Raman",
        "siobhan.delaney@example.net",
        "+1-555-0109",
        "URGENT",
    )


async def test_a_page_has_fifty_rows_by_default_and_the_newest_first(call: Call) -> None:
    """*Documented*: 50; *Ours*: the order."""
    answer = (await call("GET")).json()
    shown = [row["create_at"] for row in answer["_embedded"]["data"]]
    assert (answer["total"], answer["count"], answer["per_page"]) == (60, 50, 50)
    assert shown == sorted(shown, reverse=True)


@pytest.mark.parametrize("per_page", [1, 7, 60, 500])
@pytest.mark.parametrize("order", ["", "&order_by=update_at&sort=ASC", "&status=%5B%22OPEN%22%5D&sort=asc"])
async def test_the_links_walk_every_row_once_and_back(call: Call, per_page: int, order: str) -> None:
    """*Documented*: the links; *Ours*: left out where they would lead nowhere."""
    everything = [row["id"] for row in await rows(call, f"per_page=500{order}")]
    walked: list[str] = []
    query, back = f"per_page={per_page}{order}", ""
    while query:
        page = (await call("GET", query=query)).json()
        walked += [row["id"] for row in page["_embedded"]["data"]]
        links = {name: link["href"].removeprefix(f"{BASE}{CASES}?") for name, link in page["_links"].items()}
        assert links.get("prev", "") == back
        assert page["count"] == len(page["_embedded"]["data"])
        query, back = links.get("next", ""), links["self"]
    assert walked == everything
    assert len(set(walked)) == len(walked)


async def test_a_page_beyond_the_last_is_empty(call: Call) -> None:
    """*Ours*: and no error, up to the documented last page."""
    answer = (await call("GET", query="page=2147483647&per_page=500")).json()
    assert (answer["total"], answer["count"], answer["_embedded"]) == (60, 0, {"data": []})


ENCODINGS: Mapping[str, Callable[[list[str]], list[tuple[str, str]]]] = {
    "JSON array": lambda values: [("key", json.dumps(values))],
    "repeated": lambda values: [("key", value) for value in values],
    "commas": lambda values: [("key", ",".join(values))],
    "commas and spaces": lambda values: [("key", ", ".join(values))],
    "mixed": lambda values: [("key", json.dumps(values[:1])), ("key", ",".join(values[1:]))],
}
LISTS: Mapping[str, tuple[list[str], Callable[[Json], bool]]] = {
    "ids": (["150", "101", "x"], lambda row: row["id"] in {"150", "101"}),
    "status": (["Pending", "ON-HOLD"], lambda row: row["status"] in {"PENDING", "ON_HOLD"}),
    "priority": (["Normal", "High"], lambda row: row["priority"] in {"NORMAL", "HIGH"}),
    "type": (["TASK", "problem"], lambda row: row["type"] in {"TASK", "PROBLEM"}),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", LISTS)
async def test_a_list_is_taken_in_every_form(call: Call, key: str, encoding: str) -> None:
    """*Documented*: an array in JSON (sample) and with commas (newer page); *Ours*: repeated as well."""
    await call("PATCH", "/150", {"type": "TASK"})
    await call("PATCH", "/151", {"type": "PROBLEM"})
    await call("PATCH", "/152", {"type": "INCIDENT"})
    values, keep = LISTS[key]
    pairs = [(key, value) for _, value in ENCODINGS[encoding](values)]
    expected = [row for row in await rows(call) if keep(row)]
    assert await rows(call, urlencode([("per_page", "500"), *pairs])) == expected
    assert 0 < len(expected) < 60


FILTERS: Mapping[str, Callable[[Json], bool]] = {
    "status=Open": lambda row: row["status"] == "OPEN",
    "status=NEW": lambda row: row["status"] == "NEW",
    "status=NEW,OPEN": lambda row: row["status"] in {"NEW", "OPEN"},
    "status=NEW,CLOSED": lambda row: row["status"] in {"NEW", "CLOSED"},
    "status=OPEN&priority=URGENT": lambda row: (row["status"], row["priority"]) == ("OPEN", "URGENT"),
    "ids=%5B150,151%5D": lambda row: row["id"] in {"150", "151"},
    "agent_name=devika+RAMAN": lambda row: row["agent_name"] == "Devika Raman",
    "requester_name=JANE+roe": lambda row: row["requester_name"] == "Jane Roe",
    "requester_name=K%C3%84THE+weiss": lambda row: row["requester_name"] == "Käthe Weiß",
    "requester_email=JANE.ROE@example.com": lambda row: row["requester_email"] == "jane.roe@example.com",
    "requester_phone=%2B1-555-0101": lambda row: row["requester_phone"] == "+1-555-0101",
    "requester_phone=+1-555-0107": lambda row: row["requester_phone"] == "+1-555-0107",
    "title=PARCEL": lambda row: "parcel" in row["title"].lower(),
    "title=%C3%9CBERF%C3%84LLIG": lambda row: "überfällig" in row["title"],
    "description=REFUND": lambda row: "refund" in row["description"].lower(),
    "description=R%C3%9CCKBUCHUNG": lambda row: "rückbuchung" in row["description"].lower(),
    "requester_type=CONTACT": lambda _: True,
    "requester_type=agents": lambda _: False,
    "requester_type=agents&ids=150": lambda _: False,
    "agent_email=devika@example.com": lambda _: False,
    "about=x": lambda _: False,
    "ids=x": lambda _: False,
    "ids=%5B%5D&status=&title=&custom_fields=%5B%5D&unknown=1&page=": lambda _: True,
}


@pytest.mark.parametrize("query", FILTERS)
async def test_a_filter_finds_what_it_says_and_nothing_else(call: Call, query: str) -> None:
    """*Documented*: the parameters; *Ours*: which are searched and which compared whole, both without case."""
    await call("POST", "", NEW_CASE)
    expected = [row for row in await rows(call) if FILTERS[query](row)]
    assert await rows(call, f"per_page=500&{query}") == expected
    nothing = ("agent_email", "about", "ids=x", "requester_type=agents")
    assert bool(expected) != query.startswith(nothing)


async def test_agents_and_requesters_are_found_by_id(call: Call) -> None:
    """*Documented*: both are ids; Jane Roe is there twice."""
    everything = await rows(call)
    row = next(row for row in everything if row["id"] == "111")
    for key in ("agent_id", "requester_id"):
        assert await ids(call, **{key: row[key]}) == {each["id"] for each in everything if each[key] == row[key]}
    assert row["requester_name"] == "Jane Roe"


@pytest.mark.parametrize("key", ["create_at", "update_at"])
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_the_ends_of_a_range_are_included(call: Call, key: str, encoding: str) -> None:
    """*Documented*: a pair of times; *Ours*: both ends included."""
    everything = sorted(await rows(call), key=lambda row: str(row[key]))
    since, until = everything[20][key], everything[40][key]
    pairs = [(key, value) for _, value in ENCODINGS[encoding]([since, until])]
    found = await rows(call, urlencode([("per_page", "500"), *pairs]))
    assert {row["id"] for row in found} == {row["id"] for row in everything if since <= row[key] <= until}


async def test_a_single_time_is_the_start_of_a_range(call: Call) -> None:
    """*Ours*: a guess, and the whole list has no end then."""
    everything = await rows(call)
    since = everything[9]["create_at"]
    assert await rows(call, f"create_at={since}&per_page=500") == everything[:10]


@pytest.mark.parametrize("order_by", ["create_at", "update_at", "UPDATE_AT"])
@pytest.mark.parametrize("sort", ["asc", "DESC", "Desc", ""])
async def test_rows_come_in_the_order_asked(call: Call, order_by: str, sort: str) -> None:
    """*Documented*: the literals (sample: ``desc``); *Ours*: any case."""
    shown = [row[order_by.lower()] for row in await rows(call, f"per_page=500&order_by={order_by}&sort={sort}")]
    assert shown == sorted(shown, reverse=sort != "asc")
    assert len(shown) == 60


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "page=x", "page=1.0", "page=2147483648", "page=%D9%A3", "per_page=0", "per_page=501",
        "per_page=" + "9" * 5000, "status=Solved", "status=%5B%22OPEN%22", "status=%5B%5B%22OPEN%22%5D%5D",
        "status=%5Btrue%5D", "ids=%5Btrue%5D", "priority=Critical", "type=BUG", "ids=%5B%22%5Cud800%22%5D",
        "ids=" + "%5B" * 20000,
        "create_at=yesterday", "update_at=2026-01-01,2026-01-02,2026-01-03", "order_by=title", "sort=up",
        "requester_type=robot", "create_at=%5Bnull%5D",
    ],
)  # fmt: skip
async def test_a_list_with_a_wrong_value_is_refused(call: Call, query: str) -> None:
    """*Documented*: ranges and literals, the shape of the error; *Ours*: the words."""
    answer = await call("GET", query=query)
    name = query.partition("=")[0]
    (field,) = answer.json()["fields"]
    assert (answer.status_code, answer.json()["code"], field["name"]) == (400, "bad_request", name)


# Two dialects, one desk


def kore_path(desk: EmbeddedDesk, operation: str) -> str:
    """Write the path of one of Kore's operations."""
    return f"/caseManagement/api/public/analytics/{desk.account.stream_id}/{operation}"


def kore_headers(desk: EmbeddedDesk) -> Mapping[str, str]:
    """Sign for Kore's dialect."""
    return {"auth": jwt.encode({"appId": desk.account.client_id}, desk.account.client_secret)}


async def kore(desk: EmbeddedDesk, operation: str, body: Json) -> Json:
    """Call one of Kore's operations."""
    async with client_of(desk) as client:
        answer = await client.post(kore_path(desk, operation), json=body, headers=kore_headers(desk))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def kore_row(desk: EmbeddedDesk, case_id: str) -> Json:
    """Find a case in Kore's dialect."""
    (row,) = (await kore(desk, "getCases", {"searchText": f"CS{int(case_id):06d}"}))["results"]
    assert isinstance(row, dict)
    return row


async def test_both_dialects_show_the_same_cases(desk: EmbeddedDesk, call: Call) -> None:
    """*Ours*: the id is the case's number; how statuses and priorities correspond."""
    kore_rows = (await kore(desk, "getCases", {"limit": 100}))["results"]
    statuses = dict(
        zip(
            ("Open", "In Progress", "On Hold", "Resolved", "Closed"),
            ("OPEN", "PENDING", "ON_HOLD", "RESOLVED", "CLOSED"),
            strict=True,
        )
    )
    priorities = {"Low": "LOW", "Medium": "NORMAL", "High": "HIGH", "Critical": "URGENT"}
    expected = [
        (
            str(int(row["refId"][2:])),
            row["name"],
            row["desc"],
            statuses[row["status"]["name"]],
            priorities[row["priority"]["name"]],
            row["currAssignee"].get("agentId", ""),
            row["userInfo"]["_id"],
            row["createdAt"],
            row["updatedAt"],
        )
        for row in kore_rows
    ]
    keys = [
        "id",
        "title",
        "description",
        "status",
        "priority",
        "agent_id",
        "requester_id",
        "create_at",
        "update_at",
    ]
    assert [tuple(row[key] for key in keys) for row in await rows(call)] == expected
    assert {row[3] for row in expected} == set(statuses.values())


async def test_what_talkdesk_changes_kore_shows(desk: EmbeddedDesk, call: Call) -> None:
    """*Ours*: also where Kore had written over what is derived from the title and the description."""
    before = await kore_row(desk, "150")
    await kore(desk, f"updateCase/{before['_id']}", {"lname": "own", "fields": before["fields"]})
    changes = {"title": "Fuse", "description": "Trips", "priority": "LOW", "status": "PENDING", "owner_id": ""}
    await call("PATCH", "/150", changes)
    after = await kore_row(desk, "150")
    fields = {field["displayName"]: field.get("selectedValue") for field in after["fields"]}
    assert (after["name"], after["lname"], after["desc"]) == ("Fuse", "fuse", "Trips")
    assert (after["priority"]["name"], after["status"]["name"]) == ("Low", "In Progress")
    assert (after["currAssignee"], after["participants"], after["assigneeType"]) == ({}, [], "queues")
    assert (fields["Title"], fields["Description"]) == ("Fuse", "Trips")
    assert set(after) == set(before)


async def test_what_talkdesk_creates_kore_shows(desk: EmbeddedDesk, call: Call) -> None:
    """*Ours*: in Kore's shape, with the default template, nothing of Talkdesk's own in it."""
    agent = (await kore_row(desk, "150"))["currAssignee"]
    body = NEW_CASE | {"owner_id": agent["agentId"], "custom_fields": {"text1": "x"}, "notes": [{}]}
    case = (await call("POST", "", body)).json()
    row = await kore_row(desk, case["id"])
    seeded = await kore_row(desk, "150")
    assert set(row) == set(seeded) - {"dueDate"}
    assert (row["caseTmp"], row["status"]["name"], row["source"]) == ("General enquiry", "Open", "api")
    assert (row["currAssignee"], row["assigneeType"]) == (agent, "agent")
    assert row["userInfo"] == {
        "_id": case["requester_id"],
        "name": "Jane Roe",
        "emailId": "jane.roe@example.com",
    }


async def test_what_kore_changes_talkdesk_shows_and_the_rest_survives(desk: EmbeddedDesk, call: Call) -> None:
    """*Ours*: what Kore's dialect does not know stays as it was."""
    before = (await call("PATCH", "/150", SAMPLE | {"solve_reason": "x"})).json()
    case_id = (await kore_row(desk, "150"))["_id"]
    changes: Json = {
        "name": "Fuse",
        "desc": "Trips",
        "priority": {"name": "Medium"},
        "status": {"name": "Resolved"},
        "currAssignee": {"aId": "a-1", "agentId": "u-1", "name": "Ada Quill"},
        "userInfo": {"_id": 5, "name": None},
        "updatedAt": "2026-03-03T00:00:00.000Z",
        "refId": "CS900001",
    }
    await kore(desk, f"updateCase/{case_id}", changes)
    assert (await call("GET", "/150")).json() == before | {
        "title": "Fuse",
        "description": "Trips",
        "priority": "NORMAL",
        "status": "RESOLVED",
        "owner_id": "u-1",
        "agent_id": "u-1",
        "agent_name": "Ada Quill",
        "requester_id": "",
        "requester_name": "",
        "requester_email": "",
        "requester_phone": "",
        "update_at": "2026-03-03T00:00:00.000Z",
    }


async def test_a_new_case_is_new_until_either_dialect_says_otherwise(desk: EmbeddedDesk, call: Call) -> None:
    """*Ours*: Kore's open case is Talkdesk's OPEN, unless Talkdesk made it NEW and nobody moved it."""
    await call("PATCH", "/150", {"status": "NEW"})
    case_id = (await kore_row(desk, "150"))["_id"]
    assert (await kore_row(desk, "150"))["status"]["name"] == "Open"
    shown = []
    for body in ({"name": "x"}, {"status": {"name": "In Progress"}}, {"status": {"name": "Open"}}):
        await kore(desk, f"updateCase/{case_id}", body)
        shown.append((await call("GET", "/150")).json()["status"])
    assert shown == ["NEW", "PENDING", "OPEN"]


async def test_a_case_closed_in_kore_cannot_be_changed_in_talkdesk(desk: EmbeddedDesk, call: Call) -> None:
    """*Documented* for Talkdesk: closed cases cannot be updated; Kore's pages have no such rule."""
    case_id = (await kore_row(desk, "150"))["_id"]
    await kore(desk, f"updateCase/{case_id}", {"status": {"name": "Closed"}})
    assert (await call("PATCH", "/150", {"title": "x"})).status_code == 400
    await kore(desk, f"updateCase/{case_id}", {"status": {"name": "Open"}})
    assert (await call("PATCH", "/150", {"title": "x"})).status_code == 200


async def test_a_token_of_one_dialect_is_none_of_the_other(desk: EmbeddedDesk, client: httpx.AsyncClient) -> None:
    """*Ours*: a client of one dialect is not registered for the other."""
    add_client(desk.store, client_id="cs-talkdesk", secret="s" * 43)
    add_app(desk.store, client_id="cs-kore", secret="s" * 43)
    assert (await ask(client, auth=basic(desk, "cs-kore", "s" * 43))).status_code == 401
    headers = {"auth": jwt.encode({"appId": "cs-talkdesk"}, "s" * 43)}
    kore_answer = await client.post(kore_path(desk, "getCases"), content=b"{}", headers=headers)
    bearer = {"authorization": f"Bearer {kore_headers(desk)['auth']}"}
    assert (kore_answer.status_code, (await client.get(CASES, headers=bearer)).status_code) == (401, 401)


# The file


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    """*Ours*: cases, what only Talkdesk knows, clients, and access tokens."""
    path = str(tmp_path / "desk.db")
    with closing(EmbeddedDesk.open(path)) as desk:
        add_client(desk.store, client_id="other", secret="s" * 43)
        async with calling(desk) as call, client_of(desk) as client:
            made = (await call("POST", "", NEW_CASE | {"notes": [{"note_body": "x"}]})).json()
            changed = SAMPLE | {"solve_reason": "test reason"}
            await call("PATCH", f"/{made['id']}", changed)
            before = (await call("GET", f"/{made['id']}")).json()
            token = (await ask(client, auth=basic(desk, "other", "s" * 43))).json()["access_token"]
    with closing(EmbeddedDesk.open(path)) as desk:
        async with client_of(desk) as client:
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.get(f"{CASES}/{made['id']}", headers=headers)
            again = await ask(client, auth=basic(desk, "other", "s" * 43))
    assert (answer.json(), again.status_code) == (before, 200)
    with closing(sqlite3.connect(path)) as db:
        kept = db.execute("SELECT json_extract(body, '$.solve_reason') FROM document").fetchall()
    assert ("test reason",) in kept


async def test_a_file_from_before_talkdesk_still_opens(tmp_path: Path) -> None:
    """*Ours*: its tables are added, its cases get what they lack."""
    path = str(tmp_path / "desk.db")
    EmbeddedDesk.open(path).close()
    later = ["fresh", "type", "resolution", "solve_reason", "parent", "group", "custom", "notes"]
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE access")
        db.execute("DROP TABLE client")
        for key in later:
            db.execute("UPDATE document SET body = json_remove(body, ?)", (f"$.{key}",))
        db.commit()
        keys = {key for (key,) in db.execute("SELECT json_each.key FROM document, json_each(body)")}
        assert not keys & set(later)
    with closing(EmbeddedDesk.open(path)) as desk:
        add_client(desk.store, client_id="other", secret="s" * 43)
        async with calling(desk) as call:
            assert len(await rows(call)) == 60
            assert await ids(call, status="NEW") == await ids(call, type="TASK") == set()
            assert await ids(call, status="OPEN") != set()
            answer = await call("PATCH", "/150", SAMPLE)
    assert (answer.status_code, answer.json()["custom_fields"]) == (200, SAMPLE["custom_fields"])


# Arbitrary requests

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)
BODY_KEYS = st.sampled_from([*SAMPLE, *NEW_CASE, "solve_reason", "id"])
BODY_VALUES = ANY_JSON | st.sampled_from([*SAMPLE.values(), *NEW_CASE.values()])
NOTES = st.lists(st.dictionaries(st.sampled_from(["note_title", "note_body", "public"]), ANY_JSON), max_size=3)
BODIES = st.dictionaries(BODY_KEYS, BODY_VALUES | NOTES, max_size=8) | ANY_JSON
PARAMETERS = st.sampled_from(
    [
        "page", "per_page", "ids", "agent_id", "agent_name", "agent_email", "requester_type", "requester_id",
        "requester_name", "requester_email", "requester_phone", "title", "description", "status", "priority",
        "type", "about", "create_at", "update_at", "order_by", "sort", "custom_fields",
    ]
)  # fmt: skip
VALUES = (
    st.text()
    | ANY_JSON.map(json.dumps)
    | st.sampled_from(["1", "OPEN", '["NEW"]', "2026-01-01", "create_at", "asc", "0001-01-01T00:00:00+14:00"])
)
PAIRS = st.lists(st.tuples(PARAMETERS, VALUES), max_size=6)


@pytest.fixture(scope="module")
def shared_desk() -> Iterator[EmbeddedDesk]:
    """Give one desk to all the examples."""
    with closing(EmbeddedDesk.open(":memory:", frozen_at=MOMENT)) as desk:
        yield desk


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", "/150")])
@settings(max_examples=100, deadline=None)
@given(body=BODIES, complete=st.booleans())
async def test_no_body_makes_the_desk_fail(
    shared_desk: EmbeddedDesk, method: str, path: str, body: object, *, complete: bool
) -> None:
    """*Ours*: every body is answered with a documented status, and both dialects show all cases afterwards."""
    async with calling(shared_desk) as call:
        full = NEW_CASE if complete and method == "POST" else {}
        sent = {**full, **body} if isinstance(body, dict) else body
        answer = await call(method, path, json.dumps(sent).encode())
        assert answer.status_code in {200, 201, 400}, answer.text
        assert answer.status_code < 300 or {"code", "message"} <= set(answer.json())
        assert (await call("GET", query="per_page=500")).status_code == 200
    await kore(shared_desk, "getCases", {"limit": 100})


@settings(max_examples=200, deadline=None)
@given(pairs=PAIRS)
async def test_no_parameter_makes_the_desk_fail(shared_desk: EmbeddedDesk, pairs: list[tuple[str, str]]) -> None:
    """*Ours*: every list is answered, or refused by naming a parameter that was given."""
    async with calling(shared_desk) as call:
        answer = await call("GET", query=urlencode(pairs, errors="replace"))
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert {field["name"] for field in answer.json()["fields"]} <= {key for key, _ in pairs}


@settings(max_examples=100, deadline=None)
@given(query=st.binary(max_size=40), form=st.binary(max_size=40), header=st.text(max_size=40))
async def test_no_bytes_make_the_desk_fail(
    shared_desk: EmbeddedDesk, query: bytes, form: bytes, header: str
) -> None:
    """*Ours*: neither in a query nor in a form nor in a header."""
    async with client_of(shared_desk) as client:
        headers = {b"authorization": header.encode("utf-8", "replace")}
        listed = await client.get(CASES, params=query.decode("latin-1"), headers=headers)
        token = await client.post("/oauth/token", content=form, headers=headers)
    assert (listed.status_code, token.status_code) == (401, 400)
