"""search_tasks: POST getTasks, documented beside the case pages."""

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from case_tools.results import ParsedRecord, Shown, TaskPage, TaskRow
from case_tools.vendors.kore.searches import Filters, KoreSearchTool

_DESCRIPTION: Final = (
    "Find tasks (steps of cases, such as a call back) by words in the title, reference, status, priority, "
    "queue or dates. Use it before update_task, to get the ref. Without filters it lists the newest tasks. "
    'Changes nothing. Example: {"status": ["Open"], "limit": 10}. Answers ref, case, title, status, priority, '
    "requester, assignee, queue and due of each; detail=full adds more."
)


class KoreSearchTasksArguments(Filters):
    """The filters of getCases, which the page of getTasks repeats."""


class KoreSearchTasks(KoreSearchTool):
    """search_tasks for one account."""

    name = "search_tasks"
    title = "Search tasks"
    description = _DESCRIPTION
    path_end = "getTasks"
    arguments = KoreSearchTasksArguments
    result = TaskPage

    @override
    def page_of(self, records: Sequence[ParsedRecord], shown: Shown) -> TaskPage:
        return TaskPage(tasks=[TaskRow.of(record, shown) for record in records])
