"""How a write to Talkdesk is found when its response was lost.

A new case is looked for among those created about then, and compared by all that was sent. Whether a search
shows the notes of a case is not documented: where it does not, nothing is said about them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from typing_extensions import override

from case_tools.adapter.changes import same_scalar
from case_tools.adapter.messages import Json, Operation, Period, Request, Resolved, Response
from case_tools.adapter.parsing import count_of, list_of, moment_of, text_of
from case_tools.adapter.reconciliation import Candidates, Reconciler
from case_tools.vendors.talkdesk.endpoints import CASES, canonical_id, query_of
from case_tools.vendors.talkdesk.listing import cases_of
from case_tools.vendors.talkdesk.notes import shows
from case_tools.vendors.talkdesk.responses import id_in, record_of

_ROWS: Final = 50
_SEARCH: Final = Operation(tool="the search for what was sent")
_COMPARED: Final = ("title", "description", "requester_email", "requester_name")


class TalkdeskCreateReconciler(Reconciler):
    """Finds a new case."""

    @override
    def facts(self, request: Request, _resolved: Resolved) -> Json:
        return {key: value for key in _COMPARED if (value := (request.body or {}).get(key))}

    @override
    def search(self, _facts: Mapping[str, Any], period: Period, page: int) -> Request:
        created = [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in period]
        query = {"create_at": created, "order_by": "create_at", "sort": "DESC", "page": page, "per_page": _ROWS}
        return Request(method="GET", template=CASES, query=query_of(query))

    @override
    def parse(self, facts: Mapping[str, Any], period: Period, mark: str, response: Response) -> Candidates:
        payload, cases = cases_of(response, _SEARCH)
        fitting = sorted((case for case in cases if _is_it(case, facts, period, mark)), key=_created)
        total, page, size = (count_of(payload.get(key)) for key in ("total", "page", "per_page"))
        before = ((page or 1) - 1) * (size or _ROWS)
        more = len(cases) >= _ROWS if total is None else before + len(cases) < total
        return Candidates(records=[record_of(case) for case in fitting], more=more, total=total)

    @override
    def with_mark(self, request: Request, mark: str) -> Request:
        body = request.body or {}
        return replace(request, body={**body, "description": f"{body['description']}\n{mark}"})


class TalkdeskNoteReconciler(Reconciler):
    """Finds notes that an update added to a case."""

    @override
    def facts(self, request: Request, _resolved: Resolved) -> Json:
        notes = list_of((request.body or {}).get("notes"))
        return {"id": request.path["id"], "notes": [text_of(note.get("note_body")) for note in notes]}

    @override
    def search(self, facts: Mapping[str, Any], _period: Period, page: int) -> Request:
        return search_for(facts["id"], page=page)

    @override
    def parse(self, facts: Mapping[str, Any], _period: Period, _mark: str, response: Response) -> Candidates:
        own = canonical_id(facts["id"])
        found = (case for case in cases_of(response, _SEARCH)[1] if canonical_id(id_in(case)) == own)
        case = next(found, None)
        if case is None or not isinstance(case.get("notes"), list):
            return Candidates(records=(), conclusive=False)
        return Candidates(records=[record_of(case)] if shows(case["notes"], facts["notes"]) else ())


def search_for(case_id: str, *, page: int = 1) -> Request:
    """Return the search for one case by its id."""
    return Request(
        method="GET", template=CASES, query=query_of({"ids": [case_id], "page": page, "per_page": _ROWS})
    )


def _is_it(case: Mapping[str, Any], facts: Mapping[str, Any], period: Period, mark: str) -> bool:
    """Tell whether a case may be what was sent: nothing that it shows differs."""
    created = moment_of(case.get("create_at"))
    if created is not None and not period[0] <= created <= period[1]:
        return False
    if mark and text_of(case.get("description")):
        return mark in case["description"]
    same_title = text_of(case.get("title")) != "" and same_scalar(facts["title"], case["title"])
    return same_title and all(
        same_scalar(value.casefold(), case[key].casefold())
        for key, value in facts.items()
        if text_of(case.get(key))
    )


def _created(case: Mapping[str, Any]) -> datetime:
    return moment_of(case.get("create_at")) or datetime.max.replace(tzinfo=UTC)
