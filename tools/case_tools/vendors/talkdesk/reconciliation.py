"""How what was sent to Talkdesk is found again when its answer was lost.

A new case is looked for among those created about then, and compared by all that was sent. Whether a search
shows the notes of a case is not documented: where it does not, nothing is said about them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from case_tools.adapter.changes import same_scalar
from case_tools.adapter.parsing import count_of, list_of, moment_of, text_of
from case_tools.adapter.tool import Candidates, Json, Period, Reconciler, Request, Resolved, Response
from case_tools.vendors.talkdesk.endpoints import CASES, query_of
from case_tools.vendors.talkdesk.listing import cases_of
from case_tools.vendors.talkdesk.notes import shows
from case_tools.vendors.talkdesk.responses import id_in, record_of

_ROWS: Final = 50
_COMPARED: Final = ("title", "description", "requester_email", "requester_name")


def of_create() -> Reconciler:
    """Return how a new case is found."""
    return Reconciler(facts=_facts, search=_search, read=_read, marked=_marked)


def of_notes() -> Reconciler:
    """Return how notes that an update added to a case are found."""
    return Reconciler(facts=_note_facts, search=_search_by_id, read=_read_notes)


def search_for(case_id: str, *, page: int = 1) -> Request:
    """Return the search for one case by its id."""
    return Request(
        method="GET", template=CASES, query=query_of({"ids": [case_id], "page": page, "per_page": _ROWS})
    )


def _facts(request: Request, _: Resolved) -> Json:
    return {key: value for key in _COMPARED if (value := (request.body or {}).get(key))}


def _search(_: Mapping[str, Any], period: Period, page: int) -> Request:
    created = [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in period]
    query = {"create_at": created, "order_by": "create_at", "sort": "DESC", "page": page, "per_page": _ROWS}
    return Request(method="GET", template=CASES, query=query_of(query))


def _read(sought: Mapping[str, Any], period: Period, mark: str, answer: Response) -> Candidates:
    payload, cases = cases_of(answer)
    fitting = sorted((case for case in cases if _is_it(case, sought, period, mark)), key=_created)
    total, page, size = (count_of(payload.get(key)) for key in ("total", "page", "per_page"))
    before = ((page or 1) - 1) * (size or _ROWS)
    more = len(cases) >= _ROWS if total is None else before + len(cases) < total
    return Candidates(records=[record_of(case) for case in fitting], more=more)


def _marked(request: Request, mark: str) -> Request:
    body = request.body or {}
    return replace(request, body={**body, "description": f"{body['description']}\n{mark}"})


def _is_it(case: Mapping[str, Any], sought: Mapping[str, Any], period: Period, mark: str) -> bool:
    """Tell whether a case may be what was sent: nothing that it shows differs."""
    created = moment_of(case.get("create_at"))
    if created is not None and not period[0] <= created <= period[1]:
        return False
    if mark and text_of(case.get("description")):
        return mark in case["description"]
    same_title = text_of(case.get("title")) != "" and same_scalar(sought["title"], case["title"])
    return same_title and all(
        same_scalar(value.casefold(), case[key].casefold())
        for key, value in sought.items()
        if text_of(case.get(key))
    )


def _created(case: Mapping[str, Any]) -> datetime:
    return moment_of(case.get("create_at")) or datetime.max.replace(tzinfo=UTC)


def _note_facts(request: Request, _: Resolved) -> Json:
    notes = list_of((request.body or {}).get("notes"))
    return {"id": request.path["id"], "notes": [text_of(note.get("note_body")) for note in notes]}


def _search_by_id(sought: Mapping[str, Any], _: Period, page: int) -> Request:
    return search_for(sought["id"], page=page)


def _read_notes(sought: Mapping[str, Any], _: Period, __: str, answer: Response) -> Candidates:
    case = next((case for case in cases_of(answer)[1] if id_in(case) == sought["id"]), None)
    if case is None or not isinstance(case.get("notes"), list):
        return Candidates(records=(), told=False)
    return Candidates(records=[record_of(case)] if shows(case["notes"], sought["notes"]) else ())
