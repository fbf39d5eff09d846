"""Text that customers or the desk wrote, as a result shows it: data, in which nothing hides and nothing is live.

Text that is HTML is put into the words that a person would see (see `html`); other text stays as it is. Then
characters that nobody sees are removed (see `characters`), look-alikes of our boundary and of chat markers are
broken (see `markers`), and markup that would fetch, run or hide an address is made plain (see `links`).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from case_tools.untrusted import html, links, markers, tree
from case_tools.untrusted.budget import current
from case_tools.untrusted.characters import seen

CUT: Final = "[...cut]"
"""Stands where a text was longer than there is room for."""

_READ_OF_SHORT, _READ_OF_LONG = 1_500, 32_000
"""Characters of one text that are read: of a name or a title, and of a description, whose styles come first."""

_SHORT: Final = 254
_SHOWN_OF_LONG: Final = 8_000
_MARKUP: Final = re.compile(r"<[a-z!/?]", re.IGNORECASE)
_OPENS_UNSURE: Final = html.UNSURE.rstrip()
_BLANK_LINES: Final = re.compile(r"\n{3,}")

_EXTENDERS: Final = re.compile("[\u1100-\u11ff\u200c\u200d\U0001f3fb-\U0001f3ff]")
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_VIRAMA: Final = 9
_OUR_MARK: Final = re.compile(
    r"\[\s*(?:…|\.\.\.)\s*(?:cut|hidden)\s*\]|\[\s*(?:…|\.\.\.)\s*unsure:|</?untrusted-[\w-]*>", re.IGNORECASE
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text as a person would see it, without anything live; line feeds and tabs stay."""
    return _cleaned(text, _READ_OF_LONG).text


def line(text: str, limit: int) -> str:
    """Return the text cleaned, on one line, of at most `limit` characters, which are 8 or more.

    It is cut after cleaning, never inside a character that a reader sees as one; a cut ends in `[...cut]`.
    """
    cleaned = _cleaned(text, limit)
    flat = " ".join(cleaned.text.split())
    if len(flat) <= limit and not cleaned.unread:
        return flat
    room = min(limit, len(flat) + 1 + len(CUT)) - 1 - len(CUT)
    return f"{_beginning(flat, room)} {CUT}".lstrip()


def block(text: str, limit: int) -> str:
    """Return the text cleaned, with its line breaks; one cut to the limit says how many characters are missing."""
    cleaned = _cleaned(text, limit)
    rows = [" ".join(each.split()) for each in cleaned.text.splitlines()]
    whole = _BLANK_LINES.sub("\n\n", "\n".join(rows)).strip()
    if len(whole) <= limit and not cleaned.unread:
        return whole
    kept = _beginning(whole, min(limit, len(whole)))
    return _missing(kept, len(whole) - len(kept) + cleaned.unread)


def shortened(text: str, length: int) -> str:
    """Return a cleaned text cut to some length, with how many characters are missing."""
    head, _, already = text.rpartition(CUT)
    missing = int("".join(filter(str.isdecimal, already)) or 0) if head else 0
    own = head.rstrip() if head else text
    kept = _beginning(own, length)
    return _missing(kept, missing + len(own) - len(kept))


def _missing(kept: str, count: int) -> str:
    return f"{kept} {CUT} ({count:,} characters are missing)".lstrip()


def _beginning(text: str, length: int) -> str:
    """Return at most so much of a cleaned text, with whole characters and whole marks."""
    kept = text[: _whole_characters(text, length)].rstrip()
    opened = kept.rfind(_OPENS_UNSURE)
    if opened < 0 or " ]" in kept[opened:]:
        return kept
    kept = text[: _whole_characters(text, max(length - 2, 0))].rstrip()
    return f"{kept} ]" if len(kept) > opened + len(html.UNSURE) else text[:opened].rstrip()


class _Cleaned(NamedTuple):
    text: str
    unread: int


def _cleaned(text: str, limit: int) -> _Cleaned:
    """Return as much of the text as is read for a limit, cleaned, and how many characters are left."""
    longest = most = _READ_OF_SHORT
    if limit > _SHORT:
        longest, most = _READ_OF_LONG, max(_SHOWN_OF_LONG, 2 * limit)
    reading = current()
    source = _SURROGATE.sub("\ufffd", text[: longest + 1])
    shown = source
    unread = len(text) - len(source)
    if _MARKUP.search(source):
        if tree.is_html(source):
            try:
                shown, more = html.in_words(source, longest, reading.budget)
                unread += more
            except tree.TooCostly:
                shown = _literally(source[: most // 2])
                unread += max(len(source) - most // 2, 0)
        elif tree.may_hide(source):
            shown = _literally(source[: most // 2])
            unread += max(len(source) - most // 2, 0)
    unread += max(len(shown) - most, 0)
    shown = links.plain(markers.broken(seen(shown[:most])))
    return _Cleaned(links.inert(shown) if reading.links == "inert" else shown, unread)


def _literally(text: str) -> str:
    """Return a text between marks, as nobody can say here what a person would see of it."""
    return f"{html.UNSURE}{text} ]"


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
    """Return the mark by which a text shows that it was cleaned here; None where it holds none."""
    found = _OUR_MARK.search(text)
    if found is None and current().links == "inert":
        found = links.INERT_MARK.search(text)
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
