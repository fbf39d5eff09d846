"""What a write would do, shown before it is done: our own checked arguments, and never a text of the desk's.

A customer's words could ask a person to say yes. So of what stands at the desk only what the desk itself names is
shown: statuses, priorities, types and times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from case_tools.results import moment
from case_tools.text import CUT, line

_LONGEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One write that waits for a yes.

    Attributes:
        tool: the tool's name.
        title: what it does, for people.
        ref: the reference or id of what is changed; empty where something new is made.
        fields: the field's plain name -> the old text, empty where it is not shown, and the new one.
    """

    tool: str
    title: str
    ref: str = ""
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def text(self) -> str:
        """Return a heading and one line for each field."""
        heading = f"{self.title}: {self.ref}" if self.ref else self.title
        return "\n".join([heading, *(f"{name}: {change}" for name, change in self._changes().items())])

    def sentence(self) -> str:
        """Return the question in one line."""
        changes = "; ".join(f"{name}: {change}" for name, change in self._changes().items())
        return f"{self.title}{f' {self.ref}' if self.ref else ''} ({changes}): shall I do that?"

    def data(self) -> dict[str, str]:
        """Return the same as flat texts, field by field."""
        return {"tool": self.tool} | ({"ref": self.ref} if self.ref else {}) | self._changes()

    def _changes(self) -> dict[str, str]:
        return {name: f"{old} -> {new}".lstrip() if self.ref else new for name, (old, new) in self.fields.items()}


def parts_of(given: BaseModel) -> dict[str, object]:
    """Return what was given, by the arguments' own names."""
    parts = {name: getattr(given, name) for name in type(given).model_fields if name in given.model_fields_set}
    return {name: each for name, each in {**parts, **(given.model_extra or {})}.items() if each is not None}


def shown(value: object) -> str:
    """Return an argument on one line, all of its parts, and how long it is where it is cut."""
    words = _words(value)
    cut = line(words, _LONGEST)
    return f"{cut} ({len(words):,} characters in all)" if cut.endswith(CUT) else cut


def _words(value: object) -> str:
    if isinstance(value, BaseModel):
        return _words(parts_of(value))
    if isinstance(value, Mapping):
        named: dict[str, Any] = {key: each for key, each in value.items() if each is not None}
        if [*named] == ["name"]:
            return _words(named["name"])
        return ", ".join(f"{key} {_words(each)}" for key, each in named.items())
    if isinstance(value, list):
        return "; ".join(map(_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return moment(value) if isinstance(value, datetime) else str(value)
