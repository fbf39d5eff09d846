"""`case-mcp tools`, `call` and `doctor`: as a person and as a program meets them."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from loopback import SECRET, LoopbackDesk, Reply
from served import COMMAND, PATIENCE, PRACTICE, environment, run

TOOLS: Final = ["create_case", "update_case", "update_task", "search_cases"]
CLOSED: Final = "http://127.0.0.1:9"
EMPTY: Final = {"results": [], "totalResults": 7, "hasMore": False}


def kore(url: str, **more: str) -> dict[str, str]:
    """Return the settings of an account at a loopback desk."""
    return {
        "KORE_HOST": url,
        "KORE_STREAM_ID": "st-1",
        "KORE_ACCOUNT_ID": "acc-1",
        "KORE_CLIENT_ID": "cs-1",
        "KORE_CLIENT_SECRET": SECRET,
        "CASE_MCP_STATE": ":memory:",
        "CASE_MCP_TIMEOUT": "5",
        **more,
    }


def found(out: str) -> dict[str, tuple[str, str]]:
    """Return the findings of `doctor --json` by what was looked at."""
    return {each["check"]: (each["level"], each["says"]) for each in json.loads(out)}


def test_tools_are_listed_for_people_and_for_programs() -> None:
    """Ours: no colour where it is no terminal."""
    status, out, _ = run("tools")
    assert status == 0
    assert all(name in out for name in TOOLS)
    assert "\x1b" not in out
    status, out, _ = run("tools", "--json")
    assert (status, [each["name"] for each in json.loads(out)]) == (0, TOOLS)


def test_a_search_is_a_table_for_people_and_json_for_programs() -> None:
    """Ours: pairs, a name given twice, and JSON mean the same."""
    status, out, _ = run("call", "search_cases", "status=Open", "priority=High", "priority=Critical", "limit=2")
    assert (status, out.splitlines()[0].split()[:3]) == (0, ["ref", "title", "status"])
    _, pairs, _ = run("call", "search_cases", "status=Open", "limit=2", "--json")
    _, as_json, _ = run("call", "search_cases", "--json-args", '{"status": ["Open"], "limit": 2}', "--json")
    first, second = json.loads(pairs), json.loads(as_json)
    assert [row["title"] for row in first["cases"]] == [row["title"] for row in second["cases"]]
    assert len(first["cases"]) == 2


def test_arguments_are_read_from_stdin() -> None:
    """Ours: `--json-args -`, with the mark that some editors write."""
    done = subprocess.run(
        [*COMMAND, "call", "search_cases", "--json-args", "-", "--json"],
        input='\ufeff{"limit": 1}',
        capture_output=True,
        text=True,
        env=environment(**PRACTICE),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, len(json.loads(done.stdout)["cases"])) == (0, 1)


CREATE: Final = [
    "create_case",
    "name=Parcel is late",
    "desc=Ordered on 2 May",
    "userInfo.name=Jane Roe",
    "emailId=jane.roe@example.com",
    "dueDate=2027-01-04T10:00:00Z",
]


def test_a_yes_is_needed_where_access_is_confirm(tmp_path: Path) -> None:
    """Ours: status 3 and what would be done; with --yes it is done."""
    settings = {"CASE_MCP_STATE": str(tmp_path / "state.db"), "CASE_MCP_ACCESS": "confirm"}
    status, out, errors = run("call", *CREATE, settings=settings)
    assert (status, out, "Parcel is late" in errors, "Add --yes" in errors) == (3, "", True, True)
    status, out, _ = run("call", *CREATE, "--yes", "--json", settings=settings)
    assert (status, json.loads(out)["outcome"]) == (0, "created")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["update_case", "caseId=CS000160", "colour=red"], 2),
        (["no_such_tool"], 2),
        (["search_cases", "limit"], 2),
        (["search_cases", "--json-args", "[]"], 2),
        (["search_cases", "limit=1", "--json-args", "{}"], 2),
        (["update_case", "caseId=CS999999", "priority=High"], 2),
    ],
)
def test_a_wrong_call_ends_with_status_2_in_both_forms(arguments: list[str], status: int) -> None:
    """Ours: programs get the same as JSON on stdout."""
    ended, out, errors = run("call", *arguments)
    assert (ended, out, errors.startswith("case-mcp: ")) == (status, "", True)
    ended, out, _ = run("call", *arguments, "--json")
    assert (ended, json.loads(out)["ok"]) == (status, False)


@pytest.mark.parametrize(
    ("reply", "tool", "status"),
    [
        (Reply.of({}, status=401), "search_cases", 1),
        (Reply(status=403, body=b"<html>"), "search_cases", 1),
        (Reply(status=200, body=b"<html>"), "update_case", 4),
    ],
)
def test_the_status_says_who_must_act(reply: Reply, tool: str, status: int, loopback: LoopbackDesk) -> None:
    """Ours: 1 the desk or an administrator, 4 look before repeating."""
    loopback.will_answer(reply)
    arguments = ["caseId=ci-1", "desc=x"] if tool == "update_case" else []
    assert run("call", tool, *arguments, settings=kore(loopback.url))[0] == status


def test_the_doctor_finds_the_practice_desk_well_and_writes_only_when_asked(tmp_path: Path) -> None:
    """Ours: exit status 0; --write opens one case."""
    settings = {"CASE_MCP_STATE": str(tmp_path / "state.db")}
    status, out, errors = run("doctor", settings=settings)
    assert (status, errors) == (0, "")
    assert {line.split()[0] for line in out.splitlines() if line[:1].strip()} == {"ok"}
    assert found(run("doctor", "--json", settings=settings)[1])["desk"][1].startswith("the practice desk, 60")
    status, out, _ = run("doctor", "--write", "--json", settings=settings)
    assert (status, found(out)["writing"][0]) == (0, "ok")
    assert found(run("doctor", "--json", settings=settings)[1])["desk"][1].startswith("the practice desk, 61")


def test_the_doctor_says_that_a_vendor_answers_and_never_writes_there(
    loopback: LoopbackDesk, tmp_path: Path
) -> None:
    """Ours: one search of one row; of a secret two characters."""
    loopback.will_answer(EMPTY)
    settings = kore(loopback.url, CASE_MCP_STATE=str(tmp_path / "state.db"))
    status, out, errors = run("doctor", "--write", "--json", settings=settings)
    shown = found(out)
    assert (status, errors) == (0, "")
    assert {check: level for check, (level, _) in shown.items()} == {
        "settings": "ok",
        "state": "ok",
        "name": "ok",
        "connection": "ok",
        "clock": "ok",
        "credentials": "ok",
        "scope for reading": "ok",
        "writing": "ok",
    }
    assert f"KORE_CLIENT_SECRET=…{SECRET[-2:]}" in shown["settings"][1]
    assert SECRET not in out
    assert [(each.path.split("/")[-1], each.body["limit"]) for each in loopback.received] == [("getCases", 1)]


FAULTS: Final[dict[str, tuple[Reply, str]]] = {
    "401": (Reply.of({}, status=401), "credentials"),
    "scope": (
        Reply.of({"errors": [{"msg": "Scope is incorrect!", "code": 4002}]}, status=403),
        "scope for reading",
    ),
    "page": (Reply(status=403, body=b"<html>no</html>"), "desk"),
    "404": (Reply.of({}, status=404), "desk"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_the_doctor_names_the_fault_and_the_next_step(kind: str, loopback: LoopbackDesk) -> None:
    """Ours: exit status 2."""
    reply, check = FAULTS[kind]
    loopback.will_answer(reply)
    status, out, _ = run("doctor", "--json", settings=kore(loopback.url))
    [fault] = [each for each in json.loads(out) if each["level"] == "fault"]
    assert (status, fault["check"], bool(fault["next_step"])) == (2, check, True)


@pytest.mark.parametrize(
    ("settings", "check"),
    [
        ({"KORE_HOST": "platform.kore.example"}, "settings"),
        (kore("desk.invalid", SSL_CERT_FILE="/nowhere.pem"), "trust store, proxy"),
        (kore("desk.invalid"), "name"),
        (kore("desk.invalid", CASE_MCP_PROXY="true", HTTPS_PROXY="socks5://127.0.0.1:1"), "trust store, proxy"),
        (kore(CLOSED), "desk"),
        ({"CASE_MCP_STATE": "/proc/nowhere/state.db"}, "state"),
    ],
)
def test_the_doctor_names_what_is_wrong_here(settings: dict[str, str], check: str) -> None:
    """Ours: settings, trust store, proxy, name, connection, state."""
    status, out, _ = run("doctor", "--json", settings=settings)
    faults: list[dict[str, Any]] = [each for each in json.loads(out) if each["level"] == "fault"]
    assert (status, check in [each["check"] for each in faults]) == (2, True)
    assert all(each["next_step"] for each in faults)


def test_a_state_in_memory_is_a_warning() -> None:
    """Ours: exit status 1."""
    assert run("doctor")[0] == 1
