"""What an update came to: what was asked, compared with what the desk's answer shows, by meaning.

A key that the answer shows with another value was not applied. A key that it does not show proves nothing:
the documented answers leave many out.
"""

from collections.abc import Mapping
from typing import Any, Final

from case_tools.errors import NotApplied
from case_tools.kore.answers import moment_of, record_of, words_of
from case_tools.names import fold
from case_tools.results import Written, moment
from case_tools.text import line

_PLAIN_NAMES: Final[Mapping[str, str]] = {
    "name": "title",
    "desc": "description",
    "userInfo": "requester",
    "currAssignee": "assignee",
    "dueDate": "due",
}
_MOMENTS: Final = frozenset({"dueDate", "ETA", "createdAt", "updatedAt", "timestampValue"})
_NAMED: Final = frozenset({"status", "priority"})


def written(
    asked: Mapping[str, Any], shown: Mapping[str, Any], before: Mapping[str, Any], *, tool: str
) -> Written:
    """Return the result of an update.

    Args:
        asked: the body that was sent.
        shown: the desk's answer.
        before: the row as the desk showed it just before; empty where it was not asked.
        tool: the tool's name, for the error.

    Raises:
        NotApplied: the answer shows another value than the one asked for.
    """
    changed: dict[str, tuple[str, str]] = {}
    unconfirmed: list[str] = []
    refused: list[str] = []
    for key, value in asked.items():
        plain = _PLAIN_NAMES.get(key, key)
        verdict = _same(key, value, shown[key]) if key in shown else None
        if verdict is False:
            asked_words, shown_words = (line(_words(key, each), 80) for each in (value, shown[key]))
            refused.append(f"{plain} (asked {asked_words!r}, the desk shows {shown_words!r})")
            continue
        if verdict is None:
            unconfirmed.append(plain)
        changed[plain] = (_words(key, before.get(key)), _words(key, value))
    if refused:
        sure = [key for key in changed if key not in unconfirmed]
        applied = f" Applied: {', '.join(sure)}." if sure else ""
        raise NotApplied(
            f"The desk did not apply {'; '.join(refused)}.{applied}",
            changed="partly" if changed else "nothing",
            next_step=f"Check the value with search_cases, then call {tool} with what is left.",
        )
    unchanged = bool(before) and all(_same(key, value, before.get(key)) for key, value in asked.items())
    return Written.of(
        "unchanged" if unchanged else "updated",
        record_of(shown),
        changed={} if unchanged else changed,
        unconfirmed=unconfirmed,
    )


def _words(key: str, value: object) -> str:
    return moment(moment_of(value)) if key in _MOMENTS else words_of(value)


def _same(key: str, asked: object, shown: object) -> bool | None:
    """Tell whether the desk shows what was asked; None where its answer shows too little to tell."""
    if shown is None:
        return None
    if key in _MOMENTS:
        return moment_of(asked) == moment_of(shown)
    if key in _NAMED:
        return _same_choice(asked, shown)
    return _same_value(asked, shown)


def _same_choice(asked: object, shown: object) -> bool:
    """Compare a status or a priority by its id where both have one, else by its name."""
    if isinstance(asked, Mapping) and isinstance(shown, Mapping) and asked.get("_id") and shown.get("_id"):
        return bool(asked["_id"] == shown["_id"])
    return fold(words_of(asked)) == fold(words_of(shown))


def _same_value(asked: object, shown: object) -> bool | None:
    if isinstance(asked, Mapping):
        return _same_object(asked, shown)
    if isinstance(asked, list):
        if not isinstance(shown, list) or len(asked) != len(shown):
            return False
        if all(isinstance(each, str) for each in (*asked, *shown)):
            return sorted(asked) == sorted(shown)
        return _all_same([_same_value(one, other) for one, other in zip(asked, shown, strict=True)])
    if isinstance(asked, str) and isinstance(shown, str):
        return " ".join(asked.split()) == " ".join(shown.split())
    return asked == shown


def _same_object(asked: Mapping[str, Any], shown: object) -> bool | None:
    """Compare by id where both have one, else by every key asked for."""
    if not isinstance(shown, Mapping) or not shown:
        return False
    if asked.get("_id") and shown.get("_id") and asked["_id"] != shown["_id"]:
        return False
    return _all_same(
        [_same_name(key, value, shown[key]) if key in shown else None for key, value in asked.items()]
    )


def _same_name(key: str, asked: object, shown: object) -> bool | None:
    if key == "name" and isinstance(asked, str) and isinstance(shown, str):
        return fold(asked) == fold(shown)
    return _same_value(asked, shown)


def _all_same(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True
