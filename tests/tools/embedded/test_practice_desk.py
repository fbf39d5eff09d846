"""The adapter against the embedded desk: in process, and over a socket."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from case_tools import CaseDesk, CaseError, ConfigurationError, NotFound, RateLimited, Rejected, Settings

NEW = {
    "name": "Coffee machine leaks",
    "desc": "Water runs out at the back.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-11-24T12:00:00+01:00",
}
TOOLSETS = {"CASE_MCP_TOOLSETS": "cases,tasks"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment that reaches a practice desk in its own process, for eight calls a minute."""
    command = [sys.executable, "-m", "case_server", "desk", "--port", "0", "--rate", "8"]
    environment = {"CASE_MCP_STATE": str(tmp_path / "state.db")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as desk:
        assert desk.stdout is not None
        lines = [desk.stdout.readline() for _ in range(7)]
        yield dict(line.rstrip("\n").split("=", 1) for line in lines)
        desk.terminate()
        desk.communicate()


@pytest.fixture(params=["in process", "over a socket"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the environment of either way to the desk."""
    if request.param == "in process":
        return {"CASE_MCP_STATE": ":memory:"}
    return dict(request.getfixturevalue("served"))


async def test_every_tool_works_either_way(environment: dict[str, str]) -> None:
    """Ours: the same adapter code, signing and HTTP, in process and over a socket."""
    async with CaseDesk(Settings.from_environment({**environment, **TOOLSETS})) as desk:
        created = (await desk.call("create_case", NEW)).data()
        assert (created["outcome"], created["ref"], created["status"]) == ("created", "CS000161", "Open")
        found = (await desk.call("search_cases", {"searchText": "coffee machine", "detail": "full"})).data()
        assert [row["ref"] for row in found["cases"]] == ["CS000161"]
        assert found["cases"][0]["description"] == NEW["desc"]
        contact = {"name": "Jane Roe", "emailId": "jane.roe@example.com"}
        task = {"taskTmp": "ttm-d4e6152-4255-4c5c-ba6c-91dac5cd0001", "userInfo": contact, "source": "rtm"}
        added = (await desk.call("create_task", {"caseId": "CS000161", "name": "Call back", **task})).data()
        assert (added["outcome"], added["ref"], added["case"]) == ("created", "TS000126", "CS000161")
        tasks = (await desk.call("search_tasks", {"searchText": "TS000126"})).data()
        assert [(row["ref"], row["case"]) for row in tasks["tasks"]] == [("TS000126", "CS000161")]
        closed = (await desk.call("update_task", {"taskId": "TS000126", "status": "Open", "desc": "Noon"})).data()
        assert closed["changed"] == {"status": ["", "Open"], "description": ["", "Noon"]}
        moved = (await desk.call("update_case", {"caseId": "CS000161", "priority": "High"})).data()
        assert (moved["priority"], moved["changed"]) == ("High", {"priority": ["", "High"]})


async def test_a_desk_that_limits_its_rate_is_told_with_the_seconds_to_wait(served: dict[str, str]) -> None:
    """Documented: 60 a minute, enforced for the account; here 8."""
    async with CaseDesk(Settings.from_environment(served)) as desk:
        for _ in range(8):
            await desk.call("search_cases", {"limit": 1})
        with pytest.raises(RateLimited) as limited:
            await desk.call("create_case", NEW)
    assert limited.value.changed == "nothing"
    assert limited.value.retry_after is not None
    assert 1 <= limited.value.retry_after <= 60


@pytest.mark.parametrize("number", range(5))
async def test_wrong_credentials_are_told_to_the_administrator(number: int, served: dict[str, str]) -> None:
    """Documented: each of the five settings, spoilt alone."""
    names = ["KORE_CLIENT_SECRET", "KORE_CLIENT_ID", "KORE_STREAM_ID", "KORE_HOST", "KORE_JWT_ALGORITHM"]
    wrong = ["x" * 64, "cs-none", "st-none", "http://127.0.0.1:9", "HS512"]
    async with CaseDesk(Settings.from_environment({**served, names[number]: wrong[number]})) as desk:
        with pytest.raises(CaseError) as told:
            await desk.call("create_case", NEW)
    kinds = ["credentials_refused", "credentials_refused", "configuration", "unavailable", "credentials_refused"]
    assert (told.value.kind, told.value.changed) == (kinds[number], "nothing")


async def test_cases_survive_a_restart_and_are_shared_by_two_desks_on_one_file(tmp_path: Path) -> None:
    """Ours: every window of a host starts a server of its own."""
    settings = Settings(state=str(tmp_path / "data" / "state.db"))
    async with CaseDesk(settings) as first, CaseDesk(settings) as second:
        one = (await first.call("create_case", NEW)).data()
        other = (await second.call("create_case", {**NEW, "name": "Coffee machine smells"})).data()
        again = (await second.call("create_case", NEW)).data()
    async with CaseDesk(settings) as later:
        found = (await later.call("search_cases", {"searchText": "coffee machine"})).data()
    assert [each["ref"] for each in (one, other, again)] == ["CS000161", "CS000162", "CS000161"]
    assert [each["outcome"] for each in (one, other, again)] == ["created", "created", "replayed"]
    assert sorted(row["ref"] for row in found["cases"]) == ["CS000161", "CS000162"]
    files = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "data").glob("*.db")}
    assert files == {"desk.db": 0o600, "state.db": 0o600}


async def test_an_update_leaves_every_other_field_of_the_stored_case_alone(tmp_path: Path) -> None:
    """Ours: what was cleaned for a model is never written back."""
    settings = Settings(state=str(tmp_path / "state.db"))
    hidden = {**NEW, "desc": "a\u202eb\u200bc <b>x</b>\r\n ![y](https://evil.example) &amp;#8203; \u200d"}
    raw: list[dict[str, Any]] = []

    def keep(_: object, answer: Any) -> None:
        raw.append(answer.payload())

    async with CaseDesk(settings, observe=keep) as desk:
        ref = (await desk.call("create_case", hidden)).data()["ref"]
        shown = (await desk.call("search_cases", {"searchText": ref, "detail": "full"})).data()["cases"][0]
        before = raw[-1]["results"][0]
        await desk.call("update_case", {"caseId": ref, "tags": ["vip"]})
        await desk.call("search_cases", {"searchText": ref})
        after = raw[-1]["results"][0]
    assert shown["description"] == "abc x\nimage: y (https://evil.example) &#8203;"
    assert before["desc"] == hidden["desc"]
    moving = {"tags", "updatedAt", "updatedBy", "timestampValue"}
    assert {key for key in before if before[key] != after[key]} <= moving
    assert after["tags"] == ["vip"]


async def test_every_search_says_that_the_desk_is_for_practice() -> None:
    """Ours: no customer's case may be taken for one of these."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        results = [await desk.call("search_cases", given) for given in ({}, {"searchText": "no such words"})]
    assert [result.text("AAAAAAAA").endswith("Practice desk: the cases are invented.") for result in results] == [
        True,
        True,
    ]
    assert all("Practice desk" in result.data()["note"] for result in results)


async def test_a_filter_that_finds_nothing_names_the_words_in_use() -> None:
    """Ours: an unknown status matches nothing, which must not read as an empty desk."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        await desk.call("search_cases", {"limit": 50})
        result = await desk.call("search_cases", {"status": ["Waiting"]})
    names = "On Hold, Open, In Progress, Resolved, Closed"
    assert f"Names of status seen at this desk: {names}." in result.text("AAAAAAAA")


async def test_paging_through_the_desk_shows_every_case_once() -> None:
    """Ours: 60 cases in pages of 7."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        pages = [(await desk.call("search_cases", {"page": page, "limit": 7})).data() for page in range(1, 10)]
    refs = [row["ref"] for page in pages for row in page["cases"]]
    assert sorted(refs) == [f"CS{number:06}" for number in range(101, 161)]
    assert [page["has_more"] for page in pages] == [True] * 8 + [False]


async def test_an_unknown_reference_and_an_unknown_id_change_nothing() -> None:
    """Ours: one is refused here, the other by the desk."""
    async with CaseDesk(Settings(state=":memory:")) as desk:
        for address in ("CS999999", "ci-0000000-0000-0000-0000-000000000000"):
            with pytest.raises(NotFound, match="search_cases"):
                await desk.call("update_case", {"caseId": address, "name": "x"})
        with pytest.raises(Rejected, match="does not take a value"):
            await desk.call("create_case", {**NEW, "caseTmp": "ctm-0000000-0000"})


def test_a_desk_file_that_cannot_be_used_is_told_with_the_way_out(tmp_path: Path) -> None:
    """Ours: damaged, another program's, or of a newer version."""
    file = tmp_path / "desk.db"
    file.touch(mode=0o600)
    file.write_bytes(b"this is no database, and it is long enough to be looked at" * 40)
    with pytest.raises(ConfigurationError, match="CASE_MCP_STATE"):
        CaseDesk(Settings(state=str(tmp_path / "state.db")))
    file.unlink()
    file.touch(mode=0o600)
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(ConfigurationError, match="Move it away"):
        CaseDesk(Settings(state=str(tmp_path / "state.db")))
