"""Prompts that a person picks in a host, one Markdown file each.

A file begins with TOML between two lines of `+++`: title, description, the `vendors` whose desks it is for (all,
unless said), and a table for each argument; `complete` names what the argument is completed with (`case`, `task`,
`status`, `priority`, `queue` or `agent`). In the text behind it `{name}` stands for an argument; a paragraph that
names one which was not given is left out; a line that begins with `@vendor` is for that vendor's desks alone.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

__all__ = ["Prompt", "PromptArgument", "PromptError", "prompts_for", "read"]

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FOR_ONE: Final = re.compile(r"@([a-z]+) (.*)")
_COMPLETED: Final = frozenset({"", "case", "task", "status", "priority", "queue", "agent"})


class PromptError(Exception):
    """A prompt was asked for in a way that it cannot be given, or its file cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptArgument:
    """One argument of a prompt.

    Attributes:
        complete: the kind of names that it is completed with; empty for none.
    """

    name: str
    description: str
    required: bool = False
    complete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt as its file has it.

    Attributes:
        vendors: whose desks it is for; empty for all.
    """

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    body: str
    vendors: tuple[str, ...] = ()

    def render(self, given: Mapping[str, str], *, vendor: str = "") -> str:
        """Return the text for one vendor's desk with its arguments filled in.

        Raises:
            PromptError: an argument is missing or not known.
        """
        known = {argument.name for argument in self.arguments}
        missing = [each.name for each in self.arguments if each.required and not given.get(each.name, "").strip()]
        if missing:
            raise PromptError(f"Missing argument of {self.name}: {', '.join(missing)}.")
        if unknown := [name for name in given if name not in known]:
            raise PromptError(
                f"{self.name} has {len(unknown)} unknown arguments; known are {', '.join(sorted(known))}."
            )
        body = "\n".join(_for(vendor, self.body))
        kept = [part for part in body.split("\n\n") if all(given.get(name) for name in _PLACE.findall(part))]
        return _PLACE.sub(lambda match: given[match[1]], "\n\n".join(kept))


def _for(vendor: str, body: str) -> list[str]:
    """Return the lines that are for every desk, or for this vendor's."""
    lines = []
    for line in body.split("\n"):
        only = _FOR_ONE.fullmatch(line)
        if only is None or only[1] == vendor:
            lines.append(only[2] if only else line)
    return lines


def read(name: str, text: str) -> Prompt:
    """Return the prompt that a file holds.

    Raises:
        PromptError: the file is not of the form that the module describes.
    """
    try:
        empty, front, body = text.replace("\r\n", "\n").split("+++\n", 2)
        head = tomllib.loads(front)
        prompt = Prompt(
            name=name,
            title=str(head.pop("title")),
            description=str(head.pop("description")),
            arguments=tuple(PromptArgument(name=key, **each) for key, each in head.pop("arguments", {}).items()),
            body=body.strip(),
            vendors=tuple(head.pop("vendors", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PromptError(f"{name}.md is no prompt: {type(error).__name__}: {error}") from None
    places = {*_PLACE.findall(prompt.body)} - {each.name for each in prompt.arguments}
    strange = {each.complete for each in prompt.arguments} - _COMPLETED
    if empty.strip() or head or places or strange or not _NAME.fullmatch(name):
        wrong = ", ".join(sorted([*head, *places, *map(str, strange)])) or "its name, or what stands before +++"
        raise PromptError(f"{name}.md is no prompt: not understood is {wrong}")
    return prompt


def prompts_for(vendor: str, folder: Path | None = None) -> Mapping[str, Prompt]:
    """Return the prompts for a vendor's desks by name, with those of an administrator's own folder.

    Args:
        vendor: the vendor.
        folder: a folder of further files; a file of the same name takes the place of ours.

    Raises:
        PromptError: a file of the folder cannot be used.
    """
    prompts = {**_packaged(), **(_in(folder) if folder else {})}
    return {name: each for name, each in sorted(prompts.items()) if not each.vendors or vendor in each.vendors}


@cache
def _packaged() -> Mapping[str, Prompt]:
    found = [each for each in files(__name__).iterdir() if each.name.endswith(".md")]
    prompts = [read(each.name.removesuffix(".md"), each.read_text(encoding="utf-8")) for each in found]
    return {prompt.name: prompt for prompt in prompts}


def _in(folder: Path) -> Mapping[str, Prompt]:
    try:
        texts = {each.stem: each.read_text(encoding="utf-8") for each in folder.glob("*.md")}
    except (OSError, ValueError) as error:
        raise PromptError(f"a file in {folder} cannot be read: {type(error).__name__}") from None
    return {name: read(name, text) for name, text in texts.items()}
