"""Arguments under a name that the tool does not know; dropped, a filter or a change would be lost."""

import re
from collections.abc import Iterator

from evals.bending.bent import (
    Bent,
    Json,
    of_type,
    renamed,
    with_value,
)


def unknown_argument(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A model explains itself in an argument that does not exist."""
    yield with_value(arguments, "reason", "The customer asked for it.")


def misspelt_argument(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A letter is missing; taken for unknown and dropped, the filter or the change would be lost."""
    for name in arguments:
        slip = name[:-1] if len(name) > len("id") else f"{name}_"
        yield Bent(arguments=renamed(arguments, name, slip), about=(slip,))


def argument_in_another_style(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`due_date` for `dueDate`, `requesterEmail` for `requester_email`."""
    for name in arguments:
        snake = re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", name)
        camel = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        other = camel if snake == name else snake
        if other != name:
            yield Bent(arguments=renamed(arguments, name, other), about=(other,))


def other_vendors_words(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A model has seen the other vendor's pages, or a ticket system's."""
    others = {
        "name": "title",
        "title": "subject",
        "desc": "description",
        "description": "desc",
        "emailId": "email",
        "requester_email": "email",
        "phoneNumber": "phone",
        "userInfo": "customer",
        "requester_name": "customer",
        "dueDate": "due",
        "caseId": "case_id",
        "id": "case_id",
        "taskId": "task_id",
        "searchText": "query",
        "status": "state",
        "notes": "comment",
        "limit": "per_page",
    }
    for name in others.keys() & arguments.keys():
        yield Bent(arguments=renamed(arguments, name, others[name]), about=(others[name],))


def everything_wrapped(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Servers that take one object have taught models to wrap."""
    yield Bent(arguments={"params": arguments}, about=("params",))


def object_flattened(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """`status.name` in the place of an object."""
    for name, value in of_type(arguments, dict):
        rest = {key: each for key, each in arguments.items() if key != name}
        flat = {f"{name}.{key}": each for key, each in value.items()}
        yield Bent(arguments={**rest, **flat}, about=[*flat])
