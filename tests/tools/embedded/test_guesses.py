"""The desk in every guess of what the vendors' pages leave open, over its wire and through the adapter."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
import uvicorn

from case_tools import CaseDesk, Settings
from case_tools.embedded import EmbeddedDesk, Guesses, environment_of
from case_tools.embedded.catalogue import PRIORITIES

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
MERGED, REPLACED = Guesses(lists="merged"), Guesses(lists="replaced")
LAGGING = Guesses(search_lag=60)
EVERY = {
    "merged, lagging, titles alone": Guesses(lists="merged", search_lag=60, references=False),
    "merged, immediate, references": Guesses(lists="merged"),
    "replaced, lagging, references": Guesses(lists="replaced", search_lag=60),
    "replaced, immediate, titles alone": Guesses(lists="replaced", references=False),
}
NEW: Mapping[str, Json] = {
    "kore": {
        "name": "Coffee machine leaks",
        "desc": "Water runs out at the back.",
        "userInfo": {"name": "Jane Roe"},
        "emailId": "jane.roe@example.com",
        "dueDate": "2026-11-24T12:00:00+01:00",
    },
    "talkdesk": {"title": "Coffee machine leaks", "description": "Water runs out at the back."},
}
ADDRESS: Mapping[str, str] = {"kore": "caseId", "talkdesk": "id"}


@dataclass
class Clock:
    """A clock that the test sets."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


class Wire:
    """Both dialects of a desk as an adapter would call them."""

    def __init__(self, desk: EmbeddedDesk) -> None:
        self._account = desk.account
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(desk), base_url="http://desk.test")
        self._bearer = ""

    async def kore(self, operation: str, body: Json) -> Json:
        """Call one of Kore's operations."""
        token = jwt.encode({"appId": self._account.client_id}, self._account.client_secret, "HS256")
        path = f"/caseManagement/api/public/analytics/{self._account.stream_id}/{operation}"
        answer = await self._client.post(path, json=body, headers={"auth": token})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def talkdesk(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call one of Talkdesk's endpoints."""
        if not self._bearer:
            basic = (self._account.client_id, self._account.client_secret)
            form = {"grant_type": "client_credentials"}
            self._bearer = (await self._client.post("/oauth/token", data=form, auth=basic)).json()["access_token"]
        headers = {"authorization": f"Bearer {self._bearer}"}
        answer = await self._client.request(method, f"/cm/core/va/cases{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def row(self, text: str) -> Json:
        """Find the one case with this text."""
        (found,) = (await self.kore("getCases", {"searchText": text}))["results"]
        return dict(found)


@contextmanager
def opened(guesses: Guesses, clock: Clock | None = None) -> Iterator[Wire]:
    """Give the wire of a new desk in memory."""
    with closing(EmbeddedDesk.open(":memory:", guesses=guesses, monotonic=clock or Clock())) as desk:
        yield Wire(desk)


@pytest.mark.parametrize(
    ("guesses", "tags", "comments"),
    [
        (REPLACED, ["b"], ["two"]),
        (Guesses(), ["b"], ["two"]),
        (MERGED, ["a", "b"], ["one", "one", "two"]),
    ],
    ids=["replaced", "unset", "merged"],
)
async def test_kores_lists_follow_the_guess(guesses: Guesses, tags: list[str], comments: list[str]) -> None:
    """*Ours*: the page names the fields alone; where lists are merged, a comment that is sent again doubles."""
    with opened(guesses) as wire:
        case = await wire.row("CS000101")
        await wire.kore(f"updateCase/{case['_id']}", {"tags": ["a"], "resolutionCmts": ["one"]})
        again = ["one", "two"] if guesses.lists == "merged" else ["two"]
        await wire.kore(f"updateCase/{case['_id']}", {"tags": ["b"], "resolutionCmts": again})
        after = await wire.row("CS000101")
    assert (after["tags"], after["resolutionCmts"]) == (tags, comments)


async def test_merged_entries_of_one_id_take_the_place_of_each_other() -> None:
    """*Ours*: a queue or a field that is sent again is not doubled."""
    with opened(MERGED) as wire:
        case = await wire.row("CS000101")
        title = {"_id": case["fields"][0]["_id"], "displayName": "Title", "selectedValue": "New"}
        queue = {"_id": "qu-0000000-0000-0000-0000-000000000000", "name": "Returns"}
        await wire.kore(f"updateCase/{case['_id']}", {"fields": [title], "queues": [queue]})
        after = await wire.row("CS000101")
    assert [each["displayName"] for each in after["fields"]] == ["Title", "Description", "Due Date"]
    assert after["fields"][0] == title
    assert [each["name"] for each in after["queues"]] == [case["queues"][0]["name"], "Returns"]


@pytest.mark.parametrize(
    ("guesses", "notes", "custom"),
    [(REPLACED, ["two"], {"b": 2}), (Guesses(), ["one", "two"], {"a": 1, "b": 2})],
    ids=["replaced", "unset"],
)
async def test_talkdesks_notes_and_fields_follow_the_guess(
    guesses: Guesses, notes: list[str], custom: Json
) -> None:
    """*Ours*: the page shows one note and some fields of a case, not what was there before."""
    with opened(guesses) as wire:
        for note, fields in (("one", {"a": 1}), ("two", {"b": 2})):
            body = {"notes": [{"note_title": note, "note_body": note}], "custom_fields": fields}
            await wire.talkdesk("PATCH", "/150", body)
        kept = await wire.talkdesk("PATCH", "/150", {"priority": "HIGH"})
    assert [each["note_title"] for each in kept["notes"]] == notes
    assert kept["custom_fields"] == custom


async def test_an_assignment_is_three_fields_that_move_apart() -> None:
    """*Documented*: samples show ``assigneeType``, ``currAssignee`` and ``queues`` side by side."""
    with opened(Guesses()) as wire:
        before = await wire.row("CS000101")
        path = f"updateCase/{before['_id']}"
        await wire.kore(path, {"assigneeType": "queues", "queues": [{"name": "Billing"}]})
        moved = await wire.row("CS000101")
        await wire.kore(path, {"currAssignee": {}})
        cleared = await wire.row("CS000101")
    assert before["currAssignee"]["name"] == moved["currAssignee"]["name"] == "Amara Osei"
    assert (moved["assigneeType"], moved["queues"]) == ("queues", [{"name": "Billing"}])
    assert (cleared["currAssignee"], cleared["assigneeType"]) == ({}, "queues")


@pytest.mark.parametrize(("references", "found"), [(True, 1), (False, 0)])
async def test_a_reference_is_found_or_not_by_the_guess(references: bool, found: int) -> None:
    """*Ours*: the page says "by their name or title", the product's own help more."""
    with opened(Guesses(references=references)) as wire:
        page = await wire.kore("getCases", {"searchText": "cs000101"})
        short = await wire.kore("getCases", {"searchText": "Gl"})
    assert page["totalResults"] == found
    assert short["totalResults"] == 0


async def test_a_search_that_lags_shows_what_was_there_before() -> None:
    """*Ours*: a new case is missing, a changed one is found as it was; reading one case does not lag."""
    clock = Clock()
    with opened(LAGGING, clock) as wire:
        case = await wire.row("Parcel arrived with a broken lamp")
        await wire.kore(f"updateCase/{case['_id']}", {"name": "Lamp is whole again"})
        await wire.talkdesk("POST", "", NEW["talkdesk"])
        texts = ("Lamp is whole", "Coffee machine leaks", "Parcel arrived with a broken lamp")
        early = [(await wire.kore("getCases", {"searchText": text}))["totalResults"] for text in texts]
        one = await wire.talkdesk("GET", "/101")
        clock.seconds = 60.0
        late = [(await wire.kore("getCases", {"searchText": text}))["totalResults"] for text in texts]
    assert (early, late) == ([0, 0, 1], [1, 1, 0])
    assert one["title"] == "Lamp is whole again"


@pytest.fixture(params=[*EVERY.values()], ids=[*EVERY])
def guessing(request: pytest.FixtureRequest) -> Iterator[EmbeddedDesk]:
    """Give a new desk for each combination that the suite runs in."""
    with closing(EmbeddedDesk.open(":memory:", guesses=request.param)) as desk:
        yield desk


@contextmanager
def reached(desk: EmbeddedDesk, dialect: str) -> Iterator[Settings]:
    """Serve the desk on a loopback port, and give the settings that reach it."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(desk, log_level="error", lifespan="off", http="h11"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            reach = environment_of(desk.account, dialect=dialect, host=host)
            yield Settings.from_environment({**reach, "CASE_MCP_STATE": ":memory:"})
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("dialect", ["kore", "talkdesk"])
async def test_the_adapter_says_nothing_false_in_any_guess(guessing: EmbeddedDesk, dialect: str) -> None:
    """*Ours*: a create is done once, a change that is said to be made is at the desk."""
    high: Json = {"priority": {"name": "High"}} if dialect == "kore" else {"priority": "HIGH"}
    with reached(guessing, dialect) as settings:
        async with CaseDesk(settings) as desk:
            created = (await desk.call("create_case", NEW[dialect])).data()
            again = (await desk.call("create_case", NEW[dialect])).data()
            address = {ADDRESS[dialect]: created.get("id", created["ref"])}
            changed = (await desk.call("update_case", {**address, **high})).data()
    records = [guessing.store.read_case(number) for number in (161, 162)]
    assert (created["outcome"], again["outcome"]) == ("created", "replayed")
    assert changed["outcome"] == "updated"
    assert records[0] is not None
    assert records[1] is None
    assert records[0].title == "Coffee machine leaks"
    assert records[0].priority == next(each.id for each in PRIORITIES if each.name == "High")
