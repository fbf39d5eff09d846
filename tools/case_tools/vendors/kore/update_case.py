"""update_case: POST updateCase/{caseId}, page "Update a Case API"."""

from typing import Final, Self

from pydantic import Field, model_validator

from case_tools.adapter.tool import Action
from case_tools.settings import Fields, KoreSettings
from case_tools.vendors.kore import updates
from case_tools.vendors.kore.body import DeskKeptBody, WritableBody
from case_tools.vendors.kore.endpoints import CaseAddress

_DESCRIPTION: Final = (
    "Change an existing customer-service case (ticket): status, priority, due date, assignee, texts, tags. "
    "Only the fields given change; leave out the rest. Find the case with search_cases first and give its ref. "
    'Example: {"caseId": "CS000123", "status": {"name": "Resolved"}}. '
    "Not for the tasks of a case: use update_task. Answers what changed, old and new."
)


class UpdateCase(WritableBody):
    """The documented body, less what the desk keeps itself."""

    caseId: CaseAddress = Field(description="Reference, e.g. CS000123, or id ci-…, from search_cases")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        return updates.something_given(self, "caseId")


class UpdateCaseAsDocumented(DeskKeptBody, UpdateCase):
    """The whole documented body."""


def action(account: KoreSettings, fields: Fields) -> Action[WritableBody]:
    """Return the action for one account."""
    return updates.action(
        name="update_case",
        kind="case",
        tail="updateCase/{caseId}",
        description=_DESCRIPTION,
        scope="cases:write",
        arguments=UpdateCase if fields == "writable" else UpdateCaseAsDocumented,
        account=account,
    )
