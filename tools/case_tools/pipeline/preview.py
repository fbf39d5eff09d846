"""What a write would do, as a person is asked for a yes to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One write that waits for a yes.

    Attributes:
        tool: the tool's name.
        title: what it does, for people.
        ref: the reference or id of what is addressed; empty where nothing is.
        fields: the field's plain name -> the old text, empty where it is not shown, and the new one.
        creates: whether something new is made, so that no field has an old text.
    """

    tool: str
    title: str
    ref: str = ""
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    creates: bool = False

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

    def without_old(self) -> Self:
        """Return the preview as it is where the desk shows nothing of what is changed."""
        return replace(self, fields={name: ("", new) for name, (_, new) in self.fields.items()})

    def _changes(self) -> dict[str, str]:
        arrow = bool(self.ref) and not self.creates
        return {name: f"{old} -> {new}".lstrip() if arrow else new for name, (old, new) in self.fields.items()}
