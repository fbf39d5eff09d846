"""What Chromium shows and what we show, compared word by word."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from case_tools.untrusted import clean
from sight.browser import Browser, Seen
from sight.grammar import Mail

_MARKS: Final = re.compile(r"\[\.\.\.(?:hidden|cut)\]")
_COUNTED: Final = 5
"""Letters of the shortest word that counts; shorter ones stand in other words."""

_UNSURE: Final = re.compile(r"\[\.\.\.unsure: (.*?) \](?!\])", re.DOTALL)


@dataclass(slots=True)
class Difference:
    """What differs for one text: words that leaked, with why nobody sees them, words that were lost."""

    leaked: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    seen: int = 0
    unsure: int = 0


def compare(text: str, seen: Seen) -> Difference:
    """Return what differs between the browser's sight of a text and ours; each word of the text is used once."""
    ours = _MARKS.sub(" ", clean(text))
    marked, bare = "\n".join(_UNSURE.findall(ours)), _UNSURE.sub(" ", ours)
    visible = [word for word in seen.seen if len(word) >= _COUNTED]
    return Difference(
        leaked={
            word: why
            for word, why in seen.unseen.items()
            if len(word) >= _COUNTED and word in bare and word not in visible
        },
        lost=[word for word in visible if word not in bare and word not in marked],
        seen=len(visible),
        unsure=len([word for word in visible if word in marked and word not in bare]),
    )


@dataclass(slots=True)
class Table:
    """What differs over many texts."""

    texts: int = 0
    seen: int = 0
    unseen: int = 0
    unsure: int = 0
    leaked: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def table(browser: Browser, mails: Sequence[Mail]) -> Table:
    """Return what differs over the mails; plain text is shown to the browser as plain text."""
    shown = [f"<pre>{html.escape(each.text)}</pre>" if each.kind == "plain" else each.text for each in mails]
    found = Table()
    for mail, seen in zip(mails, browser.see(shown), strict=True):
        difference = compare(mail.text, seen)
        found.texts += 1
        found.seen += difference.seen
        found.unseen += sum(len(word) >= _COUNTED for word in seen.unseen)
        found.unsure += difference.unsure
        found.leaked += [f"{mail.name}: {word} ({why})" for word, why in difference.leaked.items()]
        found.lost += [f"{mail.name}: {word}" for word in difference.lost]
    return found
