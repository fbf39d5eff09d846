"""How intents are told apart."""

from typing import Any, Final

import pytest

from case_tools.state import Intent, intent_of

DESK: Final = "a desk"
ARGUMENTS = {"name": "Parcel is late", "userInfo": {"name": "Jane Roe", "id": "u-1"}}


def intent(**more: Any) -> Intent:
    """Return an intent that differs from the usual one in what is given."""
    usual = {"caller": "local", "desk": DESK, "tool": "create_case", "arguments": ARGUMENTS, "request_key": None}
    return intent_of(**{**usual, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"caller": "bot"},
        {"desk": "another desk"},
        {"tool": "create_task"},
        {"arguments": {**ARGUMENTS, "name": "Parcel is late."}},
        {"arguments": {**ARGUMENTS, "allow_duplicate": True}},
        {"request_key": "a"},
    ],
    ids=["caller", "desk", "tool", "title", "allow_duplicate", "request_key"],
)
def test_intents_that_differ_in_anything_have_keys_of_their_own(more: dict[str, Any]) -> None:
    """Ours: principal, desk, tool and arguments, `allow_duplicate` among them."""
    assert intent(**more).key != intent().key


def test_equal_arguments_are_one_intent_whatever_their_order() -> None:
    """Ours: JSON objects have no order."""
    turned = {"userInfo": {"id": "u-1", "name": "Jane Roe"}, "name": "Parcel is late"}
    assert intent(arguments=turned) == intent()


def test_a_request_key_is_one_intent_whatever_the_arguments_which_the_digest_tells() -> None:
    """Ours: so that the same key with other arguments can be refused."""
    one, other = intent(request_key="a"), intent(request_key="a", arguments={"name": "Another"})
    assert (one.key == other.key, one.digest == other.digest, one.named) == (True, False, True)
    assert intent(request_key="a", caller="bot").key != one.key
