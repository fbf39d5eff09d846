"""The errors for a status, priority, queue or agent that cannot be sent as it was given."""

from collections.abc import Iterable

from case_tools.adapter.rejections import rejected
from case_tools.errors import Problem, Rejected


def wrong_choice(tool: str, kind: str, message: str, *, error: type[Rejected] = Rejected) -> Rejected:
    """Return the error for a choice that cannot be sent."""
    return rejected(tool, [Problem(argument=kind, message=message)], error=error)


def near_miss(tool: str, kind: str, name: str, near: Iterable[str]) -> Rejected:
    """Return the error for a name that is probably misspelled."""
    names = ", ".join(map(repr, near))
    return wrong_choice(
        tool,
        kind,
        f"holds {name!r}, which no case has shown; near is {names}. To send it all the same, put = before it.",
    )
