"""Portable JSON Schema from pydantic models: the subset that every client library was seen to take.

No `$ref`, no unions, no type arrays, no root combinators, no titles, no defaults; required fields first.
"""

from functools import cache
from typing import Any, Final, Literal

from pydantic import BaseModel

_DROPPED: Final = frozenset({"title", "default", "minLength", "maxLength", "pattern"})
_NULL: Final = {"type": "null"}


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of what a tool takes; an argument that it does not name is refused."""
    return _without_rules(_portable(model, mode="validation")) | {"additionalProperties": False}


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of what a tool answers; it requires no key and forbids none."""
    schema = _without_rules(_portable(model, mode="serialization"))
    schema.pop("required", None)
    return schema


@cache
def _portable(model: type[BaseModel], *, mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    raw = model.model_json_schema(by_alias=False, mode=mode)
    shared = {name: _without_docstring(each) for name, each in raw.pop("$defs", {}).items()}
    return _plain(_without_docstring(raw), shared)


def _without_docstring(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "description"}


def _plain(node: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _plain({**shared[node["$ref"].rsplit("/", 1)[-1]], **rest}, shared)
    if "anyOf" in node:
        chosen = [option for option in node["anyOf"] if option != _NULL]
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return _plain({**chosen[0], **rest}, shared)
    plain = {key: value for key, value in node.items() if key not in _DROPPED}
    if "properties" in plain:
        required = plain.get("required", [])
        names = sorted(plain["properties"], key=lambda name: name not in required)
        plain["properties"] = {name: _plain(plain["properties"][name], shared) for name in names}
    if "items" in plain:
        plain["items"] = _plain(plain["items"], shared)
    return plain


def _without_rules(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema without `additionalProperties`, which tells a model nothing, at every depth."""
    kept = {key: value for key, value in node.items() if key != "additionalProperties"}
    if "properties" in kept:
        kept["properties"] = {name: _without_rules(each) for name, each in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _without_rules(kept["items"])
    return kept
