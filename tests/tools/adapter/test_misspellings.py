"""Which names are misspellings of another, and which are names of their own."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from case_tools.adapter.names import is_misspelling, plain

WORDS = st.text(st.characters(categories=("Lu", "Ll"), max_codepoint=0x24F), min_size=6, max_size=12)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Farida Hadad", "Farida Haddad"),
        ("Biling", "Billing"),
        ("Billling", "Billing"),
        ("Bliling", "Billing"),
        ("Bulling", "Billing"),
        ("In Progess", "In Progress"),
        ("in-progess", "In Progress"),
        ("Citical", "Critical"),
        ("Zoe Muller", "Zoë Müller"),
    ],
)
def test_one_slip_in_a_long_word_is_a_misspelling(name: str, known: str) -> None:
    """Ours: a letter too few, too many, wrong, or two swapped; accents left away."""
    assert is_misspelling(name, known)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Billing US", "Billing EU"),
        ("Jane Smith", "John Smith"),
        ("Tier 1", "Tier 2"),
        ("Level1", "Level2"),
        ("Queue 12", "Queue 13"),
        ("Opn", "Open"),
        ("Hihg", "High"),
        ("Closed", "Open"),
        ("Sam Porter", "Sam Porter Jr"),
        ("Bilking", "Billings"),
        ("Portar Sem", "Sam Porter"),
    ],
)
def test_a_digit_a_whole_word_or_a_short_one_makes_another_name(name: str, known: str) -> None:
    """Ours: a legitimate name is never refused for being like another."""
    assert not is_misspelling(name, known)


@given(WORDS, st.data())
def test_each_single_slip_is_seen(word: str, data: st.DataObject) -> None:
    """Ours: wherever in the word it is."""
    assume(plain(word).isalpha() and len(plain(word)) == len(word))
    at = data.draw(st.integers(0, len(word) - 2))
    slips = [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + "q" + word[at + 1 :]]
    slips.append(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    assert all(is_misspelling(slip, word) for slip in slips)
