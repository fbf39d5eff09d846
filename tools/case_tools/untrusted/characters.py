"""Characters that a person does not see but a model reads, or that break a terminal or a JSON writer.

Removed are control and escape sequences, bidirectional marks, zero-width and filler characters, tag characters,
surplus variation selectors, noncharacters. A lone surrogate becomes U+FFFD. What real languages need stays:
joiners in Persian, Indic scripts and emoji, one variation selector after a sign that has variants.
"""

import re
import unicodedata
from typing import Final

_ESCAPE_SEQUENCE: Final = re.compile(
    r"\x1b[]PX^_](?:[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|[^\x07\x1b\x9c\n]*)"  # OSC, DCS ..., to their end
    r"|\x9d\d+;[^\x07\x1b\x9c\x9d]*(?:\x07|\x1b\\|\x9c)"  # OSC in one byte; a lone 9D is a misread quote
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor movements
    r"|\x1b[ -/]*[0-~]?"  # every other escape
)

_HIDDEN_RANGES: Final = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F),  # controls but tab and line feed
    (0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E),
    (0x200B, 0x200B), (0x200E, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),  # tags, selectors 17 to 256
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)),
)  # fmt: skip
_HIDDEN: Final = re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in _HIDDEN_RANGES) + "]")
_LINE_BREAK: Final = re.compile("\r\n|[\r\u0085\u2028\u2029]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_JOINERS_AND_SELECTORS: Final = re.compile("[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f]+")
_JOINERS: Final = frozenset("\u200c\u200d")
_MONGOLIAN_SELECTORS: Final = frozenset("\u180b\u180c\u180d\u180f")
_EMOJI_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
_EMOJI_THAT_ARE_NO_SYMBOLS: Final = frozenset("0123456789#*‼⁉〰〽\u2139")
_JOINING_SCRIPT: Final = re.compile(
    "[\u0590-\u1cff\ua800-\uabff\ufb50-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)


def seen(text: str) -> str:
    """Return the text without the characters that nobody sees."""
    text = _SURROGATE.sub("\ufffd", _LINE_BREAK.sub("\n", text))
    text = _HIDDEN.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return _JOINERS_AND_SELECTORS.sub(_keep_what_a_script_needs, text)


def _keep_what_a_script_needs(match: re.Match[str]) -> str:
    """Keep of a run the selector at its start, and one joiner, where the sign before takes them."""
    run, text = match.group(), match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    kind = unicodedata.category(before) if before else ""
    selector = "" if run[0] in _JOINERS or not _takes(before, kind, selector=run[0]) else run[0]
    joiner = next((mark for mark in run if mark in _JOINERS), "") if _joins(before, kind, after) else ""
    return selector + joiner


def _takes(before: str, kind: str, *, selector: str) -> bool:
    """Tell whether Unicode has a variant of the sign with the selector, or may have."""
    if selector in _MONGOLIAN_SELECTORS:
        return "\u1800" <= before <= "\u18af"
    if selector in _EMOJI_SELECTORS:
        return (kind.startswith("S") and not before.isascii()) or before in _EMOJI_THAT_ARE_NO_SYMBOLS
    if selector <= "\ufe02":
        return before == "0" or (kind in {"Lo", "Po", "Sm"} and not before.isascii())
    return selector <= "\ufe06" and "\U00013000" <= before <= "\U0001345f"  # Egyptian signs, turned


def _joins(before: str, kind: str, after: str) -> bool:
    """Tell whether a joiner is spelling between these: in a joining script, or from one emoji to the next."""
    if kind.startswith("S"):
        return not before.isascii() and after != "" and unicodedata.category(after).startswith("S")
    return kind[:1] in {"L", "M"} and _JOINING_SCRIPT.match(before) is not None


def has_lone_surrogate(text: str) -> bool:
    """Tell whether the text cannot be written as UTF-8."""
    return _SURROGATE.search(text) is not None
