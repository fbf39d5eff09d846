"""How what was sent to Kore is found again when its answer was lost.

A new case or task is looked for among those created about then, and compared by all that was sent: the
search for words is not used, as how it reads a title is not documented.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from case_tools.adapter.changes import same_scalar
from case_tools.adapter.parsing import list_of, mapping_of, moment_of, text_of
from case_tools.adapter.tool import Candidates, Json, Period, Reconciler, Request, Resolved, Response
from case_tools.settings import KoreSettings
from case_tools.vendors.kore.endpoints import post
from case_tools.vendors.kore.paging import paging_on_the_wire, sorting_on_the_wire
from case_tools.vendors.kore.responses import record_of
from case_tools.vendors.kore.searches import lookup_request, readable, results_of

_ROWS: Final = 50
_WAYS: Final = ("emailId", "phoneNumber")


def of_create(account: KoreSettings, *, tool: str, tail: str) -> Reconciler:
    """Return how a new case or task is found.

    Args:
        account: the account.
        tool: the tool that creates it.
        tail: the end of the path of the search for its kind.
    """

    def facts(request: Request, _: Resolved) -> Json:
        body = request.body or {}
        customer = mapping_of(body.get("userInfo"))
        ways = {way: body.get(way) or customer.get(way) for way in _WAYS}
        sent = {"name": body["name"], "desc": body.get("desc"), "caseId": body.get("caseId"), **ways}
        return {key: value for key, value in {**sent, "user": customer.get("_id")}.items() if value}

    def search(_: Mapping[str, Any], period: Period, page: int) -> Request:
        since, until = (each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in period)
        filters = {"startDate": since, "endDate": until, **sorting_on_the_wire("createdDate")}
        return post(account.stream_id, tail, {**filters, **paging_on_the_wire(page, _ROWS)})

    def read(sought: Mapping[str, Any], period: Period, mark: str, answer: Response) -> Candidates:
        payload, results = results_of(answer, tool=tool)
        rows = readable(results, account_id=account.account_id)
        fitting = sorted((row for row in rows if _is_it(row, sought, period, mark)), key=_created)
        more = payload.get("hasMore") is True or len(results) >= _ROWS
        return Candidates(records=[record_of(row) for row in fitting], more=more)

    return Reconciler(facts=facts, search=search, read=read, marked=_marked)


def of_comments(account: KoreSettings) -> Reconciler:
    """Return how comments that an update added are found, where the reference of what was updated is known."""

    def facts(request: Request, known: Resolved) -> Json | None:
        own = request.path.get("caseId") or request.path.get("taskId") or ""
        seen = known.names.find("case" if own.startswith("ci-") else "task", own)
        if not seen:
            return None
        return {"id": own, "ref": seen[0].name, "comments": list_of((request.body or {}).get("resolutionCmts"))}

    def search(sought: Mapping[str, Any], _: Period, page: int) -> Request:
        tail = "getCases" if str(sought["id"]).startswith("ci-") else "getTasks"
        return lookup_request(account.stream_id, tail, {"searchText": sought["ref"]}, limit=_ROWS, page=page)

    def read(sought: Mapping[str, Any], _: Period, __: str, answer: Response) -> Candidates:
        rows = readable(results_of(answer, tool="update_case")[1], account_id=account.account_id)
        row = next((row for row in rows if row["_id"] == sought["id"]), None)
        if row is None or not isinstance(row.get("resolutionCmts"), list):
            return Candidates(records=(), told=False)
        there = all(any(_same(one, each) for each in row["resolutionCmts"]) for one in sought["comments"])
        return Candidates(records=[record_of(row)] if there else ())

    return Reconciler(facts=facts, search=search, read=read)


def _marked(request: Request, mark: str) -> Request:
    body = request.body or {}
    return replace(request, body={**body, "desc": "\n".join(filter(None, (body.get("desc"), mark)))})


def _is_it(row: Mapping[str, Any], sought: Mapping[str, Any], period: Period, mark: str) -> bool:
    """Tell whether a row may be what was sent: nothing that it shows differs."""
    created = moment_of(row.get("createdAt"))
    if created is not None and not period[0] <= created <= period[1]:
        return False
    if mark and text_of(row.get("desc")):
        return mark in row["desc"]
    customer = mapping_of(row.get("userInfo"))
    shown = {**row, "user": customer.get("_id"), **{way: customer.get(way) for way in _WAYS}}
    wanted = {key: value for key, value in sought.items() if key not in _WAYS or "user" not in sought}
    same_title = text_of(row.get("name")) != "" and same_scalar(sought["name"], row["name"])
    return same_title and all(_same(value, shown[key]) for key, value in wanted.items() if shown.get(key))


def _same(sent: object, shown: object) -> bool:
    if isinstance(sent, str) and isinstance(shown, str):
        return same_scalar(sent.casefold(), shown.casefold())
    if isinstance(sent, str) and isinstance(shown, Mapping):
        return any(_same(sent, each) for each in shown.values())
    return sent == shown


def _created(row: Mapping[str, Any]) -> datetime:
    return moment_of(row.get("createdAt")) or datetime.max.replace(tzinfo=UTC)
