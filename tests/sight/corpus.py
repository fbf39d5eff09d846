"""The 400 mails: honest shapes and an adversary's, filled with invented words, the same ones each time.

In `mails/` a `§` stands for some new words, `#A#` for a part of an address. `hiding.lines` holds one way to hide
words a line.
"""

from pathlib import Path
from random import Random
from typing import Final

from sight.grammar import Mail, Words, lines

MAILS: Final = 400
_MAILS: Final = Path(__file__).parent / "mails"


def corpus() -> list[Mail]:
    """Return all mails."""
    hostile = [(f"hostile {number}", each) for number, each in enumerate(lines("mails/hiding.lines"))]
    plain = [(each.stem, each.read_text(encoding="utf-8")) for each in sorted(_MAILS.glob("*.txt"))]
    honest = [(each.stem, each.read_text(encoding="utf-8")) for each in sorted(_MAILS.glob("*.html"))]
    mails = [
        Mail(name, _filled(name, _around(number, each)), "hostile") for number, (name, each) in enumerate(hostile)
    ]
    mails += [Mail(name, _filled(name, each), "plain") for name, each in plain]
    for number in range(MAILS - len(mails)):
        name, shape = honest[number % len(honest)]
        turn = number // len(honest)
        mails.append(Mail(f"{name} {turn}", _filled(f"{name} {turn}", _joined(shape, turn, honest)), "honest"))
    return mails


def _around(number: int, hiding: str) -> str:
    """Return a hiding passage inside words that everyone sees."""
    doctype = "<!DOCTYPE html>" if number % 2 else ""
    return f"{doctype}<p>§</p>{hiding}<p>§</p>"


def _joined(shape: str, turn: int, honest: list[tuple[str, str]]) -> str:
    """Return the shape itself, or in later turns with another one quoted below, as threads grow."""
    if turn == 0:
        return shape
    chance = Random(f"{shape}{turn}")
    other = chance.choice(honest)[1]
    return f'{shape}<div class="quote{turn}">{other}</div>' if "</html>" not in shape.casefold() else shape


def _filled(name: str, shape: str) -> str:
    chance = Random(name)
    words = Words(chance)
    parts = shape.replace("#A#", words.one()).split("§")
    return parts[0] + "".join(words.some(1, 9) + part for part in parts[1:])
