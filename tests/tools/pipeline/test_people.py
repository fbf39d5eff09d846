"""A person's yes before a change: both eras, over a real process, and that a model cannot say it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from mcp import Client, StdioServerParameters, types
from mcp.client.context import ClientRequestContext
from mcp.client.session import ElicitationFnT
from mcp.client.stdio import stdio_client

from served import COMMAND, MODERN, PATIENCE, PRACTICE, environment, stdio_connection
from web_served import EVERYTHING, key_of, web, write_keys

CONFIRM: Final = {**PRACTICE, "CASE_MCP_ACCESS": "confirm"}
CHANGE: Final = {"caseId": "CS000160", "priority": "Low", "name": "Second parcel"}
QUESTION: Final = "Update a case: CS000160\ntitle: -> Second parcel\npriority: High -> Low\n\nDo exactly this?"
WRITES: Final = ("create_case", "update_case", "update_task")


class Person(ElicitationFnT):
    """Somebody at a host, who answers each question in the same way.

    Attributes:
        asked: what they were shown.
    """

    def __init__(self, action: str, **content: Any) -> None:
        self.asked: list[str] = []
        self._answer = types.ElicitResult.model_validate({"action": action, "content": content or None})

    async def __call__(
        self, _: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        """Answer a question."""
        self.asked.append(params.message)
        return self._answer


def words(result: types.CallToolResult) -> str:
    """Return the text of an answer that is one text."""
    [part] = result.content
    assert isinstance(part, types.TextContent)
    return part.text


async def at(
    person: Person | None, mode: str, *calls: Mapping[str, Any], settings: Mapping[str, str]
) -> list[Any]:
    """Return what update_case answers to each call, and the priority that the case has in the end."""
    command, *arguments = (*COMMAND, "serve")
    parameters = StdioServerParameters(command=command, args=arguments, env=environment(**settings))
    with anyio.fail_after(PATIENCE):
        async with Client(stdio_client(parameters), mode=mode, elicitation_callback=person) as client:
            results: list[Any] = [await client.call_tool("update_case", {**each}) for each in calls]
            found = await client.call_tool("search_cases", {"searchText": "CS000160"})
            return [*results, found.structured_content["cases"][0]["priority"]]


@pytest.fixture(params=["legacy", MODERN])
def mode(request: pytest.FixtureRequest) -> str:
    """Give each era."""
    return str(request.param)


async def test_a_change_is_made_after_a_persons_yes(mode: str) -> None:
    """*Ours*: the person sees the checked arguments, and of the desk's words those that the desk itself names."""
    person = Person("accept", yes=True)
    changed, priority = await at(person, mode, CHANGE, settings=CONFIRM)
    assert person.asked == [QUESTION]
    assert changed.structured_content["outcome"] == "updated"
    assert priority == "Low"


@pytest.mark.parametrize(
    ("person", "what"),
    [
        (Person("decline"), "the person said no"),
        (Person("accept", yes=False), "the person said no"),
        (Person("accept"), "the person said no"),
        (Person("cancel"), "the person closed the question without an answer"),
    ],
)
async def test_a_change_without_a_yes_is_not_made(mode: str, person: Person, what: str) -> None:
    """*Ours*: no, an accepted form without the mark, and a closed question are told apart, and change nothing."""
    refused, priority = await at(person, mode, CHANGE, settings=CONFIRM)
    assert refused.is_error
    assert words(refused) == (
        f"update_case was not sent: {what}. Nothing was changed. "
        "Do not try it another way. Tell the person what was to be changed, and ask what to do."
    )
    assert priority == "High"


async def test_a_host_that_cannot_ask_is_refused(mode: str) -> None:
    """*Ours*: a model must not be able to say yes for a person, by whatever argument."""
    tries = [CHANGE, {**CHANGE, "confirmation": "yes"}, {**CHANGE, "request_key": "1"}]
    refused, *others, priority = await at(None, mode, *tries, settings=CONFIRM)
    assert refused.is_error
    assert words(refused) == (
        "update_case was not sent: a person must say yes to each change here, and this host cannot ask anybody. "
        "Nothing was changed. Tell the person what was to be changed; that needs a host with MCP elicitation, "
        "or the desk."
    )
    assert [(each.is_error, "is not known here" in words(each)) for each in others] == [(True, True)] * 2
    assert priority == "High"


async def test_arguments_are_checked_before_a_person_is_asked(mode: str) -> None:
    """*Ours*: nobody is asked for what cannot be sent."""
    person = Person("accept", yes=True)
    refused, priority = await at(person, mode, {"caseId": "CS000160", "state": "Closed"}, settings=CONFIRM)
    assert (refused.is_error, person.asked, priority) == (True, [], "High")


async def test_a_create_is_shown_field_by_field_and_made_once(mode: str) -> None:
    """*Ours*: an equal call is answered from the ledger, and nobody is asked for it again."""
    person = Person("accept", yes=True)
    case = {
        "name": "Boiler leaks\npriority: Low -> High",
        "desc": "Water. " * 60,
        "userInfo": {"name": "Jane Roe"},
        "emailId": "jane.roe@example.com",
        "dueDate": "2027-01-04T10:00:00Z",
    }
    async with Client(_process(CONFIRM), mode=mode, elicitation_callback=person) as client:
        with anyio.fail_after(PATIENCE):
            results = [await client.call_tool("create_case", case) for _ in range(2)]
    assert [each.structured_content["outcome"] for each in results] == ["created", "replayed"]
    assert len({each.structured_content["ref"] for each in results}) == 1
    shown = (
        "Open a case\ntitle: Boiler leaks priority: Low -> High\n"
        f"description: {('Water. ' * 60)[:291]} [...cut] (419 characters in all)\n"
        "requester: Jane Roe\ne-mail: jane.roe@example.com\ndue: 2027-01-04T10:00:00Z\n"
        "case template: ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001\nsource: rtm\n\nDo exactly this?"
    )
    assert person.asked == [shown]


def _process(settings: Mapping[str, str]) -> Any:
    command, *arguments = (*COMMAND, "serve")
    return stdio_client(StdioServerParameters(command=command, args=arguments, env=environment(**settings)))


async def test_the_sealed_state_holds_for_one_change_alone() -> None:
    """*Ours*: one that was forged, another change's, and a used one change nothing."""
    person = Person("accept", yes=True)
    other = {**CHANGE, "priority": "Critical"}
    async with Client(_process(CONFIRM), mode=MODERN, elicitation_callback=person) as client:
        with anyio.fail_after(PATIENCE):
            asked = await client.session.call_tool("update_case", CHANGE, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            state = asked.request_state or ""
            yes: types.InputResponses = {"confirm": types.ElicitResult(action="accept", content={"yes": True})}

            async def second(arguments: Mapping[str, Any], state: str) -> str:
                result = await client.session.call_tool(
                    "update_case", {**arguments}, input_responses=yes, request_state=state
                )
                return words(result).split(". ")[0]

            forged = await second(CHANGE, state[:-1] + ("0" if state[-1] != "0" else "1"))
            missing = await second(CHANGE, "")
            swapped = await second(other, state)
            first = await second(CHANGE, state)
            again = await second(CHANGE, state)
    alien = "The confirmation does not belong to this call of update_case, which was not sent"
    assert (forged, missing, swapped) == (alien, alien, alien)
    assert first.startswith("Updated CS000160 [Open, Low]")
    assert again == "The confirmation was used before: update_case was not sent again"


async def test_over_http_the_newer_era_asks_and_the_older_one_has_nobody_to_ask(tmp_path: Path) -> None:
    """*Ours*: without sessions a server cannot call back; and a yes is that caller's whose key it came with."""
    keys = tmp_path / "keys.json"
    write_keys(keys, {"bot": EVERYTHING, "other": EVERYTHING})
    yes: types.InputResponses = {"confirm": types.ElicitResult(action="accept", content={"yes": True})}
    with web({**CONFIRM, "CASE_MCP_KEYS": str(keys)}) as server:
        older, newer = Person("accept", yes=True), Person("accept", yes=True)
        bot = f"Bearer {key_of('bot')}"
        async with server.client("legacy", person=older, authorization=bot) as client:
            refused = await client.call_tool("update_case", CHANGE)
        async with server.client(MODERN, person=newer, authorization=bot) as client:
            asked = await client.session.call_tool("update_case", CHANGE, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            done = await client.call_tool("update_case", CHANGE)
        async with server.client(MODERN, authorization=f"Bearer {key_of('other')}") as client:
            alien = await client.session.call_tool(
                "update_case", CHANGE, input_responses=yes, request_state=asked.request_state
            )
        outcomes = [each["outcome"] for each in server.audited(5)]
    assert (older.asked, newer.asked) == ([], [QUESTION])
    assert "over HTTP this needs protocol 2026-07-28" in words(refused)
    assert done.structured_content is not None
    assert done.structured_content["outcome"] == "updated"
    assert "does not belong to this call" in words(alien)
    assert outcomes == ["not_confirmed", "asked", "asked", "updated", "not_confirmed"]


async def test_read_only_lists_and_calls_only_what_reads(mode: str) -> None:
    """*Ours*: it wins over whatever else is set."""
    settings = {
        **PRACTICE,
        "CASE_MCP_ACCESS": "read_only",
        "CASE_MCP_TOOLSETS": "cases,tasks",
        "CASE_MCP_OUTCOMES": "data",
        "CASE_MCP_FIELDS": "documented",
    }
    async with stdio_connection(mode, settings) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        refused = []
        for tool in WRITES:
            with pytest.raises(Exception, match="This server is read-only") as error:
                await client.call_tool(tool, {})
            refused.append(getattr(error.value, "code", None))
    assert listed == ["search_cases", "search_tasks"]
    assert refused == [types.INVALID_PARAMS] * 3
