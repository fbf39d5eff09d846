"""create_task: POST createTask, documented beside the case pages.

Here the customer's e-mail and phone stand inside `userInfo`, unlike in createCase.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final, Self

from pydantic import Field, model_validator
from typing_extensions import override

from case_tools.adapter.arguments import Arguments, Missing, Text
from case_tools.adapter.messages import Request, Resolved
from case_tools.adapter.names import NameRef
from case_tools.adapter.tool import Address
from case_tools.adapter.write_options import OURS, AllowDuplicate
from case_tools.errors import Problem, Rejected
from case_tools.settings import KoreSettings
from case_tools.untrusted import line
from case_tools.vendors.kore.body import KoreContact
from case_tools.vendors.kore.creates import KoreCreateTool
from case_tools.vendors.kore.dialog import CREATE_TASK
from case_tools.vendors.kore.endpoints import (
    CaseAddress,
    CaseReference,
    TaskTemplateId,
    id_of,
    needed_by_address,
    post,
)
from case_tools.vendors.kore.reconciliation import KoreCreateReconciler

_DESCRIPTION: Final = (
    "Add a task (a step, such as a call back) to an existing case. Find the case with search_cases first. Ask for "
    "what is missing, never invent it. userInfo needs the customer's name and one of id, emailId, phoneNumber. "
    'Example: {"caseId": "CS000123", "taskTmp": "ttm-…", "name": "Call back", "userInfo": {"name": "Jane Roe", '
    '"emailId": "jane.roe@example.com"}, "source": "rtm", "desc": "Before noon"}. Answers the new reference.'
)


class KoreTaskContact(KoreContact):
    """The customer of a task: a name is needed."""

    @model_validator(mode="after")
    def _says_who_the_customer_is(self) -> Self:
        if not self.name:
            raise Missing("lacks the customer's name.", "userInfo")
        return self


class KoreCreateTaskArguments(Arguments):
    """The documented body."""

    other_words: ClassVar[Mapping[str, str]] = {
        "title": "name",
        "description": "desc",
        "customer": "userInfo",
        "template": "taskTmp",
        "case": "caseId",
    }

    caseId: CaseAddress = Field(description="Reference of the case, e.g. CS000123, or its id ci-…")
    caseRefId: CaseReference | None = Field(
        None, description="The case's reference; needed only with an id not yet seen"
    )
    taskTmp: TaskTemplateId = Field(description="Task template id ttm-…, from the administrator")
    name: Text = Field(description="Title, e.g. Call back")
    userInfo: KoreTaskContact = Field(description='e.g. {"name": "Jane Roe", "emailId": "jane.roe@example.com"}')
    source: Text = Field(description="Where the task comes from, e.g. rtm")
    desc: Text | None = Field(None, description="What is to be done")
    allow_duplicate: AllowDuplicate = False


class KoreCreateTask(KoreCreateTool[KoreCreateTaskArguments]):
    """create_task for one account; a source that the account sets may be left out of a call."""

    name = "create_task"
    title = "Add a task"
    description = _DESCRIPTION
    scope = "tasks:write"
    id_prefix = "ti-"
    address = Address(argument="caseId", kind="case")
    dialog = CREATE_TASK

    def __init__(self, account: KoreSettings) -> None:
        self._stream_id = account.stream_id
        defaults = {"source": account.source}
        super().__init__(KoreCreateTaskArguments, defaults, KoreCreateReconciler(account, search_of="getTasks"))

    @override
    def names_needed(self, arguments: KoreCreateTaskArguments) -> list[NameRef]:
        return needed_by_address("case", arguments.caseId)

    @override
    def build_request(self, arguments: KoreCreateTaskArguments, resolved: Resolved) -> Request:
        case_id = id_of("case", arguments.caseId, resolved)
        body = arguments.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(OURS))
        whole = {**body, "caseId": case_id, "caseRefId": _reference(arguments, case_id, resolved)}
        meant = {key: value for key, value in self.without_defaults(whole).items() if key != "caseRefId"}
        return replace(post(self._stream_id, "createTask", whole), meant=meant)


def _reference(arguments: KoreCreateTaskArguments, case_id: str, resolved: Resolved) -> str:
    seen = [each.name for each in resolved.names.find("case", case_id)]
    given = arguments.caseRefId
    if seen and given in {None, seen[0]}:
        return seen[0]
    if given and not seen:
        return given
    wrong = (
        f"is not the reference of that case, which is {line(seen[0], 40)}."
        if seen
        else "is missing beside an id not seen."
    )
    raise Rejected(
        "create_task was not sent: 1 invalid argument.",
        problems=[Problem(argument="caseRefId", message=wrong)],
        next_step="Give the reference as caseId, leave caseRefId out, and call create_task again.",
    )
