"""The lenient door: what real clients send is understood, and what is not is refused with the way to mend it."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, ClassVar, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from case_tools import Rejected
from case_tools.adapter.arguments import (
    Arguments,
    EpochMoment,
    IsoMoment,
    ListOf,
    Object,
    Objects,
    Text,
    Texts,
    WholeNumber,
    epoch_ms,
    iso,
)
from case_tools.vendors.kore.body import body_of
from case_tools.vendors.kore.create_case import KoreCreateCaseArguments
from case_tools.vendors.kore.create_task import KoreCreateTaskArguments
from case_tools.vendors.kore.search_cases import KoreSearchCasesArguments
from case_tools.vendors.kore.search_tasks import KoreSearchTasksArguments
from case_tools.vendors.kore.update_case import KoreUpdateCaseArguments, KoreUpdateCaseAsDocumented
from case_tools.vendors.kore.update_task import KoreUpdateTaskAsDocumented

Json = dict[str, Any]
CANARY: Final = "Zebedee Quackenbush"
HALF: Final = "holds half of a character (a lone surrogate): write it anew."
NO_NUMBER: Final = "is no number that can be sent."
TOO_DEEP: Final = "holds values nested too deeply."
A_LIST: Final = 'must be a list, e.g. ["one", "two"].'
A_LIST_NOT_COMMAS: Final = 'must be a list, e.g. ["one", "two"]; write one text with a comma as ["one, two"].'
NAMED: Final = 'must be an object, e.g. {"name": "…"}.'
EMPTY: Final = "is empty: give a text, or leave it out to keep what is there."
NO_EPOCH: Final = "is a number, but not of milliseconds since 1970: write e.g. 2026-09-04T14:15:00Z."
NO_DATE: Final = "is not a date that can be read: write it as 2026-09-04T14:15:00Z or 2026-09-04T14:15:00+02:00."
NO_MOMENT: Final = "must be a date and time with an offset, e.g. 2026-09-04T14:15:00Z."
NAMELESS: Final = 'does not say which: give its name, e.g. {"name": "…"}, or its id.'
TWO_IDS: Final = "has both `id` and `_id`, and they differ: give `id` alone."
NOTHING: Final = {"arguments": "name nothing to change: give at least one field besides caseId."}
OUTSIDE: Final = "lies outside the calendar: write e.g. 2026-09-04T14:15:00Z."
NEW_CASE: Final[Json] = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Not here yet",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-09-04T14:15:00Z",
    "source": "rtm",
}
DUE_MS: Final = 1_788_531_300_000
"""2026-09-04T14:15:00Z"""


class Pair(Arguments):
    """A thing with a name and a number."""

    bare_word_is: ClassVar[str | None] = "name"

    id: str | None = None
    name: Text | None = None
    size: WholeNumber | None = Field(None, ge=0, le=10)
    weight: float | None = None


class Anything(Arguments):
    """One argument of every type there is."""

    other_words: ClassVar[Mapping[str, str]] = {"label": "word", "gone": "absent"}

    word: Text | None = Field(None, description="A word")
    words: Texts | None = None
    pair: Pair | None = None
    pairs: list[Pair] | None = None
    loose_pairs: Annotated[list[Pair], ListOf] | None = None
    flag: bool | None = None
    number: WholeNumber = Field(1, ge=1, le=100)
    start: IsoMoment | None = None
    due: EpochMoment | None = None
    shape: Object | None = None
    shapes: Objects | None = None


class Needed(Arguments):
    """One argument that must be given."""

    word: Text = Field(description="A word, e.g. parcel")
    pair: Pair = Field(description="A pair")


def taken(model: type[Arguments], given_arguments: Mapping[str, object] | None) -> Json:
    """Return the arguments given as the desk would get them."""
    return body_of(model.parse(given_arguments, tool="a_tool"))


def refused(model: type[Arguments], given_arguments: Mapping[str, object] | None) -> dict[str, str]:
    """Return what is wrong with each argument."""
    with pytest.raises(Rejected) as caught:
        model.parse(given_arguments, tool="a_tool")
    assert caught.value.__cause__ is None
    str(caught.value).encode()
    return {each.argument: each.message for each in caught.value.problems}


def no_offset(moment: str) -> str:
    """Return what is said of a moment without an offset."""
    return f"has no offset: write {moment}Z for UTC, or the customer's own offset, e.g. {moment}+02:00."


def nested(depth: int, innermost: object = "x", *, key: str | None = "a") -> object:
    """Return a value inside so many objects, or lists where there is no key."""
    value = innermost
    for _ in range(depth):
        value = [value] if key is None else {key: value}
    return value


UPDATES: Final[list[tuple[str, Json, Json]]] = [
    ("a text", {"name": "Late"}, {"name": "Late"}),
    ("spaces around a text", {"name": "  Late \n"}, {"name": "Late"}),
    (
        "null is not given",
        {"name": "Late", "desc": None, "status": None, "dueDate": None, "tags": None},
        {"name": "Late"},
    ),
    ("null inside", {"userInfo": {"id": "u-1", "emailId": None}}, {"userInfo": {"_id": "u-1"}}),
    ("an empty text inside", {"userInfo": {"id": "u-1", "name": " "}}, {"userInfo": {"_id": "u-1"}}),
    (
        "null in every place",
        {"status": {"name": "Open", "id": None, "_id": None, "type": None}},
        {"status": {"name": "Open"}},
    ),
    ("a bare status", {"status": "Resolved"}, {"status": {"name": "Resolved"}}),
    ("a bare status of two words", {"status": " In Progress "}, {"status": {"name": "In Progress"}}),
    ("a bare status with hyphens", {"status": "on-hold-pending"}, {"status": {"name": "on-hold-pending"}}),
    ("a bare id of a status", {"status": "sts-47a7230-2a07-4b84"}, {"status": {"_id": "sts-47a7230-2a07-4b84"}}),
    ("a bare customer", {"userInfo": "u-d0db86ae-8a26-51dd"}, {"userInfo": {"_id": "u-d0db86ae-8a26-51dd"}}),
    (
        "a bare agent's id",
        {"currAssignee": "a-005c549-c9a4-441e"},
        {"currAssignee": {"aId": "a-005c549-c9a4-441e"}},
    ),
    ("a bare agent", {"currAssignee": "Ada"}, {"currAssignee": {"name": "Ada"}}),
    ("an object in a string", {"status": '{"name": "Resolved"}'}, {"status": {"name": "Resolved"}}),
    ("an object in a string with spaces", {"status": ' {"_id": "sts-1"}\n'}, {"status": {"_id": "sts-1"}}),
    ("an object in a string with null", {"userInfo": '{"id": "u-1", "name": null}'}, {"userInfo": {"_id": "u-1"}}),
    ("a list in a string", {"tags": '["a", "b"]'}, {"tags": ["a", "b"]}),
    ("a list of objects in a string", {"queues": '[{"name": "Billing"}]'}, {"queues": [{"name": "Billing"}]}),
    ("a list of strings of objects", {"queues": ['{"name": "Billing"}']}, {"queues": [{"name": "Billing"}]}),
    (
        "a list of bare words for objects",
        {"queues": ["Billing", "Post"]},
        {"queues": [{"name": "Billing"}, {"name": "Post"}]},
    ),
    ("a bare word for a list", {"tags": "urgent"}, {"tags": ["urgent"]}),
    ("a bare word for a list of objects", {"queues": "Billing"}, {"queues": [{"name": "Billing"}]}),
    ("an object for a list", {"queues": {"name": "Billing"}}, {"queues": [{"name": "Billing"}]}),
    ("an object in a string for a list", {"queues": '{"name": "Billing"}'}, {"queues": [{"name": "Billing"}]}),
    (
        "an object with a comma in a string for a list",
        {"queues": '{"id": "qu-1", "name": "B"}'},
        {"queues": [{"_id": "qu-1", "name": "B"}]},
    ),
    ("a word in braces for a list", {"tags": "{urgent}"}, {"tags": ["{urgent}"]}),
    ("a comma inside a list", {"tags": ["a, b"]}, {"tags": ["a, b"]}),
    ("an empty list", {"tags": []}, {"tags": []}),
    ("an empty list in a string", {"tags": "[]"}, {"tags": []}),
    ("_id for id", {"status": {"_id": "sts-1"}}, {"status": {"_id": "sts-1"}}),
    ("id", {"status": {"id": "sts-1"}}, {"status": {"_id": "sts-1"}}),
    ("both, and equal", {"status": {"id": "sts-1", "_id": "sts-1"}}, {"status": {"_id": "sts-1"}}),
    ("id, and _id null", {"userInfo": {"id": "u-1", "_id": None}}, {"userInfo": {"_id": "u-1"}}),
    ("_id, and id null", {"userInfo": {"_id": "u-1", "id": None}}, {"userInfo": {"_id": "u-1"}}),
    (
        "_id in a list",
        {"fields": [{"_id": "fd-1", "selectedValue": [1, None]}]},
        {"fields": [{"_id": "fd-1", "selectedValue": [1, None]}]},
    ),
    ("more of a field", {"fields": [{"id": "fd-1", "kind": "x"}]}, {"fields": [{"_id": "fd-1", "kind": "x"}]}),
    ("a date in UTC", {"dueDate": "2026-09-04T14:15:00Z"}, {"dueDate": DUE_MS}),
    ("a date with an offset", {"dueDate": "2026-09-04T16:15:00+02:00"}, {"dueDate": DUE_MS}),
    ("a date with a small z", {"dueDate": "2026-09-04 14:15:00Z"}, {"dueDate": DUE_MS}),
    ("a date in basic form", {"dueDate": "20260904T141500Z"}, {"dueDate": DUE_MS}),
    ("a date of milliseconds", {"dueDate": DUE_MS}, {"dueDate": DUE_MS}),
    ("a date of milliseconds as a text", {"dueDate": f" {DUE_MS} "}, {"dueDate": DUE_MS}),
    ("a date of milliseconds with a fraction", {"dueDate": DUE_MS + 0.5}, {"dueDate": DUE_MS}),
    ("a date of milliseconds with a fraction as a text", {"dueDate": f"{DUE_MS}.0"}, {"dueDate": DUE_MS}),
    ("a date object", {"dueDate": datetime(2026, 9, 4, 14, 15, tzinfo=UTC)}, {"dueDate": DUE_MS}),
    ("an ISO field", {"ETA": DUE_MS}, {"ETA": "2026-09-04T14:15:00.000Z"}),
    ("the last moment", {"ETA": "9999-12-31T23:59:59.999Z"}, {"ETA": "9999-12-31T23:59:59.999Z"}),
    ("the last moment in milliseconds", {"dueDate": 253_402_300_799_999}, {"dueDate": 253_402_300_799_999}),
    ("the first moment", {"ETA": "0001-01-01T00:00:00Z"}, {"ETA": "0001-01-01T00:00:00.000Z"}),
    ("a truth value", {"isActive": False}, {"isActive": False}),
    ("a truth value as a text", {"isActive": "true"}, {"isActive": True}),
    ("what a host injects", {"isActive": True, "wait_for_previous": True}, {"isActive": True}),
    ("a comment", {"resolutionCmts": "Refunded"}, {"resolutionCmts": ["Refunded"]}),
    (
        "any objects",
        {"attachments": '{"a": {"b": [1, 2.5, null]}}'},
        {"attachments": [{"a": {"b": [1, 2.5, None]}}]},
    ),
    ("emoji and joiners", {"name": "👩🏽‍💻 نمی‌خواهم"}, {"name": "👩🏽‍💻 نمی‌خواهم"}),
    ("the largest number", {"attachments": [2**63 - 1, -(2**63 - 1)]}, {"attachments": [2**63 - 1, -(2**63 - 1)]}),
    ("as deep as it goes", {"attachments": [nested(31)]}, {"attachments": [nested(31)]}),
]


@pytest.mark.parametrize(
    ("given_body", "sent"), [(a, b) for _, a, b in UPDATES], ids=[name for name, _, _ in UPDATES]
)
def test_what_clients_really_send_is_understood(given_body: Json, sent: Json) -> None:
    """*Ours* (design, decision 2): each form with what it stands for; nothing that was not given is sent."""
    assert taken(KoreUpdateCaseArguments, {"caseId": "CS000123", **given_body}) == {"caseId": "CS000123", **sent}


NO_UPDATES: Final[list[tuple[str, Json, dict[str, str]]]] = [
    ("comma text", {"tags": "urgent, late"}, {"tags": A_LIST_NOT_COMMAS}),
    ("comma text for objects", {"queues": "Billing,Post"}, {"queues": A_LIST_NOT_COMMAS}),
    ("half a list in a string", {"tags": '["a"'}, {"tags": A_LIST}),
    ("a word in brackets", {"tags": "[urgent]"}, {"tags": A_LIST}),
    ("a number for a list", {"tags": 5}, {"tags": A_LIST}),
    ("an empty text for a list", {"tags": " "}, {"tags": A_LIST}),
    ("a truth value for a list", {"queues": True}, {"queues": A_LIST}),
    ("an empty text in a list", {"tags": ["a", " "]}, {"tags.1": EMPTY}),
    ("a null in a list", {"tags": [None, "a"]}, {"tags.0": "must be a text."}),
    ("a null in a list of objects", {"queues": [None]}, {"queues.0": NAMED}),
    ("an object in a list of texts", {"tags": [{"name": "a"}]}, {"tags.0": "must be a text."}),
    ("half an object in a string", {"status": '{"name": "x"'}, {"status": NAMED}),
    ("a list for an object", {"status": ["Resolved"]}, {"status": NAMED}),
    ("a list in a string for an object", {"status": '[{"name": "Resolved"}]'}, {"status": NAMED}),
    ("an empty list in a string for an object", {"userInfo": "[]"}, {"userInfo": NAMED}),
    ("a number for an object", {"status": 5}, {"status": NAMED}),
    ("an empty text for an object", {"status": ""}, {"status": NAMED}),
    ("an empty object", {"status": {}}, {"status": "is empty: leave it out, or say what it is to be."}),
    (
        "an object of nulls",
        {"userInfo": {"name": None}},
        {"userInfo": "is empty: leave it out, or say what it is to be."},
    ),
    ("a status without name and id", {"status": {"statusCategory": "open"}}, {"status": NAMELESS}),
    ("a word for an object without a name", {"fields": "x"}, {"fields.0": "must be an object."}),
    ("two ids that differ", {"status": {"id": "sts-1", "_id": "sts-2"}}, {"status": TWO_IDS}),
    ("an empty text", {"name": ""}, {"name": EMPTY}),
    ("a blank text", {"desc": " \n\t"}, {"desc": EMPTY}),
    ("a number for a text", {"name": 5}, {"name": "must be a text."}),
    ("a truth value for a text", {"name": True}, {"name": "must be a text."}),
    ("a list for a text", {"name": ["a"]}, {"name": "must be a text."}),
    ("a word for a truth value", {"isActive": "perhaps"}, {"isActive": "must be true or false."}),
    ("two for a truth value", {"isActive": 2}, {"isActive": "must be true or false."}),
    ("an object for a truth value", {"isActive": {}}, {"isActive": "must be true or false."}),
    ("a word for a number", {"priority": {"name": "x", "score": "high"}}, {"priority.score": "must be a number."}),
    ("NaN as a word", {"priority": {"name": "x", "score": "NaN"}}, {"priority.score": "must be a number."}),
    ("infinity as a word", {"priority": {"name": "x", "score": "1e999"}}, {"priority.score": "must be a number."}),
    ("a list for a number", {"priority": {"name": "x", "score": []}}, {"priority.score": "must be a number."}),
    ("epoch seconds", {"dueDate": DUE_MS // 1000}, {"dueDate": NO_EPOCH}),
    ("epoch seconds as a text", {"dueDate": str(DUE_MS // 1000)}, {"dueDate": NO_EPOCH}),
    ("epoch nanoseconds", {"dueDate": DUE_MS * 1_000_000}, {"dueDate": NO_EPOCH}),
    ("a negative number for a date", {"dueDate": -DUE_MS}, {"dueDate": NO_EPOCH}),
    ("zero for a date", {"dueDate": 0}, {"dueDate": NO_EPOCH}),
    ("a year for a date", {"dueDate": "2026"}, {"dueDate": NO_EPOCH}),
    ("a day without hyphens for a date", {"dueDate": "20260904"}, {"dueDate": NO_EPOCH}),
    ("many digits for a date", {"dueDate": "9" * 5000}, {"dueDate": NO_EPOCH}),
    ("many digits and a fraction for a date", {"dueDate": "9" * 5000 + ".5"}, {"dueDate": NO_EPOCH}),
    ("one more than the last moment", {"dueDate": 253_402_300_800_000}, {"dueDate": NO_EPOCH}),
    ("NaN for a date", {"dueDate": math.nan}, {"dueDate": NO_NUMBER}),
    ("infinity for a date", {"dueDate": -math.inf}, {"dueDate": NO_NUMBER}),
    ("a huge number for a date", {"dueDate": 10**5000}, {"dueDate": NO_NUMBER}),
    ("a truth value for a date", {"dueDate": True}, {"dueDate": NO_MOMENT}),
    ("a list for a date", {"dueDate": []}, {"dueDate": NO_MOMENT}),
    ("a word for a date", {"dueDate": "tomorrow"}, {"dueDate": NO_DATE}),
    ("an empty text for a date", {"dueDate": ""}, {"dueDate": NO_DATE}),
    ("a day that is none", {"dueDate": "2026-02-30T00:00:00Z"}, {"dueDate": NO_DATE}),
    ("a date in another order", {"dueDate": "04.09.2026 14:15"}, {"dueDate": NO_DATE}),
    (
        "a date without an offset",
        {"dueDate": "2026-09-04T14:15:00"},
        {"dueDate": no_offset("2026-09-04T14:15:00")},
    ),
    (
        "a date object without an offset",
        {"ETA": datetime(2026, 9, 4, 14, 15, tzinfo=UTC).replace(tzinfo=None)},
        {"ETA": no_offset("2026-09-04T14:15:00")},
    ),
    ("a day alone", {"dueDate": "2026-09-04"}, {"dueDate": no_offset("2026-09-04T00:00:00")}),
    ("before the calendar", {"dueDate": "0001-01-01T00:00:00+14:00"}, {"dueDate": OUTSIDE}),
    ("behind the calendar", {"ETA": "9999-12-31T23:59:59-01:00"}, {"ETA": OUTSIDE}),
    (
        "a date object behind the calendar",
        {"ETA": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))},
        {"ETA": OUTSIDE},
    ),
    ("a lone surrogate", {"name": "a\ud800"}, {"name": HALF}),
    ("a lone surrogate inside", {"userInfo": {"name": "\udfff"}}, {"userInfo.name": HALF}),
    ("a lone surrogate in a list", {"tags": ["a", "\ud83d"]}, {"tags.1": HALF}),
    ("a lone surrogate in any object", {"attachments": [{"a": [{"b": "\ud800"}]}]}, {"attachments.0.a.0.b": HALF}),
    ("a lone surrogate in an inner key", {"attachments": [{"a": {"\ud800": 1}}]}, {"attachments.0.a": HALF}),
    ("a lone surrogate in a tuple", {"attachments": ("\ud800",)}, {"attachments.0": HALF}),
    ("a lone surrogate in a string of JSON", {"attachments": r'[{"a": "\ud800"}]'}, {"attachments": HALF}),
    ("a lone surrogate in a key of JSON", {"attachments": r'[{"\ud800": 1}]'}, {"attachments": HALF}),
    (
        "a lone surrogate in a field's JSON",
        {"fields": [r'{"id": "fd-1", "selectedValue": "\ud800"}']},
        {"fields.0": HALF},
    ),
    (
        "a lone surrogate at the depth allowed",
        {"attachments": [nested(31, "\ud800")]},
        {"attachments.0" + ".a" * 31: HALF},
    ),
    (
        "a lone surrogate below the depth allowed",
        {"attachments": [nested(200, "\ud800")]},
        {"attachments": TOO_DEEP},
    ),
    ("NaN", {"attachments": [{"a": math.nan}]}, {"attachments.0.a": NO_NUMBER}),
    ("NaN in a string of JSON", {"attachments": "[NaN]"}, {"attachments": NO_NUMBER}),
    ("infinity in a string of JSON", {"attachments": "[1e999]"}, {"attachments": NO_NUMBER}),
    ("a number beyond 64 bits", {"attachments": [2**63]}, {"attachments.0": NO_NUMBER}),
    ("a number of thousands of digits", {"attachments": [-(10**5000)]}, {"attachments.0": NO_NUMBER}),
    ("a number of thousands of digits in a string", {"attachments": f"[{'9' * 5000}]"}, {"attachments": A_LIST}),
    ("too deep by one", {"attachments": [nested(32)]}, {"attachments": TOO_DEEP}),
    ("too deep by lists", {"attachments": [nested(500, key=None)]}, {"attachments": TOO_DEEP}),
    ("too deep in a string", {"attachments": json.dumps([nested(100)])}, {"attachments": TOO_DEEP}),
    ("too deep to be parsed", {"attachments": "[" * 100_000}, {"attachments": A_LIST}),
    ("an unknown field", {"naem": "x"}, {"naem": "is not known here: did you mean `name`?"}),
    ("another case of a field", {"DUEDATE": "x"}, {"DUEDATE": "is not known here: did you mean `dueDate`?"}),
    (
        "another word for a field",
        {"assignee": "x"},
        {"assignee": "is not known here: did you mean `currAssignee`?"},
    ),
    ("a slip in another word", {"descripton": "x"}, {"descripton": "is not known here: did you mean `desc`?"}),
    (
        "a word for a field of the customer",
        {"userInfo": {"email": "x"}},
        {"userInfo.email": "is not known here: did you mean `emailId`?"},
    ),
    (
        "a slip in a list",
        {"queues": [{"naem": "x"}]},
        {"queues.0.naem": "is not known here: did you mean `name`?"},
    ),
    ("a field that the desk keeps", {"isActive": True, "refId": "CS1"}, {"refId": "is not known here"}),
    (
        "what a host injects, one floor down",
        {"userInfo": {"name": "a", "wait_for_previous": True}},
        {"userInfo.wait_for_previous": "is not known here; known are id, name, emailId, phoneNumber."},
    ),
    ("nothing to change", {}, NOTHING),
    ("nothing but nulls", {"name": None, "status": None}, NOTHING),
    ("nothing but what a host injects", {"wait_for_previous": False}, NOTHING),
    ("two problems", {"name": "", "tags": 5}, {"name": EMPTY, "tags": A_LIST}),
]


@pytest.mark.parametrize(
    ("given_body", "problems"), [(a, b) for _, a, b in NO_UPDATES], ids=[name for name, _, _ in NO_UPDATES]
)
def test_what_cannot_be_understood_is_refused_by_name(given_body: Json, problems: dict[str, str]) -> None:
    """*Ours* (design, decision 2): every invalid argument, with a hint."""
    said = refused(KoreUpdateCaseArguments, {"caseId": "CS000123", **given_body})

    assert said.keys() == problems.keys()
    assert {name: said[name][: len(text)] for name, text in problems.items()} == problems
    # A sentence that ends is given whole; the list of all the known names is not repeated here.
    assert all(said[name] == text for name, text in problems.items() if text.endswith((".", "?")))


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("CS000123", "CS000123"),
        ("cs000123", "CS000123"),
        (" #CS000123 ", "CS000123"),
        ("ci-1a634e1-3d97-427e-8b23-9b7b0a400001", "ci-1a634e1-3d97-427e-8b23-9b7b0a400001"),
    ],
)
def test_a_case_is_addressed_by_reference_or_id(address: str, sent: str) -> None:
    """*Ours* (design, decision 3): either, as people write it."""
    assert taken(KoreUpdateCaseArguments, {"caseId": address, "name": "x"}) == {"caseId": sent, "name": "x"}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ti-1a634e1", "is the id of a task: give a case's reference, e.g. CS000123, or its id."),
        ("u-1", "is the id of a thing of another kind: give a case's reference, e.g. CS000123, or its id."),
        *(
            (each, "must be a case's reference, e.g. CS000123, or its id.")
            for each in (
                "..",
                "ci-1/../x",
                "ci-1\nx",
                "123",
                "CS 000123",
                "ci-",
                "CS000123?",
                "%2e%2e",
                "#",
                "\uff43s1",
            )
        ),
        ("", EMPTY),
    ],
)
def test_an_address_of_the_wrong_shape_is_refused(address: str, message: str) -> None:
    """*Ours* (design, decision 2): before any request."""
    assert refused(KoreUpdateCaseArguments, {"caseId": address, "name": "x"}) == {"caseId": message}


@pytest.mark.parametrize("absent", [{}, {"caseId": None}], ids=["left out", "null"])
def test_a_missing_address_is_refused_with_its_meaning(absent: Json) -> None:
    """*Ours*: null is not given; the sentence says which tool finds the reference."""
    assert refused(KoreUpdateCaseArguments, {**absent, "name": "x"}) == {
        "caseId": "is missing. Reference, e.g. CS000123, or id ci-…, from search_cases"
    }


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        pytest.param(
            {"name": None}, {"name": "is missing. Title, e.g. Parcel is late"}, id="null where one is needed"
        ),
        pytest.param({"name": " "}, {"name": EMPTY}, id="blank"),
        pytest.param({"userInfo": ""}, {"userInfo": NAMED}, id="no customer"),
        pytest.param(
            {"emailId": None},
            {
                "arguments": "do not say who the customer is: give emailId, phoneNumber or userInfo.id. "
                "Ask the customer."
            },
            id="no way to reach the customer",
        ),
        pytest.param(
            {"userInfo": {"name": "J", "emailId": "other@example.com"}},
            {"arguments": "hold two values of emailId: give it once, beside userInfo."},
            id="two e-mails",
        ),
        pytest.param({"title": "x"}, {"title": "is not known here: did you mean `name`?"}, id="another word"),
        pytest.param(
            {"caseTmp": "ttm-1"},
            {"caseTmp": "must be a case template's id, ctm-…; the administrator knows it."},
            id="template of tasks",
        ),
        pytest.param({"dueDate": DUE_MS // 1000}, {"dueDate": NO_EPOCH}, id="epoch seconds"),
    ],
)
def test_a_new_case_that_cannot_be_opened_is_refused_by_name(changes: Json, problems: dict[str, str]) -> None:
    """*Documented* (createCase): what is required, in the page's own names."""
    assert refused(KoreCreateCaseArguments, {**NEW_CASE, **changes}) == problems


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        pytest.param({}, {"dueDate": "2026-09-04T14:15:00.000Z"}, id="as documented"),
        pytest.param({"dueDate": DUE_MS}, {"dueDate": "2026-09-04T14:15:00.000Z"}, id="epoch milliseconds"),
        pytest.param(
            {"userInfo": "Jane Roe", "dueDate": "2026-09-04T14:15Z", "phoneNumber": None},
            {"userInfo": {"name": "Jane Roe"}, "dueDate": "2026-09-04T14:15:00.000Z"},
            id="bare customer",
        ),
        pytest.param(
            {"userInfo": '{"_id": "u-1"}', "emailId": None},
            {"userInfo": {"_id": "u-1"}, "dueDate": "2026-09-04T14:15:00.000Z"},
            id="customer in a string",
        ),
    ],
)
def test_a_new_case_is_taken_in_the_same_forms(changes: Json, sent: Json) -> None:
    """*Ours*: the door is the same for every tool."""
    expected = {key: value for key, value in {**NEW_CASE, **changes, **sent}.items() if value is not None}

    assert taken(KoreCreateCaseArguments, {**NEW_CASE, **changes}) == expected


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        pytest.param(None, {}, id="no arguments at all"),
        pytest.param({}, {}, id="no arguments"),
        pytest.param({"status": None, "page": None, "limit": None, "detail": None}, {}, id="nulls"),
        pytest.param({"limit": "20"}, {"limit": 20}, id="a number in a text"),
        pytest.param({"limit": 20.0, "page": " 3 "}, {"limit": 20, "page": 3}, id="a whole float"),
        pytest.param({"status": "Open"}, {"status": ["Open"]}, id="a bare word"),
        pytest.param({"status": '["Open"]'}, {"status": ["Open"]}, id="a list in a string"),
        pytest.param({"unresolved": "true"}, {"unresolved": True}, id="a truth value in a text"),
        pytest.param({"startDate": str(DUE_MS)}, {"startDate": "2026-09-04T14:15:00.000Z"}, id="milliseconds"),
    ],
)
def test_filters_are_taken_in_the_same_forms(filters: Json | None, sent: Json) -> None:
    """*Ours*: the door is the same for every tool."""
    assert taken(KoreSearchCasesArguments, filters) == sent


@pytest.mark.parametrize(
    ("filters", "problems"),
    [
        pytest.param({"limit": True}, {"limit": "must be a whole number."}, id="a truth value"),
        pytest.param({"page": False}, {"page": "must be a whole number."}, id="false"),
        pytest.param({"limit": 51}, {"limit": "must be at most 50."}, id="too many"),
        pytest.param({"limit": "51"}, {"limit": "must be at most 50."}, id="too many in a text"),
        pytest.param({"limit": 0}, {"limit": "must be at least 1."}, id="too few"),
        pytest.param({"page": -1}, {"page": "must be at least 1."}, id="negative"),
        pytest.param({"limit": 2.5}, {"limit": "must be a whole number."}, id="a fraction"),
        pytest.param({"limit": "ten"}, {"limit": "must be a whole number."}, id="a word"),
        pytest.param({"limit": ""}, {"limit": "must be a whole number."}, id="empty"),
        pytest.param({"limit": [20]}, {"limit": "must be a whole number."}, id="a list"),
        pytest.param({"page": 10**400}, {"page": NO_NUMBER}, id="huge"),
        pytest.param({"page": "9" * 400}, {"page": "must be at most 100000."}, id="huge in a text"),
        pytest.param({"page": "9" * 5000}, {"page": "is a number too large."}, id="too long to be read"),
        pytest.param({"page": math.nan}, {"page": NO_NUMBER}, id="NaN"),
        pytest.param({"page": math.inf}, {"page": NO_NUMBER}, id="infinity"),
        pytest.param({"detail": "all"}, {"detail": "must be 'concise' or 'full'."}, id="no such choice"),
        pytest.param({"detail": 1}, {"detail": "must be 'concise' or 'full'."}, id="a number for a choice"),
        pytest.param({"status": "Open, Closed"}, {"status": A_LIST_NOT_COMMAS}, id="comma text"),
        pytest.param(
            {"status": []}, {"status": "is an empty list: leave it out to search without it."}, id="no words"
        ),
        pytest.param({"state": "Open"}, {"state": "is not known here: did you mean `status`?"}, id="another word"),
        pytest.param({"query": "x"}, {"query": "is not known here: did you mean `searchText`?"}, id="query"),
        pytest.param({"_limit": 1}, {"_limit": "is not known here: did you mean `limit`?"}, id="an underscore"),
        pytest.param(
            {"startDate": "2026-09-02T00:00:00Z", "endDate": "2026-09-01T00:00:00Z"},
            {"arguments": "startDate is later than endDate: swap them."},
            id="dates the wrong way round",
        ),
        pytest.param(
            {
                "startDate": datetime(2026, 9, 2, tzinfo=UTC).replace(tzinfo=None),
                "endDate": "2026-09-01T00:00:00Z",
            },
            {"startDate": no_offset("2026-09-02T00:00:00")},
            id="a date object without an offset",
        ),
    ],
)
def test_filters_out_of_range_are_refused_and_not_clamped(filters: Json, problems: dict[str, str]) -> None:
    """*Ours* (design, decision 2): a filter that is dropped or bent would answer another question."""
    assert refused(KoreSearchCasesArguments, filters) == problems


@pytest.mark.parametrize(
    ("given_arguments", "sent"),
    [
        pytest.param({"pair": "x"}, {"pair": {"name": "x"}}, id="bare word"),
        pytest.param({"pair": '{"size": "3"}'}, {"pair": {"size": 3}}, id="text in a string of JSON"),
        pytest.param({"loose_pairs": "x"}, {"loose_pairs": [{"name": "x"}]}, id="bare word for a list"),
        pytest.param({"loose_pairs": {"name": "x"}}, {"loose_pairs": [{"name": "x"}]}, id="object for a list"),
        pytest.param({"shape": '{"a": {"b": null}}'}, {"shape": {"a": {"b": None}}}, id="any object in a string"),
        pytest.param({"shape": {"a": None}}, {"shape": {"a": None}}, id="null inside any object stays"),
        pytest.param({"shapes": '[{"a": 1}]'}, {"shapes": [{"a": 1}]}, id="any objects in a string"),
        pytest.param({"pair": {"_id": " x "}}, {"pair": {"id": "x"}}, id="_id with spaces"),
        pytest.param({"pair": {"weight": "2.5"}}, {"pair": {"weight": 2.5}}, id="a float in a text"),
        pytest.param({"flag": 1}, {"flag": True}, id="one for true"),
        pytest.param({"pair": Pair(name="x")}, {"pair": {"name": "x"}}, id="a model of the builder's own"),
    ],
)
def test_every_type_has_its_door(given_arguments: Json, sent: Json) -> None:
    """*Ours*: on models of this test, one argument of each type."""
    assert taken(Anything, given_arguments) == sent


@pytest.mark.parametrize(
    ("given_arguments", "problems"),
    [
        pytest.param({"shape": "x"}, {"shape": "must be an object."}, id="a word for any object"),
        pytest.param({"shape": "[]"}, {"shape": "must be an object."}, id="a list for any object"),
        pytest.param({"pairs": "x"}, {"pairs": A_LIST}, id="a list without a door"),
        pytest.param({"pair": {"size": 11}}, {"pair.size": "must be at most 10."}, id="a bound inside"),
        pytest.param(
            {"loose_pairs": [{"sise": 1}]},
            {"loose_pairs.0.sise": "is not known here: did you mean `size`?"},
            id="a slip in a list",
        ),
        pytest.param({"label": 1}, {"label": "is not known here: did you mean `word`?"}, id="another word"),
        pytest.param(
            {"gone": 1},
            {"gone": "is not known here; known are " + ", ".join(Anything.model_fields) + "."},
            id="another word for what this model lacks",
        ),
        pytest.param(
            {"_id": 1},
            {"_id": "is not known here; known are " + ", ".join(Anything.model_fields) + "."},
            id="_id where there is no id",
        ),
    ],
)
def test_every_type_has_its_refusal(given_arguments: Json, problems: dict[str, str]) -> None:
    """*Ours*: on models of this test."""
    assert refused(Anything, given_arguments) == problems


def test_every_missing_argument_is_named_with_its_meaning() -> None:
    """*Ours*: all at once, so that one answer mends the call."""
    with pytest.raises(Rejected) as caught:
        Needed.parse({}, tool="a_tool")

    assert str(caught.value) == (
        "a_tool was not sent: 2 invalid arguments. Nothing was changed.\n"
        "- word: is missing. A word, e.g. parcel\n"
        "- pair: is missing. A pair\n"
        "Fix them and call a_tool again."
    )


def test_one_problem_is_told_in_the_singular() -> None:
    """*Ours*: what happened, whether anything changed, what to do next."""
    with pytest.raises(Rejected) as caught:
        Needed.parse({"word": "x", "pair": 1}, tool="a_tool")

    assert str(caught.value) == (
        "a_tool was not sent: 1 invalid argument. Nothing was changed.\n"
        f"- pair: {NAMED}\n"
        "Fix it and call a_tool again."
    )


def test_a_lone_surrogate_in_the_name_of_an_argument_is_refused() -> None:
    """*Ours*: the name itself cannot be written in the answer."""
    assert refused(KoreSearchCasesArguments, {"na\ud800me": "x"}) == {"arguments": HALF}


@pytest.mark.parametrize("name", ["", " ", "x" * 100_000, "a\nb\x1b[31m", "\u202e", "0"], ids=ascii)
def test_a_strange_name_of_an_argument_is_refused_on_one_short_line(name: str) -> None:
    """*Ours*: names come from a model, too; they are cleaned and cut before they are repeated."""
    with pytest.raises(Rejected) as caught:
        KoreSearchCasesArguments.parse({name: "x"}, tool="a_tool")

    (problem,) = caught.value.problems
    assert len(problem.argument) <= 40
    assert not set(problem.argument) & set("\n\x1b\u202e")


def test_arguments_that_are_no_texts_are_refused() -> None:
    """*Ours*: a key that JSON cannot have ends in a refusal like another."""
    given_arguments: Any = {1: "x"}

    assert list(refused(KoreSearchCasesArguments, given_arguments)) == ["1"]


CANARIES: Final = {
    "text": CANARY,
    "comma text": f"{CANARY}, {CANARY}",
    "JSON": json.dumps({CANARY: CANARY}),
    "half of JSON": f'{{"{CANARY}',
    "list in JSON": json.dumps([{"no": CANARY}, [CANARY]]),
    "half of a list": f'["{CANARY}',
    "list": [[CANARY]],
    "object": {"no": CANARY},
    "surrogate": f"{CANARY}\ud800",
    "object with a surrogate": {"name": f"{CANARY}\ud800", "no": CANARY},
    "deep": nested(100, CANARY),
    "two ids": {"id": CANARY, "_id": f"{CANARY}!"},
}


@pytest.mark.parametrize("value", CANARIES.values(), ids=CANARIES)
@pytest.mark.parametrize(
    "model",
    [KoreCreateCaseArguments, KoreCreateTaskArguments, KoreSearchCasesArguments, KoreUpdateCaseAsDocumented],
)
def test_a_refusal_does_not_repeat_what_the_customer_said(model: type[Arguments], value: object) -> None:
    """*Ours*: refusals are logged by hosts; they hold names of arguments and our own sentences."""
    said: list[str] = []
    for name in [*model.model_fields, "unknown"]:
        keys_are_ours = not (isinstance(value, str) and value.startswith('{"') and value.endswith("}"))
        try:
            model.parse({name: value}, tool="a_tool")
        except Rejected as error:
            # A key of an object is the name of an argument, and is told.
            said.extend(each.message for each in error.problems)
            if keys_are_ours:
                said.extend([str(error), repr(error), repr(error.problems)])

    assert said
    assert [each for each in said if CANARY in each or CANARY.split()[0] in each] == []


@pytest.mark.parametrize(
    ("moment", "written", "milliseconds"),
    [
        (datetime(2026, 9, 4, 14, 15, tzinfo=UTC), "2026-09-04T14:15:00.000Z", DUE_MS),
        (datetime(2026, 9, 4, 16, 15, tzinfo=timezone(timedelta(hours=2))), "2026-09-04T14:15:00.000Z", DUE_MS),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.000Z", 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "1969-12-31T23:59:59.999Z", -1),
        (datetime(2026, 9, 4, 14, 15, 0, 999_999, tzinfo=UTC), "2026-09-04T14:15:00.999Z", DUE_MS + 999),
    ],
)
def test_a_moment_is_written_as_the_pages_write_it(moment: datetime, written: str, milliseconds: int) -> None:
    """*Documented* (createCase, updateCase): ISO 8601 with milliseconds and Z, or epoch milliseconds."""
    assert (iso(moment), epoch_ms(moment)) == (written, milliseconds)


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_a_moment_given_as_text_is_the_moment_sent(moment: datetime) -> None:
    """*Ours*: whatever its offset, an ISO text names one moment, and both forms on the wire name the same."""
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        return
    sent = taken(Anything, {"start": moment.isoformat(), "due": moment.isoformat()})

    assert sent["due"] == (in_utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert datetime.fromisoformat(sent["start"]) == in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)


MODELS: Final[tuple[type[Arguments], ...]] = (
    KoreCreateCaseArguments,
    KoreUpdateCaseAsDocumented,
    KoreUpdateTaskAsDocumented,
    KoreSearchCasesArguments,
    KoreCreateTaskArguments,
    KoreSearchTasksArguments,
)
STRUCTURES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(
        ["CS000123", "ci-1a634e1-1", "2026-09-04T14:15:00Z", DUE_MS, "{}", "[]", '{"name": "x"}', "[1]"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters()) | st.sampled_from(["id", "_id", "name", "aId"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
STRINGS_OF_JSON: Final = STRUCTURES.map(json.dumps)


def sendable_or_refused(model: type[Arguments], given_arguments: Json) -> Json | None:
    """Return the body if the arguments are taken; whichever it is, it can be written in UTF-8."""
    try:
        arguments = model.parse(given_arguments, tool="a_tool")
    except Rejected as error:
        str(error).encode()
        return None
    body = body_of(arguments)
    json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    return body


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_arguments_end_in_a_model_that_can_be_sent_or_in_a_refusal(
    model: type[Arguments], data: st.DataObject
) -> None:
    """*Ours*: no other error, whatever JSON holds; what is taken can be written as JSON in UTF-8."""
    names = st.sampled_from([*model.model_fields, "_id"]) | st.text(st.characters(), max_size=8)
    given_arguments = data.draw(st.dictionaries(names, STRUCTURES | STRINGS_OF_JSON, max_size=6))

    sendable_or_refused(model, given_arguments)


CHANGES: Final = st.dictionaries(
    st.sampled_from(sorted(KoreUpdateCaseAsDocumented.model_fields)),
    STRUCTURES | STRINGS_OF_JSON,
    min_size=1,
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES)
def test_any_change_that_is_taken_is_sent_whole(changes: Json) -> None:
    """*Ours* (design, decision 2): nothing is silently dropped; a field that was given is in the body."""
    body = sendable_or_refused(KoreUpdateCaseAsDocumented, {**changes, "caseId": "CS000123"})

    assert body is None or body.keys() == {
        "caseId",
        *(name for name, value in changes.items() if value is not None),
    }
