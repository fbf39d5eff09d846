"""search_cases: POST getCases, page "Get Cases API"."""

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from case_tools.results import CasePage, ParsedRecord, Row
from case_tools.vendors.kore.searches import Filters, KoreSearchTool

_DESCRIPTION: Final = (
    "Find customer-service cases (tickets) by words in the title, reference, status, priority, queue, channel "
    "or dates. Use it before create_case, to see whether the case exists, and before update_case, to get its "
    "ref. Without filters it lists the newest cases. Changes nothing. "
    'Example: {"status": ["Open"], "priority": ["High"], "limit": 10}. The desk does not search by customer: '
    "look for words of the title, then check `requester`. Answers ref, title, status, priority, requester, "
    "assignee, due and updated of each; detail=full adds more."
)


class KoreSearchCasesArguments(Filters):
    """The documented filters, and ours."""


class KoreSearchCases(KoreSearchTool[CasePage]):
    """search_cases for one account."""

    name = "search_cases"
    title = "Search cases"
    description = _DESCRIPTION
    path_end = "getCases"
    arguments = KoreSearchCasesArguments
    result = CasePage

    @override
    def page_of(self, records: Sequence[ParsedRecord], arguments: Filters) -> CasePage:
        return CasePage(cases=[Row.of(record, detail=arguments.detail) for record in records])
