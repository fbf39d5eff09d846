"""The outcome of a call as flat data, for dialogs that cannot catch an error and must not say "done" too soon.

    {"ok": true, ...the result}
    {"ok": false, "problem": kind, "missing": [...], "invalid": [...], "say": "...", "applied": "nothing", ...}

Expected outcomes are data: what the caller can fix, and what waiting fixes. What an administrator must fix stays
an error.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from case_tools.adapter.tool import Tool
from case_tools.errors import (
    CallerError,
    CaseError,
    ConfirmationNeeded,
    NotConfirmed,
    NotFound,
    Rejected,
    TransientError,
)
from case_tools.results import Result, Written

_UNKNOWN: Final = "I cannot tell yet whether that was done. I will look again before it is repeated."
_AGAIN: Final = "Please give me that once more: I cannot use it as it is."
_SAY: Final[Mapping[str, str]] = {
    "several": "More than one thing has that name. Which one do you mean?",
    "closed": "That case is closed and cannot be changed. Shall I open a new one?",
    "not_applied": "The case system has not taken all of that over. Shall we look at the case?",
    "not_done": "That did not go through. Shall I try it once more?",
    "conflict": "Somebody has changed the case in the meantime. Shall we look at it again?",
    "unavailable": "The case system does not answer at the moment. Please try again a little later.",
    "rate_limited": "The case system is busy at the moment.",
    "busy": "The case system is busy at the moment.",
}


def outcome_of(ended: Result | CaseError, tool: Tool[Any]) -> dict[str, Any]:
    """Return the outcome of a call as flat data.

    Raises:
        CaseError: it is one that only an administrator can fix.
    """
    if isinstance(ended, Written) and ended.outcome == "unknown":
        facts = {**ended.data(), "applied": "unknown"}
        return {"ok": False, "problem": "unknown", "say": _UNKNOWN, **facts}
    if isinstance(ended, Result):
        return {"ok": True, **ended.data()}
    if not isinstance(ended, CallerError | TransientError):
        raise ended
    missing = _missing(ended)
    data: dict[str, Any] = {"ok": False, "problem": "missing" if missing else _kind(ended)}
    if missing:
        data["missing"] = missing
    if wrong := _wrong(ended, missing):
        data["invalid"] = wrong
    data["say"] = _say(ended, missing, tool)
    data |= {"applied": ended.changed, "detail": _detail(ended)}
    if isinstance(ended, TransientError) and ended.retry_after is not None:
        data["retry_after"] = math.ceil(ended.retry_after)
    if isinstance(ended, ConfirmationNeeded):
        data |= {"preview": ended.preview.data(), "confirmation": ended.confirmation}
    return data


def _detail(error: CaseError) -> str:
    """Return the error in our own words alone, without what the desk shows."""
    problems = error.problems if isinstance(error, Rejected) else ()
    return " ".join([error.what, *(f"{each.argument}: {each.message}" for each in problems), error.next_step])


def _kind(error: CaseError) -> str:
    return "invalid" if error.kind == Rejected.kind else error.kind


def _missing(error: CaseError) -> list[str]:
    """Return what is missing, in the order in which it is asked for; nothing where something else is wrong."""
    if not isinstance(error, Rejected) or not all(problem.missing for problem in error.problems):
        return []
    return list(dict.fromkeys(name for problem in error.problems for name in problem.missing))


def _wrong(error: CaseError, missing: list[str]) -> list[str]:
    """Return what cannot be used as it is, in the order in which it is asked for once more."""
    if missing or not isinstance(error, Rejected):
        return []
    wrong = (problem.argument.split(".")[0] for problem in error.problems if not problem.missing)
    return list(dict.fromkeys(wrong))


def _say(error: CaseError, missing: list[str], tool: Tool[Any]) -> str:
    if missing:
        asked = tool.dialog.labels.get(missing[0], missing[0])
        return tool.dialog.questions.get(missing[0], f"What is the {asked}?")
    if isinstance(error, ConfirmationNeeded):
        return error.preview.sentence()
    if isinstance(error, NotConfirmed):
        return error.say
    if isinstance(error, NotFound):
        return tool.dialog.not_found
    if error.changed == "unknown":
        return _UNKNOWN
    if error.kind == Rejected.kind and isinstance(error, Rejected):
        wrong = _wrong(error, missing)
        return " ".join(filter(None, (_AGAIN, tool.dialog.questions.get(wrong[0]) if wrong else None)))
    said = _SAY[error.kind]
    wait = error.retry_after if isinstance(error, TransientError) and error.kind != "unavailable" else None
    return said if wait is None else f"{said} Please try again in {math.ceil(wait)} seconds."
