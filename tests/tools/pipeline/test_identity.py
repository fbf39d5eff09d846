"""What makes two writes the same: the request that was built, never the spelling of the arguments."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_tools import CaseDesk, Settings
from case_tools.adapter.messages import Resolved
from case_tools.adapter.names import LearnedName, LearnedNames
from case_tools.adapter.tool import Tool
from case_tools.pipeline.identity import intent_of_write
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.state import SearchFacts, WriteOutcome, intent_of, open_state
from case_tools.state.rows import RowEnd
from case_tools.transport.call import Call
from loopback import LoopbackDesk, Received, Reply
from vendor_samples import sample

ROW: Final = sample("search_cases.answer")["results"][0]
CASE: Final = ROW["_id"]
REF: Final = ROW["refId"]

CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Café is late",
    "desc": "Ordered on 2 May\nNot here yet",
    "userInfo": {"name": "Jané Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}
TASK: Final = {
    "caseId": REF,
    "taskTmp": "ttm-1",
    "name": "Call back",
    "userInfo": {"name": "Jane Roe", "emailId": "jane.roe@example.com"},
    "source": "rtm",
}
COMMENT: Final = {"caseId": REF, "resolutionCmts": ["Replaced the café's part"], "priority": {"name": "High"}}
TALKDESK_CREATE: Final = {
    "title": "Parcel is late",
    "description": "Ordered on 2 May\nNot here",
    "requester_email": "jane.roe@example.com",
    "custom_fields": {"text1": "é", "number1": 3},
    "notes": [{"note_body": "Asked the café"}],
}
TALKDESK_NOTE: Final = {"id": "20808", "notes": [{"note_body": "Called back"}], "custom_fields": {"text1": "x"}}

WRITES: Final[Mapping[str, tuple[str, str, dict[str, Any]]]] = {
    "a case": ("kore", "create_case", CREATE),
    "a task": ("kore", "create_task", TASK),
    "a comment": ("kore", "update_case", COMMENT),
    "a Talkdesk case": ("talkdesk", "create_case", TALKDESK_CREATE),
    "a Talkdesk note": ("talkdesk", "update_case", TALKDESK_NOTE),
}


@cache
def tools_of(vendor: str) -> Mapping[str, Tool[Any]]:
    """Return every tool of a vendor."""
    return CaseDesk(
        Settings.from_environment(
            {
                "CASE_MCP_STATE": ":memory:",
                "CASE_MCP_EMBEDDED_DIALECT": vendor,
                "CASE_MCP_TOOLSETS": "cases,tasks" if vendor == "kore" else "cases",
            }
        )
    ).tools


def digest_of_call(vendor: str, name: str, arguments: Mapping[str, object]) -> str:
    """Return the digest of a call's request, built with the names of one case and one priority known."""
    tool = tools_of(vendor)[name]
    names = LearnedNames()
    names.learn(
        [
            LearnedName(kind="case", id=CASE, name=REF),
            LearnedName(kind="priority", id="pr-1", name="High", value={"_id": "pr-1", "name": "High"}),
        ]
    )
    resolved = Resolved(names=names)
    parsed = tool.arguments.parse(arguments, tool=name)
    invocation = Invocation(tool=tool, arguments=parsed, call=Call(tool=name, deadline=0.0))
    built = Built(invocation=invocation, resolved=resolved, request=tool.build_request(parsed, resolved))
    return intent_of_write(built, desk="a desk").digest


def _each_text(value: Any, spell: Callable[[str], str], key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in _EXACT else spell(value)
    if isinstance(value, dict):
        return {name: _each_text(each, spell, name) for name, each in value.items()}
    return [_each_text(each, spell, key) for each in value] if isinstance(value, list) else value


_EXACT: Final = frozenset({"caseTmp", "taskTmp", "dueDate", "id", "caseId"})
_SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "with white space at its ends": lambda text: f" \t{text}\u00a0\n",
    "with other line endings": lambda text: "\r\n".join(re.split("\r\n|\r|\n", text)),
    "with old line endings": lambda text: "\r".join(re.split("\r\n|\r|\n", text)),
    "an address in capitals": lambda text: text.upper() if "@" in text else text,
}


@pytest.mark.parametrize("write", WRITES)
@given(spellings=st.lists(st.sampled_from([*_SPELLINGS]), min_size=1, max_size=4))
def test_a_write_is_the_same_however_its_texts_are_spelled(write: str, spellings: list[str]) -> None:
    """*Ours*: composed or not, white space at the ends, line endings, and the case of an address."""
    vendor, name, arguments = WRITES[write]
    respelled = arguments
    for spelling in spellings:
        respelled = _each_text(respelled, _SPELLINGS[spelling])
    assert digest_of_call(vendor, name, respelled) == digest_of_call(vendor, name, arguments)


_EQUAL: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "the address inside userInfo": (
        "a case",
        {**CREATE, "emailId": None, "userInfo": {"name": "Jané Roe", "emailId": "JANE.roe@example.com"}},
    ),
    "an object as JSON in a text": ("a case", {**CREATE, "userInfo": json.dumps(CREATE["userInfo"])}),
    "the due date with an offset": ("a case", {**CREATE, "dueDate": "2026-12-04T16:15:00+02:00"}),
    "the due date in milliseconds": ("a case", {**CREATE, "dueDate": 1_796_393_700_000}),
    "the case by its id": ("a task", {**TASK, "caseId": CASE}),
    "the case by its reference in small letters": ("a task", {**TASK, "caseId": f"#{REF.lower()}"}),
    "the case's reference beside it": ("a task", {**TASK, "caseId": CASE, "caseRefId": REF}),
    "the commented case by its id": ("a comment", {**COMMENT, "caseId": CASE}),
    "a bare word for the priority": ("a comment", {**COMMENT, "priority": "High"}),
    "a bare text for the comments": ("a comment", {**COMMENT, "resolutionCmts": COMMENT["resolutionCmts"][0]}),
    "what the desk refuses if it is late": (
        "a comment",
        {**COMMENT, "expected_updated_at": "2026-12-04T16:15:00+02:00"},
    ),
    "zeros before the number": ("a Talkdesk note", {**TALKDESK_NOTE, "id": "0020808"}),
    "the number as a number": ("a Talkdesk note", {**TALKDESK_NOTE, "id": 20808}),
    "the note's own default": (
        "a Talkdesk note",
        {**TALKDESK_NOTE, "notes": [{"note_body": "Called back", "public": "false"}]},
    ),
    "a whole number with a point": (
        "a Talkdesk case",
        {**TALKDESK_CREATE, "custom_fields": {"text1": "é", "number1": 3.0}},
    ),
}


@pytest.mark.parametrize(("write", "arguments"), _EQUAL.values(), ids=_EQUAL)
def test_a_write_is_the_same_however_its_arguments_are_given(write: str, arguments: dict[str, Any]) -> None:
    """*Ours*: each of these opened a second case, or added a second note."""
    vendor, name, plain = WRITES[write]
    assert digest_of_call(vendor, name, arguments) == digest_of_call(vendor, name, plain)


_OTHER: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "another title": ("a case", {**CREATE, "name": "Cafe is late"}),
    "capitals in a title": ("a case", {**CREATE, "name": "CAFÉ is late"}),
    "another address": ("a case", {**CREATE, "emailId": "john.roe@example.com"}),
    "white space inside a text": ("a case", {**CREATE, "desc": "Ordered on 2 May\n\nNot here yet"}),
    "on purpose": ("a case", {**CREATE, "allow_duplicate": True}),
    "another comment": ("a comment", {**COMMENT, "resolutionCmts": ["Replaced the bar's part"]}),
    "a value beside it": ("a comment", {**COMMENT, "priority": {"name": "Low"}}),
    "no value beside it": ("a comment", {**COMMENT, "priority": None}),
    "a public note": (
        "a Talkdesk note",
        {**TALKDESK_NOTE, "notes": [{"note_body": "Called back", "public": True}]},
    ),
    "another case": ("a Talkdesk note", {**TALKDESK_NOTE, "id": "208080"}),
    "true for one": ("a Talkdesk note", {**TALKDESK_NOTE, "custom_fields": {"text1": True}}),
}


@pytest.mark.parametrize(("write", "arguments"), _OTHER.values(), ids=_OTHER)
def test_a_write_that_means_something_else_is_another(write: str, arguments: dict[str, Any]) -> None:
    """*Ours*: what differs at the desk differs in the ledger."""
    vendor, name, plain = WRITES[write]
    assert digest_of_call(vendor, name, arguments) != digest_of_call(vendor, name, plain)


@pytest.fixture
def desk(loopback: LoopbackDesk) -> LoopbackDesk:
    """Give a desk that finds one case, opens cases and answers updates with what was sent."""

    def reply(received: Received) -> Reply:
        if "/get" in received.path:
            return Reply.of({"results": [ROW], "page": 1, "totalResults": 1, "hasMore": False})
        if "/create" in received.path:
            prefix = "ci" if received.path.endswith("createCase") else "ti"
            return Reply.of({"_id": f"{prefix}-{len(loopback.received)}", "refId": "CS9"})
        return Reply.of({"_id": received.path.rsplit("/", 1)[1], **received.body})

    loopback.answer = reply
    return loopback


def writes(loopback: LoopbackDesk) -> int:
    """Return how many writes have reached the desk."""
    return sum("/get" not in each.path for each in loopback.received)


async def test_a_default_of_the_settings_makes_no_difference(desk: LoopbackDesk, settings: Settings) -> None:
    """*Ours*: what the administrator set is not what the caller asked for, given or left out."""
    account = settings.account.model_copy(update={"source": "rtm", "case_template": "ctm-1"})  # type: ignore[union-attr]
    without = {key: value for key, value in CREATE.items() if key not in {"source", "caseTmp"}}
    async with CaseDesk(settings.model_copy(update={"account": account})) as case_desk:
        first = await case_desk.call("create_case", without)
        second = await case_desk.call("create_case", CREATE)
    assert [first.data()["outcome"], second.data()["outcome"], writes(desk)] == ["created", "replayed", 1]


async def test_what_was_learned_in_between_makes_no_difference(desk: LoopbackDesk, settings: Settings) -> None:
    """*Ours*: the priority's id is learned from the first answer, and sent with the second request."""
    comment = {"caseId": REF, "resolutionCmts": ["Replaced the part"], "priority": {"name": "Unheard of"}}

    def reply(received: Received) -> Reply:
        if "/get" in received.path:
            return Reply.of({"results": [ROW], "page": 1, "totalResults": 1, "hasMore": False})
        priority = {"_id": "pr-9", "name": "Unheard of"}
        return Reply.of({"_id": received.path.rsplit("/", 1)[1], **received.body, "priority": priority})

    desk.answer = reply
    async with CaseDesk(settings) as case_desk:
        outcomes = [(await case_desk.call("update_case", comment)).data()["outcome"] for _ in range(2)]
    assert (outcomes, writes(desk)) == (["updated", "replayed"], 1)


@pytest.mark.parametrize("request_key", [None, "a key of the caller's"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("update_case", {"caseId": REF, "resolutionCmts": ["x"], "priority": {"name": "Unheard of"}}),
        ("update_case", {"caseId": REF, "resolutionCmts": ["x"], "expected_updated_at": ROW["updatedAt"]}),
        ("create_task", TASK),
    ],
)
async def test_a_repeat_of_what_is_finished_asks_the_desk_nothing(
    tool: str, arguments: dict[str, Any], request_key: str | None, desk: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: callers repeat when the desk is down, and an update has changed what `expected_updated_at` names."""
    async with CaseDesk(settings) as case_desk:
        first = await case_desk.call(tool, arguments, request_key=request_key)
        asked = len(desk.received)
        desk.answer = lambda _: Reply.of({"errors": [{"msg": "failed", "code": 500}]}, status=503)
        second = await case_desk.call(tool, arguments, request_key=request_key)
    assert first.data()["outcome"] in {"updated", "created"}
    assert (second.data()["outcome"], len(desk.received)) == ("replayed", asked)


@pytest.mark.parametrize("request_key", [None, "a key of the caller's"])
@pytest.mark.parametrize("finished", [True, False])
async def test_what_an_earlier_release_has_sent_is_not_sent_again(
    finished: bool, request_key: str | None, desk: LoopbackDesk, settings: Settings, tmp_path: Path
) -> None:
    """*Ours*: its rows have the digest of the arguments' spelling; an unfinished one is searched for."""
    at_file = settings.model_copy(update={"state": str(tmp_path / "state.db")})
    async with CaseDesk(at_file) as case_desk:
        identity = case_desk._vendor.identity
        parsed = case_desk.tools["create_case"].arguments.parse(CREATE, tool="create_case")
    former = intent_of(
        caller="local",
        desk=identity,
        tool="create_case",
        arguments=parsed.model_dump(mode="json", exclude_none=True),
        request_key=request_key,
    )
    state = await open_state(at_file.state_file, desk=identity)
    await state.ledger.claim(former, owner="the earlier release", window=600.0)
    facts = SearchFacts(facts={"name": CREATE["name"], "desc": CREATE["desc"]})
    await state.ledger.mark_sent(former.key, owner="the earlier release", facts=facts, seconds=0.0)
    end: RowEnd = "done" if finished else "unknown"
    outcome = WriteOutcome(ref="CS1", id="ci-1") if finished else None
    await state.ledger.finish(former.key, state=end, outcome=outcome)
    await state.close()

    shown = {"_id": "ci-1", "refId": "CS1", "name": CREATE["name"], "desc": CREATE["desc"]}
    desk.answer = lambda _: Reply.of({"results": [shown], "totalResults": 1, "hasMore": False})
    async with CaseDesk(at_file) as case_desk:
        result = await case_desk.call("create_case", CREATE, request_key=request_key)
    assert result.data()["outcome"] in ({"replayed"} if finished else {"replayed", "reconciled"})
    assert (result.data()["ref"], writes(desk)) == ("CS1", 0)
