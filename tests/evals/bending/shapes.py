"""A word, an object or a list where another of them belongs, or nothing at all."""

from collections.abc import Iterator

from evals.bending.bent import (
    WORDS,
    Bent,
    Json,
    of_type,
    renamed,
    with_value,
)


def bare_word_for_an_object(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`"Resolved"` for `{"name": "Resolved"}`."""
    for name, value in of_type(arguments, dict):
        if [*value] == ["name"]:
            yield with_value(arguments, name, value["name"])


def bare_word_for_a_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`"Open"` for `["Open"]`."""
    for name, value in of_type(arguments, list):
        if len(value) == 1 and isinstance(value[0], str):
            yield with_value(arguments, name, value[0])


def bare_object_for_a_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """One object for a list of one."""
    for name, value in of_type(arguments, list):
        if len(value) == 1 and isinstance(value[0], dict):
            yield with_value(arguments, name, value[0])


def words_with_commas_for_a_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`"Open, In Progress"` for two words."""
    for name, value in of_type(arguments, list):
        if len(value) > 1 and all(isinstance(each, str) for each in value):
            yield with_value(arguments, name, ", ".join(value))


def object_for_a_word(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The shape of an update in a search, and an object for a plain text."""
    for name, value in arguments.items():
        if isinstance(value, str) and name in WORDS:
            yield with_value(arguments, name, {"name": value})
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            yield with_value(arguments, name, [{"name": each} for each in value])


def list_for_a_word(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The shape of a search in an update."""
    for name, value in arguments.items():
        if isinstance(value, str | dict):
            yield with_value(arguments, name, [value])


def words_for_a_list_of_objects(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`["text"]` for a list of notes."""
    for name, value in of_type(arguments, list):
        if value and all(isinstance(each, dict) and [*each] == ["note_body"] for each in value):
            yield with_value(arguments, name, [each["note_body"] for each in value])


def underscore_before_id(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The vendor's own `_id`."""
    for name in {"status", "priority"} & arguments.keys():
        if isinstance(arguments[name], dict):
            yield with_value(arguments, name, {**arguments[name], "_id": None})
    for name in {"caseId", "taskId", "id"} & arguments.keys():
        yield Bent(arguments=renamed(arguments, name, "_id"), about=("_id", name))


def empty_object(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Nothing where something was meant."""
    for name, _value in of_type(arguments, dict):
        yield with_value(arguments, name, {})


def empty_list(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Nothing where a filter was meant; taken for no filter it would show everything."""
    for name, _value in of_type(arguments, list):
        if name != "tags":  # an empty list of tags is a list of tags
            yield with_value(arguments, name, [])


def empty_text(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Nothing where something was meant."""
    for name, _value in of_type(arguments, str):
        yield with_value(arguments, name, "")
