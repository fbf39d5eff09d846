"""Our two arguments that say how a write may be repeated, and the errors for a late update."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from case_tools.errors import Conflict, Rejected
from case_tools.results import moment

OURS: Final = frozenset({"allow_duplicate", "expected_updated_at"})
"""Arguments that are never sent to a desk."""

AllowDuplicate = Annotated[bool, Field(description="true: an equal one may be made again, on purpose")]
EXPECTED: Final = "Refuse if the desk shows a later change; from `updated`"
_TRUNCATED: Final = timedelta(seconds=1)


def refuse_if_later(shown: datetime | None, expected: datetime, *, tool: str, address: str) -> None:
    """Refuse an update of what the desk shows as changed since the caller saw it.

    The desk may still be changed between this look and the update: neither vendor offers more.

    Args:
        shown: when the desk says that it was updated last; None where a search has not found it.
        expected: what the caller has seen.
        tool: the tool's name.
        address: the argument that addresses what is updated.

    Raises:
        Conflict: it was changed later.
        Rejected: it cannot be seen.
    """
    if shown is None:
        raise Rejected(
            f"{tool} was not sent: expected_updated_at cannot be checked, as the last update cannot be seen.",
            next_step=f"Give {address} as search_cases shows it in ref, or leave expected_updated_at out.",
        )
    if shown >= expected + _TRUNCATED:
        raise Conflict(
            f"{tool} was not sent: the desk shows a change at {moment(shown)}, after {moment(expected)}.",
            next_step="Look at the case again with search_cases, then call again with its new `updated`.",
        )
