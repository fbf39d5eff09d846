"""Legitimate calls: that there are enough of them, and that none is refused or changes another case."""

from collections import Counter

import pytest

from evals.honest import Heard, generated, measure

# Known gap: a client that fills every argument with emptiness, and an empty list of notes, are still refused.
OPEN = {"every argument filled", "lists cleared"}


@pytest.fixture(scope="module")
def heard() -> list[Heard]:
    """Make every call once."""
    return measure(generated())


def test_there_are_three_hundred_calls_of_every_kind_for_both_vendors() -> None:
    """Ours: a rule that refuses a tenth of them is seen."""
    calls = [*generated()]
    assert len(calls) == 300
    assert {*Counter((each.vendor, each.kind) for each in calls).values()} == {15, 18, 45}
    assert len({each.kind for each in calls}) == 7


def test_no_legitimate_call_is_refused(heard: list[Heard]) -> None:
    """Ours: `run.py honest` counts the kinds of the known gap as well."""
    assert [each for each in heard if each.refused and each.call.kind not in OPEN] == []


def test_a_legitimate_call_changes_what_it_is_about_alone(heard: list[Heard]) -> None:
    """Ours: the whole desk is compared before and after each call."""
    assert [each for each in heard if each.elsewhere] == []
