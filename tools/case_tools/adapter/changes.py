"""The result of an update, for every vendor: what was asked, compared by meaning with what the desk shows.

A key that the response shows with another value was not applied. A key that it does not show proves nothing:
the documented responses leave many out.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from case_tools.adapter.names import fold
from case_tools.adapter.parsing import moment_of, name_of, words_of
from case_tools.errors import NotApplied
from case_tools.results import OutcomeName, ParsedRecord, Written, moment
from case_tools.untrusted import line

_NAMES: Final = frozenset({"name", "displayName", "emailId"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """How a vendor's fields are compared.

    Attributes:
        plain_names: the vendor's name of a field -> the name in results, where they differ.
        moments: the fields that hold a date and time.
        choices: the fields that hold one of a list: compared by id and by name without case.
        appended: the lists of which the answer may show more than was sent: compared by presence.
        named_in_answers: the fields that take an id and are shown by name: another text proves nothing.
        compared: the fields with a comparison of their own: asked, shown -> the same, None where that is unclear.
    """

    plain_names: Mapping[str, str]
    moments: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()
    appended: frozenset[str] = frozenset()
    named_in_answers: frozenset[str] = frozenset()
    compared: Mapping[str, Callable[[Any, Any], bool | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes that an update made.

    Attributes:
        unchanged: whether everything was there before; known only where the case was just fetched.
        changed: field -> the old text, empty where it is not known, and the new one.
        unconfirmed: the fields that the answer does not show.
    """

    unchanged: bool
    changed: Mapping[str, tuple[str, str]]
    unconfirmed: Sequence[str]

    def result(self, record: ParsedRecord) -> Written:
        """Return the result of the update, with the case or task as the desk now shows it."""
        outcome: OutcomeName = "unchanged" if self.unchanged else "updated"
        return Written.of(outcome, record, changed=self.changed, unconfirmed=self.unconfirmed)


def changes(
    asked: Mapping[str, Any], shown: Mapping[str, Any], before: Mapping[str, Any], *, rules: FieldRules, tool: str
) -> Changes:
    """Compare what was sent with the desk's answer.

    Args:
        asked: the body that was sent.
        shown: the desk's answer.
        before: the row as the desk showed it just before; empty where it was not asked.
        rules: what is special about the vendor's fields.
        tool: the tool's name, for the error.

    Raises:
        NotApplied: the answer shows another value than the one asked for.
    """
    changed: dict[str, tuple[str, str]] = {}
    unconfirmed: list[str] = []
    refused: dict[str, str] = {}
    for key, value in asked.items():
        plain = rules.plain_names.get(key, key)
        verdict = _same(key, value, shown[key], rules) if key in shown else None
        if verdict is False:
            asked_words, shown_words = (line(_words(key, each, rules), 80) for each in (value, shown[key]))
            refused[plain] = f"{plain} (asked {asked_words!r}, the desk shows {shown_words!r})"
            continue
        if verdict is None:
            unconfirmed.append(plain)
        changed[plain] = (_words(key, before.get(key), rules), _words(key, value, rules))
    if refused:
        sure = [key for key in changed if key not in unconfirmed]
        as_before = not changed and all(key in before and before[key] == shown[key] for key in asked)
        applied = f" Applied: {', '.join(sure)}." if sure else ""
        raise NotApplied(
            f"The desk shows another value than asked for {', '.join(refused)}.{applied}",
            theirs=list(refused.values()),
            changed="partly" if sure else "nothing" if as_before else "unknown",
            next_step=f"Look at it with a search, then call {tool} with what is still to change.",
        )
    unchanged = bool(before) and all(_same(key, value, before.get(key), rules) for key, value in asked.items())
    return Changes(unchanged=unchanged, changed={} if unchanged else changed, unconfirmed=unconfirmed)


def is_applied(asked: Mapping[str, Any], shown: Mapping[str, Any], *, rules: FieldRules) -> bool | None:
    """Return whether a row shows everything that was asked for; None where it shows too little to tell."""
    verdicts = [_same(key, value, shown[key], rules) if key in shown else None for key, value in asked.items()]
    return _all_same(verdicts)


def _words(key: str, value: object, rules: FieldRules) -> str:
    return moment(moment_of(value)) if key in rules.moments else words_of(value)


def _same(key: str, asked: object, shown: object, rules: FieldRules) -> bool | None:
    """Tell whether the desk shows what was asked; None where its answer shows too little to tell."""
    if asked == {}:  # nobody: another form of empty is the same, and an agent that stays is not
        return not shown
    if shown is None:
        return None
    if key in rules.compared:
        return rules.compared[key](asked, shown)
    if key in rules.moments:
        return _same_moment(moment_of(asked), moment_of(shown))
    if key in rules.choices:
        return _same_choice(asked, shown)
    if key in rules.appended and isinstance(asked, list):
        return _all_same([_present(one, shown if isinstance(shown, list) else []) for one in asked])
    verdict = _same_value(asked, shown)
    return None if verdict is False and key in rules.named_in_answers else verdict


def _same_moment(asked: datetime | None, shown: datetime | None) -> bool:
    """Compare to the second; desks cut the rest."""
    if asked is None or shown is None:
        return asked is shown
    return abs((asked - shown).total_seconds()) < 1


def _same_choice(asked: object, shown: object) -> bool | None:
    """Compare a status or a priority by its id and by its name, as far as both have them."""
    if not isinstance(asked, Mapping) or not isinstance(shown, Mapping):
        name = name_of(asked)
        return fold(name) == fold(words_of(shown)) if name else None
    verdicts = [asked["_id"] == shown["_id"]] if asked.get("_id") and shown.get("_id") else []
    if name_of(asked) and name_of(shown):
        verdicts.append(fold(name_of(asked)) == fold(name_of(shown)))
    return all(verdicts) if verdicts else None


def _present(one: object, entries: list[Any]) -> bool | None:
    """Tell whether an entry is among those shown; None where they are of another shape and do not hold it."""
    if any(_same_entry(one, entry) is not False for entry in entries):
        return True
    objects = [entry for entry in entries if isinstance(entry, Mapping)]
    if isinstance(one, str) and objects:
        return True if any(_same_text(one, each) for entry in objects for each in entry.values()) else None
    return False


def _same_value(asked: object, shown: object) -> bool | None:
    if isinstance(asked, Mapping):
        return _same_object(asked, shown)
    if isinstance(asked, list):
        if not isinstance(shown, list) or len(asked) != len(shown):
            return False
        return _all_same([_present(one, shown) for one in asked])
    return same_scalar(asked, shown)


def same_scalar(asked: object, shown: object) -> bool:
    """Compare texts, numbers and truth values by what they say: 2 is "2", true is "true"; instants as such."""
    if isinstance(asked, str) and isinstance(shown, str):
        return _same_text(asked, shown) or _same_instant(asked, shown)
    if isinstance(asked, bool) or isinstance(shown, bool):
        return str(asked).casefold() == str(shown).casefold()
    try:
        return Decimal(str(asked)) == Decimal(str(shown))
    except InvalidOperation:
        return asked == shown


def _same_instant(asked: str, shown: str) -> bool:
    return "T" in asked and "T" in shown and None is not moment_of(asked) == moment_of(shown)


def _same_text(asked: str, shown: object) -> bool:
    """Compare texts but for white space at the ends of lines, and for HTML entities."""
    return isinstance(shown, str) and _lines(asked) == _lines(html.unescape(shown))


def _lines(text: str) -> list[str]:
    return [each.strip() for each in text.strip().splitlines()]


def _same_object(asked: Mapping[str, Any], shown: object) -> bool | None:
    """Compare every key asked for; names and addresses without case."""
    if not isinstance(shown, Mapping) or not shown:
        return False
    return _all_same(
        [_same_part(key, value, shown[key]) if key in shown else None for key, value in asked.items()]
    )


def _same_part(key: str, asked: object, shown: object) -> bool | None:
    if key in _NAMES and isinstance(asked, str) and isinstance(shown, str):
        return fold(asked) == fold(shown)
    return _same_value(asked, shown)


def _same_entry(asked: object, shown: object) -> bool | None:
    """Compare entries of a list, e.g. tags, which desks may write in small letters."""
    if isinstance(asked, str) and isinstance(shown, str):
        return _same_text(asked.casefold(), shown.casefold())
    return _same_value(asked, shown)


def _all_same(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True
