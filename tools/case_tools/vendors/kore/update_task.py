"""update_task: POST updateTask/{taskId}, page "Update a Task API".

The page lists the body of updateCase word for word, `caseTmp` for the task's template included.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from case_tools.adapter.tool import Action
from case_tools.settings import Fields, KoreSettings
from case_tools.vendors.kore import updates
from case_tools.vendors.kore.body import DeskKeptBody, WritableBody
from case_tools.vendors.kore.endpoints import TaskAddress

_DESCRIPTION: Final = (
    "Change an existing task (a step of a case, such as a call back): status, due date, assignee, texts. "
    "Only the fields given change; leave out the rest. Task ids come from search_cases with detail=full "
    "(`tasks`); references such as TS000102 from search_tasks where that tool is on. "
    'Example: {"taskId": "TS000102", "status": {"name": "Closed"}}. '
    "Not for the case itself: use update_case. Answers what changed, old and new."
)


class UpdateTask(WritableBody):
    """The documented body, less what the desk keeps itself."""

    taskId: TaskAddress = Field(
        description="Id ti-… (search_cases with detail=full shows it) or reference, e.g. TS000102"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        return updates.something_given(self, "taskId")


class UpdateTaskAsDocumented(DeskKeptBody, UpdateTask):
    """The whole documented body."""


def action(account: KoreSettings, fields: Fields) -> Action[WritableBody]:
    """Return the action for one account."""
    return updates.action(
        name="update_task",
        kind="task",
        tail="updateTask/{taskId}",
        description=_DESCRIPTION,
        scope="tasks:write",
        arguments=UpdateTask if fields == "writable" else UpdateTaskAsDocumented,
        account=account,
    )
