"""update_task: POST updateTask/{taskId}, page "Update a Task API".

The page lists the body of updateCase word for word, `caseTmp` for the task's template included.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from case_tools.adapter.tool import Address
from case_tools.settings import Fields, KoreSettings
from case_tools.vendors.kore.body import DeskKeptBody, WritableBody
from case_tools.vendors.kore.dialog import of_updates
from case_tools.vendors.kore.endpoints import TaskAddress
from case_tools.vendors.kore.updates import KoreUpdateTool, something_given

_DESCRIPTION: Final = (
    "Change an existing task (a step of a case, such as a call back): status, due date, assignee, texts. "
    "Only the fields given change; leave out the rest. Task ids come from search_cases with detail=full "
    "(`tasks`); references such as TS000102 from search_tasks where that tool is on. "
    'Example: {"taskId": "TS000102", "status": {"name": "Closed"}}. '
    "Not for the case itself: use update_case. Answers what changed, old and new."
)


class KoreUpdateTaskArguments(WritableBody):
    """The documented body, less what the desk keeps itself."""

    taskId: TaskAddress = Field(
        description="Id ti-… (search_cases with detail=full shows it) or reference, e.g. TS000102"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        return something_given(self, "taskId")


class KoreUpdateTaskAsDocumented(DeskKeptBody, KoreUpdateTaskArguments):
    """The whole documented body."""


class KoreUpdateTask(KoreUpdateTool):
    """update_task for one account."""

    name = "update_task"
    title = "Update a task"
    description = _DESCRIPTION
    scope = "tasks:write"
    address = Address(argument="taskId", kind="task")
    path_end = "updateTask/{taskId}"
    search_path_end = "getTasks"
    dialog = of_updates("task")

    def __init__(self, account: KoreSettings, fields: Fields) -> None:
        super().__init__(account, KoreUpdateTaskArguments if fields == "writable" else KoreUpdateTaskAsDocumented)
