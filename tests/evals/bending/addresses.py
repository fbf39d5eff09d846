"""Ids and references: one for the other, shortened, in a sentence, of another kind."""

import re
from collections.abc import Iterator
from typing import Final

from evals.bending.bent import (
    ADDRESSES,
    Bent,
    Json,
    of_type,
    properties_of,
    with_value,
)
from evals.desk import id_of

_REFERENCE: Final = re.compile(r"(CS|TS)\d{6}")


def id_for_a_reference(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The id that a search with all details shows."""
    for name, value in of_type(arguments, str):
        if name in ADDRESSES and _REFERENCE.fullmatch(value):
            yield with_value(arguments, name, id_of(value), value)


def reference_for_an_id(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The reference that people use."""
    for name, value in of_type(arguments, str):
        for ref in (f"{kind}{number:06d}" for kind in ("CS", "TS") for number in range(101, 210)):
            if value == id_of(ref):
                yield with_value(arguments, name, ref, ref)


def reference_with_a_sign(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """As people write it in mails."""
    for name, value in of_type(arguments, str):
        if name in ADDRESSES:
            yield with_value(arguments, name, f"#{value}", value)


def reference_in_a_sentence(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The whole of what was said."""
    for name, value in of_type(arguments, str):
        if name in ADDRESSES:
            yield with_value(arguments, name, f"case {value}", value)


def reference_without_zeros(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Shortened, as a person would."""
    for name, value in of_type(arguments, str):
        if name in ADDRESSES and _REFERENCE.fullmatch(value):
            short = f"{value[:2]}{int(value[2:])}"
            yield with_value(arguments, name, short, short)


def number_for_an_id(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Talkdesk's ids look like numbers."""
    for name, value in of_type(arguments, str):
        if name in {*ADDRESSES, "parent_id"} and value.isdecimal():
            yield with_value(arguments, name, int(value))
    if isinstance(arguments.get("ids"), list):
        yield with_value(arguments, "ids", [int(each) for each in arguments["ids"]])


def id_of_another_kind(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A task's id for a case's, and the other way round."""
    for name, value in of_type(arguments, str):
        if name in {"caseId", "taskId"}:
            other = id_of("TS000101" if name == "caseId" else "CS000101")
            yield with_value(arguments, name, other, value)


def reference_of_another_kind(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A task's reference for a case's, and the other way round."""
    for name in {"caseId", "taskId"} & arguments.keys():
        other = "TS000101" if name == "caseId" else "CS000101"
        yield with_value(arguments, name, other, other)


def title_for_a_reference(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """What the case is about, in the place of what it is called."""
    for name in set(ADDRESSES) & arguments.keys():
        yield with_value(arguments, name, "the late parcel")


def name_for_a_persons_id(_: str, arguments: Json, schema: Json) -> Iterator[Bent]:
    """Who shall have the case, by name where an id belongs."""
    if "owner_id" in properties_of(schema) and "owner_id" not in arguments:
        yield with_value(arguments, "owner_id", "Amara Osei")
