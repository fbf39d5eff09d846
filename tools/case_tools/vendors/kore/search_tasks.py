"""search_tasks: POST getTasks, documented beside the case pages."""

from typing import Final

from case_tools.adapter.tool import Action, Parsed, Request, Resolved, Response
from case_tools.results import Record, TaskPage, TaskRow
from case_tools.settings import KoreSettings
from case_tools.vendors.kore import searches
from case_tools.vendors.kore.dialog import SEARCH
from case_tools.vendors.kore.paging import Window

_DESCRIPTION: Final = (
    "Find tasks (steps of cases, such as a call back) by words in the title, reference, status, priority, "
    "queue or dates. Use it before update_task, to get the ref. Without filters it lists the newest tasks. "
    'Changes nothing. Example: {"status": ["Open"], "limit": 10}. Answers ref, case, title, status, priority, '
    "requester, assignee, due and updated of each; detail=full adds more."
)


class SearchTasks(searches.Filters):
    """The filters of getCases, which the page of getTasks repeats."""


def action(account: KoreSettings) -> Action[SearchTasks]:
    """Return the action for one account."""

    def request(arguments: SearchTasks, known: Resolved) -> Request:
        return searches.request(
            arguments, known, tool="search_tasks", stream_id=account.stream_id, tail="getTasks"
        )

    def reading(arguments: SearchTasks, sent: Request, answer: Response, known: Resolved) -> Parsed:
        def page_of(records: list[Record], part: Window) -> TaskPage:
            rows = [TaskRow.of(record, detail=arguments.detail) for record in records]
            return TaskPage(total=part.total, page=arguments.page, has_more=part.has_more, tasks=rows)

        return searches.reading(
            arguments, sent, answer, known, tool="search_tasks", account_id=account.account_id, page_of=page_of
        )

    return Action(
        name="search_tasks",
        title="Search tasks",
        description=_DESCRIPTION,
        scope="cases:read",
        effect="read",
        arguments=SearchTasks,
        result=TaskPage,
        wanted=lambda _: (),
        request=request,
        reading=reading,
        speech=SEARCH,
    )
