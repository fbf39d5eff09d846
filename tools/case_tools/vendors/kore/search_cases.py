"""search_cases: POST getCases, page "Get Cases API"."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from typing_extensions import override

from case_tools.adapter.messages import Request, Response
from case_tools.results import CasePage, ParsedRecord, Row, Shown, moment
from case_tools.vendors.kore.responses import record_of
from case_tools.vendors.kore.searches import Filters, KoreSearchTool, lookup_request, readable, results_of

_DESCRIPTION: Final = (
    "Find customer-service cases (tickets) by customer, agent, reference, part of the title, status, priority, "
    "queue, channel or dates, or count them. Use it before create_case, to see whether the case exists, and "
    "before update_case, to get its ref. Without filters it lists the newest cases. Changes nothing. "
    'Example: {"requester": "Jane Roe", "status": ["Open"]}. The desk matches one run of characters in the title. '
    "Answers ref, title, status, priority, requester, assignee, queue and due of each; a reference with "
    "detail=full reads one case whole."
)


class KoreSearchCasesArguments(Filters):
    """The documented filters, and ours."""


class KoreSearchCases(KoreSearchTool):
    """search_cases for one account."""

    name = "search_cases"
    title = "Search cases"
    description = _DESCRIPTION
    path_end = "getCases"
    arguments = KoreSearchCasesArguments
    result = CasePage

    @override
    def rest_of(self, record: ParsedRecord) -> Request | None:
        """The newest page of tasks, which may show those of the case; no filter for a case is documented."""
        return lookup_request(self._account.stream_id, "getTasks", {}, limit=50) if record.tasks else None

    @override
    def with_rest(self, record: ParsedRecord, response: Response) -> ParsedRecord:
        rows = readable(results_of(response, self.operation)[1], account_id=self._account.account_id)
        shown = {row["_id"]: _task(record_of(row)) for row in rows}
        return replace(record, tasks=[shown.get(task, task) for task in record.tasks])

    @override
    def page_of(self, records: Sequence[ParsedRecord], shown: Shown) -> CasePage:
        return CasePage(cases=[Row.of(record, shown) for record in records])


def _task(task: ParsedRecord) -> str:
    """Return a task in one line: reference, title, status and due."""
    due = f", due {moment(task.due)}" if task.due else ""
    return f"{task.ref or task.id} {task.title} [{task.status}{due}]"
