"""What the desk has shown, so that a reference or a plain name can stand for an id.

Statuses, priorities, queues and agents by name, cases and tasks by reference: in memory, and in the state's file.
"""

import difflib
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_MOST_PER_KIND: Final = 10_000
_SHORTEST_WORD: Final = 5
_SEPARATORS: Final = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedName:
    """One thing the desk has shown.

    Attributes:
        kind: `status`, `priority`, `case`, `task` ...
        id: the desk's own id.
        name: what people call it; for a case or a task its reference.
        value: the object as the desk takes it back, where it takes one.
        lasts: whether it is worth keeping beyond this process.
    """

    kind: str
    id: str
    name: str
    value: Mapping[str, Any] = field(default_factory=dict)
    lasts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRef:
    """A name or reference in the arguments that stands for an id.

    Attributes:
        kind: what it is a name of.
        name: the name, reference or id.
        afresh: whether the desk must be asked even where it is known.
    """

    kind: str
    name: str
    afresh: bool = False


class LearnedNames:
    """The things seen, found by id or by name without regard to case, spaces, hyphens and underscores."""

    def __init__(self) -> None:
        self._seen: dict[str, OrderedDict[str, LearnedName]] = {}
        self._ids: dict[tuple[str, str], dict[str, None]] = {}

    def learn(self, seen: Iterable[LearnedName]) -> None:
        """Keep what the desk has shown, the newest of each kind, at most 10,000."""
        for each in seen:
            kept = self._seen.setdefault(each.kind, OrderedDict())
            self._forget(kept.pop(each.id, None))
            kept[each.id] = each
            self._ids.setdefault((each.kind, fold(each.name)), {})[each.id] = None
            if len(kept) > _MOST_PER_KIND:
                self._forget(kept.popitem(last=False)[1])

    def find(self, kind: str, name_or_id: str) -> list[LearnedName]:
        """Return what the name or id stands for: one thing, several of one name, or none."""
        kept = self._seen.get(kind, OrderedDict())
        if name_or_id in kept:
            return [kept[name_or_id]]
        return [kept[each] for each in self._ids.get((kind, fold(name_or_id)), ())]

    def near(self, kind: str, name: str, *, usual: Sequence[str] = ()) -> list[str]:
        """Return the names, seen or usual, that a misspelt name may have meant, nearest first."""
        by_fold = {fold(each): each for each in (*usual, *self.all(kind))}
        return [by_fold[near] for near in difflib.get_close_matches(fold(name), list(by_fold), n=3, cutoff=0.75)]

    def misspelled(self, kind: str, name: str) -> list[str]:
        """Return the names of which a name is a misspelling: in accents, or by one slip of a letter."""
        return [each for each in self.all(kind) if is_misspelling(name, each)]

    def all(self, kind: str) -> list[str]:
        """Return every name of a kind, those seen longest ago first."""
        return list(dict.fromkeys(each.name for each in self._seen.get(kind, {}).values()))

    def _forget(self, old: LearnedName | None) -> None:
        if old is not None:
            ids = self._ids.get((old.kind, fold(old.name)), {})
            ids.pop(old.id, None)
            if not ids:
                self._ids.pop((old.kind, fold(old.name)), None)


def fold(name: str) -> str:
    """Return the name without case, spaces, hyphens and underscores: `In-Progress` is `in progress`."""
    return _SEPARATORS.sub("", name).casefold()


def plain(text: str) -> str:
    """Return a text without case, accents and composition, to compare it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


def is_misspelling(name: str, known: str) -> bool:
    """Say whether a name probably is another one with one slip: a letter too few, too many, wrong, or two swapped.

    A slip is one in a word of five letters or more. A digit, a whole word or a short one makes another name:
    `Billing US` beside `Billing EU`, `Jane Smith` beside `John Smith`.
    """
    words, own = (_SEPARATORS.split(plain(each).strip()) for each in (name, known))
    if len(words) != len(own):
        return False
    differing = [(one, other) for one, other in zip(words, own, strict=True) if one != other]
    if len(differing) > 1:
        return False
    return not differing or (len(differing[0][1]) >= _SHORTEST_WORD and _is_one_slip(*differing[0]))


def _is_one_slip(word: str, other: str) -> bool:
    if not (word.isalpha() and other.isalpha()) or abs(len(word) - len(other)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(word, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest, other_rest = word[start:], other[start:]
    swapped = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
    return swapped or rest[1:] == other_rest[1:] or rest == other_rest[1:] or rest[1:] == other_rest
