"""One page of a search."""

import json
from collections.abc import Sequence
from typing import Final, Self

from pydantic import Field, PrivateAttr

from case_tools.results.facts import BUDGET, THEIRS, Result
from case_tools.results.rows import Row, TaskRow
from case_tools.untrusted import bounded

_ANY_NONCE: Final = "--------"


class Page(Result):
    """One page of a search."""

    total: int | None = Field(None, description="How many match, as far as is known")
    page: int | None = None
    has_more: bool | None = Field(None, description="True: ask for the next page, or narrow the search")
    as_of: str | None = Field(None, description="Time of the answer")
    counts: dict[str, int] | None = Field(None, description=f"Only with count_by: value -> how many. {THEIRS}")
    note: str | None = Field(None, description="What must be known to read this page rightly")

    _cut: bool = PrivateAttr(default=False)

    def rows(self) -> Sequence[Row]:
        """Return the rows of the page."""
        raise NotImplementedError

    def text(self, nonce: str) -> str:
        """Return one line a row and a last line that says what is shown and how to get more."""
        rows = [row.words() for row in self.rows()]
        if self.counts is not None:
            rows = [f"{name}: {count}" for name, count in self.counts.items()]
        return "\n".join([*bounded(rows, nonce), " ".join(filter(None, (self._last_line(), self.note)))])

    def _last_line(self) -> str:
        as_of = f" as of {self.as_of}" if self.as_of else ""
        if self.counts is not None:
            return f"{self.total} counted{as_of}."
        shown = len(self.rows())
        if not shown and not self.total:
            return f"Nothing matches{as_of}."
        last = f"{shown} of {self.total} shown (page {self.page}){as_of}."
        if self.has_more and not self._cut:
            last += f" Give page={(self.page or 1) + 1} for more, or add filters to narrow."
        return last

    def noting(self, note: str) -> Self:
        """Return the page with a further sentence in its note."""
        return self.model_copy(update={"note": " ".join(filter(None, (self.note, note)))})

    def with_rows(self, rows: Sequence[Row], **facts: object) -> Self:
        """Return the page with other rows and facts."""
        return self.model_copy(update={self._rows_field(): [*rows], **facts})

    def within_budget(self) -> Self:
        """Return the page with as much as the budget holds, and a note where rows were left out.

        A page of one row keeps it, with its longest texts cut shorter.
        """
        rows = list(self.rows())
        if len(rows) == 1:
            rest = BUDGET - self.with_rows([])._size()  # noqa: SLF001 - a page of its own making
            return self.with_rows([rows[0].within(rest)])
        kept, page = rows, self
        while page._size() > BUDGET and kept:
            kept = kept[: len(kept) * 4 // 5]
            page = self.with_rows(kept, has_more=True).noting(
                f"{len(rows) - len(kept)} rows of this page were left out for length: "
                f"search again with limit={max(len(kept), 1)}, from page=1, to see all."
            )
            page._cut = True  # noqa: SLF001 - as above
        return page

    def _size(self) -> int:
        return max(len(self.text(_ANY_NONCE)), len(json.dumps(self.data(), ensure_ascii=False)))

    def _rows_field(self) -> str:
        raise NotImplementedError


class CasePage(Page):
    """One page of cases."""

    cases: list[Row] | None = None

    def rows(self) -> Sequence[Row]:
        """Return the cases."""
        return self.cases or ()

    def _rows_field(self) -> str:
        return "cases"


class TaskPage(Page):
    """One page of tasks."""

    tasks: list[TaskRow] | None = None

    def rows(self) -> Sequence[Row]:
        """Return the tasks."""
        return self.tasks or ()

    def _rows_field(self) -> str:
        return "tasks"


def rows_missed(given: int, asked: int) -> str:
    """Return the note for a page that a desk cut shorter than it was asked for."""
    return (
        f"The desk gave {given} of {asked} rows: ask again with limit={given}, or rows between pages are missed."
    )
