"""Values that are not quite, or not at all, what was meant."""

from collections.abc import Iterator
from copy import deepcopy

from evals.bending.bent import (
    Bent,
    Json,
    everywhere,
    properties_of,
    with_value,
)


def misspelt_word(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A letter is missing in a status or a priority."""
    for name in {"status", "priority", "sortBy", "detail", "order_by", "sort"} & arguments.keys():
        words = arguments[name] if isinstance(arguments[name], list) else [arguments[name]]
        for index, word in enumerate(words):
            slip = everywhere(word, lambda text: text[:1] + text[2:])
            bent = [*words[:index], slip, *words[index + 1 :]] if isinstance(arguments[name], list) else slip
            yield with_value(arguments, name, bent)


def word_of_another_desk(tool: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A priority that the desk does not have."""
    if "priority" in arguments and not tool.startswith("search"):
        yield with_value(arguments, "priority", "P1")


def email_inside_the_customer(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The customer's address in the customer, where another of the vendor's pages has it."""
    for name in {"emailId", "phoneNumber"} & arguments.keys():
        if isinstance(arguments.get("userInfo"), dict):
            rest = deepcopy(arguments)
            rest["userInfo"][name] = rest.pop(name)
            yield Bent(arguments=rest, about=(name, "userInfo"))


def email_under_another_name(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`userInfo.email`; dropped, the case would have no customer."""
    if "emailId" in arguments and isinstance(arguments.get("userInfo"), dict):
        rest = deepcopy(arguments)
        rest["userInfo"]["email"] = rest.pop("emailId")
        yield Bent(arguments=rest, about=("email", "userInfo"))


def name_for_an_email(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Who it is, where their address belongs."""
    for name in {"emailId", "requester_email"} & arguments.keys():
        yield with_value(arguments, name, "Jane Roe")


def out_of_range(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """All of them, please; cut to what is allowed, a part would pass for the whole."""
    if "limit" in properties_of(schema):
        yield with_value(arguments, "limit", 1000)
        yield with_value(arguments, "page", 0)


def what_the_tool_needs_left_out(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """A required argument is missing."""
    for name in schema.get("required", []):
        if name in arguments:
            yield Bent(arguments={key: each for key, each in arguments.items() if key != name}, about=(name,))
