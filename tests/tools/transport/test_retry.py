"""What is sent again, how often and how soon: the library against a desk on a loopback socket."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import anyio
import anyio.to_thread
import jwt
import pytest

from case_tools import Busy, CaseDesk, CaseError, CredentialsRefused, Effort, RateLimited, Settings, Unavailable
from case_tools.adapter.messages import Request
from case_tools.adapter.names import NameRef
from case_tools.adapter.tool import Scope, Tool
from case_tools.transport.call import Call, DeskClock
from case_tools.transport.http_client import HttpClient
from case_tools.transport.rate_limit import RateLimit
from case_tools.transport.retry import RetryingClient, pause_before
from loopback import SECRET, LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

PATIENCE: Final = 30.0
EMPTY: Final = Reply.of({"results": [], "totalResults": 0, "hasMore": False})
SHOWN: Final = Reply.of({"_id": "ci-1", "refId": "CS000001", "desc": "New words"})
FAILED: Final = Reply.of({}, status=503)
CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Ordered on 2 May",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}
CALLS: Final[Mapping[str, Mapping[str, object]]] = {
    "search_cases": {},
    "update_case": {"caseId": "ci-1", "desc": "New words"},
    "create_case": CREATE,
}
ANSWERS: Final = {"search_cases": EMPTY, "update_case": SHOWN, "create_case": SHOWN}
RATE_TEXT: Final = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."


UNCHECKED: Final = {"verify_iat": False, "verify_exp": False}


def in_turn(*replies: Reply) -> Callable[[Received], Reply]:
    """Answer with each in turn, and with the last from then on."""
    left = [*replies]
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


async def outcome_of(settings: Settings, tool: str, effort: Effort | None = None) -> object:
    """Return what a call came to: its result or its error."""
    async with CaseDesk(settings) as desk:
        try:
            return await desk.call(tool, CALLS[tool], effort=effort)
        except CaseError as error:
            return error


@pytest.mark.parametrize("tool", ["search_cases", "update_case"])
async def test_what_may_be_done_twice_is_sent_again_after_a_failure(
    tool: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: a read, and values that are set."""
    loopback.answer = in_turn(FAILED, FAILED, ANSWERS[tool])
    assert not isinstance(await outcome_of(settings, tool), CaseError)
    assert len(loopback.received) == 3


async def test_at_most_two_repeats_are_made(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: then it is said; the effort counts every request."""
    loopback.answer = in_turn(FAILED)
    effort = Effort()
    error = await outcome_of(settings, "update_case", effort)
    assert isinstance(error, Unavailable)
    assert (error.changed, effort.attempts, len(loopback.received)) == ("unknown", 3, 3)
    assert error.next_step == "It only sets values, so the same call may be repeated."


@pytest.mark.parametrize("tool", CALLS)
async def test_what_never_arrived_is_sent_again(tool: str, account: Any, settings: Settings) -> None:
    """Ours: nobody listens there, so no byte of it left."""
    nowhere = settings.model_copy(update={"account": account.model_copy(update={"host": "http://127.0.0.1:9"})})
    effort = Effort()
    error = await outcome_of(nowhere, tool, effort)
    assert isinstance(error, Unavailable)
    assert (error.changed, effort.attempts) == ("nothing", 3)


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize(
    "limited",
    [
        Reply.of({}, status=429, retry_after="1"),
        Reply.of({}, status=429, retry_after="-5"),
        Reply.of({}, status=429, retry_after="soon"),
        Reply.of({"errors": [{"msg": RATE_TEXT, "code": 400}]}, status=400),
    ],
    ids=["seconds", "absurd", "no number", "the vendor's own words"],
)
async def test_what_the_desk_had_no_room_for_is_sent_again(
    tool: str, limited: Reply, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: "too many" says that it was not done, whichever tool it was."""
    loopback.answer = in_turn(limited, ANSWERS[tool])
    assert not isinstance(await outcome_of(settings, tool), CaseError)
    assert len(loopback.received) == 2


@pytest.mark.parametrize("form", ["seconds", "date", "milliseconds", "nothing"])
async def test_a_wait_past_the_deadline_is_named_with_its_seconds(
    form: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: what the desk names is kept to; where it names nothing it is tried sooner, and a minute is named."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    limited = {
        "seconds": Reply.of({}, status=429, retry_after="300"),
        "date": Reply.of({}, status=429, retry_after=later),
        "milliseconds": Reply.of({"retryAfterMs": 300_000}, status=429),
        "nothing": Reply.of({}, status=429),
    }[form]
    loopback.answer = in_turn(limited)
    error = await outcome_of(settings, "create_case")
    assert isinstance(error, RateLimited)
    assert error.changed == "nothing"
    assert error.retry_after == pytest.approx(60 if form == "nothing" else 300, abs=30)
    assert len(loopback.received) == (3 if form == "nothing" else 1)


async def test_a_refused_token_is_minted_anew_once(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: a 401 says that it was not done; two tokens, two numbers."""
    loopback.answer = in_turn(Reply.of({}, status=401), SHOWN)
    assert not isinstance(await outcome_of(settings, "create_case"), CaseError)
    tokens = [received.headers["auth"] for received in loopback.received]
    assert len({*tokens}) == 2
    loopback.received.clear()
    loopback.answer = in_turn(Reply.of({}, status=401))
    assert isinstance(await outcome_of(settings, "update_case"), CredentialsRefused)
    assert len(loopback.received) == 2


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_wrong_clock_costs_one_request(minutes: int, loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: the desk's own time is learned from the answer that refuses a token."""
    desk_now = datetime.now(UTC) + timedelta(minutes=minutes)

    def answer(received: Received) -> Reply:
        claims = jwt.decode(
            received.headers["auth"],
            SECRET,
            algorithms=["HS256"],
            options={"verify_iat": False, "verify_exp": False},
        )
        good = abs(claims["iat"] - desk_now.timestamp()) < 90
        shown = format_datetime(desk_now, usegmt=True)
        return Reply.of({"results": []} if good else {}, status=200 if good else 401, date=shown)

    loopback.answer = answer
    async with CaseDesk(settings) as desk:
        for _ in range(3):
            await desk.call("search_cases")
    assert len(loopback.received) == 4


async def test_more_calls_than_fit_into_the_queue_are_refused_at_once(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: eight in the air, fifty-six that wait; the rest hears that it is busy, and nothing hangs."""
    gate = threading.Event()

    def hold(_: Received) -> Reply:
        gate.wait(PATIENCE)
        return EMPTY

    loopback.answer = hold
    refused: list[Busy] = []
    done: list[object] = []

    async def call(desk: CaseDesk) -> None:
        try:
            done.append(await desk.call("search_cases"))
        except Busy as error:
            refused.append(error)
            if len(refused) == 5:
                gate.set()

    with anyio.fail_after(PATIENCE):
        patient = settings.model_copy(update={"timeout": PATIENCE})
        async with CaseDesk(patient) as desk, anyio.create_task_group() as tasks:
            for _ in range(69):
                tasks.start_soon(call, desk)
    assert (len(done), len(refused)) == (64, 5)
    assert str(refused[0]) == (
        "Too many calls wait for the desk already. Nothing was changed. Wait 5 seconds, then repeat the call."
    )


async def test_the_allowance_counts_the_requests_of_all_processes(
    loopback: LoopbackDesk, settings: Settings, tmp_path: Path
) -> None:
    """Ours: two libraries on one file, as two processes would have it."""
    loopback.answer = in_turn(EMPTY)
    shared = settings.model_copy(update={"rate": 3, "state": str(tmp_path / "state.db")})
    async with CaseDesk(shared) as one, CaseDesk(shared) as two:
        for desk in (one, two, one):
            await desk.call("search_cases")
        with pytest.raises(RateLimited, match=r"allowance of 3 requests a minute \(CASE_MCP_RATE\) is used up"):
            await two.call("search_cases")
    assert len(loopback.received) == 3


@pytest.fixture
def hushed(loopback: LoopbackDesk) -> Iterator[threading.Event]:
    """Give a desk that says nothing until the event is set."""
    gate = threading.Event()

    def hold(_: Received) -> Reply:
        gate.wait(PATIENCE)
        return EMPTY

    loopback.answer = hold
    yield gate
    gate.set()


@pytest.mark.usefixtures("hushed")
async def test_silence_ends_at_the_deadline_of_the_call(settings: Settings) -> None:
    """Ours: the whole call has one deadline; no repeat goes past it."""
    effort = Effort()
    error = await outcome_of(settings.model_copy(update={"timeout": 0.5}), "search_cases", effort)
    assert isinstance(error, Unavailable)
    assert effort.attempts == 1


def test_pauses_grow_with_chance_and_give_way_to_what_the_desk_asks() -> None:
    """Ours: between half and the whole of 0.25, 0.5, 1 ... at most 4 seconds."""
    silent = Unavailable("The desk failed.", next_step="Try again.")
    guessed = RateLimited("Too many.", next_step="Wait.", retry_after=60)
    asked = RateLimited("Too many.", next_step="Wait.", retry_after=7, by_desk=True)
    for error in (silent, guessed):
        for repeats, ceiling in enumerate([0.25, 0.5, 1, 2, 4, 4]):
            drawn = [pause_before(error, repeats) for _ in range(50)]
            assert ceiling / 2 <= min(drawn) < max(drawn) <= ceiling
    assert pause_before(asked, 0) == 7


class StaticCredential:
    """A vendor of the tests whose API key stays the same; it has one request and no tools."""

    identity = "static"
    tools: ClassVar[Mapping[str, Tool[Any]]] = {}
    choices: ClassVar[Mapping[str, Sequence[str]]] = {}
    renews_credentials = False

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self) -> None:
        """Have no key to parse."""

    def find_case(self, ref: str) -> Mapping[str, object]:
        """Return the search for a case."""
        return {"ref": ref}

    def canonical_ref(self, ref: str) -> str:
        """Return the reference as it is."""
        return ref

    def headers(self) -> dict[str, str]:
        """Return the one API key."""
        return {"auth": SECRET}

    def token_grant(self, _scope: Scope) -> None:
        """Request no token."""

    def lookup(self, _name: NameRef) -> None:
        """Look nothing up."""


@pytest.mark.parametrize(("renews", "requests"), [(False, 1), (True, 2)])
async def test_a_credential_that_cannot_change_is_sent_once(
    loopback: LoopbackDesk, *, renews: bool, requests: int
) -> None:
    """Ours: the vendor says whether newer credentials can cure a 401; the same would be refused again."""
    vendor = StaticCredential(loopback.url)
    vendor.renews_credentials = renews
    loopback.answer = in_turn(Reply.of({}, status=401))

    async def permit(_rate: int) -> float:
        return 0

    client = RetryingClient(
        vendor,
        HttpClient(url=vendor.url, sign=vendor.headers),
        rate_limit=RateLimit(0, take=permit, monotonic=time.monotonic),
        clock=DeskClock(lambda: datetime.now(UTC)),
        observe=lambda _request, _response: None,
    )
    call = Call(tool="search_cases", deadline=time.monotonic() + PATIENCE)
    response = await client.send(
        Request(method="POST", template="/cases"), lambda each: each, call, scope="cases:read", effect="read"
    )
    await client.close()
    assert (response.status, len(loopback.received)) == (401, requests)
