"""A bent call, and what the ways of bending one share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bent:
    """A bent call.

    Attributes:
        arguments: what is sent.
        about: where the call is refused, the refusal must name one of these.
    """

    arguments: Json
    about: Sequence[str]


Mutation = Callable[[str, Json, Json], Iterator[Bent]]
"""Tool, good arguments, input schema -> bent calls."""

ADDRESSES: Final = ("caseId", "taskId", "id")
WORDS: Final = frozenset({"status", "priority", "type", "sortBy", "detail", "order_by", "sort", *ADDRESSES})
"""Arguments whose letters may be written large or small."""


def properties_of(schema: Json) -> Mapping[str, Json]:
    """Return the arguments that a schema names."""
    known: Mapping[str, Json] = schema.get("properties", {})
    return known


def of_type(arguments: Json, kind: type | tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a type; a truth value is no number."""
    for name, value in arguments.items():
        if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
            yield name, value


def with_value(arguments: Json, name: str, value: object, *about: str) -> Bent:
    """Return the call with another value, and what a refusal must name."""
    return Bent(arguments={**arguments, name: value}, about=(name, *about))


def everywhere(value: Any, change: Callable[[str], str]) -> Any:
    """Return the value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: everywhere(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [everywhere(inner, change) for inner in value]
    return value


def renamed(arguments: Json, name: str, other: str) -> Json:
    """Return the arguments with one under another name."""
    return {other if key == name else key: value for key, value in arguments.items()}
