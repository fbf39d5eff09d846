"""What we show of a mail, compared word by word with what Chromium shows."""

from collections.abc import Iterator

import pytest

from brought import without
from sight import grammar
from sight.browser import BRING, Browser, chromium, missing
from sight.compare import Table, table
from sight.corpus import MAILS, corpus

GENERATED = 500


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one Chromium to all tests of this module."""
    if missing():
        without(f"Chromium is not installed: {BRING}")
    with chromium() as started:
        yield started


def test_no_word_of_the_corpus_leaks_or_is_lost(browser: Browser) -> None:
    """*Ours*: 400 mails of real shapes; of the honest ones 1 % of the words at most stand between marks."""
    mails = corpus()
    assert len({each.name for each in mails}) == len(mails) == MAILS
    found = {
        kind: table(browser, [each for each in mails if each.kind == kind])
        for kind in ("honest", "plain", "hostile")
    }

    assert {kind: (each.leaked, each.lost) for kind, each in found.items()} == dict.fromkeys(found, ([], []))
    for kind in ("honest", "plain"):
        assert found[kind].unsure <= found[kind].seen / 100
    assert found["hostile"].unseen > 300


def test_no_word_of_generated_texts_leaks_or_is_lost(browser: Browser) -> None:
    """*Ours*: every kind of markup that shows or hides, nested and half broken; all 10,000 with the command."""
    found: Table = table(browser, grammar.mails(range(GENERATED)))

    assert (found.leaked, found.lost) == ([], [])
    assert found.unseen > 1_000
    assert found.unsure < found.seen / 2
