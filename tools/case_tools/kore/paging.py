"""Sorting and paging on the wire, and how a page is read from a desk that may not page.

The pages promise paging and sorting and document neither. Each guess stands in one function here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from case_tools.actions import Json
from case_tools.errors import Rejected
from case_tools.kore.answers import text_of

_UNREACHABLE: Final = "The desk does not page, and shows no rows behind these: narrow the search to see others."
_FIELD_IN_DATA: Final[Mapping[str, str]] = {"createdDate": "createdAt", "updatedDate": "updatedAt"}


def paging_on_the_wire(page: int, limit: int) -> Json:
    """Return the paging keys; a guess: the getTasks sample sends `skip` and `limit`, getCases shows none."""
    return {"skip": (page - 1) * limit, "limit": limit}


def sorting_on_the_wire(sort_by: str) -> Json:
    """Return the sort key; a guess: the table says a text, the getTasks sample sends `{"dueDate": "desc"}`.

    `createdDate` and `updatedDate` are sent under the names that the data has. The order is the newest first
    unless the text ends in ` asc`.
    """
    name, _, order = sort_by.partition(" ")
    return {"sortBy": {_FIELD_IN_DATA.get(name, name): order.strip().lower() or "desc"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of an answer that is the page asked for.

    Attributes:
        rows: the rows of the page.
        total: how many match in all, as far as is known.
        has_more: whether others follow.
        note: what the caller must know where the desk gave fewer rows than asked, and others exist.
    """

    rows: Sequence[Any]
    total: int
    has_more: bool
    note: str = ""


def window(
    payload: Mapping[str, Any], rows: Sequence[Any], *, page: int, limit: int, first_id: str | None
) -> Window:
    """Return the page asked for, from a desk that may have ignored what was asked.

    Args:
        payload: the answer.
        rows: the rows of the answer.
        page: the page asked for, from 1.
        limit: the rows asked for.
        first_id: the id of the first row of page 1 of the same search, where it was seen.

    Raises:
        Rejected: the desk did not move to the page, and the page is not in what it answered.
    """
    skipped = (page - 1) * limit
    started_at_first = page > 1 and not _moved(payload, rows, page=page, first_id=first_id)
    start = skipped if started_at_first else 0
    part = rows[start : start + limit]
    shown = skipped + len(part)
    behind = len(rows) - start - len(part)
    claimed = _count(payload.get("totalResults"))
    total = max(claimed or 0, shown + max(behind, 0) if part else 0)
    has_more = shown < total or payload.get("hasMore") is True
    if not part and started_at_first and has_more:
        raise _does_not_page(page, len(rows), total, known=first_id is not None)
    if claimed is None and payload.get("hasMore") is True:
        total = max(total, shown + 1)
    short = 0 < len(part) < limit and has_more
    note = _passed_over(len(part), limit) if not started_at_first else _UNREACHABLE
    return Window(rows=part, total=total, has_more=has_more, note=note if short else "")


def _passed_over(rows: int, limit: int) -> str:
    return f"The desk gave {rows} of {limit} rows: ask again with limit={rows}, or rows between pages are missed."


def _moved(payload: Mapping[str, Any], rows: Sequence[Any], *, page: int, first_id: str | None) -> bool:
    """Tell whether the rows begin at the page asked for, by the page's first row, else by its number."""
    if rows and first_id is not None:
        return first_id_of(rows) != first_id
    return _count(payload.get("page")) == page


def first_id_of(rows: Sequence[Any]) -> str:
    """Return the id of the first row, empty where it has none."""
    return text_of(rows[0].get("_id")) if rows and isinstance(rows[0], Mapping) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _does_not_page(page: int, rows: int, total: int, *, known: bool) -> Rejected:
    if known:
        return Rejected(
            f"The desk does not page: of {total} matches it shows the first {rows} only.",
            next_step="Narrow the search with more filters, or give a larger limit (up to 50) with page=1.",
        )
    return Rejected(
        f"The desk does not say whether it moved to page {page}.",
        next_step="Ask for page=1 of the same search first, then for the next pages.",
    )
