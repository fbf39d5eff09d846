"""How a write is found at the desk when its response was lost."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from case_tools.adapter.messages import Json, Period, Request, Resolved, Response
from case_tools.results import ParsedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What one page of a search shows of a lost write.

    Attributes:
        records: the cases or tasks that it may have made or changed.
        more: whether the desk has rows that the page did not show.
        conclusive: whether the rows show enough to say that something is not there.
        total: how many rows the desk says it has on all pages.
    """

    records: Sequence[ParsedRecord]
    more: bool = False
    conclusive: bool = True
    total: int | None = None


class Reconciler(ABC):
    """Finds one kind of write; every method is pure."""

    @abstractmethod
    def facts(self, request: Request, resolved: Resolved) -> Json | None:
        """Return what a search needs to know of a request, as JSON; None where it cannot be searched for."""

    @abstractmethod
    def search(self, facts: Mapping[str, Any], period: Period, page: int) -> Request:
        """Return the search for what was sent in a period; pages count from 1."""

    @abstractmethod
    def parse(self, facts: Mapping[str, Any], period: Period, mark: str, response: Response) -> Candidates:
        """Return what a response to `search` shows; `mark` is empty where the request carried none."""

    def with_mark(self, request: Request, _mark: str) -> Request:
        """Return the request with the mark in a text that the desk keeps, where it has one."""
        return request
