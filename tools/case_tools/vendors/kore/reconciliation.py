"""How a write to Kore is found when its response was lost.

A new case or task is looked for among those created about then, and compared by all that was sent: the
search for words is not used, as how it reads a title is not documented.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from typing_extensions import override

from case_tools.adapter.changes import same_scalar
from case_tools.adapter.messages import Json, Operation, Period, Request, Resolved, Response
from case_tools.adapter.parsing import count_of, list_of, mapping_of, moment_of, text_of
from case_tools.adapter.reconciliation import Candidates, Reconciler
from case_tools.settings import KoreSettings
from case_tools.vendors.kore.endpoints import post
from case_tools.vendors.kore.paging import paging_on_the_wire, sorting_on_the_wire
from case_tools.vendors.kore.responses import record_of
from case_tools.vendors.kore.searches import lookup_request, readable, results_of

_ROWS: Final = 50
_SEARCH: Final = Operation(tool="the search for what was sent")
_WAYS: Final = ("emailId", "phoneNumber")


class KoreCreateReconciler(Reconciler):
    """Finds a new case or task.

    Args:
        account: the account.
        search_of: the end of the path of the search for its kind.
    """

    def __init__(self, account: KoreSettings, *, search_of: str) -> None:
        self._account = account
        self._search_of = search_of

    @override
    def facts(self, request: Request, _resolved: Resolved) -> Json:
        body = request.body or {}
        customer = mapping_of(body.get("userInfo"))
        ways = {way: body.get(way) or customer.get(way) for way in _WAYS}
        sent = {"name": body["name"], "desc": body.get("desc"), "caseId": body.get("caseId"), **ways}
        return {key: value for key, value in {**sent, "user": customer.get("_id")}.items() if value}

    @override
    def search(self, _facts: Mapping[str, Any], period: Period, page: int) -> Request:
        since, until = (each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in period)
        filters = {"startDate": since, "endDate": until, **sorting_on_the_wire("createdDate")}
        return post(self._account.stream_id, self._search_of, {**filters, **paging_on_the_wire(page, _ROWS)})

    @override
    def parse(self, facts: Mapping[str, Any], period: Period, mark: str, response: Response) -> Candidates:
        payload, results = results_of(response, _SEARCH)
        rows = readable(results, account_id=self._account.account_id)
        fitting = sorted((row for row in rows if _is_it(row, facts, period, mark)), key=_created)
        more = payload.get("hasMore") is True or len(results) >= _ROWS
        total = count_of(payload.get("totalResults"))
        return Candidates(records=[record_of(row) for row in fitting], more=more, total=total)

    @override
    def with_mark(self, request: Request, mark: str) -> Request:
        body = request.body or {}
        return replace(request, body={**body, "desc": "\n".join(filter(None, (body.get("desc"), mark)))})


class KoreCommentReconciler(Reconciler):
    """Finds comments that an update added, where the reference of what was updated is known."""

    def __init__(self, account: KoreSettings) -> None:
        self._account = account

    @override
    def facts(self, request: Request, resolved: Resolved) -> Json | None:
        own = request.path.get("caseId") or request.path.get("taskId") or ""
        found = resolved.names.find("case" if own.startswith("ci-") else "task", own)
        if not found:
            return None
        return {"id": own, "ref": found[0].name, "comments": list_of((request.body or {}).get("resolutionCmts"))}

    @override
    def search(self, facts: Mapping[str, Any], _period: Period, page: int) -> Request:
        tail = "getCases" if str(facts["id"]).startswith("ci-") else "getTasks"
        return lookup_request(self._account.stream_id, tail, {"searchText": facts["ref"]}, limit=_ROWS, page=page)

    @override
    def parse(self, facts: Mapping[str, Any], _period: Period, _mark: str, response: Response) -> Candidates:
        rows = readable(results_of(response, _SEARCH)[1], account_id=self._account.account_id)
        row = next((row for row in rows if row["_id"] == facts["id"]), None)
        if row is None or not isinstance(row.get("resolutionCmts"), list):
            return Candidates(records=(), conclusive=False)
        there = all(any(_same(one, each) for each in row["resolutionCmts"]) for one in facts["comments"])
        return Candidates(records=[record_of(row)] if there else ())


def _is_it(row: Mapping[str, Any], facts: Mapping[str, Any], period: Period, mark: str) -> bool:
    """Tell whether a row may be what was sent: nothing that it shows differs."""
    created = moment_of(row.get("createdAt"))
    if created is not None and not period[0] <= created <= period[1]:
        return False
    if mark and text_of(row.get("desc")):
        return mark in row["desc"]
    customer = mapping_of(row.get("userInfo"))
    shown = {**row, "user": customer.get("_id"), **{way: customer.get(way) for way in _WAYS}}
    wanted = {key: value for key, value in facts.items() if key not in _WAYS or "user" not in facts}
    same_title = text_of(row.get("name")) != "" and same_scalar(facts["name"], row["name"])
    return same_title and all(_same(value, shown[key]) for key, value in wanted.items() if shown.get(key))


def _same(sent: object, shown: object) -> bool:
    if isinstance(sent, str) and isinstance(shown, str):
        return same_scalar(sent.casefold(), shown.casefold())
    if isinstance(sent, str) and isinstance(shown, Mapping):
        return any(_same(sent, each) for each in shown.values())
    return sent == shown


def _created(row: Mapping[str, Any]) -> datetime:
    return moment_of(row.get("createdAt")) or datetime.max.replace(tzinfo=UTC)
