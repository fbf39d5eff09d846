"""Cleaning of text that customers or the desk wrote: it is data, and nothing in it may hide or be live.

Characters that nobody sees are removed (see `characters`), markup is put into words and made inert (see `markup`),
and what is long is cut. Where that leaves a mark of ours, a text that brings the mark back is refused, so that
what is stored at the desk stays as it was written.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from case_tools.untrusted.characters import seen
from case_tools.untrusted.markup import ANGLES, decoded, defused, in_words

CUT: Final = "[…cut]"
"""Stands where a text was longer than there is room for."""

_LONGEST_READ: Final = 8_000
"""Characters of one text that are looked at; a field shows a few hundred."""

_ROUNDS: Final = 8
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_SUSPECT: Final = re.compile(r"[^ -~]|[&<\]/\\]|www\.|\w:\S", re.IGNORECASE)
_PUNCTUATION: Final = {ord(each): " " for each in string.punctuation + ANGLES}

_EXTENDERS: Final = re.compile("[\u1100-\u11ff\u200c\u200d\U0001f3fb-\U0001f3ff]")
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_VIRAMA: Final = 9
_OUR_MARK: Final = re.compile(
    r"\[(?:…|\.\.\.)(?:cut|hidden)\]|\[:\](?=[/\\])|(?:https?|ftp|javascript|vbscript|data)\[:\]|(?<=\w)\[\.\](?=\w)"
    r"|\]\[\(\]|\[<\](?=[\w/!?])|</?untrusted-[\w-]*>",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Return the text without anything hidden or live; line feeds and tabs stay.

    What is nested more deeply than anything that people write loses its punctuation instead.
    """
    if not _SUSPECT.search(text):
        return text
    for _ in range(_ROUNDS):
        before = text
        text = defused(in_words(decoded(seen(text))))
        if text == before:
            return text
    return seen(text.translate(_PUNCTUATION))


def line(text: str, limit: int) -> str:
    """Return the text cleaned, on one line, of at most `limit` characters, which are 6 or more.

    It is cut after cleaning, never inside a character that a reader sees as one; a cut ends in `[…cut]`.
    """
    flat = " ".join(clean(text[:_LONGEST_READ]).split())
    if len(flat) <= limit and len(text) <= _LONGEST_READ:
        return flat
    room = min(limit, len(flat) + 1 + len(CUT)) - 1 - len(CUT)
    while True:
        kept = clean(flat[: _whole_characters(flat, room)].rstrip())
        cut = f"{kept} {CUT}".lstrip()
        if len(cut) <= limit or room <= 0:
            return cut
        room -= len(cut) - limit


def block(text: str, limit: int) -> str:
    """Return the text cleaned, with its line breaks; one cut to the limit says how many characters are missing."""
    kept = clean(text[:limit])
    rows = [" ".join(each.split()) for each in kept.splitlines()]
    whole = _BLANK_LINES.sub("\n\n", "\n".join(rows)).strip()
    return whole if len(text) <= limit else _missing(whole, len(text) - limit)


def shortened(text: str, length: int) -> str:
    """Return a cleaned text cut to some length, with how many characters are missing."""
    head, _, already = text.rpartition(CUT)
    missing = int("".join(filter(str.isdecimal, already)) or 0) if head else 0
    own = head.rstrip() if head else text
    kept = clean(own[: _whole_characters(own, length)])
    return _missing(kept.rstrip(), missing + len(own) - len(kept))


def _missing(kept: str, count: int) -> str:
    return f"{kept} {CUT} ({count:,} characters are missing)".lstrip()


def lines(texts: Iterable[str], limit: int) -> str:
    """Return texts of the desk as a list in a sentence, each cleaned and cut."""
    return ", ".join(line(each, limit) for each in texts)


def bounded(untrusted: Sequence[str], nonce: str) -> list[str]:
    """Return lines of other people's words between two lines that they cannot forge.

    Args:
        untrusted: cleaned lines, in which whatever looks like a boundary is broken.
        nonce: eight random characters, new for each answer.
    """
    return [f"<untrusted-{nonce}>", *untrusted, f"</untrusted-{nonce}>"] if untrusted else []


def our_mark_in(text: str) -> str | None:
    """Return the mark by which a text shows that it was cleaned here; None where it bears none."""
    found = _OUR_MARK.search(text)
    return found.group() if found else None


def _whole_characters(text: str, length: int) -> int:
    """Return the length, or the next smaller one at which no character and no mark of ours is cut in two."""
    length = max(length, 0)
    while 0 < length < len(text) and _belong_together(text, length):
        length -= 1
    return length


def _belong_together(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        return (place - len(text[:place].rstrip(_FLAG_LETTERS))) % 2 == 1
    return (
        before in {"\u200d", "["}
        or (text[place - 2 : place - 1] == "[" and after == "]")
        or unicodedata.category(after).startswith("M")
        or _EXTENDERS.match(after) is not None
        or (unicodedata.combining(before) == _VIRAMA and unicodedata.category(after) == "Lo")
    )
