"""The Talkdesk adapter against the embedded desk in that dialect: in process, and over a socket."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from case_tools import CaseDesk, CaseError, NotFound, RateLimited, Rejected, Settings
from vendor_samples import sample

NEW = {
    "title": "Coffee machine leaks",
    "description": "Water runs out at the back.",
    "requester_name": "Jane Roe",
    "requester_email": "jane.roe@example.com",
}
KORE_NEW = {
    "name": "Grinder is stuck",
    "desc": "It hums.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-11-24T12:00:00+01:00",
}
DIALECT = {"CASE_MCP_EMBEDDED_DIALECT": "talkdesk"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment that reaches a practice desk in its own process, for eight calls a minute."""
    command = [sys.executable, "-m", "case_server", "desk", "--port", "0", "--rate", "8"]
    environment = {"CASE_MCP_STATE": str(tmp_path / "state.db"), **DIALECT}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as desk:
        assert desk.stdout is not None
        lines = [desk.stdout.readline() for _ in range(4)]
        yield dict(line.rstrip("\n").split("=", 1) for line in lines)
        desk.terminate()
        desk.communicate()


@pytest.fixture(params=["in process", "over a socket"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the environment of either way to the desk."""
    if request.param == "in process":
        return {"CASE_MCP_STATE": ":memory:", **DIALECT}
    return dict(request.getfixturevalue("served"))


def test_the_desk_prints_the_settings_that_reach_it(served: dict[str, str]) -> None:
    """Ours: four lines to paste into the environment of an adapter."""
    assert [*served] == [
        "TALKDESK_API_URL",
        "TALKDESK_TOKEN_URL",
        "TALKDESK_CLIENT_ID",
        "TALKDESK_CLIENT_SECRET",
    ]
    chosen = Settings.from_environment(served)
    assert (chosen.desk, served["TALKDESK_API_URL"]) == ("talkdesk", served["TALKDESK_TOKEN_URL"])
    assert served["TALKDESK_API_URL"].startswith("http://127.0.0.1:")


async def test_every_tool_works_either_way(environment: dict[str, str]) -> None:
    """Ours: the same adapter code, tokens and HTTP, in process and over a socket."""
    async with CaseDesk(Settings.from_environment(environment)) as desk:
        assert [*desk.tools] == ["create_case", "update_case", "search_cases"]
        created = (await desk.call("create_case", {**NEW, "notes": ["Called at noon"]})).data()
        assert created.pop("updated")
        assert created == {
            "outcome": "created",
            "ref": "161",
            "title": NEW["title"],
            "status": "NEW",
            "priority": "NORMAL",
            "requester": "Jane Roe",
            "notes": ["Called at noon: internal"],
        }
        found = (await desk.call("search_cases", {"title": "coffee machine", "detail": "full"})).data()
        assert [(row["ref"], row["description"], row["email"]) for row in found["cases"]] == [
            ("161", NEW["description"], NEW["requester_email"])
        ]
        moved = (
            await desk.call(
                "update_case",
                {
                    "id": "161",
                    "status": "On-hold",
                    "priority": "urgent",
                    "notes": [{"note_body": "b", "public": True}],
                },
            )
        ).data()
        assert (moved["outcome"], moved["status"], moved["priority"]) == ("updated", "ON_HOLD", "URGENT")
        assert {*moved["changed"]} == {"status", "priority", "notes"}
        assert moved["notes"] == ["b: the customer can see it"]
        assert "unconfirmed" not in moved
        held = (await desk.call("search_cases", {"status": ["ON_HOLD"], "ids": ["161"]})).data()
        assert [row["ref"] for row in held["cases"]] == ["161"]


async def test_the_pages_sample_is_taken_whole() -> None:
    """Documented: update-a-case, request sample, but for its parent, owner and group, which are invented ids."""
    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")) as desk:
        ref = (await desk.call("create_case", NEW)).data()["ref"]
        result = (
            await desk.call("update_case", {**sample("update_case.request", vendor="talkdesk"), "id": ref})
        ).data()
    assert (result["outcome"], result["status"], result["priority"]) == ("updated", "ON_HOLD", "LOW")
    assert {*result["changed"]} == {
        *("parent_id", "title", "description", "assignee", "priority", "type", "status", "resolution"),
        *("custom_fields", "notes", "group_id"),
    }


async def test_a_closed_case_is_refused_with_the_reason_seen_or_not() -> None:
    """Documented: closed cases cannot be updated; known from the search, or told by the desk."""
    settings = Settings(state=":memory:", embedded_dialect="talkdesk")
    async with CaseDesk(settings) as desk:
        closed = (await desk.call("search_cases", {"status": ["CLOSED"], "limit": 1})).data()["cases"][0]["ref"]
        with pytest.raises(Rejected, match="a closed case cannot be changed"):
            await desk.call("update_case", {"id": closed, "title": "x"})
    sent: list[int] = []
    async with CaseDesk(settings, observe=lambda _, answer: sent.append(answer.status)) as other:
        with pytest.raises(Rejected, match="a closed case cannot be changed") as refused:
            await other.call("update_case", {"id": closed, "title": "x"})
    assert refused.value.changed == "nothing"
    assert sent == [200, 400]


async def test_a_change_made_in_one_dialect_is_seen_in_the_other(tmp_path: Path) -> None:
    """Ours: one file, the same stored cases, two wire formats."""
    state = str(tmp_path / "state.db")
    talkdesk = Settings(state=state, embedded_dialect="talkdesk")
    async with CaseDesk(Settings(state=state)) as kore, CaseDesk(talkdesk) as desk:
        own = (await desk.call("create_case", NEW)).data()["ref"]
        theirs = (await kore.call("create_case", KORE_NEW)).data()
        await desk.call("update_case", {"id": own, "priority": "HIGH", "status": "PENDING"})
        (seen,) = (await kore.call("search_cases", {"searchText": "coffee machine"})).data()["cases"]
        assert (seen["ref"], seen["title"], seen["priority"]) == (f"CS{int(own):06}", NEW["title"], "High")
        assert (seen["status"], seen["requester"]) == ("In Progress", "Jane Roe")
        (found,) = (await desk.call("search_cases", {"title": "grinder"})).data()["cases"]
        assert (f"CS{int(found['ref']):06}", found["status"]) == (theirs["ref"], "OPEN")
        await kore.call(
            "update_case", {"caseId": seen["ref"], "status": "Closed", "name": "Coffee machine is dry"}
        )
        (after,) = (await desk.call("search_cases", {"ids": [own]})).data()["cases"]
        assert (after["title"], after["status"]) == ("Coffee machine is dry", "CLOSED")
        with pytest.raises(Rejected, match="a closed case cannot be changed"):
            await desk.call("update_case", {"id": own, "title": "x"})


async def test_every_search_says_that_the_desk_is_for_practice() -> None:
    """Ours: no customer's case may be taken for one of these."""
    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")) as desk:
        results = [await desk.call("search_cases", given) for given in ({}, {"title": "no such words"})]
    assert [result.text("AAAAAAAA").endswith("Practice desk: the cases are invented.") for result in results] == [
        True,
        True,
    ]
    assert all("Practice desk" in result.data()["note"] for result in results)


async def test_paging_through_the_desk_shows_every_case_once() -> None:
    """Ours: 60 cases in pages of 7."""
    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")) as desk:
        pages = [(await desk.call("search_cases", {"page": page, "limit": 7})).data() for page in range(1, 10)]
    refs = [row["ref"] for page in pages for row in page["cases"]]
    assert sorted(refs) == [str(number) for number in range(101, 161)]
    assert [page["has_more"] for page in pages] == [True] * 8 + [False]
    assert {page["total"] for page in pages} == {60}


async def test_an_unknown_id_changes_nothing() -> None:
    """Documented: 404."""
    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")) as desk:
        for address in ("999999", "61036b508ff57b5578f25a10"):
            with pytest.raises(NotFound, match="search_cases") as unknown:
                await desk.call("update_case", {"id": address, "title": "x"})
            assert unknown.value.changed == "nothing"


async def test_a_desk_that_limits_its_rate_is_told_with_the_seconds_to_wait(served: dict[str, str]) -> None:
    """Ours: the pages name no limit; here 8, for cases alone."""
    async with CaseDesk(Settings.from_environment(served)) as desk:
        for _ in range(8):
            await desk.call("search_cases", {"limit": 1})
        with pytest.raises(RateLimited) as limited:
            await desk.call("create_case", NEW)
    assert limited.value.changed == "nothing"
    assert limited.value.retry_after is not None
    assert 1 <= limited.value.retry_after <= 60


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "secret": ({"TALKDESK_CLIENT_SECRET": "x" * 64}, "credentials_refused"),
    "client": ({"TALKDESK_CLIENT_ID": "cs-none"}, "credentials_refused"),
    "API address": ({"TALKDESK_API_URL": "http://127.0.0.1:9"}, "unavailable"),
    "token address": ({"TALKDESK_TOKEN_URL": "http://127.0.0.1:9"}, "unavailable"),
}


@pytest.mark.parametrize(("wrong", "kind"), WRONG.values(), ids=WRONG)
async def test_wrong_credentials_are_told_to_the_administrator(
    wrong: dict[str, str], kind: str, served: dict[str, str]
) -> None:
    """Documented: each of the four settings, spoilt alone."""
    async with CaseDesk(Settings.from_environment({**served, **wrong})) as desk:
        with pytest.raises(CaseError) as told:
            await desk.call("create_case", NEW)
    assert (told.value.kind, told.value.changed) == (kind, "nothing")
    assert "administrator" in str(told.value)


async def test_each_call_carries_a_token_of_its_own_scope_that_the_desk_takes() -> None:
    """Documented: 403 for a token of the wrong scope; the adapter asks for the right one, so none is seen."""
    seen: list[tuple[str, Any]] = []

    def keep(request: Any, answer: Any) -> None:
        seen.append((request.form["scope"] if request.form else request.method, answer.status))

    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk"), observe=keep) as desk:
        await desk.call("search_cases", {"limit": 1})
        await desk.call("create_case", NEW)
    assert seen == [("cases-public:read", 200), ("GET", 200), ("cases-public:write", 200), ("POST", 201)]
