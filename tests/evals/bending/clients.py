"""What clients do to every call, whatever the model meant."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from evals.bending.bent import (
    WORDS,
    Bent,
    Json,
    everywhere,
    of_type,
    properties_of,
    with_value,
)


def _filled(schema: Json, given: Any, filler: Callable[[Json], Any]) -> Any:
    """Return what was given with a filler for everything that was left out, at every depth."""
    if isinstance(given, Mapping) and "properties" in schema:
        known = properties_of(schema)
        whole = {name: _filled(known.get(name, {}), value, filler) for name, value in given.items()}
        return whole | {name: filler(each) for name, each in known.items() if name not in given}
    if isinstance(given, list):
        return [_filled(schema.get("items", {}), each, filler) for each in given]
    return given


def nulls_for_what_is_left_out(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """CrewAI, mcp-use and Rasa send null for every optional."""
    yield Bent(arguments=_filled(schema, arguments, lambda _: None), about=())


def empties_for_what_is_left_out(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """Strict function calling makes every optional required; a model fills them with nothing."""
    empties: Json = {"string": "", "array": [], "object": {}, "boolean": False, "integer": 0, "number": 0}
    known = properties_of(schema)
    filled = _filled(schema, arguments, lambda each: empties.get(each.get("type", ""), ""))
    yield Bent(arguments=filled, about=[name for name in known if name not in arguments])


def defaults_filled_in(tool: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """CrewAI and mcp-use send a default for everything that has one."""
    usual = {"page": 1, "limit": 20, "detail": "concise"} if tool.startswith("search") else {"source": "rtm"}
    missing = {name: value for name, value in usual.items() if name not in arguments}
    if missing.keys() & properties_of(schema).keys() and "update" not in tool:
        known = {name: value for name, value in missing.items() if name in properties_of(schema)}
        yield Bent(arguments={**arguments, **known}, about=[*known])


def argument_injected_by_a_host(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Gemini CLI adds `wait_for_previous` to every tool and forwards it."""
    yield with_value(arguments, "wait_for_previous", value=True)


def arguments_in_another_order(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """JSON objects have no order."""
    yield Bent(arguments=dict(reversed(arguments.items())), about=())


def json_text_for_an_object(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Clients whose schema dialect has no objects write one into a text."""
    for name, value in of_type(arguments, dict):
        yield with_value(arguments, name, json.dumps(value, ensure_ascii=False))


def json_text_for_a_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The same of a list."""
    for name, value in of_type(arguments, list):
        yield with_value(arguments, name, json.dumps(value, ensure_ascii=False))


def json_text_for_the_items_of_a_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The same of every object in a list."""
    for name, value in of_type(arguments, list):
        if any(isinstance(each, dict) for each in value):
            yield with_value(arguments, name, [json.dumps(each, ensure_ascii=False) for each in value])


def number_as_text(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Slots of dialog engines are texts."""
    for name, value in of_type(arguments, int):
        yield with_value(arguments, name, str(value))


def number_with_a_fraction(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Languages with one kind of number write 20.0."""
    for name, value in of_type(arguments, int):
        yield with_value(arguments, name, float(value))


def number_in_words(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A model writes what a person would say."""
    for name, _value in of_type(arguments, int):
        yield with_value(arguments, name, "twenty")


def truth_value_as_text(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Slots of dialog engines are texts."""
    for name, value in of_type(arguments, bool):
        yield with_value(arguments, name, str(value).lower())


def truth_value_in_words(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Neither true nor false in JSON."""
    for name, value in of_type(arguments, bool):
        yield with_value(arguments, name, "yes" if value else "no")


def padded_texts(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """Copied from somewhere, with what stood around it; what a free object holds is the caller's own."""
    free = {
        name
        for name, each in properties_of(schema).items()
        if each["type"] == "object" and "properties" not in each
    }
    padded = {
        name: value if name in free else everywhere(value, lambda text: f" {text}\n")
        for name, value in arguments.items()
    }
    if padded != arguments:
        yield Bent(arguments=padded, about=[*arguments])


def small_letters(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`high`, `in progress`, `cs000123`."""
    for name in WORDS & arguments.keys():
        bent = everywhere(arguments[name], str.lower)
        if bent != arguments[name]:
            yield with_value(arguments, name, bent)


def capital_letters(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`HIGH`, `IN PROGRESS`."""
    for name in WORDS & arguments.keys():
        bent = everywhere(arguments[name], str.upper)
        if bent != arguments[name]:
            yield with_value(arguments, name, bent)


def _swapped(one: str, other: str, text: str) -> str:
    return text.replace(one, other)


def hyphens_and_underscores(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`in_progress`, `on-hold`."""
    for name in {"status", "priority"} & arguments.keys():
        for one, other in ((" ", "_"), (" ", "-"), ("_", " "), ("_", "-")):
            bent = everywhere(arguments[name], partial(_swapped, one, other))
            if bent != arguments[name]:
                yield with_value(arguments, name, bent)
