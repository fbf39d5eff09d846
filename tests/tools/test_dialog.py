"""The dialog that the README shows, as a process that a person talks to."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from served import PATIENCE, PRACTICE, environment

TOLD: Final = ["Boiler leaks", "Water on the floor.", "Jane Roe", "tomorrow", "2027-01-04T10:00:00Z"]
ASKED: Final = (
    "What is it about, in a few words? What happened? What is the customer's name? When should it be done? "
    "Please give me that once more: I cannot use it as it is. When should it be done? "
    "Which e-mail address should the case be opened for? "
)


def talk(*lines: str, access: str) -> str:
    """Return what the dialog says to a person who answers these lines."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parents[1] / "dialog.py")],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        env=environment(**PRACTICE, CASE_MCP_ACCESS=access),
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout


def test_the_dialog_asks_for_what_is_missing_and_opens_the_case() -> None:
    """*Ours*: question by question, and once more for what cannot be used."""
    assert talk(*TOLD, "jane.roe@example.com", access="full") == f"{ASKED}Your case is CS000161.\n"


@pytest.mark.parametrize(("answer", "end"), [("yes", "Your case is CS000161.\n"), ("no", "Then I leave it.\n")])
def test_the_dialog_does_what_it_has_shown_after_a_yes(answer: str, end: str) -> None:
    """*Ours*: with CASE_MCP_ACCESS=confirm, and the same dialog."""
    shown = (
        "Open a case (title: Boiler leaks; description: Water on the floor.; requester: Jane Roe; "
        "e-mail: jane.roe@example.com; due: 2027-01-04T10:00:00Z; "
        "case template: ctm-d4e6152-4255-4c5c-ba6c-91dac5cd0001; source: rtm): shall I do that? "
    )
    assert talk(*TOLD, "jane.roe@example.com", answer, access="confirm") == f"{ASKED}{shown}{end}"
