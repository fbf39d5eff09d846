"""Prompts that a person picks in a host, one Markdown file each.

A file begins with TOML between two lines of `+++`: title, description, and a table for each argument. The text
behind it may hold `{name}` for an argument; a paragraph that names an argument which was not given is left out.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["Prompt", "PromptArgument", "PromptError", "all_prompts", "read"]

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


class PromptError(Exception):
    """A prompt was asked for in a way that it cannot be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptArgument:
    """One argument of a prompt."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt as its file has it."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    body: str

    def render(self, given: Mapping[str, str]) -> str:
        """Return the text with its arguments filled in.

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
        kept = [part for part in self.body.split("\n\n") if all(given.get(name) for name in _PLACE.findall(part))]
        return _PLACE.sub(lambda match: given[match[1]], "\n\n".join(kept))


def read(name: str, text: str) -> Prompt:
    """Return the prompt that a file holds.

    Raises:
        ValueError: the file is not of the form that the module describes.
    """
    empty, front, body = text.split("+++\n", 2)
    if empty.strip():
        raise ValueError(f"{name} does not begin with +++")
    head = tomllib.loads(front)
    return Prompt(
        name=name,
        title=head["title"],
        description=head["description"],
        arguments=tuple(PromptArgument(name=key, **facts) for key, facts in head.get("arguments", {}).items()),
        body=body.strip(),
    )


@cache
def all_prompts() -> Mapping[str, Prompt]:
    """Return the prompts of this package by name."""
    found = (each for each in files(__name__).iterdir() if each.name.endswith(".md"))
    prompts = [read(each.name.removesuffix(".md"), each.read_text(encoding="utf-8")) for each in found]
    return {prompt.name: prompt for prompt in sorted(prompts, key=lambda prompt: prompt.name)}
