"""update_case: POST updateCase/{caseId}, page "Update a Case API"."""

from typing import Final, Self

from pydantic import Field, model_validator

from case_tools.adapter.tool import Address
from case_tools.settings import Fields, KoreSettings
from case_tools.vendors.kore.body import DeskKeptBody, WritableBody
from case_tools.vendors.kore.dialog import of_updates
from case_tools.vendors.kore.endpoints import CaseAddress
from case_tools.vendors.kore.updates import KoreUpdateTool, something_given

_DESCRIPTION: Final = (
    "Change an existing customer-service case (ticket): status, priority, due date, assignee, texts, tags. "
    "Only the fields given change; leave out the rest. Find the case with search_cases first and give its ref. "
    'Example: {"caseId": "CS000123", "status": {"name": "Resolved"}}. '
    "Not for the tasks of a case: use update_task. Answers what changed, old and new."
)


class KoreUpdateCaseArguments(WritableBody):
    """The documented body, less what the desk keeps itself."""

    caseId: CaseAddress = Field(description="Reference, e.g. CS000123, or id ci-…, from search_cases")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        return something_given(self, "caseId")


class KoreUpdateCaseAsDocumented(DeskKeptBody, KoreUpdateCaseArguments):
    """The whole documented body."""


class KoreUpdateCase(KoreUpdateTool):
    """update_case for one account."""

    name = "update_case"
    title = "Update a case"
    description = _DESCRIPTION
    scope = "cases:write"
    address = Address(argument="caseId", kind="case")
    path_end = "updateCase/{caseId}"
    search_path_end = "getCases"
    dialog = of_updates("case")

    def __init__(self, account: KoreSettings, fields: Fields) -> None:
        super().__init__(account, KoreUpdateCaseArguments if fields == "writable" else KoreUpdateCaseAsDocumented)
