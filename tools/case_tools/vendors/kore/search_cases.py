"""search_cases: POST getCases, page "Get Cases API"."""

from typing import Final

from case_tools.adapter.tool import Action, Parsed, Request, Resolved, Response
from case_tools.results import CasePage, Record, Row
from case_tools.settings import KoreSettings
from case_tools.vendors.kore import searches
from case_tools.vendors.kore.dialog import SEARCH
from case_tools.vendors.kore.paging import Window

_DESCRIPTION: Final = (
    "Find customer-service cases (tickets) by words in the title, reference, status, priority, queue, channel "
    "or dates. Use it before create_case, to see whether the case exists, and before update_case, to get its "
    "ref. Without filters it lists the newest cases. Changes nothing. "
    'Example: {"status": ["Open"], "priority": ["High"], "limit": 10}. The desk does not search by customer: '
    "look for words of the title, then check `requester`. Answers ref, title, status, priority, requester, "
    "assignee, due and updated of each; detail=full adds more."
)


class SearchCases(searches.Filters):
    """The documented filters, and ours."""


def action(account: KoreSettings) -> Action[SearchCases]:
    """Return the action for one account."""

    def request(arguments: SearchCases, known: Resolved) -> Request:
        return searches.request(
            arguments, known, tool="search_cases", stream_id=account.stream_id, tail="getCases"
        )

    def reading(arguments: SearchCases, sent: Request, answer: Response, known: Resolved) -> Parsed:
        def page_of(records: list[Record], part: Window) -> CasePage:
            rows = [Row.of(record, detail=arguments.detail) for record in records]
            return CasePage(total=part.total, page=arguments.page, has_more=part.has_more, cases=rows)

        return searches.reading(
            arguments, sent, answer, known, tool="search_cases", account_id=account.account_id, page_of=page_of
        )

    return Action(
        name="search_cases",
        title="Search cases",
        description=_DESCRIPTION,
        scope="cases:read",
        effect="read",
        arguments=SearchCases,
        result=CasePage,
        wanted=lambda _: (),
        request=request,
        reading=reading,
        speech=SEARCH,
    )
