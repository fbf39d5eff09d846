"""What the desk has shown, so that a reference or a plain name can stand for an id.

Statuses, priorities, queues and agents by name, cases and tasks by reference: in memory, and in the state's file.
"""

import difflib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_MOST_PER_KIND: Final = 10_000
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
