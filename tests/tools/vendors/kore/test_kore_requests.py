"""What reaches Kore, byte for byte, over a real loopback socket."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from case_tools import CaseDesk, CredentialsRefused, KoreSettings, Settings
from loopback import SECRET, LoopbackDesk, Reply
from vendor_samples import sample

CASE = "ci-b4eaa6e-b3d9-4bb3-ae54-bb043b4axxxx"
TASK = "ti-73acd32-0123-4114-9891-00a950aaxxxx"
TENANT = {"accountId", "iId", "lid", "orgId", "_id"}
ROOT = "/caseManagement/api/public/analytics/st-00000000-0000-4000-8000-000000000001"
TASK_BODY = {
    "caseId": "ci-31d9184-d64d-42d9-8c75-5edba531xxxx",
    "caseRefId": "CS000131",
    "taskTmp": "ttm-d4e6152-4255-4c5c-ba6c-91dac5cdxxxx",
    "name": "Call back",
    "userInfo": {"name": "Jane Roe", "emailId": "jane.roe@example.com"},
    "source": "rtm",
    "desc": "Before noon",
}


def compact(body: object) -> bytes:
    """Return the bytes of a body as they go out."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def test_create_case_sends_the_pages_sample(loopback: LoopbackDesk, settings: Settings) -> None:
    """Documented: create-a-case, request sample; the same bytes but for white space."""
    loopback.will_answer(sample("create_case.answer"))
    async with CaseDesk(settings) as desk:
        await desk.call("create_case", sample("create_case.request"))
    (received,) = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/createCase")
    assert received.content == compact(sample("create_case.request"))


async def test_create_case_moves_a_way_to_reach_the_customer_to_where_the_sample_has_it(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: the sample has emailId and phoneNumber beside userInfo."""
    loopback.will_answer(sample("create_case.answer"))
    given = sample("create_case.request")
    inside = {**given, "userInfo": {**given["userInfo"], "emailId": given["emailId"], "phoneNumber": "902398xxxx"}}
    del inside["emailId"], inside["phoneNumber"]
    async with CaseDesk(settings) as desk:
        await desk.call("create_case", inside)
    assert loopback.received[0].body == given


async def test_update_case_sends_the_pages_sample_less_the_tenant(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: update-a-case, request sample; the tenant stands in path and headers, an empty name nowhere."""
    shown = {"results": [sample("update_case.request") | {"_id": CASE}], "totalResults": 1}
    loopback.will_answer(shown, sample("update_case.answer") | {"name": "case one"})
    body = {key: value for key, value in sample("update_case.request").items() if key not in TENANT}
    body["userInfo"].pop("name")  # an empty text inside an object counts as not given
    given = {**body, "dueDate": "2025-05-29T04:03:00Z", "caseId": CASE}
    async with CaseDesk(settings.model_copy(update={"fields": "documented"})) as desk:
        await desk.call("search_cases")  # shows whose ids those of the status and the priority are
        with pytest.raises(Exception, match="shows another value"):  # the page's answer is of another case
            await desk.call("update_case", given)
    _, received = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/updateCase/{CASE}")
    assert received.body == body
    assert received.content == compact(received.body)


async def test_a_name_only_update_task_sends_the_name_and_nothing_else(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: update-a-task, request sample."""
    loopback.will_answer(sample("update_task.answer"))
    async with CaseDesk(settings) as desk:
        await desk.call("update_task", {"taskId": TASK, "name": "Task Testing"})
    (received,) = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/updateTask/{TASK}")
    assert received.content == b'{"name":"Task Testing"}' == compact(sample("update_task.request"))


async def test_search_cases_sends_the_filters_and_the_inferred_paging(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented filters; `skip`, `limit` and the object form of sortBy are inferred from getTasks."""
    loopback.will_answer(sample("search_cases.answer"))
    filters = {
        "searchText": "Testing",
        "unresolved": True,
        "unassigned": False,
        "mycase": True,
        "priority": ["high", "medium"],
        "status": ["new", "open"],
        "channel": ["email", "chat"],
        "queues": ["SupportQueue1"],
        "dueDate": "2025-05-29T04:03:00.000Z",
    }
    dates = {"startDate": "2025-05-27T00:00:00+05:30", "endDate": "2025-05-27T23:59:59.999+05:30"}
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases", {**filters, **dates, "sortBy": "createdDate", "limit": 50})
    (received,) = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/getCases")
    assert received.body == {
        **filters,
        "startDate": "2025-05-26T18:30:00.000Z",
        "endDate": "2025-05-27T18:29:59.999Z",
        "sortBy": {"createdAt": "desc"},
        "skip": 0,
        "limit": 50,
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"status": ["in_progress", "open"]}, {"status": ["In Progress", "open"]}),
        ({"priority": ["HIGH"]}, {"priority": ["HIGH"]}),
        ({"status": ["=Opened"]}, {"status": ["Opened"]}),
        ({"status": ["Waiting for customer"]}, {"status": ["Waiting for customer"]}),
    ],
    ids=str,
)
async def test_search_cases_sends_a_name_in_its_usual_spelling(
    given: dict[str, list[str]], sent: dict[str, list[str]], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: the letters' case is left as given, as the page and the data differ in it."""
    loopback.will_answer({"results": []})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases", given)
    (received,) = loopback.received
    assert received.body == {**sent, "skip": 0, "limit": 20}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"status": ["Open", "In Progess"]},
            "No case was seen with the status 'In Progess'; nearest is In Progress.",
        ),
        ({"priority": ["Citical"]}, "No case was seen with the priority 'Citical'; nearest is Critical."),
    ],
    ids=str,
)
@pytest.mark.parametrize("rows", [[], [{"_id": "ci-1", "refId": "CS1", "name": "x"}]], ids=["none", "some"])
async def test_a_slip_in_one_of_several_names_is_searched_for_and_said(
    given: dict[str, list[str]],
    said: str,
    rows: list[dict[str, str]],
    loopback: LoopbackDesk,
    settings: Settings,
) -> None:
    """Ours: a desk may have any name; but the rows of the other names would pass for all."""
    loopback.will_answer({"results": rows}, {"results": rows})
    async with CaseDesk(settings) as desk:
        for tool in ("search_cases", "search_tasks"):
            assert said in (await desk.call(tool, given)).text("AAAAAAAA")
    sent = loopback.received[0].body
    assert {name: sent[name] for name in given} == given


async def test_a_name_that_the_desk_has_shown_is_no_slip(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: a desk's own status may resemble a usual one."""
    loopback.will_answer({"results": [{"_id": "ci-1", "status": {"_id": "sts-1", "name": "Opened"}}]})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        await desk.call("search_cases", {"status": ["opened"]})
    assert loopback.received[1].body["status"] == ["opened"]


async def test_a_search_without_arguments_sends_paging_alone(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: page 1, 20 rows."""
    loopback.will_answer(sample("search_cases.answer"))
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
    assert loopback.received[0].content == b'{"skip":0,"limit":20}'


async def test_create_task_sends_the_documented_body(loopback: LoopbackDesk, settings: Settings) -> None:
    """Documented: create-a-task; e-mail and phone stand inside userInfo here."""
    loopback.will_answer(sample("update_task.answer") | {"refId": "TS000102"})
    async with CaseDesk(settings) as desk:
        result = await desk.call("create_task", TASK_BODY)
    (received,) = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/createTask")
    assert received.content == compact(TASK_BODY)
    assert result.data()["outcome"] == "created"


async def test_search_tasks_asks_the_tasks(loopback: LoopbackDesk, settings: Settings) -> None:
    """Documented: get-tasks repeats the filters of get-cases."""
    loopback.will_answer({"results": [], "page": 1, "limit": 10, "hasMore": False, "totalResults": 0})
    async with CaseDesk(settings) as desk:
        await desk.call("search_tasks", {"status": "Open", "sortBy": "dueDate asc"})
    (received,) = loopback.received
    assert (received.method, received.path) == ("POST", f"{ROOT}/getTasks")
    assert received.body == {"status": ["Open"], "sortBy": {"dueDate": "asc"}, "skip": 0, "limit": 20}


async def test_a_configured_template_and_source_fill_what_a_call_leaves_out(
    loopback: LoopbackDesk, settings: Settings, account: KoreSettings
) -> None:
    """Ours: KORE_CASE_TEMPLATE and KORE_SOURCE; what the caller gives wins."""
    loopback.will_answer(sample("create_case.answer"))
    configured = account.model_copy(update={"case_template": "ctm-0000001-0000", "source": "email"})
    given = {
        key: value for key, value in sample("create_case.request").items() if key not in {"caseTmp", "source"}
    }
    async with CaseDesk(settings.model_copy(update={"account": configured})) as desk:
        await desk.call("create_case", given)
        await desk.call("create_case", {**given, "caseTmp": "ctm-0000002-0000"})
    assert [received.body for received in loopback.received] == [
        {"caseTmp": "ctm-0000001-0000", **given, "source": "email"},
        {"caseTmp": "ctm-0000002-0000", **given, "source": "email"},
    ]


async def test_the_documented_headers_are_sent_and_the_noise_of_the_samples_is_not(
    loopback: LoopbackDesk, settings: Settings, account: KoreSettings
) -> None:
    """Documented: auth without Bearer, accountId, content type; `iId` and the languages as createCase's sample."""
    loopback.will_answer(sample("search_cases.answer"))
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
    headers = dict(loopback.received[0].headers)
    token = headers.pop("auth")
    assert jwt.decode(token, SECRET, algorithms=["HS256"])["appId"] == account.client_id
    assert headers == {
        "host": account.host.removeprefix("http://"),
        "accountid": account.account_id,
        "iid": account.stream_id,
        "content-type": "application/json",
        "accept": "application/json",
        "bot-language": "en",
        "app-language": "en",
        "content-length": "21",
        "accept-encoding": headers["accept-encoding"],
        "connection": "keep-alive",
        "user-agent": "case-mcp",
    }


async def test_further_headers_are_added_from_the_settings(
    loopback: LoopbackDesk, settings: Settings, account: KoreSettings
) -> None:
    """Ours: KORE_HEADERS, in case a tenant needs what only the samples show; it may replace a language."""
    loopback.will_answer(sample("search_cases.answer"))
    more = account.model_copy(update={"headers": {"client-app": "unified", "Bot-Language": "de"}})
    async with CaseDesk(settings.model_copy(update={"account": more})) as desk:
        await desk.call("search_cases")
    headers = loopback.received[0].headers
    assert (headers["client-app"], headers["bot-language"], headers["app-language"]) == ("unified", "de", "en")


async def test_a_token_is_minted_for_each_attempt(
    loopback: LoopbackDesk, settings: Settings, noon: datetime
) -> None:
    """Documented: a `jti` may not be used twice, and then `exp` is at most one hour away."""
    loopback.will_answer(sample("search_cases.answer"))
    nonces = iter(["first", "second"])
    async with CaseDesk(settings, clock=lambda: noon, nonce=lambda: next(nonces)) as desk:
        await desk.call("search_cases")
        await desk.call("search_cases")
    unchecked: Any = {"verify_exp": False, "verify_iat": False}
    tokens = [
        jwt.decode(received.headers["auth"], SECRET, algorithms=["HS256"], options=unchecked)
        for received in loopback.received
    ]
    common = {
        "appId": "cs-00000000-0000-4000-8000-000000000001",
        "sub": "cs-00000000-0000-4000-8000-000000000001",
        "iat": int((noon - timedelta(seconds=30)).timestamp()),
        "exp": int((noon + timedelta(minutes=5)).timestamp()),
    }
    assert tokens == [{**common, "jti": "first"}, {**common, "jti": "second"}]


@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "RS256", "RS512"])
async def test_the_token_is_signed_with_the_algorithm_of_the_app(
    algorithm: str, loopback: LoopbackDesk, settings: Settings, account: KoreSettings, tmp_path: Path
) -> None:
    """Documented for JWT apps of the SDK; whether the public API takes more than HS256 is not known."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public = private.public_key()
    loopback.will_answer(sample("search_cases.answer"))
    signed = account.model_copy(update={"jwt_algorithm": algorithm, "private_key_file": key_file})
    async with CaseDesk(settings.model_copy(update={"account": signed})) as desk:
        await desk.call("search_cases")
    token = loopback.received[0].headers["auth"]
    claims = jwt.decode(token, SECRET if algorithm.startswith("HS") else public, algorithms=[algorithm])
    assert claims["appId"] == account.client_id
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}


async def test_the_token_is_fresh_by_the_real_clock(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: by default the time is the machine's, so PyJWT takes the token as valid now."""
    loopback.will_answer(sample("search_cases.answer"))
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
    claims = jwt.decode(loopback.received[0].headers["auth"], SECRET, algorithms=["HS256"])
    assert claims["iat"] < datetime.now(UTC).timestamp() < claims["exp"]


async def test_a_token_refused_twice_is_told_without_a_third_attempt(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: a fresh token may mend what a clock or a lost number did; then it is the administrator's."""
    loopback.will_answer(Reply.of({"errors": [{"msg": "Invalid SDK credentials", "code": 4002}]}, status=401))
    async with CaseDesk(settings) as desk:
        with pytest.raises(CredentialsRefused):
            await desk.call("search_cases")
    first, second = (received.headers["auth"] for received in loopback.received)
    assert first != second
