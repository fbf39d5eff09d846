"""Sorting and paging on the wire, and how a page is read from a desk that may not page.

The pages promise paging and sorting and document neither. Each guess stands in one function here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from case_tools.adapter.messages import Json
from case_tools.adapter.parsing import count_of, text_of
from case_tools.errors import Rejected
from case_tools.results import rows_missed

_UNREACHABLE: Final = "The desk does not page, and shows no rows behind these: narrow the search to see others."
_NO_MORE: Final = "The desk counts more, but shows none on this page."
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
    """The part of a response that is the page asked for.

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
    payload: Mapping[str, Any],
    rows: Sequence[Any],
    *,
    page: int,
    limit: int,
    first_ids: Sequence[str] | None,
) -> Window:
    """Return the page asked for, from a desk that may have ignored what was asked.

    Args:
        payload: the response.
        rows: the rows of the response.
        page: the page asked for, from 1.
        limit: the rows asked for.
        first_ids: the ids on page 1 of the same search, where it was seen.

    Raises:
        Rejected: the desk did not move to the page, and the page is not in what it answered.
    """
    skipped, claimed = (page - 1) * limit, count_of(payload.get("totalResults"))
    if _is_clamped(payload, page, limit):
        return Window(rows=(), total=claimed or 0, has_more=False)
    stayed = page > 1 and not _moved(payload, rows, page=page, first_ids=first_ids)
    start = skipped if stayed else 0
    part = rows[start : start + limit]
    shown, behind = skipped + len(part), max(len(rows) - start - limit, 0)
    if not part:
        known = max(claimed or 0, len(rows))
        if stayed and (known > len(rows) or payload.get("hasMore") is True):
            raise _does_not_page(page, len(rows), known, known=first_ids is not None)
        return Window(rows=(), total=known, has_more=False, note=_NO_MORE if known > skipped else "")
    silent = claimed is None and not isinstance(payload.get("hasMore"), bool)
    more = payload.get("hasMore") is True or behind > 0 or (silent and not stayed and len(part) == limit)
    total = max(claimed or 0, shown + behind, shown + 1 if more else 0)
    has_more = shown < total
    short = len(part) < limit and has_more
    note = rows_missed(len(part), limit) if not stayed else _UNREACHABLE
    return Window(rows=part, total=total, has_more=has_more, note=note if short else "")


def ids_of(rows: Sequence[Any]) -> list[str]:
    """Return the ids of the rows that have one."""
    return [text_of(row.get("_id")) for row in rows if isinstance(row, Mapping) and row.get("_id")]


def _is_clamped(payload: Mapping[str, Any], page: int, limit: int) -> bool:
    """Tell whether the desk, numbering as we do, went to its last page instead of one behind it."""
    shown = count_of(payload.get("page"))
    return count_of(payload.get("limit")) == limit and shown is not None and 1 < shown < page


def _moved(payload: Mapping[str, Any], rows: Sequence[Any], *, page: int, first_ids: Sequence[str] | None) -> bool:
    """Tell whether the rows begin at the page asked for: by what page 1 showed, else by the page's number."""
    own = ids_of(rows)
    if own and first_ids:
        return sum(each in set(first_ids) for each in own) * 2 < min(len(own), len(first_ids))
    return count_of(payload.get("page")) == page


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
